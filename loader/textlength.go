package loader

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/transform"
)

// textLength is a function that gives the length of the first character of a text, 0 where it is not valid. It is nil
// for charsets of one byte, in which every text is valid, and for those that are not known.
// The rules are the servers': https://dev.mysql.com/doc/refman/en/charset-charsets.html
func textLength(charset string) func([]byte) int {
	switch charset {
	case "ascii":
		return func(s []byte) int { return one(s[0] < 0x80) }
	case "utf8mb4":
		return utf8Length
	case "utf8", "utf8mb3":
		return func(s []byte) int {
			if n := utf8Length(s); n < 4 {
				return n
			}
			return 0
		}
	case "ucs2":
		return func(s []byte) int {
			if len(s) < 2 {
				return 0
			}
			return 2
		}
	case "utf16":
		return func(s []byte) int { return utf16Length(s, binary.BigEndian) }
	case "utf16le":
		return func(s []byte) int { return utf16Length(s, binary.LittleEndian) }
	case "utf32":
		return func(s []byte) int {
			if len(s) < 4 || binary.BigEndian.Uint32(s) > utf8.MaxRune {
				return 0
			}
			return 4
		}
	case "gb18030":
		return func(s []byte) int {
			if len(s) >= 4 && in(s[0], 0x81, 0xfe) && in(s[1], '0', '9') && in(s[2], 0x81, 0xfe) && in(s[3], '0', '9') {
				return 4
			}
			return pairLength(s, gbkPair)
		}
	case "ujis", "eucjpms":
		return ujisLength
	}
	if pair := pairOf(charset); pair != nil {
		return func(s []byte) int { return pairLength(s, pair) }
	}
	return nil
}

func utf8Length(s []byte) int {
	r, n := utf8.DecodeRune(s)
	if r == utf8.RuneError && n < 2 {
		return 0
	}
	return n
}

func utf16Length(s []byte, order binary.ByteOrder) int {
	if len(s) < 2 {
		return 0
	}
	switch first := order.Uint16(s); {
	case first < 0xd800 || first > 0xdfff:
		return 2
	case first < 0xdc00 && len(s) >= 4 && order.Uint16(s[2:]) >= 0xdc00 && order.Uint16(s[2:]) <= 0xdfff:
		return 4
	}
	return 0
}

// ujisLength knows ASCII, half-width katakana behind 8E, three bytes behind 8F, and pairs.
func ujisLength(s []byte) int {
	high := func(i int) bool { return len(s) > i && in(s[i], 0xa1, 0xfe) }
	switch {
	case s[0] < 0x80:
		return 1
	case s[0] == 0x8e && len(s) > 1 && in(s[1], 0xa1, 0xdf), high(0) && high(1):
		return 2
	case s[0] == 0x8f && high(1) && high(2):
		return 3
	}
	return 0
}

// pairLength is for charsets of ASCII and pairs of bytes. pair reports 1 for a byte alone, 2 for a pair, else 0.
func pairLength(s []byte, pair func(a, b byte) int) int {
	switch {
	case s[0] < 0x80:
		return 1
	case len(s) == 1:
		return one(pair(s[0], 0) == 1)
	}
	return pair(s[0], s[1])
}

func gbkPair(a, b byte) int {
	return two(in(a, 0x81, 0xfe) && (in(b, 0x40, 0x7e) || in(b, 0x80, 0xfe)))
}

func pairOf(charset string) func(a, b byte) int {
	switch charset {
	case "gbk":
		return gbkPair
	case "gb2312":
		return func(a, b byte) int { return two(in(a, 0xa1, 0xf7) && in(b, 0xa1, 0xfe)) }
	case "big5":
		return func(a, b byte) int { return two(in(a, 0xa1, 0xf9) && (in(b, 0x40, 0x7e) || in(b, 0xa1, 0xfe))) }
	case "euckr":
		return func(a, b byte) int {
			return two(in(a, 0x81, 0xfe) && (in(b, 'A', 'Z') || in(b, 'a', 'z') || in(b, 0x81, 0xfe)))
		}
	case "sjis", "cp932":
		return func(a, b byte) int {
			if in(a, 0xa1, 0xdf) {
				return 1
			}
			return two((in(a, 0x81, 0x9f) || in(a, 0xe0, 0xfc)) && (in(b, 0x40, 0x7e) || in(b, 0x80, 0xfc)))
		}
	}
	return nil
}

func in(b, first, last byte) bool { return b >= first && b <= last }

func one(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func two(ok bool) int { return 2 * one(ok) }

// charBytes is an ASCII character as the column's text has it in a file.
func charBytes(ascii byte, c tableColumn) []byte {
	if c.encoding == dump.UTF8 {
		return []byte{ascii}
	}
	return transform.ASCIIIn([]byte{ascii}, c.charset)
}

// replaceInvalid puts a replacement in the place of each byte, or unit of a wide charset, that starts no character. It
// returns the text itself when there is none, and how many bytes were replaced.
func replaceInvalid(text []byte, valid func([]byte) int, replacement []byte) (out []byte, bytes int) {
	for i := 0; i < len(text); {
		if n := valid(text[i:]); n > 0 {
			if out != nil {
				out = append(out, text[i:i+n]...)
			}
			i += n
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(text)+len(replacement)), text[:i]...)
		}
		n := min(len(replacement), len(text)-i)
		out = append(out, replacement...)
		bytes += n
		i += n
	}
	if out == nil {
		return text, 0
	}
	return out, bytes
}
