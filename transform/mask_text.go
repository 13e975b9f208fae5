package transform

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// wideUnit is how many bytes the units of a charset have, and which of them holds an ASCII character.
func wideUnit(charset string) (size, low int) {
	switch charset {
	case "ucs2", "utf16":
		return 2, 1
	case "utf16le":
		return 2, 0
	case "utf32":
		return 4, 3
	}
	return 1, 0
}

// ASCIIIn is ASCII text in a charset.
func ASCIIIn(text []byte, charset string) []byte {
	size, low := wideUnit(charset)
	if size == 1 {
		return text
	}
	out := make([]byte, len(text)*size)
	for i, c := range text {
		out[i*size+low] = c
	}
	return out
}

// latin1High is what the bytes from 0x80 to 0x9f mean in the servers' latin1, which is Windows-1252 with the holes filled.
const latin1High = "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
	"\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178"

var latin1Runes = []rune(latin1High)

// latin1Rune is the character of a byte.
func latin1Rune(c byte) rune {
	if c >= 0x80 && c < 0xa0 {
		return latin1Runes[c-0x80]
	}
	return rune(c)
}

// encodeIn is UTF-8 text in a charset. Beyond ASCII, latin1 and Unicode's own charsets are known.
func encodeIn(text, charset string) ([]byte, error) {
	lacks := func(r rune) error { return fmt.Errorf("character %q cannot be written in charset %s", r, charset) }
	switch charset {
	case "", "binary", "utf8mb4":
		return []byte(text), nil
	case "utf8", "utf8mb3":
		for _, r := range text {
			if r > 0xffff {
				return nil, lacks(r)
			}
		}
		return []byte(text), nil
	}
	var out []byte
	for _, r := range text {
		size, _ := wideUnit(charset)
		switch {
		case size == 4:
			out = binary.BigEndian.AppendUint32(out, uint32(r))
		case size == 2:
			if charset == "ucs2" && r > 0xffff {
				return nil, lacks(r)
			}
			for _, u := range utf16.AppendRune(nil, r) {
				if charset == "utf16le" {
					out = binary.LittleEndian.AppendUint16(out, u)
				} else {
					out = binary.BigEndian.AppendUint16(out, u)
				}
			}
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case charset == "latin1":
			c := strings.IndexRune(latin1High, r)
			switch {
			case c >= 0:
				out = append(out, 0x80+byte(utf8.RuneCountInString(latin1High[:c])))
			case r >= 0xa0 && r <= 0xff:
				out = append(out, byte(r))
			default:
				return nil, lacks(r)
			}
		default:
			return nil, lacks(r)
		}
	}
	return out, nil
}

// canonicalText is the text of a cell as hash takes it: equal for values that the column's collation holds for equal by case or by
// spaces at the end, and the same in every charset that is known here; the bytes themselves in others.
func canonicalText(cell []byte, c MaskedColumn) []byte {
	text, known := decodeText(cell, c.Charset)
	if c.Collation == "" {
		return text
	}
	rules := parseCollation(strings.ToLower(c.Collation))
	if known && !rules.cases && !rules.binary && utf8.Valid(text) {
		text = bytes.ToLower(text)
	}
	if rules.padding {
		text = bytes.TrimRight(text, " ")
	}
	return text
}

// decodeText is text in UTF-8; known is false where it is left as it is.
func decodeText(cell []byte, charset string) (text []byte, known bool) {
	switch charset {
	case "utf8mb4", "utf8", "utf8mb3", "ascii":
		return cell, true
	case "latin1":
		out := make([]byte, 0, len(cell)+8)
		for _, c := range cell {
			out = utf8.AppendRune(out, latin1Rune(c))
		}
		return out, true
	case "utf32":
		var out []byte
		for ; len(cell) >= 4; cell = cell[4:] {
			out = utf8.AppendRune(out, rune(binary.BigEndian.Uint32(cell)))
		}
		return append(out, cell...), true
	case "ucs2", "utf16", "utf16le":
		units := make([]uint16, len(cell)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(cell[2*i:])
			if charset == "utf16le" {
				units[i] = binary.LittleEndian.Uint16(cell[2*i:])
			}
		}
		return append([]byte(string(utf16.Decode(units))), cell[2*len(units):]...), true
	}
	return cell, false
}
