package verify

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// allRanges yields the ranges of one side of a table.
func (c *comparison) allRanges(ctx context.Context, p *pair, side sideOf, use func(chunker.Range) error) error {
	probes := &catalog.Prober{Server: c.servers[side]}
	defer probes.Close()
	for r, err := range chunker.Ranges(ctx, probes, p.sides[side].Tiled(), chunker.Options{TargetBytes: c.o.RangeBytes}) {
		if err != nil {
			return err
		}
		if err := use(r); err != nil {
			return err
		}
	}
	return nil
}

// readSource finds out what the source holds.
func (c *comparison) readSource(ctx context.Context) error {
	if c.dump != nil {
		return c.readDump(ctx)
	}
	r, err := catalog.NewReader(c.servers[source], c.kinds(c.o.Selection), c.o.Log)
	if err != nil {
		return err
	}
	if c.filter, err = c.o.Selection.Filter(c.servers[source].Facts.LowerCaseTableNames != 0); err != nil {
		return err
	}
	if c.catalogs[source], err = r.Read(ctx); err != nil {
		return err
	}
	if len(c.catalogs[source].Schemas) == 0 {
		return errNothing
	}
	c.unseen(source)
	return c.catalogs[source].CheckConditions(ctx, c.servers[source].DB())
}

var errNothing = errors.New("nothing to compare: the source has no schema that is selected")

// readDump lists what is selected of a dump.
func (c *comparison) readDump(ctx context.Context) (err error) {
	if c.filter, err = c.o.Selection.Filter(c.dump.reader.Manifest().Server.LowerCaseTableNames != 0); err != nil {
		return err
	}
	var schemas []string
	var tables [][2]string
	for o, err := range c.dump.reader.Objects(ctx) {
		if err != nil {
			return err
		}
		if o.Kind == dump.KindUsers {
			continue
		}
		picked := false
		if o.Kind == dump.KindSchema {
			schemas = append(schemas, o.Schema)
			picked, _ = c.filter.Schema(o.Schema)
		} else {
			tables = append(tables, [2]string{o.Schema, o.Name})
			picked = c.filter.Table(o.Schema, o.Name)
		}
		if picked {
			c.objects = append(c.objects, o)
		}
	}
	if err := c.filter.Check(schemas, tables); err != nil {
		return err
	}
	if len(c.objects) == 0 {
		return errNothing
	}
	return nil
}

// sourceSchemas are the schemas that the source holds.
func (c *comparison) sourceSchemas() []string {
	var out []string
	if c.dump == nil {
		for _, s := range c.catalogs[source].Schemas {
			out = append(out, s.Name)
		}
		return out
	}
	for _, o := range c.objects {
		if !slices.Contains(out, o.Schema) {
			out = append(out, o.Schema)
		}
	}
	return out
}

