package transform

import (
	"slices"
	"strconv"
	"strings"
)

// table is a CREATE TABLE statement, read by its tokens.
type table struct {
	elements         []element
	bodyFrom, bodyTo int // the range of bytes between the parentheses
	notNull          map[string]bool
	engine           string
	charset          string // its default
	collation        string
	partitioned      bool
	versioned        bool   // MariaDB: WITH SYSTEM VERSIONING
	nextValue        uint64 // the option AUTO_INCREMENT
}

type elementKind int

const (
	columnDef elementKind = iota
	primaryKey
	plainKey
	uniqueKey
	fulltextKey
	spatialKey
	vectorKey
	foreignKey
	otherElement // CHECK, PERIOD FOR
)

func (k elementKind) secondary() bool {
	switch k {
	case plainKey, uniqueKey, fulltextKey, spatialKey, vectorKey:
		return true
	case columnDef, primaryKey, foreignKey, otherElement:
	}
	return false
}

func (k elementKind) class() IndexClass {
	switch k {
	case uniqueKey:
		return UniqueIndex
	case fulltextKey:
		return FulltextIndex
	case spatialKey:
		return SpatialIndex
	case vectorKey:
		return VectorIndex
	case plainKey, columnDef, primaryKey, foreignKey, otherElement:
	}
	return PlainIndex
}

// element is one column, key or constraint.
type element struct {
	kind          elementKind
	text          []byte // with the white space around it
	body          string // without it, and without comments around it
	whole         bool   // it must stay where it is: a versioned comment crosses its ends
	name          string // of the column or key
	parts         []keyPart
	autoIncrement bool // the column has AUTO_INCREMENT
	inlineKey     bool // the column makes a key itself
}

// keyPart is one part of a key; an expression has no column.
type keyPart struct {
	column string
	prefix bool
}

// position is the place of a column in a key, from 0; -1 when it is not in it.
func (e element) position(column string) int {
	switch e.kind {
	case primaryKey, plainKey, uniqueKey:
	case columnDef, fulltextKey, spatialKey, vectorKey, foreignKey, otherElement:
		return -1
	}
	for i, p := range e.parts {
		if strings.EqualFold(p.column, column) {
			return i
		}
	}
	return -1
}

func (e element) prefixed() bool {
	for _, p := range e.parts {
		if p.prefix {
			return true
		}
	}
	return false
}

// readTable reads a CREATE TABLE statement. A table without a list of columns (LIKE, SELECT) has no elements.
func readTable(stmt []byte, m Mode) (*table, error) {
	tokens := Lex(stmt, m)
	h := readHeader(stmt, m, 0)
	if h.verb != "CREATE" || h.kind != "TABLE" {
		return nil, ErrNotCreateTable
	}
	t := &table{notNull: map[string]bool{}}
	open := h.after
	for open < len(tokens) && !tokens[open].Is("(") {
		if tokens[open].Is("LIKE") || tokens[open].Is("SELECT") || tokens[open].Is("AS") {
			return t, nil
		}
		open++
	}
	closing := Closing(tokens, open)
	if closing >= len(tokens) {
		return nil, ErrNotCreateTable
	}
	at := offsets(tokens)
	t.bodyFrom, t.bodyTo = at[open+1], at[closing]
	from := open + 1
	for _, part := range splitCommas(tokens[open+1 : closing]) {
		e := readElement(part, m)
		e.text = stmt[at[from]:at[from+len(part)]]
		from += len(part) + 1
		t.elements = append(t.elements, e)
		if e.kind == columnDef && isNotNull(part) {
			t.notNull[strings.ToLower(e.name)] = true
		}
	}
	t.readOptions(tokens[closing+1:], m)
	return t, nil
}

// offsets are the places where the tokens start, and the end.
func offsets(tokens []Token) []int {
	at := make([]int, len(tokens)+1)
	for i, t := range tokens {
		at[i+1] = at[i] + len(t.Text)
	}
	return at
}

// readElement reads one element.
func readElement(part []Token, m Mode) element {
	part = trim(part)
	e := element{body: string(Join(part)), whole: crosses(part)}
	if len(part) == 0 || part[0].Kind != Word {
		e.readColumn(part, m)
		return e
	}
	i := 0
	if part[0].Is("CONSTRAINT") {
		if i = Skip(part, 1); i < len(part) && !isKeyWord(part[i]) {
			e.name = part[i].Unquote(m)
			i = Skip(part, i+1)
		}
	}
	e.kind = otherElement
	for _, k := range []struct {
		first, second string
		kind          elementKind
	}{
		{"PRIMARY", "KEY", primaryKey}, {"FOREIGN", "KEY", foreignKey}, {"PERIOD", "FOR", otherElement},
		{"VECTOR", "KEY", vectorKey}, {"VECTOR", "INDEX", vectorKey},
		{"UNIQUE", "", uniqueKey}, {"KEY", "", plainKey}, {"INDEX", "", plainKey},
		{"FULLTEXT", "", fulltextKey}, {"SPATIAL", "", spatialKey}, {"CHECK", "", otherElement},
	} {
		words := []string{k.first}
		if k.second != "" {
			words = append(words, k.second)
		}
		if j, ok := Match(part, i, words...); ok {
			e.kind = k.kind
			e.readKey(part, j, m)
			return e
		}
	}
	if !part[0].Is("CONSTRAINT") {
		e.readColumn(part, m)
	}
	return e
}

