package transform

import (
	"slices"
	"strings"
)

// Left tells the columns that are not moved, by the source's names.
type Left func(schema, table, column string) bool

// WithoutColumns takes the columns that are not moved out of a CREATE TABLE, with what needs them: generated columns, indexes,
// foreign keys, checks, also the foreign keys that refer to such a column of another table. Each is a note. Refused are notes on
// what leaves no table to move rows into: a primary key, partitions, a default that needs such a column. Other statements are
// returned as they are. schema is the one that the table is in, object names it in the notes.
func WithoutColumns(stmt []byte, m Mode, schema, table string, left Left, object string) (out []byte, notes []Note) {
	w := withoutColumns{
		adapter: &adapter{tokens: Lex(stmt, m), mode: m, to: Target{Flavor: "mariadb"}, object: object},
		schema:  schema, left: left, gone: map[string]bool{},
	}
	kind, at := w.statement()
	if kind != "TABLE" {
		return stmt, nil
	}
	t, ok := w.parseTable(at)
	if !ok {
		return stmt, nil
	}
	w.dropColumns(t, table)
	w.dropDependents(t)
	w.dropKeys(t)
	if w.needs(t.partition, t.end) != "" {
		w.refuse("", "its partitions need column %s, which is not moved", quoteName(w.needs(t.partition, t.end)))
	}
	if len(w.gone) > 0 {
		w.keepNumbering(t)
	}
	if !slices.ContainsFunc(t.items, func(it tableItem) bool { return it.kind == columnItem && !it.dropped }) {
		w.refuse("", "none of its columns is moved")
	}
	if slices.ContainsFunc(t.items, func(it tableItem) bool { return it.dropped }) {
		w.dropItems(t)
	}
	if !w.changed {
		return stmt, w.notes
	}
	return w.join(), w.notes
}

// withoutColumns is an adapter that takes columns out.
type withoutColumns struct {
	*adapter
	schema string
	left   Left
	gone   map[string]bool // columns, in lower case
}

func (w *withoutColumns) dropColumns(t *tableText, table string) {
	for i := range t.items {
		it := &t.items[i]
		if it.kind != columnItem || !w.left(w.schema, table, it.name) {
			continue
		}
		it.dropped, w.gone[strings.ToLower(it.name)] = true, true
		w.note(w.where(it.start), "is not moved")
		if c := w.parseColumn(it); c != nil && c.find(w.adapter, "PRIMARY") >= 0 {
			w.refuse(w.where(it.start), "is the primary key: without it rows cannot be told apart")
		}
	}
}

// needs is the first column that is not moved of those that tokens name in parentheses.
func (w *withoutColumns) needs(start, end int) string {
	depth := 0
	for i := start; i < end && i < len(w.tokens); i++ {
		switch t := w.tokens[i]; {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0 && (t.Kind == QuotedName || t.Kind == Word):
			if name := t.Unquote(w.mode); w.gone[strings.ToLower(name)] {
				return name
			}
		}
	}
	return ""
}

// dropDependents takes out the generated columns and checks that need such a column, again until there are no more.
func (w *withoutColumns) dropDependents(t *tableText) {
	for again := true; again; {
		again = false
		for i := range t.items {
			it := &t.items[i]
			if it.kind != columnItem || it.dropped {
				continue
			}
			c := w.parseColumn(it)
			if c == nil {
				continue
			}
			needed := w.needs(c.typeEnd, it.end)
			switch {
			case needed == "":
			case c.generated >= 0:
				it.dropped, w.gone[strings.ToLower(it.name)], again = true, true, true
				w.note(c.place(), "is not moved: it is computed of column %s, which is not moved", quoteName(needed))
			default:
				w.dropInner(c)
			}
		}
	}
}

// dropInner takes out a CHECK within a column that needs another one; a default that does is refused.
func (w *withoutColumns) dropInner(c *columnText) {
	for f := 0; f < len(c.flat); f++ {
		i := c.flat[f]
		if !w.tokens[i].Is("(") {
			continue
		}
		needed := w.needs(i, Closing(w.tokens, i)+1)
		switch {
		case needed == "":
		case f > 0 && c.has(w.adapter, f-1, "CHECK"):
			c.cut(w.adapter, f-1, 2)
			w.note(c.place(), "its CHECK is left out: it needs column %s, which is not moved", quoteName(needed))
			f--
		default:
			w.refuse(c.place(), "is computed of column %s by default, which is not moved", quoteName(needed))
		}
	}
}

