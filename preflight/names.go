package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// nameCase finds names that the target cannot tell apart, or that applications may no longer find.
func nameCase(_ context.Context, e *examination) ([]Finding, error) {
	from := e.Source.Facts.LowerCaseTableNames
	if from != 0 && e.Target != nil && e.Target.Facts.LowerCaseTableNames == 0 {
		return []Finding{{
			Severity: Warning, What: fmt.Sprintf("the source has lower_case_table_names=%d, the target 0", from),
			Why: "the target tells SHOP.Orders from shop.orders: statements of applications, and bodies of routines, that write a name in another case fail there (error 1146)",
			Fix: "where the target is new, give it lower_case_table_names=1 (MySQL 8.0 and later, and Aurora, take it at creation only), or write every name as it is stored",
		}}, nil
	}
	if from != 0 {
		return nil, nil
	}
	var clash []Object
	upper := 0
	have := map[string]string{}
	note := func(name string) {
		folded := strings.ToLower(name)
		if folded != name {
			upper++
		}
		if other, there := have[folded]; there {
			clash = append(clash, Object{Name: name, Detail: "beside " + other})
		}
		have[folded] = name
	}
	for _, s := range e.Catalog.Schemas {
		note(mysql.QuoteName(s.Name))
	}
	for _, t := range e.Catalog.Tables {
		note(t.Quoted())
	}
	for _, v := range e.Catalog.Views {
		note(mysql.QuoteTable(v.Schema, v.Name))
	}
	f := Finding{Severity: Note, What: "names that differ only by case", Why: "a server with lower_case_table_names above 0 cannot hold both", Fix: "rename one of each before a move to such a server"}
	if e.Target == nil || e.Target.Facts.LowerCaseTableNames == 0 {
		return found(clash, f), nil
	}
	f.Severity, f.Why = Error, fmt.Sprintf("the target has lower_case_table_names=%d and cannot hold both", e.Target.Facts.LowerCaseTableNames)
	f.Fix = "rename one of each, or load it under another name (--schema-map, --table-map)"
	out := found(clash, f)
	if upper > 0 && e.Target.Facts.LowerCaseTableNames == 1 {
		out = append(out, Finding{
			Severity: Warning, What: fmt.Sprintf("%d names have capital letters, which the target makes small", upper),
			Why: "the target has lower_case_table_names=1: statements still find them, but programs that compare names see others, and the way back does not restore them",
			Fix: "nothing is needed where only SQL names them; else a target with lower_case_table_names=0",
		})
	}
	return out, nil
}

// foldTarget is a name as the target compares it.
func (e *examination) foldTarget(schema, name string) [2]string {
	if e.Target == nil || e.Target.Facts.LowerCaseTableNames == 0 {
		return [2]string{schema, name}
	}
	return [2]string{strings.ToLower(schema), strings.ToLower(name)}
}

// onTarget reads once which tables and views the target has in the schemas that the load writes to.
func (e *examination) onTarget(ctx context.Context) (map[[2]string]bool, error) {
	if e.present != nil || e.Target == nil {
		return e.present, nil
	}
	present := map[[2]string]bool{}
	for _, schema := range e.targetSchemas() {
		err := each(ctx, e.Target, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA="+mysql.QuoteString(schema), func(c []string) {
			present[e.foldTarget(c[0], c[1])] = true
		})
		if err != nil {
			return nil, err
		}
	}
	e.present = present
	return present, nil
}

// targetSchemas are the schemas that the load writes to, those of parents of foreign keys too.
func (e *examination) targetSchemas() []string {
	var out []string
	seen := map[string]bool{}
	add := func(schema string) {
		if !seen[schema] {
			seen[schema] = true
			out = append(out, schema)
		}
	}
	for _, s := range e.Catalog.Schemas {
		add(e.Names.Schema(s.Name))
	}
	for _, to := range e.Names.Tables {
		add(to[0])
	}
	for i := range e.keys {
		add(e.Names.Schema(e.keys[i].parent[0]))
	}
	return out
}

// occupied finds the source itself as target, and objects that the load would meet.
func occupied(ctx context.Context, e *examination) ([]Finding, error) {
	var out []Finding
	same := sameServer(&e.Source.Facts, &e.Target.Facts)
	if same {
		out = append(out, Finding{Severity: Note, What: "source and target are the same server", Why: "only another name keeps what is moved from what is there", Fix: "check --target"})
	}
	if _, err := e.foreignKeys(ctx); err != nil { // whose parents are looked for too
		return nil, err
	}
	there, err := e.onTarget(ctx)
	if err != nil {
		return nil, err
	}
	var objects []Object
	look := func(schema, name string) {
		if to := e.foldTarget(e.Names.Table(schema, name)); there[to] {
			objects = append(objects, Object{Name: mysql.QuoteTable(to[0], to[1])})
		}
	}
	for _, t := range e.Catalog.Tables {
		look(t.Schema, t.Name)
	}
	for _, v := range e.Catalog.Views {
		look(v.Schema, v.Name)
	}
	f := Finding{Severity: Error, What: "tables and views that are on the target already", Why: "the load changes nothing then and lists them", Fix: "--if-exists skip, truncate or drop, or other names (--schema-map, --table-map)"}
	switch {
	case same && len(objects) > 0:
		f.What, f.Fix = "source and target are the same server and the names are the same", "check --target, or give other names (--schema-map)"
		f.Why = "the load would replace what the dump reads"
	case e.Existing || e.Selection.NoSchema:
		f.Severity, f.Why, f.Fix = Note, "--if-exists says what becomes of them, and --no-schema needs them", "nothing is needed"
	}
	return append(out, found(objects, f)...), nil
}

// sameServer reports one server behind two addresses.
func sameServer(a, b *mysql.Facts) bool {
	if a.UUID != "" || b.UUID != "" {
		return a.UUID == b.UUID
	}
	return a.Hostname == b.Hostname && a.Port == b.Port && a.ServerID == b.ServerID && a.Version == b.Version &&
		a.Variables["datadir"] == b.Variables["datadir"]
}