// readTarget finds out what the target has in the schemas that the source's are compared with.
func (c *comparison) readTarget(ctx context.Context) error {
	server := c.servers[target]
	var err error
	if c.to, err = catalog.ReadTarget(ctx, server); err != nil {
		return err
	}
	c.to.ExplicitTimestamp = true // as a load sets it
	there, err := mysql.NameSet(ctx, server.DB(), "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
	if err != nil {
		return err
	}
	sel := c.kinds(catalog.Selection{})
	want := c.sourceSchemas()
	for i, s := range want {
		want[i] = c.o.Names.Schema(s)
	}
	for _, to := range c.o.Names.Tables {
		want = append(want, to[0])
	}
	slices.Sort(want)
	for _, s := range slices.Compact(want) {
		if there[strings.ToLower(s)] {
			sel.Schemas = append(sel.Schemas, mysql.QuoteName(s))
		}
	}
	c.catalogs[target] = &catalog.Catalog{}
	if len(sel.Schemas) == 0 {
		return nil
	}
	r, err := catalog.NewReader(server, sel, c.o.Log)
	if err != nil {
		return err
	}
	if c.catalogs[target], err = r.Read(ctx); err != nil {
		return err
	}
	c.unseen(target)
	return nil
}

// kinds leaves out of a selection the kinds of objects that are not compared.
func (c *comparison) kinds(sel catalog.Selection) catalog.Selection {
	o := c.o.Selection
	sel.NoViews, sel.NoTriggers = o.NoViews || o.NoSchema, o.NoTriggers || o.NoSchema
	sel.NoRoutines, sel.NoEvents = o.NoRoutines || o.NoSchema, o.NoEvents || o.NoSchema
	return sel
}

// unseen lists what the account of a side may not see: whether that is equal nobody knows.
func (c *comparison) unseen(side sideOf) {
	for _, u := range c.catalogs[side].Unseen {
		c.summary.Differences = append(c.summary.Differences, Object{Object: side.String(), What: strings.Replace(u, "not dumped", "not compared", 1)})
	}
}

// fold is a name of a table or schema as the target compares it.
func (c *comparison) fold(name string) string {
	if c.servers[target].Facts.LowerCaseTableNames != 0 {
		return strings.ToLower(name)
	}
	return name
}

// makePairs finds the target's table of each table of the source.
func (c *comparison) makePairs(ctx context.Context) error {
	c.index()
	tables := c.tables[target]
	used := map[*catalog.Table]bool{}
	add := func(schema, name, where string, columns []dump.Column, kept []int, key []string, src *catalog.Table, o *dump.Object) {
		toSchema, toName := c.o.Names.Table(schema, name)
		t := tables[[2]string{c.fold(toSchema), c.fold(toName)}]
		if t == nil {
			c.summary.Differing = append(c.summary.Differing, &Table{Source: mysql.QuoteTable(schema, name)})
			return
		}
		used[t] = true
		on := *t
		on.Where = where
		names := [2][2]string{{schema, name}, {t.Schema, t.Name}}
		p, problem := c.newPair(names, columns, key, src, &on)
		if problem != "" {
			c.summary.Differing = append(c.summary.Differing, &Table{Source: mysql.QuoteTable(schema, name), Target: t.Quoted(), Problem: problem})
			return
		}
		p.kept = kept
		if p.object = o; len(columns) == 0 || o != nil && o.Rows < 0 {
			return // nothing but generated columns, or of a dump without rows
		}
		c.pairs = append(c.pairs, p)
	}
	if c.dump == nil {
		for _, t := range c.catalogs[source].Tables {
			if c.ownProgress(t) {
				continue
			}
			columns, key := ownColumns(t)
			add(t.Schema, t.Name, t.Where, columns, nil, key, t, nil)
		}
	}
	for _, o := range c.objects {
		if o.Kind == dump.KindTable {
			var key []string
			if o.Key != nil {
				key = o.Key.Columns
			}
			rules := c.filter.Columns(o.Schema, o.Name)
			if err := rules.See(columnNames(o)); err != nil {
				return err
			}
			columns, kept := comparable(o, rules)
			add(o.Schema, o.Name, o.Where, columns, kept, key, nil, o)
		}
	}
	c.extraTables(used)
	if c.dump != nil {
		if err := c.filter.CheckColumns(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// index finds tables by name.
func (c *comparison) index() {
	c.tables = [2]map[[2]string]*catalog.Table{{}, {}}
	for _, t := range c.catalogs[target].Tables {
		c.tables[target][[2]string{c.fold(t.Schema), c.fold(t.Name)}] = t
	}
	if c.catalogs[source] != nil {
		for _, t := range c.catalogs[source].Tables {
			c.tables[source][[2]string{t.Schema, t.Name}] = t
		}
	}
	c.dumped = map[[2]string]*dump.Object{}
	for _, o := range c.objects {
		if o.Kind == dump.KindTable {
			c.dumped[[2]string{o.Schema, o.Name}] = o
		}
	}
}

// ownColumns is a table of the source as a dump would describe it.
func ownColumns(t *catalog.Table) (columns []dump.Column, key []string) {
	var own []catalog.Column
	for _, col := range t.Columns {
		if !col.Generated && col.Mask == nil {
			own = append(own, col)
		}
	}
	if k := chunker.ChooseKey(t.Indexes); k != nil {
		for _, p := range k.Parts {
			key = append(key, p.Column)
		}
	}
	return catalog.NewPlanAs(own, make([]string, len(own))).Columns, key
}

// extraTables lists the tables of the target that the source lacks, among those that the selection means.
func (c *comparison) extraTables(used map[*catalog.Table]bool) {
	for _, t := range c.catalogs[target].Tables {
		if used[t] || c.ownProgress(t) || !c.selectedOnTarget(t.Schema, t.Name) {
			continue
		}
		c.summary.Differing = append(c.summary.Differing, &Table{Target: t.Quoted()})
	}
}

// ownProgress reports the table in which a load keeps what it has done, where its account may not create a schema for it.
func (c *comparison) ownProgress(t *catalog.Table) bool {
	return strings.HasPrefix(t.Name, "gomove_progress") || t.Schema == "gomove" && t.Name == "progress"
}

// selectedOnTarget reports whether the selection, which is of the source's names, means an object of the target.
func (c *comparison) selectedOnTarget(schema, name string) bool {
	for from, to := range c.o.Names.Tables {
		if c.fold(to[0]) == c.fold(schema) && c.fold(to[1]) == c.fold(name) {
			return c.filter.Table(from[0], from[1])
		}
	}
	for from, to := range c.o.Names.Schemas {
		if c.fold(to) == c.fold(schema) {
			return c.filter.Table(from, name)
		}
	}
	if to, elsewhere := c.o.Names.Tables[[2]string{schema, name}]; elsewhere && to != [2]string{schema, name} {
		return false // the source's of this name has another one on the target
	}
	if len(c.o.Names.Tables) > 0 && !slices.ContainsFunc(c.sourceSchemas(), func(s string) bool { return c.fold(c.o.Names.Schema(s)) == c.fold(schema) }) {
		return false // single tables are mapped into this schema, which may hold others
	}
	return c.filter.Table(schema, name)
}
