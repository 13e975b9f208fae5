package transform

import "strings"

// adaptDatabase rewrites the options of CREATE DATABASE.
func (a *adapter) adaptDatabase(after int) {
	for i := Skip(a.tokens, after); i < len(a.tokens); i = Skip(a.tokens, i+1) {
		switch {
		case a.tokens[i].Is("ENCRYPTION") && (a.to.mysqlBefore(80016) || a.to.Managed && a.isEncrypted(i)):
			a.dropDatabaseOption(i)
		case a.tokens[i].Is("COMMENT") && a.to.mariadbBefore(100500):
			a.dropDatabaseOption(i)
		}
	}
}

// isEncrypted reports ENCRYPTION='Y'.
func (a *adapter) isEncrypted(i int) bool {
	v, ok := a.operand(i + 1)
	return ok && !strings.EqualFold(a.tokens[v].Unquote(a.mode), "N")
}

func (a *adapter) dropDatabaseOption(i int) {
	v, ok := a.operand(i + 1)
	if !ok {
		return
	}
	first := i
	if b := SkipBack(a.tokens, i-1); b >= 0 && a.tokens[b].Is("DEFAULT") {
		first = b
	}
	a.note("", "option %s left out", a.text(i, v))
	a.drop(first, v+1)
}

// adaptEvent rewrites the state of an event that a replica does not run.
func (a *adapter) adaptEvent(after int) {
	for i := after; i < len(a.tokens) && !a.tokens[i].Is("DO"); i++ {
		end, ok := Match(a.tokens, i, "DISABLE", "ON", "REPLICA")
		if ok && a.to.mysqlBefore(80200) {
			a.replace(end-1, "SLAVE")
			a.note("", "DISABLE ON REPLICA is spelled DISABLE ON SLAVE")
		}
	}
}

// adaptView tells of names in the column list that the target will not keep: only MySQL 8 and later keeps blanks at
// their start [5.6.24 and 10.11.19 cut them without a warning].
func (a *adapter) adaptView(after int) {
	if !a.to.mysqlBefore(80000) {
		return
	}
	i := Skip(a.tokens, after)
	for i < len(a.tokens) && !a.tokens[i].Is("(") && !a.tokens[i].Is("AS") {
		i = Skip(a.tokens, i+1)
	}
	if i >= len(a.tokens) || a.tokens[i].Is("AS") {
		return
	}
	for end := Closing(a.tokens, i); i < end; i++ {
		if name := a.tokens[i].Unquote(a.mode); a.tokens[i].Kind == QuotedName && strings.HasPrefix(name, " ") {
			a.note("", "column %s loses the blanks at the start of its name", a.tokens[i].Text)
		}
	}
}

// adaptRoutine refuses routines in a language that the target does not run.
func (a *adapter) adaptRoutine(kind string, after int) {
	if b := SkipBack(a.tokens, after-2); b >= 0 && a.tokens[b].Is("AGGREGATE") && a.to.mariadbBefore(100303) {
		a.refuse("", "it is an aggregate function written in SQL, which the target does not have")
	}
	open := after
	for open < len(a.tokens) && !a.tokens[open].Is("(") && !a.tokens[open].Is("AS") && !a.tokens[open].Is("IS") && !a.tokens[open].Is("RETURN") {
		open++
	}
	i := open
	if open < len(a.tokens) && a.tokens[open].Is("(") {
		i = Skip(a.tokens, Closing(a.tokens, open)+1)
	}
	oracle := false
	for k := i; k < len(a.tokens); k = Skip(a.tokens, k+1) {
		t := a.tokens[k]
		if t.Is("BEGIN") || kind == "FUNCTION" && t.Is("RETURN") && k > i {
			break
		}
		if lang := Skip(a.tokens, k+1); t.Is("LANGUAGE") && lang < len(a.tokens) && !a.tokens[lang].Is("SQL") {
			if a.to.mysqlBefore(80200) {
				a.refuse("", "it is written in %s, which the target does not run", a.tokens[lang].Text)
			}
			return
		}
		if k == i && (t.Is("AS") || t.Is("IS") || t.Is("RETURN") && kind == "FUNCTION" && a.mode.ANSIQuotes) {
			oracle = true
			break
		}
	}
	if oracle && a.to.mariadbBefore(100300) {
		a.refuse("", "it is written for sql_mode=ORACLE, which the target does not have")
	}
}
