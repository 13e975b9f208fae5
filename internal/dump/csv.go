package dump

// Row is one row's cells in column order; a nil cell is NULL, an empty one is ”. Valid until the next row.
type Row [][]byte

// AppendCSV appends row as one line of format 1's CSV: `,` between cells, Plain cells bare, the others in `"` with
// `\` escapes for `\`, `"`, NUL, newline, carriage return and 0x1a, `\N` for NULL, `\n` at the end.
func AppendCSV(dst []byte, row Row, enc []Encoding) []byte {
	for i, cell := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case cell == nil:
			dst = append(dst, '\\', 'N')
		case enc[i] == Plain:
			dst = append(dst, cell...)
		default:
			dst = append(dst, '"')
			dst = appendEscaped(dst, cell, '"')
			dst = append(dst, '"')
		}
	}
	return append(dst, '\n')
}
