package foreign

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
)

// Form is how a value stands in a statement.
type Form uint8

// The forms of values.
const (
	Null   Form = iota
	Number      // bare: -1.5e3
	String      // in quotes
	Binary      // x'00', 0x00 or b'01': its bytes
)

// Literal is one value of a row. It is valid until the next row.
type Literal struct {
	Form    Form
	Text    []byte // without quotes and escapes
	Charset string // that an introducer or CONVERT names, in lower case; empty is that of the session
}

// Dialect is how string literals of a script are read.
type Dialect struct {
	NoBackslashEscapes bool
	ANSIQuotes         bool // "x" is a name and no string
}

// RowEnd looks for the parenthesis that ends the row at the start of b, on from what an earlier call with less of b has seen.
// depth and quote are 0 in the first call. end is false where b ends first.
func (d Dialect) RowEnd(b []byte, pos, depth int, quote byte) (next, inDepth int, inQuote byte, end bool) {
	for pos < len(b) {
		if quote != 0 {
			i := d.quoteEnd(b[pos:], quote)
			if i < 0 {
				return pos + ^i, depth, quote, false
			}
			pos, quote = pos+i, 0 // a doubled quote opens it again
			continue
		}
		switch c := b[pos]; c {
		case '\'', '"', '`':
			quote = c
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return pos + 1, 0, 0, true
			}
		}
		pos++
	}
	return pos, depth, quote, false
}

// quoteEnd is the place behind the quote that closes a string; ^n where b ends first, of which n bytes need not be looked at again.
func (d Dialect) quoteEnd(b []byte, quote byte) int {
	if quote == '`' || d.NoBackslashEscapes {
		if i := bytes.IndexByte(b, quote); i >= 0 {
			return i + 1
		}
		return ^len(b)
	}
	for pos := 0; ; {
		i := dump.IndexEither(b[pos:], quote, '\\')
		switch {
		case i < 0:
			return ^len(b)
		case b[pos+i] == quote:
			return pos + i + 1
		case pos+i+1 >= len(b):
			return ^(pos + i)
		}
		pos += i + 2
	}
}

// DecodeRow cuts "(v,v)" into its values and undoes escapes in place. dst is reused.
func (d Dialect) DecodeRow(raw []byte, dst []Literal) ([]Literal, error) {
	dst = dst[:0]
	if len(raw) < 2 || raw[0] != '(' {
		return dst, fmt.Errorf("%w: %.40q in place of a row", ErrStatement, raw)
	}
	pos := skipBlank(raw, 1)
	if raw[pos] == ')' && pos == len(raw)-1 {
		return dst, nil
	}
	for {
		lit, next, err := d.value(raw, pos)
		if err != nil {
			return dst, fmt.Errorf("value %d: %w", len(dst)+1, err)
		}
		dst = append(dst, lit)
		next = skipBlank(raw, next)
		switch {
		case raw[next] == ',':
			pos = next + 1
		case raw[next] == ')' && next == len(raw)-1:
			return dst, nil
		default:
			return dst, fmt.Errorf("value %d: %w: %.40q", len(dst), ErrStatement, raw[next:])
		}
	}
}

// skipBlank passes over white space; raw ends with something else.
func skipBlank(raw []byte, pos int) int {
	for pos < len(raw)-1 && (raw[pos] == ' ' || raw[pos] == '\n' || raw[pos] == '\t' || raw[pos] == '\r') {
		pos++
	}
	return pos
}

// value reads one value and returns where it ends.
func (d Dialect) value(raw []byte, pos int) (Literal, int, error) {
	pos = skipBlank(raw, pos)
	switch c := raw[pos]; {
	case c == '\'' || c == '"' && !d.ANSIQuotes:
		text, next, err := d.text(raw, pos)
		return Literal{Form: String, Text: text}, next, err
	case c == '0' && (raw[pos+1] == 'x' || raw[pos+1] == 'X'):
		return hexNumber(raw, pos)
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		return number(raw, pos)
	case c == '_':
		return d.introduced(raw, pos)
	}
	if len(raw) > pos+1 && raw[pos+1] == '\'' {
		switch raw[pos] {
		case 'x', 'X', 'b', 'B':
			return d.radix(raw, pos)
		case 'n', 'N':
			text, next, err := d.text(raw, pos+1)
			return Literal{Form: String, Text: text, Charset: "utf8"}, next, err
		}
	}
	word := wordAt(raw, pos)
	switch {
	case strings.EqualFold(word, "NULL"):
		return Literal{}, pos + 4, nil
	case strings.EqualFold(word, "CONVERT"):
		return d.convert(raw, pos+len(word))
	}
	return Literal{}, 0, fmt.Errorf("%w: %.40q among the values", ErrStatement, raw[pos:])
}

// wordAt is the word of letters, digits and _ at pos.
func wordAt(raw []byte, pos int) string {
	end := pos
	for end < len(raw) && (raw[end] == '_' || raw[end]|0x20 >= 'a' && raw[end]|0x20 <= 'z' || raw[end] >= '0' && raw[end] <= '9') {
		end++
	}
	return string(raw[pos:end])
}

