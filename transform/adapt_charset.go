package transform

import "strings"

// charsetNames are the character sets of any server, as a word after CHARSET or USING might be something else.
var charsetNames = setOf("armscii8,ascii,big5,binary,cp1250,cp1251,cp1256,cp1257,cp850,cp852,cp866,cp932,dec8,eucjpms,euckr," +
	"gb18030,gb2312,gbk,geostd8,greek,hebrew,hp8,keybcs2,koi8r,koi8u,latin1,latin2,latin5,latin7,macce,macroman,sjis,swe7," +
	"tis620,ucs2,ujis,utf16,utf16le,utf32,utf8,utf8mb3,utf8mb4")

// adaptCharsets gives every character set and collation of the statement, in whatever clause or body, a name that the target has.
func (a *adapter) adaptCharsets(kind string) {
	for i := 0; i < len(a.tokens); i++ {
		t := a.tokens[i]
		if t.Kind != Word {
			continue
		}
		switch {
		case len(t.Text) > 1 && t.Text[0] == '_':
			a.adaptIntroducer(i, kind)
		case t.Is("CHARSET"):
			a.adaptCharset(i, i+1, kind)
		case t.Is("SET"):
			if b := SkipBack(a.tokens, i-1); b >= 0 && (a.tokens[b].Is("CHARACTER") || a.tokens[b].Is("CHAR")) {
				a.adaptCharset(b, i+1, kind)
			}
		case t.Is("USING"), t.Is("NAMES"):
			a.adaptCharset(i, i+1, "")
		case t.Is("COLLATE"):
			a.adaptCollate(i, "")
		}
	}
}

// adaptIntroducer renames the character set of _utf8'..'. In expressions of tables it goes where it changes nothing:
// MariaDB 10.11 stores a literal that has one without its backslashes. It then cannot read a quote (error 1064), and takes
// xF0x9Fx98x80 for a character that the table's default charset lacks, without a word; without the introducer it refuses that.
func (a *adapter) adaptIntroducer(i int, kind string) {
	n := Skip(a.tokens, i+1)
	if n >= len(a.tokens) || a.tokens[n].Kind != String && a.tokens[n].Kind != Number {
		return
	}
	if kind == "TABLE" && a.to.isMariaDB() && a.tokens[i].Is("_utf8mb4") && isUTF8(a.mode.Charset) && !isPlain(inner(a.tokens[n].Text)) {
		a.replace(i, "")
		return
	}
	if name := string(a.tokens[i].Text[1:]); charsetNames[strings.ToLower(name)] {
		if s := a.charset(i, name); s != name {
			a.replace(i, "_"+s)
		}
	}
}

// inner is a string literal without its quotes.
func inner(literal []byte) []byte {
	if len(literal) < 2 {
		return nil
	}
	return literal[1 : len(literal)-1]
}

// isPlain reports text that needs no backslash in any form.
func isPlain(literal []byte) bool {
	for _, c := range literal {
		if c < ' ' || c > '~' || c == '\\' || c == '\'' {
			return false
		}
	}
	return true
}

// operand is the index of the name that follows at i, past an = sign; false when none does.
func (a *adapter) operand(i int) (int, bool) {
	i = Skip(a.tokens, i)
	if i < len(a.tokens) && a.tokens[i].Is("=") {
		i = Skip(a.tokens, i+1)
	}
	if i >= len(a.tokens) {
		return i, false
	}
	k := a.tokens[i].Kind
	return i, k == Word || k == String || k == QuotedName
}

// adaptCharset renames the character set that follows at i. at is where its clause starts.
func (a *adapter) adaptCharset(at, i int, kind string) {
	n, ok := a.operand(i)
	if !ok {
		return
	}
	name := a.tokens[n].Unquote(a.mode)
	if !charsetNames[strings.ToLower(name)] {
		return
	}
	c := Skip(a.tokens, n+1)
	explicit := c < len(a.tokens) && a.tokens[c].Is("COLLATE")
	if d, ok := Match(a.tokens, n+1, "DEFAULT", "COLLATE"); ok {
		c, explicit = SkipBack(a.tokens, d-1), true
	}
	if explicit {
		a.adaptCollate(c, name)
	} else if (c >= len(a.tokens) || !a.tokens[c].Is("BINARY")) && a.isTypeClause(at, kind) {
		a.pinCollation(at, n, name)
	}
	if s := a.charset(n, name); s != name {
		a.replaceName(n, s)
	}
}

