package dumper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// TransformOptions is what is written otherwise than the source has it, beside what the selection says of columns.
type TransformOptions struct {
	Names   transform.Names   // --schema-map, --table-map
	Changes transform.Changes // --engine, --collation-map
}

// ErrTransform is a transform that the source's definitions do not allow.
var ErrTransform = errors.New("cannot be written so")

func (o TransformOptions) validate() error {
	if o.Changes.Charset != "" {
		return errors.New("--charset of tables is changed by a load")
	}
	for from, to := range o.Changes.Collations {
		if a, b := charsetOf(from), charsetOf(to); a != b {
			return fmt.Errorf("--collation-map %s=%s: rows are written in the charset that they have; give this map to the load, which converts them", from, to)
		}
	}
	return nil
}

// asked is what a dump was asked for, as resume.jsonl records it.
type asked struct {
	catalog.Selection
	Names      []string          `json:",omitempty"`
	Engine     string            `json:",omitempty"`
	Collations map[string]string `json:",omitempty"`
}

func (o *Options) asked() asked {
	t := &o.Transform
	return asked{o.Selection, t.Names.List(), t.Changes.Engine, t.Changes.Collations}
}

// alters reports whether definitions are not written as they are.
func (r *run) alters() bool {
	return !r.o.Transform.Names.Empty() || !r.o.Transform.Changes.Empty() || r.rules.HasColumns()
}

// named gives an object's names in the dump.
func (r *run) named(schema, name string) (string, string) {
	return r.o.Transform.Names.Table(schema, name)
}

// nameOf is a table's name in the dump.
func (r *run) nameOf(t *catalog.Table) [2]string {
	schema, name := r.named(t.Schema, t.Name)
	return [2]string{schema, name}
}

// alter writes the definition of an object of a schema as the dump has it. table is its name where it is a table.
func (r *run) alter(text []byte, m transform.Mode, schema, table, object string) (out []byte, notes []transform.Note) {
	if r.rules.HasColumns() && table != "" {
		text, notes = transform.WithoutColumns(text, m, schema, table, r.rules.Left, object)
	}
	text, more := r.o.Transform.Changes.Apply(text, m, r.origin(), transform.Target{}, object)
	if !r.o.Transform.Names.Empty() {
		text, _ = r.o.Transform.Names.Rename(text, m, schema)
	}
	return text, append(notes, more...)
}

