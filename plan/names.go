package plan

import (
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// renamed reports that objects get other names on the target.
func (p *planning) renamed() bool { return len(p.o.Names.Schemas)+len(p.o.Names.Tables) > 0 }

// schemaThere and tableThere are the target's names.
func (p *planning) schemaThere(name string) string {
	if to, ok := p.o.Names.Schemas[name]; ok {
		return to
	}
	return name
}

func (p *planning) tableThere(schema, name string) (string, string) {
	if to, ok := p.o.Names.Tables[[2]string{schema, name}]; ok {
		return to[0], to[1]
	}
	return p.schemaThere(schema), name
}

// objectsThere are the tables and views that are moved, by the target's schemas. A schema that is moved whole is among them.
func (p *planning) objectsThere() map[string][]string {
	out := map[string][]string{}
	for _, s := range p.cat.Schemas {
		if s.Whole {
			out[p.schemaThere(s.Name)] = nil
		}
	}
	add := func(kind, schema, name string) {
		schema, name = p.tableThere(schema, name)
		out[schema] = append(out[schema], "DROP "+kind+" IF EXISTS "+mysql.QuoteTable(schema, name)+";")
	}
	for _, v := range p.cat.Views {
		add("VIEW", v.Schema, v.Name)
	}
	for _, t := range p.cat.Tables {
		add("TABLE", t.Schema, t.Name)
	}
	for _, q := range p.cat.Sequences {
		add("SEQUENCE", q.Schema, q.Name)
	}
	return out
}

// schemasThere are the schemas that objects go to, in order.
func (p *planning) schemasThere() []string {
	var out []string
	for name := range p.objectsThere() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// findOccupied notes which of them the target has already: what else is in those stays.
func (p *planning) findOccupied(ctx context.Context) error {
	if p.target == nil || p.o.Rehearse { // a rehearsal refuses a schema that is not its own
		return nil
	}
	there, err := mysql.NameSet(ctx, p.target.DB(), "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
	if err != nil {
		return err
	}
	p.occupied = map[string]bool{}
	for _, name := range p.schemasThere() {
		p.occupied[name] = there[strings.ToLower(name)]
	}
	return nil
}

// dropAll takes what was moved off the target: its schemas, and of those that were there before the tables and views.
func (p *planning) dropAll() []string {
	objects := p.objectsThere()
	var out []string
	for _, name := range p.schemasThere() {
		switch {
		case !p.occupied[name]:
			out = append(out, "DROP DATABASE IF EXISTS "+mysql.QuoteName(name)+";")
		case len(objects[name]) > 0:
			out = append(append(out, "SET foreign_key_checks=0;"), objects[name]...)
		}
	}
	return out
}
