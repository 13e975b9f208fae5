package loader

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// picker applies a selection to what a dump holds.
type picker struct {
	o      catalog.Selection
	filter *catalog.Filter
	used   map[string]bool // schemas, by the dump's names

	// The names that were seen, until they were checked.
	schemas []string
	tables  [][2]string
	checked bool
}

// pick looks at the names in the dump, or of what was read of a feed.
func (l *load) pick(ctx context.Context) error {
	if l.picker == nil {
		filter, err := l.o.Selection.Filter(l.from.Manifest().Server.LowerCaseTableNames != 0)
		if err != nil {
			return err
		}
		l.picker = &picker{o: l.o.Selection, filter: filter, used: map[string]bool{}}
	}
	if l.fed == nil {
		for o, err := range l.from.Objects(ctx) {
			if err != nil {
				return err
			}
			l.picker.see(o)
		}
		return nil
	}
	for _, o := range slices.Clone(l.fed.batch) {
		if l.picker.see(&o.Object) {
			l.fed.recall(o.Schema)
		}
	}
	return nil
}

// see notes an object's name. It reports whether this is the first that is selected of its schema.
func (p *picker) see(o *dump.Object) (first bool) {
	if o.Kind == dump.KindUsers {
		return false
	}
	before := p.used[o.Schema]
	if o.Kind == dump.KindSchema {
		p.schemas = append(p.schemas, o.Schema)
		_, whole := p.filter.Schema(o.Schema)
		p.used[o.Schema] = before || whole
	} else {
		p.tables = append(p.tables, [2]string{o.Schema, o.Name})
		p.used[o.Schema] = before || p.filter.Table(o.Schema, o.Name)
	}
	return !before && p.used[o.Schema]
}

// check refuses a selection of what the dump does not hold.
func (p *picker) check(warn func(string)) error {
	if err := p.filter.Check(p.schemas, p.tables); err != nil {
		return err
	}
	if err := p.filter.CheckColumns(); err != nil {
		return err
	}
	for _, idle := range p.filter.Idle(p.schemas, p.tables) {
		warn(idle)
	}
	return nil
}

// objects yields what is selected of the dump, as a dump of this selection alone would have it.
func (l *load) objects(ctx context.Context) iter.Seq2[*dump.Object, error] {
	return l.selected(l.from.Objects(ctx))
}

// current yields the selected objects that are planned and created at the time: all of a directory, a batch of a feed.
func (l *load) current(ctx context.Context) iter.Seq2[*dump.Object, error] {
	if l.fed == nil {
		return l.objects(ctx)
	}
	return l.selected(copies(ctx, l.fed.batch))
}

func (l *load) selected(objects iter.Seq2[*dump.Object, error]) iter.Seq2[*dump.Object, error] {
	return func(yield func(*dump.Object, error) bool) {
		for o, err := range objects {
			if err == nil && !l.picker.take(o) {
				continue
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// narrow has a feed leave out the rows that nobody asks for, where it can.
func (f *fed) narrow(wanted func(schema, table string) bool) {
	if s, ok := f.feed.(dump.Selective); ok {
		s.Select(wanted)
	}
}

// wanted reports whether rows of a table of the dump go anywhere.
func (l *load) wanted(schema, table string) bool {
	_, ok := l.chunkTable(&dump.Chunk{Schema: schema, Table: table})
	return ok
}

// take reports whether an object is selected, and takes out of it what is not.
func (p *picker) take(o *dump.Object) bool {
	if p == nil {
		return true
	}
	switch o.Kind {
	case dump.KindUsers: // accounts have a way of their own
		return false
	case dump.KindSchema:
		if !p.used[o.Schema] {
			return false
		}
		_, whole := p.filter.Schema(o.Schema)
		if p.o.NoRoutines || p.o.NoSchema || !whole {
			o.Routines = nil
		}
		if p.o.NoEvents || p.o.NoSchema || !whole {
			o.Events = nil
		}
	case dump.KindView, dump.KindSequence:
		if p.o.NoSchema || o.Kind == dump.KindView && p.o.NoViews || !p.filter.Table(o.Schema, o.Name) {
			return false
		}
	case dump.KindTable:
		if !p.filter.Table(o.Schema, o.Name) {
			return false
		}
		if p.o.NoData {
			o.Rows = -1
		}
	}
	if p.o.NoTriggers || p.o.NoSchema {
		o.Triggers = nil
	}
	if p.o.NoSchema {
		o.Files, o.FileSums = nil, nil
	}
	return true
}

// wants reports whether a statement of a selected object's files is selected.
func (p *picker) wants(o *dump.Object, st *statement) bool {
	if p == nil {
		return true
	}
	switch st.kind {
	case "trigger":
		return !p.o.NoTriggers && (o.Kind != dump.KindSchema || p.filter.Table(o.Schema, st.on))
	case "event":
		return len(o.Events) > 0
	case "procedure", "function", "package", "package body":
		return len(o.Routines) > 0
	}
	if o.Kind == dump.KindSchema && (st.kind == "sequence" || st.verb == "SETVAL") {
		return p.filter.Table(o.Schema, st.name)
	}
	return true
}

// rows reports whether a table's rows are selected.
func (p *picker) rows(schema, table string) bool {
	return p == nil || !p.o.NoData && p.filter.Table(schema, table)
}

// settings is what a second run must share with the first: empty when all is selected.
func (p *picker) settings() map[string][]string {
	lists := map[string][]string{
		"schema": p.o.Schemas, "table": p.o.Tables, "exclude-schema": p.o.ExcludeSchemas, "exclude-table": p.o.ExcludeTables,
		"no": flagged(map[string]bool{
			"data": p.o.NoData, "schema": p.o.NoSchema, "views": p.o.NoViews, "triggers": p.o.NoTriggers,
			"routines": p.o.NoRoutines, "events": p.o.NoEvents,
		}),
	}
	maps.Copy(lists, map[string][]string{"columns": p.o.Columns, "exclude-columns": p.o.ExcludeColumns, "mask": p.o.Masks})
	if k := p.o.MaskKey.Fingerprint(); k != "" && len(p.o.Masks) > 0 {
		lists["mask-key"] = []string{k}
	}
	maps.DeleteFunc(lists, func(_ string, l []string) bool { return len(l) == 0 })
	return lists
}

func flagged(set map[string]bool) (names []string) {
	for name, on := range set {
		if on {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// lonely tells of foreign keys to tables that are neither loaded nor on the target.
func (l *load) lonely(ctx context.Context) error {
	for _, t := range l.order {
		if t.left || t.kept {
			continue
		}
		for _, parent := range t.parents {
			schema, name, _ := strings.Cut(parent, "\x00")
			if l.folded[l.fold(schema)+"\x00"+l.fold(name)] {
				continue
			}
			p, err := l.present(ctx, schema)
			if err != nil {
				return err
			}
			if p.tables[l.fold(name)] == "" {
				l.warn(fmt.Sprintf("table %s has a foreign key to %s, which is neither loaded nor on the target: the key is created, its rows cannot be checked",
					t, mysql.QuoteTable(schema, name)))
			}
		}
	}
	return nil
}
