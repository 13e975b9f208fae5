package transform

import "strings"

// header is the start of a CREATE or ALTER statement, up to the kind of the object.
type header struct {
	verb    string // CREATE or ALTER; empty for other statements
	kind    string // TABLE, VIEW, PACKAGE BODY, ...; empty when it is not one that is known
	tokens  []Token
	after   int // index of the token after kind
	definer int // index of the word DEFINER, -1 when there is none
	account int // index of the first token of its account
	end     int // index of the token after its account
	name    string
	host    string
	hasHost bool
}

// kinds of objects that a CREATE statement can make and that this package knows.
func objectKind(t Token) string {
	for _, k := range []string{"TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE", "SEQUENCE", "DATABASE", "SCHEMA"} {
		if t.Is(k) {
			return k
		}
	}
	return ""
}

// headerTokens bounds how much of a statement is lexed before its header must have ended.
const headerTokens = 64

// readHeader reads the header of a statement and extra significant tokens after it.
func readHeader(stmt []byte, m Mode, extra int) header {
	h := header{definer: -1}
	l := NewLexer(stmt, m)
	seen, wanted := 0, headerTokens
	for seen < wanted {
		t, ok := l.Next()
		if !ok {
			break
		}
		h.tokens = append(h.tokens, t)
		if !t.Significant() {
			continue
		}
		seen++
		if wanted == headerTokens && seen > 1 && objectKind(t) != "" && !h.tokens[SkipBack(h.tokens, len(h.tokens)-2)].Is("=") {
			wanted = seen + extra
		}
	}
	// What closes a versioned comment belongs to what stands in it.
	for t, ok := l.Next(); ok && !t.Significant(); t, ok = l.Next() {
		h.tokens = append(h.tokens, t)
	}
	h.parse(m)
	return h
}

// parse goes through CREATE [OR REPLACE] [ALGORITHM=x] [DEFINER=account] [SQL SECURITY x] [AGGREGATE|TEMPORARY] kind.
func (h *header) parse(m Mode) {
	i := Skip(h.tokens, 0)
	if i >= len(h.tokens) || !h.tokens[i].Is("CREATE") && !h.tokens[i].Is("ALTER") {
		return
	}
	verb := strings.ToUpper(string(h.tokens[i].Text))
	for i = Skip(h.tokens, i+1); i < len(h.tokens); i = Skip(h.tokens, i) {
		if j, ok := Match(h.tokens, i, "OR", "REPLACE"); ok {
			i = j
		} else if j, ok := Match(h.tokens, i, "ALGORITHM", "="); ok {
			i = Skip(h.tokens, j) + 1
		} else if j, ok := Match(h.tokens, i, "SQL", "SECURITY"); ok {
			i = Skip(h.tokens, j) + 1
		} else if j, ok := Match(h.tokens, i, "DEFINER", "="); ok && h.definer < 0 {
			h.definer = i
			h.account = Skip(h.tokens, j)
			i = h.parseAccount(m)
			h.end = i
		} else if h.tokens[i].Is("AGGREGATE") || h.tokens[i].Is("TEMPORARY") {
			i++
		} else {
			break
		}
	}
	if i >= len(h.tokens) {
		return
	}
	h.verb, h.kind, h.after = verb, objectKind(h.tokens[i]), i+1
	if j, ok := Match(h.tokens, i, "PACKAGE", "BODY"); ok {
		h.kind, h.after = "PACKAGE BODY", j
	}
	if h.kind == "SCHEMA" {
		h.kind = "DATABASE"
	}
}

// parseAccount reads the account of a DEFINER clause and returns the index after it.
func (h *header) parseAccount(m Mode) int {
	i := h.account
	if i >= len(h.tokens) {
		return i
	}
	h.name = h.tokens[i].Unquote(m)
	if h.tokens[i].Is("CURRENT_USER") || h.tokens[i].Is("CURRENT_ROLE") {
		if j, ok := Match(h.tokens, i+1, "(", ")"); ok {
			return j
		}
		return i + 1
	}
	i++
	j := Skip(h.tokens, i)
	if j >= len(h.tokens) || h.tokens[j].Text[0] != '@' {
		return i // a role
	}
	h.hasHost = true
	if h.tokens[j].Kind == Variable {
		h.host = Lex(h.tokens[j].Text[1:], m)[0].Unquote(m)
		return j + 1
	}
	if j = Skip(h.tokens, j+1); j < len(h.tokens) {
		h.host = h.tokens[j].Unquote(m)
		j++
	}
	return j
}

// oldAccount is the account of the DEFINER clause in the form that ParseDefiner reads; a role is its name alone.
func (h *header) oldAccount() string {
	if h.hasHost {
		return accountText(h.name, h.host)
	}
	return h.name
}

// offset is the place in the statement where token i starts.
func (h *header) offset(i int) int {
	n := 0
	for _, t := range h.tokens[:i] {
		n += len(t.Text)
	}
	return n
}

// hasDefiner reports whether the header belongs to an object that can have a DEFINER clause, and has one.
func (h *header) hasDefiner() bool {
	switch h.kind {
	case "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE", "PACKAGE BODY":
		return h.definer >= 0
	}
	return false
}

// CreateName is what a CREATE statement makes: its kind in capitals (TABLE, VIEW, TRIGGER, PROCEDURE, FUNCTION, EVENT, PACKAGE,
// PACKAGE BODY, SEQUENCE, DATABASE), its schema, empty when the name is not qualified, and its name. ok is false for other statements.
func CreateName(stmt []byte, m Mode) (kind, schema, name string, ok bool) {
	h := readHeader(stmt, m, 8)
	if h.verb != "CREATE" || h.kind == "" {
		return "", "", "", false
	}
	i := h.after
	if j, found := Match(h.tokens, i, "IF", "NOT", "EXISTS"); found {
		i = j
	}
	i = Skip(h.tokens, i)
	if i >= len(h.tokens) || !h.tokens[i].isName() {
		return "", "", "", false
	}
	name = h.tokens[i].Unquote(m)
	if j := Skip(h.tokens, i+1); j < len(h.tokens) && h.tokens[j].Is(".") {
		if j = Skip(h.tokens, j+1); j < len(h.tokens) && h.tokens[j].isName() {
			return h.kind, name, h.tokens[j].Unquote(m), true
		}
	}
	return h.kind, "", name, true
}

// isName reports whether t can be an identifier.
func (t Token) isName() bool { return t.Kind == Word || t.Kind == QuotedName }
