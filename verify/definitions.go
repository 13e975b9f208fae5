package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// objectCheck compares definitions.
type objectCheck struct {
	*comparison
	from   transform.Origin
	alike  bool // both servers print a definition in the same way
	other  []string
	strict bool
}

// definitions compares the definitions of all objects, then what the target makes of them.
func (c *comparison) definitions(ctx context.Context) error {
	c.o.Progress.SetPhase("definitions")
	o := &objectCheck{comparison: c, strict: c.o.KeepDefiner}
	o.prepare()
	for _, schema := range c.sourceSchemas() {
		if err := o.schema(ctx, schema); err != nil {
			return err
		}
	}
	if len(o.other) > 0 {
		names := slices.Sorted(slices.Values(o.other))
		if len(names) > 5 {
			names = append(names[:5:5], "...")
		}
		c.note("another DEFINER on the target, of %s: %s", progress.Counted(len(o.other), "object"), strings.Join(names, ", "))
	}
	c.o.Progress.SetPhase("foreign keys")
	if !c.o.Selection.NoData {
		if err := o.orphans(ctx); err != nil {
			return err
		}
	}
	return o.views(ctx)
}

// prepare finds out where the definitions come from.
func (o *objectCheck) prepare() {
	if o.dump != nil {
		s := &o.dump.reader.Manifest().Server
		o.from = transform.Origin{Flavor: s.Flavor, Number: s.Number}
	} else {
		s := &o.servers[source].Facts
		o.from = transform.Origin{Flavor: string(s.Flavor), Number: s.Number}
	}
	o.alike = o.from.Flavor == o.to.Flavor && o.from.Number/100 == o.to.Number/100
}

// schema compares what is in one schema of the source with what is on the target.
func (o *objectCheck) schema(ctx context.Context, schema string) error {
	o.defaults(schema)
	return o.withReader(ctx, target, func(r *catalog.DefinitionReader) error {
		t := &serverDefiner{catalog: o.catalogs[target], read: r, skip: o.ownProgress, lazily: true}
		return o.schemaWith(ctx, schema, t)
	})
}

func (o *objectCheck) schemaWith(ctx context.Context, schema string, on *serverDefiner) error {
	there := map[objectKey]*definition{}
	triggers := [2]map[string][]string{{}, {}}
	add := func(d *definition) error {
		there[o.key(d)] = d
		o.noteTrigger(triggers[target], d)
		return nil
	}
	for _, to := range o.targetSchemas(schema) {
		if err := on.definitions(ctx, to, add); err != nil {
			return err
		}
	}
	compare := func(d *definition) (err error) {
		o.summary.Objects++
		to := o.renamed(d)
		o.noteTrigger(triggers[source], to)
		k := o.key(to)
		t := there[k]
		delete(there, k)
		if found := o.tables[target][[2]string{k.schema, k.name}]; d.kind == "TABLE" && found != nil {
			if t, err = on.table(ctx, found); err != nil {
				return err
			}
		}
		o.compare(d, t)
		return nil
	}
	if err := o.sourceDefinitions(ctx, schema, compare); err != nil {
		return err
	}
	for _, k := range sortedObjects(there) {
		if d := there[k]; o.selectedOnTarget(d.schema, cmp.Or(d.table, d.name)) && o.wholeOr(schema, d) && o.fold(o.o.Names.Schema(schema)) == k.schema {
			o.differs(Object{Object: d.String(), What: "it is on the target only"})
		}
	}
	for table, names := range triggers[source] {
		if got := triggers[target][table]; len(got) == len(names) && !slices.Equal(got, names) {
			o.differs(Object{Object: "table " + table, What: "order of its triggers", Source: strings.Join(names, ", "), Target: strings.Join(got, ", ")})
		}
	}
	return nil
}

// defaults compares the collations that new tables of a schema get.
func (o *objectCheck) defaults(schema string) {
	name := "schema " + mysql.QuoteName(schema)
	there := slices.IndexFunc(o.catalogs[target].Schemas, func(s *catalog.Schema) bool { return o.fold(s.Name) == o.fold(o.o.Names.Schema(schema)) })
	if there < 0 {
		if _, whole := o.filter.Schema(schema); whole {
			o.differs(Object{Object: name, What: "it is missing on the target"})
		}
		return
	}
	if o.dump != nil {
		return
	}
	for _, s := range o.catalogs[source].Schemas {
		got := o.catalogs[target].Schemas[there].Collation
		if want, _, err := transform.AdaptCollation(o.o.Changes.Collation(s.Collation, o.from, o.to), o.to); s.Name == schema && s.Whole && err == nil && !transform.SameCharset(want, got) {
			o.differs(Object{Object: name, What: "collation", Source: s.Collation, Target: got})
		}
	}
}

