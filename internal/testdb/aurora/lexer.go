package aurora

import "strings"

// token is a word, a quoted text, a number or one character of a statement; blanks and comments are none. What stands in a comment
// that MySQL executes counts as if it stood outside.
type token struct {
	text       string // as written
	start, end int
	quote      byte // ' " ` of a quoted text
}

// is reports a bare word, or a character.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if t.quote == 0 && strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

// name is what a word or a quoted text stands for.
func (t token) name() string {
	if t.quote == 0 {
		return t.text
	}
	in := strings.TrimSuffix(t.text[1:], string(t.quote))
	var b strings.Builder
	for i := 0; i < len(in); i++ {
		if (in[i] == '\\' && t.quote != '`' || in[i] == t.quote) && i+1 < len(in) {
			i++
		}
		b.WriteByte(in[i])
	}
	return b.String()
}

func lex(sql string) (out []token) {
	for i := 0; i < len(sql); {
		j, skipped := blankEnd(sql, i)
		if skipped {
			i = j
			continue
		}
		t := token{start: i}
		switch c := sql[i]; {
		case c == '\'' || c == '"' || c == '`':
			t.end, t.quote = quoteEnd(sql, i), c
		case strings.HasPrefix(sql[i:], "@@"):
			t.end = i + 2
			for t.end < len(sql) && (wordByte(sql[t.end]) || sql[t.end] == '.') {
				t.end++
			}
		case wordByte(c):
			for t.end = i; t.end < len(sql) && wordByte(sql[t.end]); t.end++ {
			}
		default:
			t.end = i + 1
		}
		t.text = sql[t.start:t.end]
		out = append(out, t)
		i = t.end
	}
	return out
}

// blankEnd is where blanks, a comment, or either end of an executed comment end.
func blankEnd(sql string, i int) (end int, skipped bool) {
	rest := sql[i:]
	until := func(stop string) int {
		if n := strings.Index(rest, stop); n >= 0 {
			return i + n + len(stop)
		}
		return len(sql)
	}
	switch {
	case strings.ContainsRune(" \t\r\n\f\v", rune(rest[0])):
		return i + 1, true
	case rest[0] == '#', strings.HasPrefix(rest, "-- "), strings.HasPrefix(rest, "--\n"), strings.HasPrefix(rest, "--\t"):
		return until("\n"), true
	case strings.HasPrefix(rest, "*/"):
		return i + 2, true
	case strings.HasPrefix(rest, "/*!"):
		for i += 3; i < len(sql) && sql[i] >= '0' && sql[i] <= '9'; i++ {
		}
		return i, true
	case strings.HasPrefix(rest, "/*"):
		return until("*/"), true
	}
	return i, false
}

func quoteEnd(sql string, i int) int {
	quote := sql[i]
	for j := i + 1; j < len(sql); j++ {
		switch {
		case sql[j] == '\\' && quote != '`':
			j++
		case sql[j] == quote && j+1 < len(sql) && sql[j+1] == quote:
			j++
		case sql[j] == quote:
			return j + 1
		}
	}
	return len(sql)
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// follow reports whether these words stand at i, one after the other.
func follow(tokens []token, i int, words ...string) bool {
	if i < 0 || i+len(words) > len(tokens) {
		return false
	}
	for j, w := range words {
		if !tokens[i+j].is(w) {
			return false
		}
	}
	return true
}

// find returns where these words stand one after the other; -1 when they do not.
func find(tokens []token, words ...string) int {
	for i := range tokens {
		if follow(tokens, i, words...) {
			return i
		}
	}
	return -1
}

// edit is a part of a statement that is replaced.
type edit struct {
	start, end int
	with       string
}

// apply carries out edits that are in order and do not touch.
func apply(sql string, edits []edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(sql[at:e.start])
		b.WriteString(e.with)
		at = e.end
	}
	b.WriteString(sql[at:])
	return b.String()
}

// literal quotes a text for SQL.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
