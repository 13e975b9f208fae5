package loader

import (
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// isEnum reports whether a column can hold an ENUM's index 0 in a file, as the text 0. Where a member is named so, it is that member.
func isEnum(columnType string) bool {
	return len(columnType) >= 5 && strings.EqualFold(columnType[:5], "enum(") && !hasMemberZero(columnType)
}

// hasMemberZero looks for the member '0': quotes within members are doubled.
func hasMemberZero(columnType string) bool {
	for _, start := range []string{"('0'", ",'0'"} {
		rest := columnType
		for {
			i := strings.Index(rest, start)
			if i < 0 {
				break
			}
			rest = rest[i+len(start):]
			if strings.HasPrefix(rest, ",") || strings.HasPrefix(rest, ")") {
				return true
			}
		}
	}
	return false
}

// warnedZero is the cell that stands for an ENUM's index 0, when the target warns of it; else empty. MySQL takes 0 as a
// number without a word, where it can read it: not in charsets of two or four bytes.
func (c tableColumn) warnedZero(always bool) string {
	if c.kind != columnEnum {
		return ""
	}
	zero := string(charBytes('0', tableColumn{charset: c.charset}))
	switch {
	case !always && len(zero) == 1:
		return ""
	case c.encoding == dump.UTF8:
		return "0"
	}
	return zero
}

// warnedZeros is warnedZero of each column.
func (t *table) warnedZeros(always bool) []string {
	if !t.enums {
		return nil
	}
	var zeros []string
	for _, c := range t.unpack() {
		zeros = append(zeros, c.warnedZero(always))
	}
	return zeros
}

// warnsOfZero reports whether the target warns of an ENUM's index 0 in every form.
func (l *load) warnsOfZero() bool { return l.server.Facts.Flavor == mysql.MariaDB }

// countZeros counts the cells of a row that the target will warn of.
func countZeros(row dump.Row, zeros []string) (n int64) {
	for i, z := range zeros {
		if z != "" && string(row[i]) == z {
			n++
		}
	}
	return n
}