// isKeyWord reports whether t follows CONSTRAINT in place of a name.
func isKeyWord(t Token) bool {
	return slices.ContainsFunc([]string{"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"}, t.Is)
}

// readKey reads [KEY|INDEX] [name] [USING x] (parts) from i on.
func (e *element) readKey(part []Token, i int, m Mode) {
	if e.kind == otherElement {
		return
	}
	i = Skip(part, i)
	if i < len(part) && (part[i].Is("KEY") || part[i].Is("INDEX")) {
		i = Skip(part, i+1)
	}
	if j, ok := Match(part, i, "IF", "NOT", "EXISTS"); ok {
		i = Skip(part, j)
	}
	if i < len(part) && part[i].isName() && !part[i].Is("USING") {
		e.name = part[i].Unquote(m)
	}
	for i < len(part) && !part[i].Is("(") {
		i++
	}
	end := Closing(part, i)
	if end >= len(part) {
		e.whole = true
		return
	}
	for _, p := range splitCommas(part[i+1 : end]) {
		p = significant(p)
		switch {
		case len(p) == 0 || !p[0].isName():
			e.parts = append(e.parts, keyPart{})
		default:
			e.parts = append(e.parts, keyPart{column: p[0].Unquote(m), prefix: len(p) > 1 && p[1].Is("(")})
		}
	}
}

// readColumn reads the name of a column and what makes it part of a key.
func (e *element) readColumn(part []Token, m Mode) {
	e.kind = columnDef
	i := Skip(part, 0)
	if i >= len(part) {
		return
	}
	e.name = part[i].Unquote(m)
	for _, t := range outside(part[i+1:]) {
		switch {
		case t.Is("AUTO_INCREMENT"):
			e.autoIncrement = true
		case t.Is("PRIMARY"), t.Is("UNIQUE"), t.Is("KEY"):
			e.inlineKey = true
		}
	}
}

func isNotNull(part []Token) bool {
	out := outside(part)
	for i := range out[:max(0, len(out)-1)] {
		if out[i].Is("NOT") && out[i+1].Is("NULL") {
			return true
		}
	}
	return false
}

// outside is the significant tokens outside of parentheses.
func outside(tokens []Token) []Token {
	var out []Token
	depth := 0
	for _, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Significant():
			out = append(out, t)
		}
	}
	return out
}

// trim leaves out spaces and comments around an element.
func trim(part []Token) []Token {
	blank := func(t Token) bool { return t.Kind == Space || t.Kind == Comment }
	for len(part) > 0 && blank(part[0]) {
		part = part[1:]
	}
	for len(part) > 0 && blank(part[len(part)-1]) {
		part = part[:len(part)-1]
	}
	return part
}

// crosses reports whether a versioned comment opens before or closes after the tokens, or whether they start within one.
func crosses(part []Token) bool {
	depth := 0
	for _, t := range part {
		switch t.Kind {
		case VersionedOpen:
			depth++
		case VersionedClose:
			depth--
		case Space, Comment, Word, QuotedName, String, Number, Variable, Punct:
		}
		if depth < 0 {
			return true
		}
	}
	return depth != 0 || len(part) > 0 && part[0].Kind == VersionedOpen
}

// readOptions reads what follows the list of columns.
func (t *table) readOptions(tokens []Token, m Mode) {
	options := outside(tokens)
	for i, o := range options {
		if o.Is("PARTITION") && i+1 < len(options) && options[i+1].Is("BY") {
			t.partitioned = true
			return
		}
		value := i + 1
		if value < len(options) && options[value].Is("=") {
			value++
		}
		if value >= len(options) {
			return
		}
		switch {
		case o.Is("SYSTEM") && options[value].Is("VERSIONING"):
			t.versioned = true
		case o.Is("ENGINE"):
			t.engine = options[value].Unquote(m)
		case o.Is("CHARSET"), o.Is("SET") && i > 0 && options[i-1].Is("CHARACTER"):
			t.charset = strings.ToLower(options[value].Unquote(m))
		case o.Is("COLLATE"):
			t.collation = strings.ToLower(options[value].Unquote(m))
		case o.Is("AUTO_INCREMENT"):
			t.nextValue, _ = strconv.ParseUint(string(options[value].Text), 10, 64)
		}
	}
}
