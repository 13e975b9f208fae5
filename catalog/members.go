package catalog

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gomove/gomove/transform"
)

// enumColumn is an ENUM column, whose index 0 the server shows as ” and a file holds as 0.
type enumColumn struct {
	at       int    // in the row
	index    int    // where its number stands in the select list, -1 when ” can only mean index 0
	zero     []byte // 0 in the charset of the file
	hasZero  bool   // a member is named 0, so that index 0 cannot be written
	nameText string
}

// setColumn is a SET column with an empty member, which the server shows as nothing at all. A comma at the end of the
// text stands for it: every server reads what is behind the comma as the empty member.
type setColumn struct {
	at    int    // in the row
	bit   string // expression that is not 0 when the value has the empty member
	holds int    // where that stands in the select list
	comma []byte // in the charset of the file
}

func appendSetColumn(sets []setColumn, at int, name string, c Column, charset string) []setColumn {
	i := slices.Index(members(c.ColumnType), "")
	if i < 0 {
		return sets
	}
	return append(sets, setColumn{at: at, bit: fmt.Sprintf("%s & %d", name, uint64(1)<<i), comma: charIn(',', charset)})
}

func newEnumColumn(at int, name string, c Column, charset string) enumColumn {
	e := enumColumn{at: at, index: -1, nameText: name, zero: charIn('0', charset)}
	for _, m := range members(c.ColumnType) {
		switch m {
		case "":
			e.index = 0 // to be set once the select list is known: only the number tells '' from index 0
		}
		e.hasZero = e.hasZero || isZeroTo(m, c.Charset)
	}
	return e
}

// isZeroTo reports a member that a server may take for the text 0: collations of Unicode hold every digit zero for the
// same, and pass over most characters that are neither letters nor digits.
func isZeroTo(member, charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "ucs2", "utf16", "utf16le", "utf32", "gb18030":
	default:
		return member == "0"
	}
	zeros := 0
	for _, r := range member {
		switch {
		case r == '0', isDigitZero(r):
			zeros++
		case unicode.IsLetter(r), unicode.IsNumber(r), r > ' ' && r < unicode.MaxASCII, r == ' ' && zeros == 0:
			return false
		}
	}
	return zeros == 1
}

// isDigitZero reports the zeros of all scripts. Digits stand in tens, from 0 to 9.
func isDigitZero(r rune) bool {
	for _, ten := range unicode.Nd.R16 {
		if r >= rune(ten.Lo) && r <= rune(ten.Hi) {
			return (r-rune(ten.Lo))%10 == 0
		}
	}
	for _, ten := range unicode.Nd.R32 {
		if r >= rune(ten.Lo) && r <= rune(ten.Hi) {
			return (r-rune(ten.Lo))%10 == 0
		}
	}
	return strings.ContainsRune("⁰₀⓪⓿〇🄀🄋🄌", r)
}

// charIn is an ASCII character in a charset.
func charIn(ascii byte, charset string) []byte { return transform.ASCIIIn([]byte{ascii}, charset) }

// members reads the names of an "enum(...)" or "set(...)", in UTF-8.
func members(columnType string) (out []string) {
	m := transform.Mode{Charset: "utf8mb4"}
	for _, t := range transform.Lex([]byte(columnType), m) {
		if t.Kind == transform.String {
			out = append(out, t.Unquote(m))
		}
	}
	return out
}

// Rewrites reports whether FixRow may change a row.
func (p *ReadPlan) Rewrites() bool { return len(p.sets)+len(p.enums)+len(p.masks) > 0 }

// FixRow writes 0 for index 0 of ENUM columns and a comma for the empty member of SET columns, masks cells, and reports whether it changed any.
// cells is a row of the select list.
func (p *ReadPlan) FixRow(cells [][]byte) (changed bool, err error) {
	for i := range p.sets {
		s := &p.sets[i]
		if h := cells[s.holds]; h != nil && string(h) != "0" {
			cells[s.at] = slices.Concat(cells[s.at], s.comma)
			changed = true
		}
	}
	for i := range p.enums {
		e := &p.enums[i]
		if c := cells[e.at]; c == nil || len(c) != 0 {
			continue
		}
		if e.index >= 0 && string(cells[e.index]) != "0" {
			continue
		}
		if e.hasZero {
			return false, fmt.Errorf("column %s holds the invalid value (index 0), which no file can hold beside a member named 0: set it to a member or NULL", e.nameText)
		}
		cells[e.at] = e.zero
		changed = true
	}
	masked, err := p.maskRow(cells)
	return changed || masked, err
}