// isTypeClause reports whether a CHARACTER SET clause can have a COLLATE after it: not in CAST, CONVERT and JSON_VALUE.
func (a *adapter) isTypeClause(at int, kind string) bool {
	switch kind {
	case "TABLE", "DATABASE", "SCHEMA":
		return !a.inExpression(at)
	case "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE":
	default:
		return false
	}
	i := SkipBack(a.tokens, at-1)
	if i >= 0 && a.tokens[i].Is(")") {
		for depth := 0; i >= 0; i-- {
			if a.tokens[i].Is(")") {
				depth++
			} else if a.tokens[i].Is("(") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		i = SkipBack(a.tokens, i-1)
	}
	i = SkipBack(a.tokens, i-1) // what stands before the type
	return i >= 0 && !a.tokens[i].Is("AS") && !a.tokens[i].Is("RETURNING") && !a.tokens[i].Is(",")
}

// inExpression reports whether a token of CREATE TABLE stands deeper than the column list's own parentheses.
func (a *adapter) inExpression(at int) bool {
	if a.depth == nil {
		a.depth = make([]int, len(a.tokens))
		depth := 0
		for i := range a.tokens {
			a.depth[i] = depth
			switch {
			case a.tokens[i].Is("("):
				depth++
			case a.tokens[i].Is(")"):
				depth--
			}
		}
	}
	return a.depth[at] > 1
}

// pinCollation writes the collation that a bare character set has on the source where it has another on the target.
func (a *adapter) pinCollation(at, n int, name string) {
	from := defaultCollation(a.from.isMariaDB(), a.from.Number, name)
	if from == defaultCollation(a.to.isMariaDB(), a.to.Number, name) {
		return
	}
	to, err := nearestCollation(from, name, a.to)
	if err != nil {
		return
	}
	sep := " COLLATE "
	if e := Skip(a.tokens, SkipBack(a.tokens, n-1)); e < n && a.tokens[e].Is("=") {
		sep = " COLLATE="
	}
	a.insertAfter(n, sep+to)
	a.note(a.where(at), "character set %s had collation %s by default: %s written out", name, from, to)
	if to != from {
		if change := collationChange(from, to); change != "" {
			a.note(a.where(at), "collation %s becomes %s, which %s", from, to, change)
		}
	}
}

// adaptCollate gives the collation after the word at i a name that the target has.
func (a *adapter) adaptCollate(i int, charset string) {
	n, ok := a.operand(i + 1)
	if !ok {
		return
	}
	name := strings.Trim(a.tokens[n].Unquote(a.mode), "`")
	if strings.EqualFold(name, "binary") && a.tokens[n].Is("binary") && a.tokens[n].Kind == Word && a.to.quotesBinary() {
		a.replace(n, "`binary`")
	}
	if strings.EqualFold(name, "binary") || strings.EqualFold(name, "default") {
		return
	}
	to, err := a.collation(name, charset)
	if err != nil {
		a.refuse(a.where(i), "%s", err)
		return
	}
	if to == name || !a.crossKind() && spelled(strings.ToLower(name), map[string]bool{to: true}) != "" {
		return
	}
	a.replaceName(n, to)
	what := "collation " + name + " becomes " + to
	if change := collationChange(name, to); change != "" {
		what += ", which " + change
	}
	a.note(a.where(i), "%s", what)
}

// collation is nearestCollation, with what only the two names together tell: the croatian of MySQL is not that of MariaDB.
func (a *adapter) collation(name, charset string) (string, error) {
	lower := strings.ToLower(name)
	if !a.from.isMariaDB() && a.to.isMariaDB() && strings.HasSuffix(lower, "_croatian_ci") {
		if s := spelled(strings.TrimSuffix(lower, "ci")+"mysql561_ci", a.to.Collations); s != "" {
			return s, nil
		}
	}
	return nearestCollation(name, charset, a.to)
}

// charset is the name under which the target has a character set, utf8mb4 where it lacks it.
func (a *adapter) charset(i int, name string) string {
	lower := strings.ToLower(name)
	if len(a.to.Charsets) == 0 || a.to.Charsets[lower] || lower == "binary" {
		return name
	}
	if s := spelled(lower, a.to.Charsets); s != "" {
		if !a.crossKind() {
			return name
		}
		a.note(a.where(i), "character set %s is spelled %s", name, s)
		return s
	}
	a.note(a.where(i), "character set %s becomes utf8mb4: its text has to be moved as UTF-8", name)
	return "utf8mb4"
}

// replaceName replaces a name, in its quotes where it has some.
func (a *adapter) replaceName(i int, name string) {
	if text := a.tokens[i].Text; a.tokens[i].Kind != Word && len(text) > 0 {
		name = string(text[0]) + name + string(text[0])
	}
	a.replace(i, name)
}

// isUTF8 reports a client charset whose literals are utf8mb4 without an introducer; none given is the dumps' own.
func isUTF8(charset string) bool { return charset == "" || charset == "utf8mb4" }