// preview reads every table's definition before anything is written, and refuses what the transforms leave no table of.
func (r *run) preview(ctx context.Context) (err error) {
	if r.rules, err = r.o.Selection.Filter(r.server.Facts.LowerCaseTableNames != 0); err != nil {
		return err
	}
	if !r.alters() {
		return nil
	}
	if err := r.checkNames(); err != nil {
		return err
	}
	for _, n := range r.o.Transform.Names.Notes() {
		r.adaptations.Add(n)
	}
	if r.o.Selection.NoSchema {
		r.noteMasks()
		return nil
	}
	var refused []string
	err = r.withDefinitions(ctx, func(d *definitions) error {
		for _, t := range r.catalog.Tables {
			text, err := d.ReadTable(ctx, t)
			if err != nil {
				return fmt.Errorf("dump %w", err)
			}
			_, notes := r.alter(text, tableText, t.Schema, t.Name, "table "+t.Quoted())
			for _, n := range notes {
				if n.Refused {
					refused = append(refused, n.Object+": "+n.What)
					continue
				}
				r.adaptations.Add(n)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("%w, nothing was written: %s", ErrTransform, strings.Join(refused, "; "))
	}
	r.noteMasks()
	return nil
}

// origin is where definitions come from.
func (r *run) origin() transform.Origin {
	return transform.Origin{Flavor: string(r.server.Facts.Flavor), Number: r.server.Facts.Number}
}

// tableText is how SHOW CREATE prints tables.
var tableText = transform.Mode{Charset: "utf8mb4"}

// noteMasks tells of the columns whose values are replaced.
func (r *run) noteMasks() {
	for _, t := range r.catalog.Tables {
		for _, c := range t.Columns {
			if c.Mask != nil {
				r.adaptations.Add(transform.Note{Object: "table " + t.Quoted() + " column " + mysql.QuoteName(c.Name), What: "masked by " + string(c.Mask.Method.Kind)})
			}
		}
	}
}

// checkNames refuses maps of what is not dumped, and two objects that would get one name.
func (r *run) checkNames() error {
	n := r.o.Transform.Names
	schemas := map[string]string{}
	for _, s := range r.catalog.Schemas {
		to := strings.ToLower(n.Schema(s.Name))
		if other, ok := schemas[to]; ok && (n.Schema(s.Name) != s.Name || n.Schema(other) != other) {
			return fmt.Errorf("--schema-map: schemas %s and %s would become one: dump each by itself, or give the map to the load",
				mysql.QuoteName(other), mysql.QuoteName(s.Name))
		}
		schemas[to] = s.Name
	}
	for from := range n.Schemas {
		if !slices.ContainsFunc(r.catalog.Schemas, func(s *catalog.Schema) bool { return s.Name == from }) {
			return fmt.Errorf("--schema-map: schema %s is not dumped", mysql.QuoteName(from))
		}
	}
	tables, known := map[[2]string][2]string{}, map[[2]string]bool{}
	for _, from := range r.tableNames() {
		known[from] = true
		schema, name := n.Table(from[0], from[1])
		to := [2]string{schema, name}
		if other, ok := tables[to]; ok {
			return fmt.Errorf("--table-map: %s and %s would become one table", mysql.QuoteTable(other[0], other[1]), mysql.QuoteTable(from[0], from[1]))
		}
		tables[to] = from
	}
	for from := range n.Tables {
		if !known[from] {
			return fmt.Errorf("--table-map: table %s is not dumped", mysql.QuoteTable(from[0], from[1]))
		}
	}
	return nil
}

// tableNames are the names of all that shares the names of tables.
func (r *run) tableNames() (names [][2]string) {
	for _, t := range slices.Concat(r.catalog.Tables, r.catalog.Sequences) {
		names = append(names, [2]string{t.Schema, t.Name})
	}
	for _, v := range r.catalog.Views {
		names = append(names, [2]string{v.Schema, v.Name})
	}
	return names
}

// writtenSchema is a schema of the dump and the one of the source that it is made of.
type writtenSchema struct {
	name string
	from *catalog.Schema
	own  bool // it has what is in from; else only tables that are mapped into it
}

// writtenSchemas are the schemas that the dump needs: those of the source, without one of which every table goes elsewhere, and those
// that tables are mapped into.
func (r *run) writtenSchemas() (out []writtenSchema) {
	needed := map[string]bool{}
	first := map[string]*catalog.Schema{}
	for _, name := range r.tableNames() {
		schema, _ := r.named(name[0], name[1])
		needed[schema] = true
		if i := slices.IndexFunc(r.catalog.Schemas, func(s *catalog.Schema) bool { return s.Name == name[0] }); first[schema] == nil && i >= 0 {
			first[schema] = r.catalog.Schemas[i]
		}
	}
	there := map[string]bool{}
	for _, s := range r.catalog.Schemas {
		name := r.o.Transform.Names.Schema(s.Name)
		if s.Whole || needed[name] || len(r.o.Transform.Names.Tables) == 0 {
			there[name] = true
			out = append(out, writtenSchema{name, s, true})
		}
	}
	for _, to := range r.o.Transform.Names.Tables {
		if needed[to[0]] && !there[to[0]] {
			there[to[0]] = true
			out = append(out, writtenSchema{to[0], first[to[0]], false})
		}
	}
	return out
}

// alterSchema is CREATE DATABASE under another name.
func (r *run) alterSchema(create []byte, from, to string) []byte {
	create, _ = r.o.Transform.Changes.Apply(create, tableText, r.origin(), transform.Target{}, "")
	if from != to {
		create, _ = transform.Names{Schemas: map[string]string{from: to}}.Rename(create, tableText, from)
	}
	return create
}
