package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// plan reads the whole dump's description and the target's state, and refuses what cannot be done before anything is
// changed.
func (l *load) plan(ctx context.Context) error {
	l.counters.SetPhase("plan")
	if err := l.pick(ctx); err != nil {
		return err
	}
	if err := l.planObjects(ctx); err != nil {
		return err
	}
	if err := l.checkNamed(); err != nil {
		return err
	}
	l.checkMaskedKeys()
	if err := l.checkSame(ctx); err != nil {
		return err
	}
	if err := l.readPast(ctx); err != nil {
		return err
	}
	if err := l.planExisting(ctx); err != nil {
		return err
	}
	if l.fed == nil || l.fed.whole() {
		if err := l.lonely(ctx); err != nil {
			return err
		}
	}
	l.settleKept()
	if len(l.refused) > 0 {
		return fmt.Errorf("%w, nothing was changed: %s", ErrUnsupported, shorten(l.refused))
	}
	if l.fed == nil {
		if err := l.planChunks(ctx); err != nil {
			return err
		}
	}
	// Tables that an earlier run has made may lack their indexes whatever this run's --defer-indexes says.
	made := l.past != nil && l.past.phases[l.phase(phaseTables)]
	for _, t := range l.batch {
		t.deferred = t.indexed && !t.kept && (made || l.defers(t))
	}
	return l.planDone(ctx)
}

// planObjects reads every object and its statements once: names, adaptations, what the target cannot hold.
func (l *load) planObjects(ctx context.Context) error {
	objects := l.current(ctx)
	if l.fed != nil {
		objects = l.selected(l.fed.unplanned(ctx))
	}
	for o, err := range objects {
		if err != nil {
			return err
		}
		if err := l.planObject(ctx, o); err != nil {
			return err
		}
		l.remembered.add(o)
	}
	l.remembered.whole = true
	l.counters.TablesTotal.Add(int64(len(l.batch)))
	return nil
}

// checkNamed refuses selections and maps of what the dump does not hold, once all of it was seen.
func (l *load) checkNamed() error {
	if l.fed != nil && !l.fed.whole() || l.picker.checked {
		return nil
	}
	l.picker.checked = true
	if err := l.picker.check(l.warn); err != nil {
		return err
	}
	schemas, tables := map[string]bool{}, map[[2]string]bool{}
	for _, schema := range l.picker.schemas {
		if l.picker.used[schema] {
			schemas[schema] = true
		}
	}
	for _, t := range l.picker.tables {
		if l.picker.filter.Table(t[0], t[1]) {
			tables[t] = true
		}
	}
	l.picker.schemas, l.picker.tables = nil, nil
	l.note(l.o.Names.Notes())
	return checkMaps(l.o.Names, schemas, tables)
}

// checkMaps refuses a map of what the dump does not hold: a misspelt one would load under the name it was to leave alone.
func checkMaps(n transform.Names, schemas map[string]bool, tables map[[2]string]bool) error {
	for from := range n.Schemas {
		if !schemas[from] {
			return fmt.Errorf("--schema-map: the dump holds no schema %s, but %s", mysql.QuoteName(from), strings.Join(slices.Sorted(maps.Keys(schemas)), ", "))
		}
	}
	for from := range n.Tables {
		if !tables[from] {
			return fmt.Errorf("--table-map: the dump holds no table %s", mysql.QuoteTable(from[0], from[1]))
		}
	}
	return nil
}

