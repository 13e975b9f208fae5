package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// readSchemas finds the schemas that are selected, and refuses patterns that name none.
func (r *Reader) readSchemas(ctx context.Context, c *Catalog) error {
	var all []string
	err := r.each(ctx, []string{"1 = 1"}, "SCHEMATA",
		[]string{"SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME", "DEFAULT_COLLATION_NAME"},
		func(f []cellText) error {
			name := f[0].s
			all = append(all, name)
			some, whole := r.patterns.schema(name)
			if !some {
				return nil
			}
			if dir, odd := strings.CutPrefix(name, "#mysql50#"); odd {
				c.Warnings = append(c.Warnings, fmt.Sprintf("directory %s of the server's data is no schema: not dumped", dir))
				return nil
			}
			c.Schemas = append(c.Schemas, &Schema{Name: name, Charset: f[1].s, Collation: f[2].s, Whole: whole})
			return nil
		})
	if err != nil {
		return err
	}
	slices.SortFunc(c.Schemas, func(a, b *Schema) int { return strings.Compare(a.Name, b.Name) })
	c.Warnings = append(c.Warnings, r.patterns.idleSchemas(all)...)
	return r.patterns.checkSchemas(all)
}

// readViews fills in the views and puts them in an order in which each comes after those that it reads.
func (r *Reader) readViews(ctx context.Context, c *Catalog) error {
	if len(c.Views) == 0 {
		return nil
	}
	views := c.viewIndex()
	err := r.each(ctx, c.schemaScopes("TABLE_SCHEMA"), "VIEWS",
		[]string{"TABLE_SCHEMA", "TABLE_NAME", "VIEW_DEFINITION", "CHECK_OPTION", "DEFINER", "SECURITY_TYPE", "CHARACTER_SET_CLIENT", "COLLATION_CONNECTION"},
		func(f []cellText) error {
			if v := views[[2]string{f[0].s, f[1].s}]; v != nil {
				c.note("view", f[0].s, f[1].s, false, f[2:]...)
				c.hide("view", f[0].s, f[1].s, f[2])
				v.Definition, v.CheckOption, v.Definer, v.Security = f[2].s, f[3].s, f[4].s, f[5].s
				v.Charset, v.Collation = r.same(f[6].s), r.same(f[7].s)
			}
			return nil
		})
	c.Views = inDependencyOrder(c.Views)
	return err
}

// unopened is what the server lists as a table and cannot open, with its error.
type unopened struct {
	table *Table
	err   string
}

// readUnopened tells the views among them: MySQL before 8.0 and MariaDB call a view a table when they cannot read its text.
func (r *Reader) readUnopened(ctx context.Context, c *Catalog) error {
	if len(c.unopened) == 0 {
		return nil
	}
	views := map[[2]string]bool{}
	err := r.each(ctx, c.schemaScopes("TABLE_SCHEMA"), "VIEWS", []string{"TABLE_SCHEMA", "TABLE_NAME"}, func(f []cellText) error {
		views[[2]string{f[0].s, f[1].s}] = true
		return nil
	})
	if err != nil {
		return err
	}
	for _, u := range c.unopened {
		t := u.table
		if !views[[2]string{t.Schema, t.Name}] {
			c.Warnings = append(c.Warnings, fmt.Sprintf("table %s: the server cannot open it: %s", t, u.err))
			continue
		}
		c.Tables = slices.DeleteFunc(c.Tables, func(other *Table) bool { return other == t })
		if !r.selection.NoViews {
			c.Views = append(c.Views, &View{Schema: t.Schema, Name: t.Name})
			c.brokenView(t.Schema, t.Name, u.err)
		}
	}
	c.sort()
	return nil
}

// brokenView tells of a view that the server cannot read itself. It is dumped all the same: the source is as it is.
func (c *Catalog) brokenView(schema, name, why string) {
	if why == "" {
		why = "what it reads is broken"
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf("view %s.%s is broken on the server: %s", schema, name, why))
}

