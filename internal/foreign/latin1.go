package foreign

import "unicode/utf8"

// latin1High are the characters 0x80 to 0x9f of MySQL's latin1, which is Windows-1252 with control characters in its gaps
// (https://dev.mysql.com/doc/refman/8.4/en/charset-we-sets.html).
var latin1High = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// Latin1 is text of MySQL's latin1 as UTF-8; where it is ASCII, text itself.
func Latin1(text []byte) []byte {
	at := 0
	for at < len(text) && text[at] < utf8.RuneSelf {
		at++
	}
	if at == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+len(text)/4), text[:at]...)
	for _, c := range text[at:] {
		switch {
		case c < utf8.RuneSelf:
			out = append(out, c)
		case c < 0xa0:
			out = utf8.AppendRune(out, latin1High[c-0x80])
		default:
			out = utf8.AppendRune(out, rune(c))
		}
	}
	return out
}