// introduced reads _charset'text' and _binary 0x00.
func (d Dialect) introduced(raw []byte, pos int) (Literal, int, error) {
	word := wordAt(raw, pos)
	lit, next, err := d.value(raw, pos+len(word))
	if err != nil {
		return lit, next, err
	}
	if lit.Form != String && lit.Form != Binary || lit.Charset != "" {
		return lit, 0, fmt.Errorf("%w: %.40q among the values", ErrStatement, raw[pos:])
	}
	lit.Charset = strings.ToLower(word[1:])
	return lit, next, nil
}

// convert reads (value USING charset), behind the word CONVERT.
func (d Dialect) convert(raw []byte, pos int) (Literal, int, error) {
	refuse := func() (Literal, int, error) {
		return Literal{}, 0, fmt.Errorf("%w: %.40q among the values", ErrStatement, raw[pos:])
	}
	if pos = skipBlank(raw, pos); raw[pos] != '(' {
		return refuse()
	}
	lit, next, err := d.value(raw, pos+1)
	if err != nil {
		return lit, next, err
	}
	next = skipBlank(raw, next)
	if using := wordAt(raw, next); !strings.EqualFold(using, "USING") || lit.Charset != "" && lit.Charset != "binary" {
		return refuse()
	}
	next = skipBlank(raw, next+5)
	charset := strings.ToLower(wordAt(raw, next))
	next = skipBlank(raw, next+len(charset))
	if charset == "" || raw[next] != ')' {
		return refuse()
	}
	if lit.Form != Null {
		lit.Charset = charset
	}
	return lit, next + 1, nil
}

// text decodes the string at raw[pos], in place, and returns the place behind its quote.
func (d Dialect) text(raw []byte, pos int) (text []byte, next int, err error) {
	quote := raw[pos]
	pos++
	start, out := pos, pos
	escape := byte('\\')
	if d.NoBackslashEscapes {
		escape = quote
	}
	for {
		i := dump.IndexEither(raw[pos:], quote, escape)
		if i < 0 || pos+i+1 >= len(raw) {
			return nil, 0, fmt.Errorf("%w: no end of a string", ErrStatement)
		}
		if out != pos {
			copy(raw[out:], raw[pos:pos+i])
		}
		out += i
		pos += i
		after := raw[pos+1]
		switch {
		case raw[pos] != quote && (after == '%' || after == '_'): // outside of patterns both characters stay
			raw[out] = '\\'
			out++
			raw[out] = after
		case raw[pos] != quote:
			raw[out] = dump.Unescaped(after)
		case after != quote:
			return raw[start:out:out], pos + 1, nil
		default:
			raw[out] = quote
		}
		out++
		pos += 2
	}
}

// number reads a bare number.
func number(raw []byte, pos int) (Literal, int, error) {
	end := pos
	for end < len(raw) {
		c := raw[end]
		if c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || (c == '-' || c == '+') && (end == pos || raw[end-1]|0x20 == 'e') {
			end++
			continue
		}
		break
	}
	text := raw[pos:end:end]
	if last := text[len(text)-1]; last == '-' || last == '+' || last|0x20 == 'e' || !bytes.ContainsAny(text, "0123456789") {
		return Literal{}, 0, fmt.Errorf("%w: %.40q among the values", ErrStatement, raw[pos:])
	}
	return Literal{Form: Number, Text: text}, end, nil
}

// hexNumber reads 0x00.
func hexNumber(raw []byte, pos int) (Literal, int, error) {
	word := wordAt(raw, pos)
	text, err := fromHex(raw[pos+2 : pos+len(word)])
	if err != nil {
		return Literal{}, 0, err
	}
	return Literal{Form: Binary, Text: text}, pos + len(word), nil
}

// fromHex decodes in place; an odd digit stands alone at the front, as on the server.
func fromHex(digits []byte) ([]byte, error) {
	if len(digits)%2 == 1 {
		digits = append([]byte{'0'}, digits...)
	}
	n, err := hex.Decode(digits, digits)
	if err != nil {
		return nil, fmt.Errorf("%w: %.40q are no hexadecimal digits", ErrStatement, digits)
	}
	return digits[:n:n], nil
}

// radix reads x'00' and b'01'.
func (d Dialect) radix(raw []byte, pos int) (Literal, int, error) {
	n := bytes.IndexByte(raw[pos+2:], '\'')
	if n < 0 {
		return Literal{}, 0, fmt.Errorf("%w: no end of a value", ErrStatement)
	}
	digits, next := raw[pos+2:pos+2+n], pos+n+3
	var text []byte
	var err error
	if raw[pos]|0x20 == 'x' {
		text, err = fromHex(digits)
	} else {
		text, err = fromBits(digits)
	}
	return Literal{Form: Binary, Text: text}, next, err
}

func fromBits(digits []byte) ([]byte, error) {
	out := make([]byte, (len(digits)+7)/8)
	for i := range digits {
		c := digits[len(digits)-1-i]
		if c != '0' && c != '1' {
			return nil, fmt.Errorf("%w: %.40q are no bits", ErrStatement, digits)
		}
		out[len(out)-1-i/8] |= (c - '0') << (i % 8)
	}
	return out, nil
}
