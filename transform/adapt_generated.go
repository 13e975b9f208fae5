package transform

import "strings"

// adaptRowTimes gives up the columns in which MariaDB keeps when a row was valid.
func (a *adapter) adaptRowTimes(c *columnText) {
	if !a.to.lacksVersioning() {
		return
	}
	for _, edge := range []string{"START", "END"} {
		if c.find(a, "ROW", edge) >= 0 && c.generated < 0 {
			c.item.dropped = true
			a.note(c.place(), "left out: the target has no SYSTEM VERSIONING, current rows are moved, history is not")
			return
		}
	}
}

// adaptGenerated rewrites the clause of a generated column.
func (a *adapter) adaptGenerated(c *columnText) {
	if c.generated < 0 {
		return
	}
	as := c.find(a, "AS", "(")
	first := as
	if as >= 2 && c.has(a, as-2, "GENERATED", "ALWAYS") {
		first = as - 2
	}
	stored := as + 2
	if a.to.lacksGenerated() {
		n := 2 + as - first
		if c.has(a, stored, "VIRTUAL") || c.has(a, stored, "STORED") || c.has(a, stored, "PERSISTENT") {
			n++
		}
		c.cut(a, first, n)
		a.refuse(c.place(), "generated columns do not exist on the target")
		return
	}
	if c.has(a, stored, "PERSISTENT") && !a.to.isMariaDB() {
		a.replace(c.flat[stored], "STORED")
		a.note(c.place(), "PERSISTENT is spelled STORED")
	}
	if !a.to.isMariaDB() {
		return
	}
	if f := c.find(a, "NOT", "NULL"); f > as {
		c.cut(a, f, 2)
		if c.typ == "json" {
			a.note(c.place(), "NOT NULL left out: the target has it for no generated column")
			return
		}
		a.insertAfter(a.lastOf(c.item), " CHECK ("+quoteName(c.name)+" IS NOT NULL)")
		a.note(c.place(), "NOT NULL becomes CHECK (%s IS NOT NULL): the target has it for no generated column", quoteName(c.name))
	} else if f = c.find(a, "NULL"); f > as {
		c.cut(a, f, 1)
	}
}

// lastOf is the index of the last token of an item that is more than white space.
func (a *adapter) lastOf(it *tableItem) int {
	i := it.end - 1
	for i > it.start && a.tokens[i].Kind == Space {
		i--
	}
	return i
}

// adaptColumnCheck rewrites a CHECK that stands within a column.
func (a *adapter) adaptColumnCheck(c *columnText) {
	for f := 0; f < len(c.flat); f++ {
		if !c.has(a, f, "CHECK", "(") {
			continue
		}
		n, first := 2, f
		notEnforced := c.has(a, f+2, "NOT", "ENFORCED")
		if notEnforced {
			n = 4
		}
		if f >= 2 && c.has(a, f-2, "CONSTRAINT") {
			first, n = f-2, n+2
		}
		switch {
		case a.to.lacksCheck():
			c.cut(a, first, n)
			a.note(c.place(), "CHECK left out: the target does not enforce it")
			f = first - 1
		case notEnforced && a.to.isMariaDB():
			c.cut(a, first, n)
			a.note(c.place(), "CHECK NOT ENFORCED left out: the target would enforce it")
			f = first - 1
		case a.from.isMariaDB() && !a.to.isMariaDB() && first == f && a.namesOthers(c, c.flat[f+1]):
			a.insertBefore(c.flat[f], ", ")
			a.note(c.place(), "CHECK on other columns becomes one of the table")
			return
		}
	}
}

// namesOthers reports whether an expression names a column other than c.
func (a *adapter) namesOthers(c *columnText, open int) bool {
	for i := open; i < Closing(a.tokens, open); i++ {
		if t := a.tokens[i]; t.Kind == QuotedName && !strings.EqualFold(t.Unquote(a.mode), c.name) {
			return true
		}
	}
	return false
}

// adaptCheckItem rewrites a CHECK of the table.
func (a *adapter) adaptCheckItem(t *tableText, it *tableItem) {
	where := a.where(it.keyword)
	end := a.lastOf(it)
	for end > it.start && !a.tokens[end].Significant() {
		end--
	}
	notEnforced := a.tokens[end].Is("ENFORCED") && a.tokens[SkipBack(a.tokens, end-1)].Is("NOT")
	switch {
	case a.to.lacksCheck():
		it.dropped = true
		a.note(where, "CHECK left out: the target does not enforce it")
	case notEnforced && a.to.isMariaDB():
		it.dropped = true
		a.note(where, "CHECK NOT ENFORCED left out: the target would enforce it")
	case a.from.isMariaDB() && !a.to.isMariaDB() && it.name != "":
		a.renameCheck(t, it, where)
	}
}

// renameCheck makes the name of a CHECK one of the schema's: MariaDB keeps it per table, MySQL per schema (error 3822).
func (a *adapter) renameCheck(t *tableText, it *tableItem, where string) {
	if rest, ok := strings.CutPrefix(it.name, "CONSTRAINT_"); ok && strings.Trim(rest, "0123456789") == "" {
		for i := it.start; i < it.keyword; i++ {
			a.blank(i)
		}
		a.note(where, "the server names it: names of CHECK constraints are one set for each schema on the target")
		return
	}
	if strings.HasPrefix(it.name, t.name+"_") {
		return
	}
	name := []rune(t.name + "_" + it.name)
	if len(name) > 64 {
		name = append(name[:64-9:64-9], []rune("_"+shortHash(string(name)))...)
	}
	a.replace(Skip(a.tokens, it.start+1), quoteName(string(name)))
	a.note(where, "is named %s: names of CHECK constraints are one set for each schema on the target", quoteName(string(name)))
}

// shortHash is 8 hex digits of FNV-1a.
func shortHash(s string) string {
	h := uint32(2166136261)
	for _, b := range []byte(s) {
		h = (h ^ uint32(b)) * 16777619
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 8)
	for i := range out {
		out[7-i] = digits[h&15]
		h >>= 4
	}
	return string(out)
}

// adaptPeriod replaces PERIOD FOR p (start, end) by the condition that it implies.
func (a *adapter) adaptPeriod(it *tableItem) {
	i := Skip(a.tokens, Skip(a.tokens, it.keyword+1)+1)
	name := a.tokens[i].Unquote(a.mode)
	system := a.tokens[i].Is("SYSTEM_TIME")
	if system && !a.to.lacksVersioning() || !system && !a.to.mariadbBefore(100403) {
		return
	}
	open := Skip(a.tokens, i+1)
	if system || a.to.lacksCheck() || open >= it.end || !a.tokens[open].Is("(") {
		it.dropped = true
		if !system {
			a.note(" period "+quoteName(name), "left out")
		}
		return
	}
	a.drop(it.start, open)
	a.insertBefore(open, "\n  CHECK ")
	for k := open; k < Closing(a.tokens, open); k++ {
		if a.tokens[k].Is(",") {
			a.replace(k, " <")
		}
	}
	a.note(" period "+quoteName(name), "becomes a CHECK: the target has no periods, FOR PORTION OF does not work there")
}
