package chunker

import (
	"strconv"

	"github.com/gomove/gomove/internal/mysql"
)

// between returns the condition of a range whose ends differ in one part alone, the first of rest, after shared values that are the same.
func (r *Range) between(rest []Part, shared int) (string, bool) {
	if r.LowerOpen || len(r.Lower) != shared+1 || len(r.Upper) != shared+1 {
		return "", false
	}
	p, low, high := &rest[0], r.Lower[shared], r.Last
	if p.Kind == Integer {
		high = integerBelow(low, r.Upper[shared])
	}
	if high == nil {
		return "", false
	}
	return mysql.QuoteName(p.Column) + " BETWEEN " + literal(p, low) + " AND " + literal(p, high), true
}

// integerBelow returns upper-1; nil where that is below low, or where an end is above the largest BIGINT: MySQL 5.6 takes the numbers of
// BETWEEN for signed ones.
func integerBelow(low, upper []byte) []byte {
	l, err := strconv.ParseInt(string(low), 10, 64)
	if err != nil {
		return nil
	}
	u, err := strconv.ParseInt(string(upper), 10, 64)
	if err != nil || u <= l {
		return nil
	}
	return strconv.AppendInt(nil, u-1, 10)
}

// worthLast is how many rows a range has at least for which one more query pays.
const worthLast = 20_000

// LastKeySQL returns a query of the highest key of a range of text or bytes, as hexadecimal digits of the column's own bytes. It reads
// one entry of the index, or none: then the value is NULL. A reader who sees the same rows before and after may put it in the range's
// Last. ok is false where that would not help.
func (t *Table) LastKeySQL(r Range) (query string, ok bool) {
	if t.Key == nil || t.Key.Nullable() || len(t.Partitions) > 0 || r.Null || r.Rows < worthLast || len(r.Lower) == 0 {
		return "", false
	}
	parts := t.Key.Parts[min(len(r.Equal), len(t.Key.Parts)):]
	shared := r.shared(parts)
	if r.LowerOpen || len(r.Lower) != shared+1 || len(r.Upper) != shared+1 {
		return "", false
	}
	p := &parts[shared]
	if p.Kind != Text && p.Kind != Binary || p.Desc {
		return "", false
	}
	r.Last = nil
	return "SELECT HEX(MAX(" + mysql.QuoteName(p.Column) + ")) FROM " + mysql.QuoteTable(t.Schema, t.Name) +
		" FORCE INDEX (" + mysql.QuoteName(t.Key.Name) + ") WHERE " + r.Where(t.Key), true
}

// WithLast returns the range with the highest key that its LastKeySQL gave; unchanged where that is none or no value of its charset.
func (r Range) WithLast(k *Key, last []byte) Range {
	parts := k.Parts[min(len(r.Equal), len(k.Parts)):]
	if i := len(r.Upper) - 1; last != nil && i >= 0 && i < len(parts) && validValue(&parts[i], last) {
		r.Last = last
	}
	return r
}
