package dump

import "bytes"

// Row is one row's cells in column order; a nil cell is NULL, an empty one is ”. Valid until the next row.
type Row [][]byte

// AppendCSV appends row as one line of format 1's CSV: `,` between cells, Plain cells bare, the others in `"` with
// `\` escapes for `\`, `"`, NUL, newline, carriage return and 0x1a, `\N` for NULL, `\n` at the end.
func AppendCSV(dst []byte, row Row, enc []Encoding) []byte {
	for i, cell := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSVCell(dst, cell, enc[i])
	}
	return append(dst, '\n')
}

func appendCSVCell(dst, cell []byte, enc Encoding) []byte {
	switch {
	case cell == nil:
		return append(dst, '\\', 'N')
	case enc == Plain:
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	dst = appendEscaped(dst, cell, '"')
	return append(dst, '"')
}

// CellRoom is what AppendCSV wants to have free behind a line of CellSize bytes: it escapes by blocks, and has room for the worst.
const CellRoom = 2*escapeBlock + 8

// CellSize is how many bytes a cell of text takes in format 1's CSV.
func CellSize(cell []byte) int {
	n := len(cell) + 2
	for _, c := range []byte("\x00\n\r\x1a\\\"") {
		n += bytes.Count(cell, []byte{c})
	}
	return n
}

// size is the sum of the cells' lengths.
func (r Row) size() int {
	n := 0
	for _, cell := range r {
		n += len(cell)
	}
	return n
}
