package loader

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/transform"
)

// header is what the first words of a statement say.
type header struct {
	verb   string // CREATE, DROP, SET, USE, SETVAL, ALTER
	kind   string // of CREATE: table, view, trigger, procedure, function, event, database, sequence, package, package body
	schema string // as written; empty when unqualified
	name   string
	on     string // table of a trigger; collation of ALTER DATABASE
}

// readHeader understands the statements that a dump needs. Any other has an empty verb.
func readHeader(stmt []byte, m transform.Mode) header {
	tokens := significant(transform.Lex(stmt, m))
	if len(tokens) == 0 {
		return header{}
	}
	switch {
	case tokens[0].Is("SET"):
		return header{verb: "SET"}
	case tokens[0].Is("USE") && len(tokens) == 2:
		return header{verb: "USE", name: tokens[1].Unquote(m)}
	case tokens[0].Is("DROP"):
		return header{verb: "DROP"}
	case tokens[0].Is("CREATE"):
		return createHeader(tokens, m)
	case tokens[0].Is("ALTER"):
		return alterHeader(tokens, m)
	case tokens[0].Is("SELECT"), tokens[0].Is("DO"):
		return setvalHeader(tokens, m)
	}
	return header{}
}

var createKinds = []string{"TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "SCHEMA", "SEQUENCE", "PACKAGE"}

// headerWords may stand between CREATE and the kind; DEFINER's account and ALGORITHM's value are passed over with them.
var headerWords = []string{"OR", "REPLACE", "ALGORITHM", "DEFINER", "SQL", "SECURITY", "INVOKER", "UNDEFINED", "MERGE", "TEMPTABLE", "AGGREGATE"}

func createHeader(tokens []transform.Token, m transform.Mode) header {
	i, definer := 1, false
	for ; i < len(tokens); i++ {
		t := tokens[i]
		if kind, ok := wordIn(t, createKinds); ok && !(definer && i > 0 && tokens[i-1].Is("=")) {
			return nameHeader(strings.ToLower(kind), tokens[i+1:], m)
		}
		if t.Is("DEFINER") {
			definer = true
			continue
		}
		if _, ok := wordIn(t, headerWords); ok || t.Kind == transform.Punct || definer {
			continue
		}
		return header{}
	}
	return header{}
}

func nameHeader(kind string, tokens []transform.Token, m transform.Mode) header {
	h := header{verb: "CREATE", kind: kind}
	if kind == "schema" {
		h.kind = "database"
	}
	if kind == "package" && len(tokens) > 0 && tokens[0].Is("BODY") {
		h.kind, tokens = "package body", tokens[1:]
	}
	if len(tokens) > 3 && tokens[0].Is("IF") && tokens[1].Is("NOT") && tokens[2].Is("EXISTS") {
		tokens = tokens[3:]
	}
	if len(tokens) == 0 || tokens[0].Kind != transform.Word && tokens[0].Kind != transform.QuotedName {
		return header{}
	}
	h.name = tokens[0].Unquote(m)
	tokens = tokens[1:]
	if len(tokens) > 1 && tokens[0].Is(".") {
		h.schema, h.name = h.name, tokens[1].Unquote(m)
		tokens = tokens[2:]
	}
	switch {
	case h.kind == "table" && (len(tokens) == 0 || !tokens[0].Is("(") || hasWord(tokens, "SELECT")):
		return header{}
	case h.kind == "trigger":
		h.on = triggerTable(tokens, m)
	}
	return h
}

// triggerTable reads {BEFORE|AFTER} event ON [schema.]table.
func triggerTable(tokens []transform.Token, m transform.Mode) string {
	for i := 0; i+1 < len(tokens) && i < 12; i++ {
		if !tokens[i].Is("ON") {
			continue
		}
		if i+3 < len(tokens) && tokens[i+2].Is(".") {
			return tokens[i+3].Unquote(m)
		}
		return tokens[i+1].Unquote(m)
	}
	return ""
}

// setvalHeader is SELECT or DO SETVAL(name, number, ...), which gives a sequence its state, and nothing else.
func setvalHeader(tokens []transform.Token, m transform.Mode) header {
	if len(tokens) < 6 || !tokens[1].Is("SETVAL") || !tokens[2].Is("(") || !tokens[len(tokens)-1].Is(")") {
		return header{}
	}
	h, rest := header{verb: "SETVAL", name: tokens[3].Unquote(m)}, tokens[4:len(tokens)-1]
	if len(rest) > 1 && rest[0].Is(".") {
		h.schema, h.name, rest = h.name, rest[1].Unquote(m), rest[2:]
	}
	for _, t := range rest {
		if t.Kind != transform.Number && !t.Is(",") && !t.Is("-") && !t.Is("TRUE") && !t.Is("FALSE") {
			return header{}
		}
	}
	return h
}

func wordIn(t transform.Token, words []string) (string, bool) {
	if t.Kind != transform.Word {
		return "", false
	}
	for _, w := range words {
		if t.Is(w) {
			return w, true
		}
	}
	return "", false
}

func hasWord(tokens []transform.Token, word string) bool {
	for _, t := range tokens {
		if t.Kind == transform.Word && t.Is(word) {
			return true
		}
	}
	return false
}

func (h header) String() string {
	return fmt.Sprintf("%s %s", h.kind, h.name)
}
