package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// compare holds an object of the source, adapted as a load adapts it, against the target's.
func (o *objectCheck) compare(d, t *definition) {
	if t == nil {
		if d.kind != "TABLE" { // which is named already
			o.differs(Object{Object: d.String(), What: "it is missing on the target"})
		}
		return
	}
	text := d.text
	if d.kind == "TABLE" && o.filter.HasColumns() {
		text, _ = transform.WithoutColumns(text, d.mode, d.schema, d.name, o.filter.Left, d.String())
	}
	text, _ = o.o.Changes.Apply(text, d.mode, o.from, o.to, d.String())
	text, was := transform.Definer{}.Apply(text, d.mode)
	text, _ = o.o.Names.Rename(text, d.mode, d.schema)
	text, _ = transform.Adapt(text, d.mode, o.from, o.to, d.String())
	have, is := transform.Definer{}.Apply(t.text, t.mode)
	if was != is {
		if o.strict {
			o.differs(Object{Object: d.String(), What: "DEFINER", Source: was, Target: is})
		} else {
			o.other = append(o.other, d.String())
		}
	}
	switch d.kind {
	case "TABLE":
		o.tableText(d, t, text, have)
	case "SEQUENCE":
		o.sequence(d, t, text, have)
	default:
		o.session(d, t)
		o.text(d, t, text, have)
	}
}

// session compares what a stored object runs under.
func (o *objectCheck) session(d, t *definition) {
	mode, _ := transform.AdaptSQLMode(d.sqlMode, o.to)
	if d.kind != "VIEW" && modes(mode) != modes(t.sqlMode) {
		o.differs(Object{Object: d.String(), What: "sql_mode", Source: d.sqlMode, Target: t.sqlMode})
	}
	if !transform.SameCharset(d.client, t.client) {
		o.differs(Object{Object: d.String(), What: "character_set_client", Source: d.client, Target: t.client})
	}
	want, _, err := transform.AdaptCollation(d.collation, o.to)
	if err == nil && !transform.SameCharset(want, t.collation) {
		o.differs(Object{Object: d.String(), What: "collation_connection", Source: d.collation, Target: t.collation})
	}
	if d.kind == "EVENT" && d.timeZone != t.timeZone {
		o.differs(Object{Object: d.String(), What: "time zone", Source: d.timeZone, Target: t.timeZone})
	}
}

// modes is an sql_mode with its parts in order.
func modes(s string) string {
	parts := strings.Split(strings.ToUpper(s), ",")
	slices.Sort(parts)
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ",")
}