// dropKeys takes out indexes, foreign keys and checks.
func (w *withoutColumns) dropKeys(t *tableText) {
	for i := range t.items {
		it := &t.items[i]
		needed := ""
		if it.kind != columnItem {
			needed = w.needs(it.keyword, it.end)
		}
		where := w.where(it.start)
		switch it.kind {
		case columnItem:
		case foreignItem:
			w.dropForeign(it, where)
		case primaryItem:
			if needed != "" {
				w.refuse(where, "the primary key needs column %s: without it rows cannot be told apart", quoteName(needed))
			}
		case periodItem:
			if needed != "" {
				w.refuse(where, "the period needs column %s, which is not moved", quoteName(needed))
			}
		case uniqueItem:
			if it.dropped = needed != ""; it.dropped {
				w.note(where, "left out with column %s: nothing keeps rows unique by it", quoteName(needed))
			}
		default:
			if it.dropped = needed != ""; it.dropped {
				w.note(where, "left out with column %s", quoteName(needed))
			}
		}
	}
}

// dropForeign takes out a foreign key of, or to, a column that is not moved.
func (w *withoutColumns) dropForeign(it *tableItem, where string) {
	i := it.keyword
	for i < it.end && !w.tokens[i].Is("(") {
		i++
	}
	after := Closing(w.tokens, i) + 1
	if needed := w.needs(i, min(after, it.end)); needed != "" {
		it.dropped = true
		w.note(where, "left out with column %s", quoteName(needed))
		return
	}
	parent, ok := Match(w.tokens, after, "REFERENCES")
	if parent = Skip(w.tokens, parent); !ok || parent >= it.end {
		return
	}
	schema, table := w.schema, w.tokens[parent].Unquote(w.mode)
	if dot := Skip(w.tokens, parent+1); dot < it.end && w.tokens[dot].Is(".") {
		parent = Skip(w.tokens, dot+1)
		schema, table = table, w.tokens[parent].Unquote(w.mode)
	}
	open := Skip(w.tokens, parent+1)
	for j := open; j < min(Closing(w.tokens, open), it.end); j++ {
		name := w.tokens[j].Unquote(w.mode)
		if k := w.tokens[j].Kind; (k == QuotedName || k == Word) && w.left(schema, table, name) {
			it.dropped = true
			w.note(where, "left out: it refers to column %s of table %s, which is not moved", quoteName(name), quoteName(schema)+"."+quoteName(table))
			return
		}
	}
}

// keepNumbering takes out the option AUTO_INCREMENT with its column, and refuses to leave that column without an index.
func (w *withoutColumns) keepNumbering(t *tableText) {
	auto := ""
	for i := range t.items {
		if it := &t.items[i]; it.kind == columnItem && !it.dropped {
			if c := w.parseColumn(it); c != nil && c.autoInc {
				auto = c.name
			}
		}
	}
	if auto == "" {
		w.dropOption(t, "AUTO_INCREMENT", "")
		return
	}
	lost := false
	for _, it := range t.items {
		if it.kind != primaryItem && it.kind != uniqueItem && it.kind != indexItem {
			continue
		}
		parts, _, _ := w.indexParts(&it)
		holds := slices.ContainsFunc(parts, func(p indexPart) bool { return strings.EqualFold(p.column, auto) })
		if holds && !it.dropped {
			return
		}
		lost = lost || holds
	}
	if lost {
		w.refuse("", "column %s has AUTO_INCREMENT, and the index that it needs is left out", quoteName(auto))
	}
}

// UniqueColumns are the columns of a CREATE TABLE's unique keys, in lower case: those that a key holds as they are, and those of which it
// holds the first characters only.
func UniqueColumns(stmt []byte, m Mode) (whole, prefixed map[string]bool, err error) {
	t, err := readTable(stmt, m)
	if err != nil {
		return nil, nil, err
	}
	whole, prefixed = map[string]bool{}, map[string]bool{}
	for _, e := range t.elements {
		if e.kind == columnDef && e.inlineKey {
			whole[strings.ToLower(e.name)] = true
		}
		if e.kind != primaryKey && e.kind != uniqueKey {
			continue
		}
		for _, p := range e.parts {
			if p.prefix {
				prefixed[strings.ToLower(p.column)] = true
			} else {
				whole[strings.ToLower(p.column)] = true
			}
		}
	}
	return whole, prefixed, nil
}
