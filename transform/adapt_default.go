package transform

import "strings"

// adaptDefault rewrites DEFAULT to what the target takes: MySQL wants parentheses around what is no literal, and around
// literals of TEXT, BLOB and the like (8.0.13 on); older servers have literals only.
func (a *adapter) adaptDefault(c *columnText) {
	f := c.find(a, "DEFAULT")
	if f < 0 || f+1 >= len(c.flat) || c.generated >= 0 {
		return
	}
	n := a.defaultLength(c, f+1)
	start := c.flat[f+1]
	end := c.flat[f+n]
	if a.tokens[end].Is("(") {
		end = Closing(a.tokens, end)
	}
	grouped := a.tokens[start].Is("(")
	call := !grouped && a.tokens[start].Kind == Word && a.tokens[start].Text[0] != '_' && !isConstantWord(a.tokens[start])
	switch {
	case a.usesSequence(start, end):
		if a.to.mariadbBefore(100300) {
			a.refuse(c.place(), "DEFAULT %s: the target has no sequences", a.text(start, end))
			c.cut(a, f, 1+n)
		}
	case call:
		a.adaptDefaultCall(c, f, n, start, end)
	case grouped:
		if a.to.lacksExpressionDefault() {
			a.flattenDefault(c, f, n, start, end)
		}
	case c.isText() && !a.tokens[start].Is("NULL") && a.to.mariadbBefore(100201):
		a.wrapDefault(c, f, n, start, end)
	}
}

// defaultLength is how many entries of flat the value that starts at v has.
func (a *adapter) defaultLength(c *columnText, v int) int {
	t := a.tokens[c.flat[v]]
	next := v + 1
	switch {
	case next >= len(c.flat):
		return 1
	case t.Is("NEXT"), t.Is("PREVIOUS"): // NEXT VALUE FOR s, NEXT VALUE FOR db.s
		n := 4
		if v+4 < len(c.flat) && c.has(a, v+4, ".") {
			n = 6
		}
		return min(n, len(c.flat)-v)
	case t.Is("+"), t.Is("-"):
		return 2
	case t.Kind == Word && t.Text[0] == '_' && (a.tokens[c.flat[next]].Kind == String || a.tokens[c.flat[next]].Kind == Number):
		return 2
	case t.Kind == Word && a.tokens[c.flat[next]].Is("("):
		return 2
	}
	return 1
}

func isConstantWord(t Token) bool { return t.Is("NULL") || t.Is("TRUE") || t.Is("FALSE") }

func isNow(t Token) bool {
	return t.Is("CURRENT_TIMESTAMP") || t.Is("NOW") || t.Is("LOCALTIME") || t.Is("LOCALTIMESTAMP")
}

func (a *adapter) usesSequence(start, end int) bool {
	for i := start; i <= end; i++ {
		t := a.tokens[i]
		if t.Is("NEXTVAL") || t.Is("LASTVAL") || t.Is("SETVAL") {
			return true
		}
		if _, ok := Match(a.tokens, i, "NEXT", "VALUE", "FOR"); ok {
			return true
		}
	}
	return false
}

// adaptDefaultCall handles DEFAULT uuid() and DEFAULT current_timestamp().
func (a *adapter) adaptDefaultCall(c *columnText, f, n, start, end int) {
	if isNow(a.tokens[start]) && (c.typ == "timestamp" || c.typ == "datetime") {
		return
	}
	if a.to.isMariaDB() && !a.to.lacksExpressionDefault() {
		return
	}
	a.wrapDefault(c, f, n, start, end)
}

// wrapDefault puts parentheses around a default, or gives it up on a server without expressions as defaults.
func (a *adapter) wrapDefault(c *columnText, f, n, start, end int) {
	text := a.text(start, end)
	if a.to.lacksExpressionDefault() {
		c.cut(a, f, 1+n)
		a.note(c.place(), "DEFAULT %s left out: the target cannot hold it; rows that are moved have their values", text)
		return
	}
	a.insertBefore(start, "(")
	a.insertAfter(end, ")")
	a.note(c.place(), "DEFAULT %s is put in parentheses", text)
}

// flattenDefault makes a literal of DEFAULT (literal), or gives the default up.
func (a *adapter) flattenDefault(c *columnText, f, n, start, end int) {
	var inner []int
	for i := Skip(a.tokens, start); i <= end; i = Skip(a.tokens, i+1) {
		if t := a.tokens[i]; !t.Is("(") && !t.Is(")") {
			inner = append(inner, i)
		}
	}
	text := a.text(start, end)
	literal := ""
	switch {
	case c.isText():
	case len(inner) == 1 && isNow(a.tokens[inner[0]]) && c.length < 0 && (c.typ == "timestamp" || c.typ == "datetime"):
		literal = "CURRENT_TIMESTAMP"
	case len(inner) == 1 && a.isLiteral(inner[0]):
		literal = string(a.tokens[inner[0]].Text)
	case len(inner) == 2 && a.tokens[inner[0]].Is("-") && a.tokens[inner[1]].Kind == Number:
		literal = "-" + string(a.tokens[inner[1]].Text)
	case len(inner) == 2 && a.tokens[inner[0]].Text[0] == '_' && a.tokens[inner[1]].Kind == String:
		literal = a.text(inner[0], inner[1])
	}
	if literal == "" {
		c.cut(a, f, 1+n)
		a.note(c.place(), "DEFAULT %s left out: the target has literals only; rows that are moved have their values", text)
		return
	}
	a.drop(start, end+1)
	a.insertAfter(end, " "+literal)
	a.note(c.place(), "DEFAULT %s becomes %s", text, literal)
}

func (a *adapter) isLiteral(i int) bool {
	k := a.tokens[i].Kind
	return k == String || k == Number || isConstantWord(a.tokens[i])
}

// text is the statement's text from token i to token j, cut where it is long.
func (a *adapter) text(i, j int) string {
	var b strings.Builder
	for ; i <= j && i < len(a.tokens); i++ {
		b.Write(a.tokens[i].Text)
	}
	if s := b.String(); len(s) > 80 {
		return s[:77] + "..."
	} else {
		return s
	}
}