// text compares stored statements. Servers of another kind or version print a view's query anew: where only that differs it is a note.
func (o *objectCheck) text(d, t *definition, want, have []byte) {
	a, b := storedWords(d.kind, t.schema, want, d.mode), storedWords(d.kind, t.schema, have, t.mode)
	if slices.Equal(a, b) {
		return
	}
	if d.kind == "VIEW" && !o.alike {
		o.note("%s: the servers print its query differently; it was not compared", d)
		return
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	o.differs(Object{Object: d.String(), What: "definition", Source: excerpt(a, at), Target: excerpt(b, at)})
}

// excerpt is the words around the first one that differs.
func excerpt(w []string, at int) string {
	return strings.Join(w[max(0, at-4):min(len(w), at+8)], " ")
}

// storedWords is a stored statement's words without what servers print differently and what a load changes by design.
func storedWords(kind, schema string, stmt []byte, m transform.Mode) []string {
	w := words(stmt, m, kind)
	w = cut(w, "algorithm", "=", "undefined")
	switch kind {
	case "VIEW":
		return inSchema(loose(w), schema)
	case "TRIGGER":
		return inSchema(w, schema)
	case "EVENT":
		for _, state := range [][]string{{"disable", "on", "slave"}, {"disable", "on", "replica"}} {
			if i := indexOf(w, state); i >= 0 {
				w = slices.Delete(w, i, i+3)
			}
		}
		end := slices.Index(w, "do")
		if end < 0 {
			end = len(w)
		}
		head := slices.DeleteFunc(slices.Clone(w[:end]), func(s string) bool { return s == "enable" || s == "disable" || s == "enabled" || s == "disabled" })
		return append(head, w[end:]...)
	case "FUNCTION":
		if i := slices.Index(w, "returns"); i >= 0 {
			end := endOfType(w, i+1)
			return append(append(slices.Clone(w[:i]), loose(slices.Clone(w[i:end]))...), w[end:]...)
		}
	}
	return w
}

// endOfType is what follows the type of a function that begins at i, with its charset.
func endOfType(w []string, i int) int {
	for i++; i < len(w); i++ {
		switch w[i] {
		case "(":
			i = closing(w, i)
		case "charset", "collate":
			i++
		case "character":
			i += 2
		case "unsigned", "zerofill":
		default:
			return i
		}
	}
	return len(w)
}

func indexOf(w, want []string) int {
	for i := range w {
		if matches(w[i:], want) {
			return i
		}
	}
	return -1
}

// sequence compares a sequence, which may be further on the target but not behind.
func (o *objectCheck) sequence(d, t *definition, want, have []byte) {
	a, b := words(want, d.mode, d.kind), words(have, t.mode, d.kind)
	a, b = cut(a, "engine", "=", "*"), cut(b, "engine", "=", "*")
	if !slices.Equal(a, b) {
		o.differs(Object{Object: d.String(), What: "definition", Source: strings.Join(a, " "), Target: strings.Join(b, " ")})
	}
	if o.followed != nil {
		o.note("the next values of sequences were not compared: they move while the target follows the source")
		return
	}
	if d.next != "" && t.next != "" && d.next != t.next {
		o.differs(Object{Object: d.String(), What: "next value", Source: d.next, Target: t.next})
	}
}

// tableText compares two tables, the collations of their columns and AUTO_INCREMENT.
func (o *objectCheck) tableText(d, t *definition, want, have []byte) {
	a, b := readTable(want, d.mode), readTable(have, t.mode)
	a.inSchema(t.schema)
	b.inSchema(t.schema)
	for _, diff := range a.differences(&b) {
		diff.Object = d.String()
		o.differs(diff)
	}
	o.collations(d, t)
	was, _ := transform.AutoIncrement(d.text, d.mode)
	is, _ := transform.AutoIncrement(t.text, t.mode)
	if o.followed != nil { // rolled back inserts use numbers up that no replica hears of
		o.note("AUTO_INCREMENT was not compared: it moves while the target follows the source")
		return
	}
	if was, is = max(was, 1), max(is, 1); was != is && !usedUp(was, is) {
		o.differs(Object{Object: d.String(), What: "AUTO_INCREMENT", Source: fmt.Sprint(was), Target: fmt.Sprint(is)})
	}
}

// usedUp reports two counters at the end of a column's type: some servers print its last number, others the one after it.
func usedUp(a, b uint64) bool {
	last := min(a, b)
	if max(a, b) != last+1 {
		return false
	}
	for _, bits := range []int{7, 8, 15, 16, 23, 24, 31, 32, 63, 64} {
		if last == uint64(1)<<bits-1 {
			return true
		}
	}
	return false
}

// collations compares the collations of columns, which the text of a table need not name.
func (o *objectCheck) collations(d, t *definition) {
	on := map[string]string{}
	if tb := o.tables[target][[2]string{o.fold(t.schema), o.fold(t.name)}]; tb != nil {
		for _, col := range tb.Columns {
			on[strings.ToLower(col.Name)] = col.Collation
		}
	}
	was := o.sourceCollations(d)
	for _, name := range slices.Sorted(maps.Keys(was)) {
		collation := was[name]
		got := on[strings.ToLower(name)]
		if collation == "" || got == "" {
			continue
		}
		want, _, err := transform.AdaptCollation(o.o.Changes.Collation(collation, o.from, o.to), o.to)
		if err == nil && !transform.SameCharset(want, got) {
			o.differs(Object{Object: d.String(), What: "collation of column " + mysql.QuoteName(name), Source: collation, Target: got})
		}
	}
}

func (o *objectCheck) sourceCollations(d *definition) map[string]string {
	out := map[string]string{}
	name := [2]string{d.schema, d.name}
	if ob := o.dumped[name]; ob != nil {
		for _, col := range ob.Columns {
			out[col.Name] = col.Collation
		}
	}
	if tb := o.tables[source][name]; tb != nil {
		for _, col := range tb.Columns {
			out[col.Name] = col.Collation
		}
	}
	return out
}
