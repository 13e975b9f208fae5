package transform

// Is reports whether t is this keyword, in any case, or this punctuation. A quoted name is never a keyword.
func (t Token) Is(text string) bool {
	if t.Kind != Word && t.Kind != Punct || len(t.Text) != len(text) {
		return false
	}
	for i, c := range t.Text {
		d := text[i]
		if c != d && (c|0x20 != d|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// Significant reports whether t is more than white space, a comment or the mark of a versioned comment.
func (t Token) Significant() bool {
	switch t.Kind {
	case Space, Comment, VersionedOpen, VersionedClose:
		return false
	case Word, QuotedName, String, Number, Variable, Punct:
	}
	return true
}

// Skip is the index of the first significant token at i or after it, len(tokens) when there is none.
// What stands in versioned comments counts, their marks do not.
func Skip(tokens []Token, i int) int {
	for i < len(tokens) && !tokens[i].Significant() {
		i++
	}
	return i
}

// SkipBack is the index of the last significant token at i or before it, -1 when there is none.
func SkipBack(tokens []Token, i int) int {
	for i >= 0 && !tokens[i].Significant() {
		i--
	}
	return i
}

// Match reports whether the significant tokens from i on are these keywords, and the index after the last of them.
func Match(tokens []Token, i int, words ...string) (after int, ok bool) {
	for _, w := range words {
		i = Skip(tokens, i)
		if i >= len(tokens) || !tokens[i].Is(w) {
			return i, false
		}
		i++
	}
	return i, true
}

// Closing is the index of the ) that closes the ( at tokens[i], len(tokens) when it is missing.
func Closing(tokens []Token, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		if tokens[i].Kind != Punct {
			continue
		}
		switch tokens[i].Text[0] {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// Unquote is the name or the text that a token stands for: a quoted name or string without its quotes, doubled quotes
// halved and escapes resolved; any other token as it is.
func (t Token) Unquote(m Mode) string {
	s := t.Text
	if t.Kind != QuotedName && t.Kind != String || len(s) == 0 {
		return string(s)
	}
	if s[0] == 'n' || s[0] == 'N' {
		s = s[1:]
	}
	if len(s) < 2 || class[s[0]] != classQuote {
		return string(s)
	}
	return unquote(s, t.Kind == String && !m.NoBackslashEscapes, multibyteOf(m.Charset))
}

func unquote(s []byte, escapes bool, multi multibyte) string {
	quote := s[0]
	s = s[1:]
	if len(s) > 0 && s[len(s)-1] == quote {
		s = s[:len(s)-1]
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 0x80:
			n := multi.length(s[i:])
			out = append(out, s[i:i+n]...)
			i += n - 1
		case c == quote && i+1 < len(s) && s[i+1] == quote:
			out = append(out, c)
			i++
		case c == '\\' && escapes && i+1 < len(s):
			i++
			out = append(out, unescape(s[i])...)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// unescape is what a backslash and c stand for (https://dev.mysql.com/doc/refman/8.4/en/string-literals.html).
func unescape(c byte) []byte {
	switch c {
	case '0':
		return []byte{0}
	case 'b':
		return []byte{'\b'}
	case 'n':
		return []byte{'\n'}
	case 'r':
		return []byte{'\r'}
	case 't':
		return []byte{'\t'}
	case 'Z':
		return []byte{0x1a}
	case '%', '_':
		return []byte{'\\', c}
	}
	return []byte{c}
}
