package dump

const utf8Introducer = "_utf8mb4"

// AppendValues appends row as "(v,v,...)" of a multi-row INSERT that is read under SET NAMES binary:
// Plain numbers bare, Plain dates and times and Bytes as '..' with backslash escapes, UTF8 as _utf8mb4'..'.
func AppendValues(dst []byte, row Row, enc []Encoding) []byte {
	dst = append(dst, '(')
	for i, cell := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, cell, enc[i])
	}
	return append(dst, ')')
}

func appendValue(dst, cell []byte, enc Encoding) []byte {
	switch {
	case cell == nil:
		return append(dst, "NULL"...)
	case enc == Plain && isNumber(cell):
		return append(dst, cell...)
	case enc == UTF8:
		dst = append(dst, utf8Introducer...)
	}
	dst = append(dst, '\'')
	dst = appendEscaped(dst, cell, '\'')
	return append(dst, '\'')
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
