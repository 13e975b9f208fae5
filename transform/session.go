package transform

import "strings"

// session is what a script has set so far of what decides how it is read.
type session struct {
	mode    Mode
	sqlMode string
	initial Mode
	vars    map[string]string // user variables whose value is known, names in lower case
}

func newSession(m Mode) session {
	return session{mode: m, sqlMode: m.sqlMode(), initial: m, vars: map[string]string{}}
}

// sqlMode is the part of sql_mode that m knows.
func (m Mode) sqlMode() string {
	var modes []string
	if m.ANSIQuotes {
		modes = append(modes, "ANSI_QUOTES")
	}
	if m.NoBackslashEscapes {
		modes = append(modes, "NO_BACKSLASH_ESCAPES")
	}
	return strings.Join(modes, ",")
}

// maxSet is the length in bytes above which a statement is not looked at as a SET.
const maxSet = 1 << 16

// follow takes over what a SET statement sets and reports whether the mode has changed.
// Versioned comments count as if they were carried out.
func (s *session) follow(stmt []byte) bool {
	if len(stmt) > maxSet || len(stmt) == 0 || stmt[0]|0x20 != 's' && stmt[0] != '/' {
		return false
	}
	l := NewLexer(stmt, s.mode)
	for t, ok := l.Next(); ok; t, ok = l.Next() {
		if t.Significant() {
			if !t.Is("SET") {
				return false
			}
			break
		}
	}
	before := s.mode
	tokens := significant(Lex(stmt, s.mode))
	for _, part := range splitCommas(tokens[min(1, len(tokens)):]) {
		s.assign(part)
	}
	return s.mode != before
}

// significant is the tokens without spaces, comments and the marks of versioned comments.
func significant(tokens []Token) []Token {
	out := make([]Token, 0, len(tokens))
	for _, t := range tokens {
		if t.Significant() {
			out = append(out, t)
		}
	}
	return out
}

// splitCommas cuts a list at its commas outside of parentheses.
func splitCommas(tokens []Token) [][]Token {
	var parts [][]Token
	depth, from := 0, 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case t.Is(",") && depth == 0:
			parts = append(parts, tokens[from:i])
			from = i + 1
		}
	}
	return append(parts, tokens[from:])
}

// assign carries out one assignment of a SET.
func (s *session) assign(part []Token) {
	switch {
	case len(part) >= 2 && part[0].Is("NAMES"):
		s.setCharset(s.value(part[1:2]))
		return
	case len(part) >= 2 && part[0].Is("CHARSET"):
		s.setCharset(s.value(part[1:2]))
		return
	case len(part) >= 3 && part[0].Is("CHARACTER") && part[1].Is("SET"):
		s.setCharset(s.value(part[2:3]))
		return
	}
	if len(part) > 0 && (part[0].Is("SESSION") || part[0].Is("LOCAL")) {
		part = part[1:]
	}
	if len(part) < 3 {
		return
	}
	target, rest := part[0], part[1:]
	if rest[0].Is(":") {
		rest = rest[1:]
	}
	if !rest[0].Is("=") || len(rest) < 2 {
		return
	}
	value, known := s.value(rest[1:])
	name := variableName(target, s.mode)
	if strings.HasPrefix(name, "@") {
		s.setVariable(name, value, known)
		return
	}
	switch name {
	case "character_set_client":
		s.setCharset(value, known)
	case "sql_mode":
		s.setSQLMode(value, known)
	}
}

// variableName is "@name" for a user variable and "name" for a session variable, in lower case; a global one is "global.name".
func variableName(t Token, m Mode) string {
	name := strings.ToLower(t.Unquote(m))
	if t.Kind != Variable {
		return name
	}
	if rest, ok := strings.CutPrefix(name, "@@"); ok {
		for _, scope := range []string{"session.", "local."} {
			rest = strings.TrimPrefix(rest, scope)
		}
		return strings.Trim(rest, "`")
	}
	inner := t.Text[1:]
	if len(inner) > 0 && class[inner[0]] == classQuote {
		return "@" + strings.ToLower(unquote(inner, inner[0] != '`', multibyteOf(m.Charset)))
	}
	return name
}

func (s *session) setCharset(value string, known bool) {
	switch {
	case !known:
	case strings.EqualFold(value, "DEFAULT"):
		s.mode.Charset = s.initial.Charset
	default:
		s.mode.Charset = strings.ToLower(value)
	}
}

func (s *session) setSQLMode(value string, known bool) {
	if !known {
		return
	}
	if strings.EqualFold(value, "DEFAULT") {
		value = s.initial.sqlMode()
	}
	s.sqlMode = value
	s.mode = s.mode.WithSQLMode(value)
}

func (s *session) setVariable(name, value string, known bool) {
	if known {
		s.vars[name] = value
	} else {
		delete(s.vars, name)
	}
}

// value is what an expression stands for: a literal, a word, a variable whose value is known, or CONCAT of such.
func (s *session) value(expr []Token) (text string, known bool) {
	if len(expr) > 3 && expr[0].Is("CONCAT") && expr[1].Is("(") && expr[len(expr)-1].Is(")") {
		for _, part := range splitCommas(expr[2 : len(expr)-1]) {
			t, ok := s.value(part)
			if !ok {
				return "", false
			}
			text += t
		}
		return text, true
	}
	if len(expr) == 2 && expr[0].Kind == Word && expr[0].Text[0] == '_' {
		expr = expr[1:] // an introducer
	}
	if len(expr) != 1 {
		return "", false
	}
	switch t := expr[0]; t.Kind {
	case Word, String, QuotedName, Number:
		return t.Unquote(s.mode), !t.Is("NULL")
	case Variable:
		return s.variable(variableName(t, s.mode))
	case Space, Comment, Punct, VersionedOpen, VersionedClose:
	}
	return "", false
}

func (s *session) variable(name string) (text string, known bool) {
	switch name {
	case "character_set_client":
		return s.mode.Charset, true
	case "sql_mode":
		return s.sqlMode, true
	}
	text, known = s.vars[name]
	return text, known
}
