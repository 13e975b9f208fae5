package chunker

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// literal returns v as SQL. A value that is not of its part's form never stands bare: it becomes a hex string.
func literal(p *Part, v []byte) string {
	s := string(v)
	switch p.Kind {
	case Integer:
		if isNumber(s, false, false) {
			return s
		}
	case Decimal:
		if isNumber(s, true, false) {
			return s
		}
	case Float:
		if isNumber(s, true, true) {
			if strings.ContainsAny(s, "eE") {
				return s
			}
			return s + "e0" // a literal without an exponent is a DECIMAL
		}
	case Year:
		if n, err := strconv.ParseUint(s, 10, 16); err == nil {
			return strconv.FormatUint(n, 10)
		}
	case Bit:
		if len(v) <= 8 {
			var b [8]byte
			copy(b[8-len(v):], v)
			return strconv.FormatUint(binary.BigEndian.Uint64(b[:]), 10)
		}
	case Temporal:
		return temporalLiteral(s)
	case Binary:
		return mysql.HexLiteral("binary", v)
	case Text, Enum, Set:
		return mysql.HexLiteral(p.Charset, v)
	case Other:
	}
	return mysql.HexLiteral("utf8mb4", v)
}

// temporalLiteral quotes a time. A date that no calendar has is written as a number: MySQL 9.7 refuses the text (1525).
func temporalLiteral(s string) string {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && c != '-' && c != ':' && c != '.' && c != ' ' {
			return mysql.HexLiteral("utf8mb4", []byte(s))
		}
	}
	if t, ok := parseDate(s); ok && !t.onCalendar() {
		n := strings.NewReplacer("-", "", ":", "", " ", "").Replace(s)
		if n = strings.TrimLeft(n, "0"); n == "" || n[0] == '.' {
			n = "0" + n
		}
		return n
	}
	return "'" + s + "'"
}

// isNumber reports whether s is a number as SQL writes it: digits, with a sign, a fraction and an exponent where allowed.
func isNumber(s string, fraction, exponent bool) bool {
	s = strings.TrimPrefix(s, "-")
	mantissa := s
	if exponent {
		if i := strings.IndexAny(s, "eE"); i >= 0 {
			mantissa = s[:i]
			e := s[i+1:]
			if e != "" && (e[0] == '+' || e[0] == '-') {
				e = e[1:]
			}
			if !isDigits(e) || len(e) > 4 {
				return false
			}
		}
	}
	whole, frac, dot := strings.Cut(mantissa, ".")
	if dot && (!fraction || !isDigits(frac)) {
		return false
	}
	return isDigits(whole)
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// validValue reports whether the literal of v is one that every server takes for a value of the part.
func validValue(p *Part, v []byte) bool {
	s := string(v)
	switch p.Kind {
	case Integer:
		return isNumber(s, false, false)
	case Decimal:
		return isNumber(s, true, false)
	case Float:
		return isNumber(s, true, true)
	case Year:
		return isDigits(s) && len(s) <= 4
	case Bit:
		return len(v) <= 8
	case Temporal:
		return strings.HasPrefix(temporalLiteral(s), "'") || isNumber(temporalLiteral(s), true, false)
	case Text, Enum, Set:
		return validText(p.Charset, v)
	case Binary, Other:
		return true
	}
	return false
}
