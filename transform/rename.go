package transform

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Names maps schemas and tables (--schema-map, --table-map). Keys are compared byte for byte; an entry of Tables goes before one of Schemas.
type Names struct {
	Schemas map[string]string
	Tables  map[[2]string][2]string // {schema, table} to {schema, table}; also views and sequences
}

// Rename rewrites the names of schemas (and tables) in a statement, also in bodies of views, routines and triggers, by its tokens;
// strings and comments stay. current is the schema that unqualified names belong to. out is stmt where nothing changed.
//
// Position decides what a name is: a.b is schema and table where a table stands, schema and routine before a parenthesis and after
// CALL, table and column elsewhere; there `a` is renamed only when it is a table of this query and no alias or common table expression.
// Not seen are names in strings (dynamic SQL), in comments (optimizer hints), and of SHOW, DESCRIBE and HANDLER. A routine of a
// package whose name is that of a mapped schema is taken for one of the schema.
func (n Names) Rename(stmt []byte, m Mode, current string) (out []byte, changed bool) {
	if !n.mentions(stmt) {
		return stmt, false
	}
	r := newRenamer(n, Lex(stmt, m), m, current)
	r.walk()
	r.resolve()
	if len(r.edits) == 0 {
		return stmt, false
	}
	for i, t := range r.tokens {
		if text, ok := r.edits[i]; ok {
			out = append(out, text...)
		} else {
			out = append(out, t.Text...)
		}
	}
	return out, true
}

// mentions reports whether the text of any mapped name is in a statement at all.
func (n Names) mentions(stmt []byte) bool {
	has := func(name string) bool {
		return bytes.Contains(stmt, []byte(name)) ||
			strings.Contains(name, "`") && bytes.Contains(stmt, []byte(strings.ReplaceAll(name, "`", "``")))
	}
	for s := range n.Schemas {
		if has(s) {
			return true
		}
	}
	for t := range n.Tables {
		if has(t[1]) {
			return true
		}
	}
	return false
}

// schema is the new name of a schema.
func (n Names) schema(name string) string {
	if to, ok := n.Schemas[name]; ok {
		return to
	}
	return name
}

// Table is the new schema and name of a table.
func (n Names) Table(schema, table string) (newSchema, newTable string) {
	if to, ok := n.Tables[[2]string{schema, table}]; ok {
		return to[0], to[1]
	}
	return n.schema(schema), table
}

// Schema is the new name of a schema.
func (n Names) Schema(schema string) string { return n.schema(schema) }

// scope is the tables that the columns of one query can belong to.
type scope struct {
	parent *scope
	names  map[string]string // table or alias to the table's new name; empty for what keeps its name
	ctes   map[string]bool
}

func newScope(parent *scope) *scope {
	return &scope{parent: parent, names: map[string]string{}, ctes: map[string]bool{}}
}

// isCTE reports whether a name is that of a common table expression.
func (s *scope) isCTE(name string) bool {
	for ; s != nil; s = s.parent {
		if s.ctes[name] {
			return true
		}
	}
	return false
}

// newName is the new name of the table that a column is qualified with.
func (s *scope) newName(name string) string {
	for ; s != nil; s = s.parent {
		if to, ok := s.names[name]; ok {
			return to
		}
	}
	return ""
}

// expectation is what kind of name must come next.
type expectation int

const (
	expectNothing expectation = iota
	expectTable
	expectRoutine // or another object that lives in a schema
	expectSchema
)

// level is the state within one pair of parentheses.
type level struct {
	verb      string // SELECT, UPDATE, CREATE, ...
	object    string // of CREATE, ALTER, DROP: TABLE, TRIGGER, ...
	expect    expectation
	list      bool   // a comma is followed by another name of this kind
	aliasNext bool   // a table stood here: an alias may follow
	lastRef   string // that table
	lastName  string // what lastRef stood for before, if lastKnown
	lastKnown bool
	cte       string
	closesCTE bool   // these parentheses are the body of the outer level's cte
	outer     *scope // of the query around
	base      *scope // around the queries of this level: outer, or what a WITH made
	scope     *scope // of the query at hand
}

// qualifier is a name before a column's, to be looked up when the whole query is known.
type qualifier struct {
	token int
	name  string
	scope *scope
}

// renamer walks through a statement.
type renamer struct {
	names      Names
	mode       Mode
	current    string
	tokens     []Token
	at         []int // indexes of the significant tokens
	levels     []level
	edits      map[int]string // new text of tokens
	qualifiers []qualifier
	trigger    []int // tokens of the name of the trigger that is made
	made       bool  // the name of the table or view that is made was read
	moved      bool  // what is made goes to another schema
}

func newRenamer(n Names, tokens []Token, m Mode, current string) *renamer {
	r := &renamer{names: n, mode: m, current: current, tokens: tokens, edits: map[int]string{}}
	for i, t := range tokens {
		if t.Significant() {
			r.at = append(r.at, i)
		}
	}
	root := newScope(nil)
	r.levels = []level{{outer: root, base: root, scope: root}}
	return r
}

// top is the innermost level.
func (r *renamer) top() *level { return &r.levels[len(r.levels)-1] }

// token is the significant token i; beyond the ends it is empty.
func (r *renamer) token(i int) Token {
	if i < 0 || i >= len(r.at) {
		return Token{}
	}
	return r.tokens[r.at[i]]
}

func (r *renamer) isAny(i int, words ...string) bool {
	return slices.ContainsFunc(words, r.token(i).Is)
}

// set gives significant token i a new name.
func (r *renamer) set(i int, name string) {
	if r.token(i).Unquote(r.mode) == name {
		return
	}
	r.edits[r.at[i]] = mysql.QuoteName(name)
	for i += 2; r.token(i-1).Is(".") && r.token(i).Kind == Word && class[r.token(i).Text[0]] == classDigit; i += 2 {
		if _, ok := r.edits[r.at[i]]; !ok {
			r.edits[r.at[i]] = mysql.QuoteName(r.text(i)) // after a quoted name .1 would be a number
		}
	}
}

// resolve renames the qualifiers of columns.
func (r *renamer) resolve() {
	for _, q := range r.qualifiers {
		if to := q.scope.newName(q.name); to != "" {
			r.set(q.token, to)
		}
	}
}
