package chunker

import "unicode/utf8"

// validText reports whether b is text of the charset, so that a literal of it is not refused (1300).
// It is at times stricter than a server: lone surrogates are valid to MySQL 5.6 and MariaDB.
func validText(charset string, b []byte) bool {
	for len(b) > 0 {
		n := charLen(charset, b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// charLen returns the number of bytes of b's first character, 0 when it is not one.
func charLen(charset string, b []byte) int {
	switch charset {
	case "utf8mb4", "utf8", "utf8mb3":
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n < 2 || n == 4 && charset != "utf8mb4" {
			return 0
		}
		return n
	case "ucs2":
		return fixed(b, 2)
	case "utf32":
		if len(b) < 4 || b[0] != 0 || b[1] > 0x10 {
			return 0
		}
		return 4
	case "utf16":
		return utf16Len(b, 0)
	case "utf16le":
		return utf16Len(b, 1)
	case "binary", "":
		return 1
	case "ascii":
		if b[0] >= 0x80 {
			return 0
		}
		return 1
	}
	if b[0] < 0x80 {
		return 1
	}
	return multibyteLen(charset, b)
}

func fixed(b []byte, n int) int {
	if len(b) < n {
		return 0
	}
	return n
}

func utf16Len(b []byte, high int) int {
	if len(b) < 2 {
		return 0
	}
	switch b[high] & 0xfc {
	case 0xd8:
		if len(b) < 4 || b[2+high]&0xfc != 0xdc {
			return 0
		}
		return 4
	case 0xdc:
		return 0
	}
	return 2
}

// multibyteLen handles the East Asian charsets, whose first byte is 0x80 or more; the others have one byte a character.
func multibyteLen(charset string, b []byte) int {
	in := func(i int, lo, hi byte) bool { return i < len(b) && b[i] >= lo && b[i] <= hi }
	two := func(ok bool) int {
		if ok {
			return 2
		}
		return 0
	}
	switch charset {
	case "sjis", "cp932":
		if in(0, 0xa1, 0xdf) {
			return 1
		}
		return two((in(0, 0x81, 0x9f) || in(0, 0xe0, 0xfc)) && (in(1, 0x40, 0x7e) || in(1, 0x80, 0xfc)))
	case "gbk":
		return two(in(0, 0x81, 0xfe) && (in(1, 0x40, 0x7e) || in(1, 0x80, 0xfe)))
	case "gb18030":
		if in(0, 0x81, 0xfe) && in(1, 0x30, 0x39) && in(2, 0x81, 0xfe) && in(3, 0x30, 0x39) {
			return 4
		}
		return two(in(0, 0x81, 0xfe) && (in(1, 0x40, 0x7e) || in(1, 0x80, 0xfe)))
	case "big5":
		return two(in(0, 0xa1, 0xf9) && (in(1, 0x40, 0x7e) || in(1, 0xa1, 0xfe)))
	case "euckr":
		return two(in(0, 0x81, 0xfe) && (in(1, 0x41, 0x5a) || in(1, 0x61, 0x7a) || in(1, 0x81, 0xfe)))
	case "gb2312":
		return two(in(0, 0xa1, 0xf7) && in(1, 0xa1, 0xfe))
	case "ujis", "eucjpms":
		if in(0, 0x8f, 0x8f) && in(1, 0xa1, 0xfe) && in(2, 0xa1, 0xfe) {
			return 3
		}
		return two(in(0, 0x8e, 0x8e) && in(1, 0xa1, 0xdf) || in(0, 0xa1, 0xfe) && in(1, 0xa1, 0xfe))
	}
	return 1
}