func (l *load) planObject(ctx context.Context, o *dump.Object) error {
	schema, name := l.mapTable(o.Schema, o.Name)
	if err := checkNames(schema, name, o); err != nil {
		return err
	}
	if slices.ContainsFunc(l.server.Facts.ReservedSchemas(), func(r string) bool { return strings.EqualFold(r, schema) }) {
		return fmt.Errorf("%s: %s keeps the name of this schema to itself: give it another one by --schema-map, or leave it out by --exclude-schema", objectName(o), l.server.Facts.Product)
	}
	if o.Kind == dump.KindSchema {
		l.schemas = append(l.schemas, schema)
	}
	var t *table
	if o.Kind == dump.KindTable {
		t = &table{schema: schema, name: name, from: [2]string{o.Schema, o.Name}, files: o.Files, rows: o.Rows, bare: true}
		t.setColumns(o.Columns)
		l.expect(t, o)
		if err := l.addTable(o, t); err != nil {
			return err
		}
	}
	if o.Kind != dump.KindSchema {
		l.needSchema(schema, o.Schema)
	}
	for st, err := range l.statements(ctx, o) {
		if err != nil {
			return err
		}
		if !l.picker.wants(o, &st) {
			continue
		}
		p := l.prepare(o, &st)
		if err := l.checkSafe(o, &st, p.text); err != nil {
			return &StatementError{Phase: "reading the dump", Object: objectName(o), File: st.file, Line: st.line, Statement: excerpt(p.text), Err: err}
		}
		p.notes = append(p.notes, l.settingNotes(o, &st)...)
		l.found(t, p)
		l.needs.add(l, t, o, &st, p)
		if st.kind == "database" {
			l.defaults[schema] = databaseDefault(p.text, st.mode)
		}
		if st.kind == "sequence" && o.Kind == dump.KindSchema {
			l.inSchema[schema] = append(l.inSchema[schema], st.name)
		}
		if st.kind == "table" {
			l.remembered.create(t, &st, p.text)
			t.bare = false
			t.adapted = len(p.notes) > 0
			if err := errors.Join(l.planColumns(t, o, st.text, st.mode), l.planTable(t, p.text, st.mode)); err != nil {
				return &StatementError{Phase: "reading the dump", Object: objectName(o), File: st.file, Line: st.line, Statement: excerpt(p.text), Err: err}
			}
		}
	}
	if t != nil && t.bare {
		if err := l.planColumns(t, o, nil, transform.Mode{}); err != nil {
			return err
		}
	}
	if t != nil {
		l.refuse(t, refuseCharsets(o, t, l.target, l.hasRows(o)))
	}
	return nil
}

func (l *load) addTable(o *dump.Object, t *table) error {
	folded := l.fold(t.schema) + "\x00" + l.fold(t.name)
	if l.folded[folded] {
		return fmt.Errorf("%s and another table have the same name on the target, whose lower_case_table_names is %d: give one another name by --table-map",
			objectName(o), l.server.Facts.LowerCaseTableNames)
	}
	l.folded[folded] = true
	l.tables[[2]string{o.Schema, o.Name}] = t
	l.order = append(l.order, t)
	l.batch = append(l.batch, t)
	return nil
}

func (l *load) planTable(t *table, create []byte, m transform.Mode) error {
	def, err := transform.SplitTable(create, m, true)
	if err != nil {
		return err
	}
	l.noteKeyless(t, create, m)
	t.indexed = len(def.Indexes) > 0
	t.foreignKeys = len(def.ForeignKeys) > 0
	for _, add := range def.ForeignKeys {
		fk, err := readForeign(add, m, t)
		if err != nil {
			return err
		}
		t.parents = append(t.parents, fk.schema+"\x00"+fk.table)
		if len(l.o.Selection.Masks) > 0 {
			l.maskedKeys = append(l.maskedKeys, fk)
		}
	}
	t.autoInc = def.NextValue
	return nil
}

// checkNames refuses names that no server has, and the schemas that no load may touch.
func checkNames(schema, name string, o *dump.Object) error {
	for _, n := range []string{schema, name} {
		if len([]rune(n)) > 64 || strings.ContainsRune(n, 0) || strings.HasSuffix(n, " ") {
			return fmt.Errorf("%w: %s has a name that no server takes", ErrDamaged, objectName(o))
		}
	}
	if schema == "" || name == "" && o.Kind != dump.KindSchema {
		return fmt.Errorf("%w: an object without a name", ErrDamaged)
	}
	if systemSchema(schema) {
		return fmt.Errorf("%w: %s belongs to the server itself", ErrUnsafe, objectName(o))
	}
	return nil
}