// targetSchemas are where the objects of a schema of the source are.
func (o *objectCheck) targetSchemas(schema string) []string {
	out := []string{}
	add := func(name string) {
		for _, s := range o.catalogs[target].Schemas {
			if o.fold(s.Name) == o.fold(name) && !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	add(o.o.Names.Schema(schema))
	for from, to := range o.o.Names.Tables {
		if from[0] == schema {
			add(to[0])
		}
	}
	return out
}

// wholeOr reports whether an object that only the target has is looked for: routines and events only where all of a schema is selected.
func (o *objectCheck) wholeOr(schema string, d *definition) bool {
	if d.kind == "TRIGGER" || d.kind == "VIEW" || d.kind == "SEQUENCE" {
		return true
	}
	_, whole := o.filter.Schema(schema)
	return whole
}

func sortedObjects(m map[objectKey]*definition) []objectKey {
	var out []objectKey
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b objectKey) int {
		return strings.Compare(a.kind+a.schema+"\x00"+a.name, b.kind+b.schema+"\x00"+b.name)
	})
	return out
}

// key finds an object: names of tables as the target compares them, others without case.
func (o *objectCheck) key(d *definition) objectKey {
	k := objectKey{d.kind, o.fold(d.schema), d.name}
	switch d.kind {
	case "TABLE", "VIEW", "SEQUENCE":
		k.name = o.fold(d.name)
	default:
		k.name = strings.ToLower(d.name)
	}
	return k
}

// renamed is an object of the source under its name on the target.
func (o *objectCheck) renamed(d *definition) *definition {
	to := *d
	switch d.kind {
	case "TABLE", "VIEW", "SEQUENCE":
		to.schema, to.name = o.o.Names.Table(d.schema, d.name)
	case "TRIGGER":
		to.schema, to.table = o.o.Names.Table(d.schema, d.table)
	default:
		to.schema = o.o.Names.Schema(d.schema)
	}
	return &to
}

// errMoved is DDL on a side during the comparison.
var errMoved = errors.New("definitions changed while they were compared")

// withReader gives f a session for definitions.
func (c *comparison) withReader(ctx context.Context, side sideOf, f func(*catalog.DefinitionReader) error) error {
	conn, err := c.servers[side].Session(ctx)
	if err != nil {
		return err
	}
	warn := func(format string, args ...any) { c.warn(side.String() + ": " + fmt.Sprintf(format, args...)) }
	r := catalog.NewDefinitionReader(conn, c.servers[side].Facts.User, c.catalogs[side].Schemas, warn)
	err = f(r)
	if closeErr := conn.Close(); err == nil && !mysql.IsConnectionLost(closeErr) {
		err = closeErr
	}
	if errors.Is(err, catalog.ErrChanged) && !errors.Is(err, errMoved) { // a reader of one side is used within that of the other
		return fmt.Errorf("%w: verify again when nobody changes them: %w", errMoved, err)
	}
	return err
}

func (o *objectCheck) sourceDefinitions(ctx context.Context, schema string, use func(*definition) error) error {
	if o.dump != nil {
		sel := o.o.Selection
		leave := func(kind string) bool {
			switch kind {
			case "VIEW":
				return sel.NoViews
			case "TRIGGER":
				return sel.NoTriggers
			case "EVENT":
				return sel.NoEvents
			case "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY":
				_, whole := o.filter.Schema(schema)
				return sel.NoRoutines || !whole
			}
			return false
		}
		return (&dumpDefiner{reader: o.dump.reader, objects: o.objects, leave: leave, names: o.servers[target].DB()}).definitions(ctx, schema, use)
	}
	return o.withReader(ctx, source, func(r *catalog.DefinitionReader) error {
		return (&serverDefiner{catalog: o.catalogs[source], read: r, skip: o.ownProgress}).definitions(ctx, schema, use)
	})
}

// noteTrigger keeps the order in which the triggers of a table were read, which is that in which they fire.
func (o *objectCheck) noteTrigger(by map[string][]string, d *definition) {
	if d.kind == "TRIGGER" {
		table := quoted(o.fold(d.schema), o.fold(d.table))
		by[table] = append(by[table], strings.ToLower(d.name))
	}
}

func (o *objectCheck) differs(d Object) { o.summary.Differences = append(o.summary.Differences, d) }
