package dump

const utf8Introducer = "_utf8mb4"

// AppendValues appends row as "(v,v,...)" of a multi-row INSERT that is read under SET NAMES binary:
// Plain bare, Bytes as '..' with backslash escapes, UTF8 as _utf8mb4'..'. Plain dates and times are quoted.
func AppendValues(dst []byte, row Row, enc []Encoding) []byte {
	dst = append(dst, '(')
	for i, cell := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case cell == nil:
			dst = append(dst, "NULL"...)
		case enc[i] == Plain && isNumber(cell):
			dst = append(dst, cell...)
		default:
			if enc[i] == UTF8 {
				dst = append(dst, utf8Introducer...)
			}
			dst = append(dst, '\'')
			dst = appendEscaped(dst, cell, '\'')
			dst = append(dst, '\'')
		}
	}
	return append(dst, ')')
}

// isNumber reports whether a Plain cell can stand bare in SQL. A date or time cannot: 2024-01-02 is a subtraction.
// Nor can -0: as a number it is the integer 0 and a DOUBLE loses its sign.
func isNumber(b []byte) bool {
	if len(b) > 1 && b[0] == '-' {
		if b[1] == '0' {
			return false
		}
		b = b[1:]
	}
	if len(b) == 0 || b[0] < '0' || b[0] > '9' {
		return false
	}
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '+':
		case c == '-' && (b[i-1] == 'e' || b[i-1] == 'E'):
		default:
			return false
		}
	}
	return true
}