// planChunks adds up the chunks of each table.
func (l *load) planChunks(ctx context.Context) error {
	rows := make(map[*table]int64, len(l.order))
	zeros := map[*table]int64{}
	seen := map[*table]numbers{}
	for c, err := range l.from.Chunks(ctx) {
		if err != nil {
			return err
		}
		t, ok := l.chunkTable(c)
		if !ok {
			continue
		}
		if t == nil || c.Number < 0 || c.Number > math.MaxInt32 || c.Rows < 0 {
			return fmt.Errorf("%w: chunk %s belongs to no table of it", ErrDamaged, c.File)
		}
		if seen[t] == nil {
			seen[t] = numbers{}
		}
		if !seen[t].add(c.Number) {
			return fmt.Errorf("%w: table %s has two chunks with number %d", ErrDamaged, t, c.Number)
		}
		rows[t] += c.Rows
		zeros[t] += c.NegativeZeros
		t.bytes += c.Bytes
		t.chunks++
		t.pending++
		l.counters.ChunksTotal.Add(1)
		l.counters.RowsTotal.Add(c.Rows)
		l.counters.BytesTotal.Add(c.Bytes)
	}
	for _, t := range l.order {
		if !t.left && t.rows >= 0 && rows[t] != t.rows {
			return fmt.Errorf("%w: table %s has %d rows, its chunks hold %d", ErrDamaged, t, t.rows, rows[t])
		}
		l.negativeZeros(t, zeros[t])
	}
	return nil
}

// settings is what a second run must share with the first.
func (l *load) settings() string {
	all := map[string]any{"names": l.o.Names.List()}
	if s := l.picker.settings(); len(s) > 0 {
		all["selection"] = s
	}
	if !l.o.Changes.Empty() {
		all["changes"] = l.o.Changes
	}
	b, err := json.Marshal(all)
	if err != nil {
		return "" // strings always marshal
	}
	return string(b)
}

// readPast finds out whether this load goes on from an earlier run, and whether another one is in the way.
func (l *load) readPast(ctx context.Context) error {
	if l.fed != nil && l.fed.nth > 0 {
		return l.findOthers(ctx)
	}
	if err := l.journal.find(ctx, l.server, l.schemas); err != nil {
		return err
	}
	if err := l.buryPast(ctx); err != nil {
		return err
	}
	err := l.findOthers(ctx)
	if err != nil {
		return err
	}
	l.past, err = l.journal.read(ctx, l.server)
	if err != nil || l.past == nil {
		return err
	}
	if l.o.After.Restart || l.fresh {
		l.ours = l.o.Copy.Open != nil && l.past.onlyCreated()
		if !l.ours {
			l.forget = append(l.forget, l.journal.id)
		}
		l.past = nil
		return nil
	}
	if l.past.settings != "" && l.past.settings != l.settings() {
		return fmt.Errorf("%w: this dump's, begun with other --schema-map, --table-map or selection, %s, where this one has %s; give the same ones to carry on, or --restart to begin anew",
			ErrOtherDump, l.past.settings, l.settings())
	}
	l.summary.Resumed = true
	return nil
}

// findOthers refuses tables that another dump is half loaded into.
func (l *load) findOthers(ctx context.Context) error {
	others, err := l.journal.others(ctx, l.server, func(schema, name string) bool {
		return l.folded[l.fold(schema)+"\x00"+l.fold(name)]
	})
	if err != nil {
		return err
	}
	if len(others) > 0 && !l.o.After.Restart {
		return fmt.Errorf("%w: dump %s, into tables of this one; finish it by the command that started it, where that reads the same dump again, or forget it by --restart and choose --if-exists drop or truncate",
			ErrOtherDump, strings.Join(others, ", "))
	}
	l.forget = others
	return nil
}

// planDone takes out of the work what an earlier run committed.
func (l *load) planDone(ctx context.Context) error {
	if l.past == nil {
		return nil
	}
	byName := make(map[[2]string]*table, len(l.batch))
	for _, t := range l.batch {
		byName[[2]string{t.schema, t.name}] = t
	}
	var only *table
	if l.fed != nil && l.fed.nth > 0 && len(l.batch) == 1 {
		only = l.batch[0]
	}
	return l.journal.chunks(ctx, l.server, only, func(schema, name string, number int, rows int64) {
		t := byName[[2]string{schema, name}]
		if t == nil {
			return
		}
		if t.done == nil {
			t.done = numbers{}
		}
		if !t.done.add(number) {
			return
		}
		t.loaded += rows
		l.summary.count(&l.summary.ChunksSkipped, 1)
		if l.fed == nil {
			t.pending--
			return
		}
		l.counters.Rows.Add(rows) // a copy does not read it again
		l.counters.Chunks.Add(1)
		l.counters.ChunksTotal.Add(1)
	})
}