// readTriggers lists the triggers of the tables in the order in which they fire.
func (r *Reader) readTriggers(ctx context.Context, c *Catalog) error {
	type trigger struct {
		event, timing, name string
		order               int64
	}
	tables := c.tableIndex()
	found := map[*Table][]trigger{}
	err := r.each(ctx, c.schemaScopes("EVENT_OBJECT_SCHEMA"), "TRIGGERS", []string{
		"EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE", "TRIGGER_NAME", "EVENT_MANIPULATION", "ACTION_TIMING", "ACTION_ORDER",
		"CREATED", "DEFINER", "SQL_MODE", "ACTION_STATEMENT",
	},
		func(f []cellText) error {
			if t := tables[[2]string{f[0].s, f[1].s}]; t != nil {
				c.note("trigger", f[0].s, f[2].s, false, f...)
				c.hide("trigger", f[0].s, f[2].s, f[9])
				found[t] = append(found[t], trigger{event: f[3].s, timing: f[4].s, name: f[2].s, order: f[5].int()})
			}
			return nil
		})
	for t, all := range found {
		slices.SortFunc(all, func(a, b trigger) int {
			return cmp.Or(strings.Compare(a.event, b.event), strings.Compare(a.timing, b.timing), cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
		})
		for _, tr := range all {
			t.Triggers = append(t.Triggers, tr.name)
		}
	}
	return err
}

// readRoutines lists functions, procedures and MariaDB's packages of the schemas that are selected whole.
func (r *Reader) readRoutines(ctx context.Context, c *Catalog) error {
	schemas := c.wholeSchemas()
	err := r.each(ctx, c.schemaScopes("ROUTINE_SCHEMA"), "ROUTINES",
		[]string{"ROUTINE_SCHEMA", "ROUTINE_TYPE", "ROUTINE_NAME", "CREATED", "LAST_ALTERED", "DEFINER", "SQL_MODE", "ROUTINE_DEFINITION"},
		func(f []cellText) error {
			if s := schemas[f[0].s]; s != nil {
				c.note(strings.ToLower(f[1].s), f[0].s, f[2].s, false, f...)
				c.hide(strings.ToLower(f[1].s), f[0].s, f[2].s, f[7])
				s.Routines = append(s.Routines, Routine{Kind: r.same(strings.ToUpper(f[1].s)), Name: f[2].s})
			}
			return nil
		})
	// Functions first, since others and views use them; a package before its body.
	rank := map[string]int{"FUNCTION": 1, "PROCEDURE": 2, "PACKAGE": 3, "PACKAGE BODY": 4}
	for _, s := range schemas {
		slices.SortFunc(s.Routines, func(a, b Routine) int {
			return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(a.Name, b.Name))
		})
	}
	return err
}

// readEvents lists the events of the schemas that are selected whole.
func (r *Reader) readEvents(ctx context.Context, c *Catalog) error {
	schemas := c.wholeSchemas()
	err := r.each(ctx, c.schemaScopes("EVENT_SCHEMA"), "EVENTS",
		[]string{"EVENT_SCHEMA", "EVENT_NAME", "CREATED", "LAST_ALTERED", "DEFINER", "SQL_MODE", "EVENT_DEFINITION", "EXECUTE_AT", "ENDS", "ON_COMPLETION"},
		func(f []cellText) error {
			if s := schemas[f[0].s]; s != nil {
				c.note("event", f[0].s, f[1].s, f[9].s == "NOT PRESERVE" && (f[7].valid || f[8].valid), f...)
				c.hide("event", f[0].s, f[1].s, f[6])
				s.Events = append(s.Events, f[1].s)
			}
			return nil
		})
	for _, s := range schemas {
		slices.Sort(s.Events)
	}
	return err
}

func (c *Catalog) wholeSchemas() map[string]*Schema {
	m := map[string]*Schema{}
	for _, s := range c.Schemas {
		if s.Whole {
			m[s.Name] = s
		}
	}
	return m
}
