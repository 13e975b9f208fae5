package catalog

import (
	"bytes"
	"strconv"

	"github.com/gomove/gomove/internal/mysql"
)

// JSONFinding is what the text of a JSON value shows of values that it cannot carry.
type JSONFinding struct {
	Number  []byte // the first number that a server would read as another; nil is none
	Suspect bool   // a string may be a date, a time or an opaque value: only the server can tell
}

// ScanJSON looks through a JSON value as a MySQL server prints it. Numbers are compared with what a server makes of them:
// it reads those with a point or an exponent, or beyond 64 bits, as doubles.
func ScanJSON(text []byte) (f JSONFinding) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			end := stringEnd(text, i+1)
			if s := text[i+1 : end]; !f.Suspect {
				f.Suspect = isTemporal(s) || bytes.HasPrefix(s, []byte("base64:type"))
			}
			i = end + 1
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(text) && isNumberByte(text[end]) {
				end++
			}
			if f.Number == nil && !survives(text[i:end]) {
				f.Number = text[i:end]
			}
			i = end
		default:
			i++
		}
	}
	return f
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// stringEnd is where the string that starts at i ends: its closing quote, or the end of the text.
func stringEnd(text []byte, i int) int {
	for {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return len(text)
		}
		i += n
		slashes := 0
		for i-1-slashes >= 0 && text[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
}

// isTemporal reports the forms in which MySQL prints a DATE, a DATETIME and a TIME within JSON.
func isTemporal(s []byte) bool {
	switch {
	case len(s) == 10:
		return looksLike(s, "0000-00-00")
	case len(s) == 26:
		return looksLike(s, "0000-00-00 00:00:00.000000")
	case len(s) < 15 || len(s) > 17:
		return false
	case s[0] == '-':
		s = s[1:]
	}
	return len(s) == 15 && looksLike(s, "00:00:00.000000") || len(s) == 16 && looksLike(s, "000:00:00.000000")
}

// looksLike compares with a form in which 0 stands for any digit.
func looksLike(s []byte, form string) bool {
	for i := range len(form) {
		if form[i] == '0' {
			if s[i] < '0' || s[i] > '9' {
				return false
			}
		} else if s[i] != form[i] {
			return false
		}
	}
	return true
}

// plainDigits is how many digits a number may have to be the shortest form of a double, and without an exponent, for sure.
const plainDigits = 15

// survives reports whether a server that reads this number prints it the same again.
func survives(number []byte) bool {
	digits := number
	if digits[0] == '-' {
		digits = digits[1:]
	}
	point, exponent := bytes.IndexByte(digits, '.'), bytes.ContainsAny(digits, "eE")
	switch {
	case point < 0 && !exponent:
		return isInteger64(number)
	case !exponent && len(digits) <= plainDigits:
		fraction := digits[point+1:]
		return len(fraction) == 1 || len(fraction) > 1 && fraction[len(fraction)-1] != '0'
	}
	v, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return false
	}
	var buf [64]byte
	printed := mysql.AppendDouble(buf[:0], v)
	if !bytes.ContainsAny(printed, ".e") {
		printed = append(printed, ".0"...)
	}
	return bytes.Equal(printed, number)
}

func isInteger64(number []byte) bool {
	if len(number) <= plainDigits {
		return string(number) != "-0"
	}
	if number[0] == '-' {
		_, err := strconv.ParseInt(string(number), 10, 64)
		return err == nil
	}
	_, err := strconv.ParseUint(string(number), 10, 64)
	return err == nil
}
