package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// progressSchema is where a load keeps its progress when it may.
const progressSchema = "gomove"

// privileges lists what a load needs, as the servers were seen to ask for it: INDEX is not needed beside ALTER, and MySQL alone
// asks for REFERENCES, from 5.7 on.
// beside is for the schema that the progress is kept in.
func privileges(d catalog.Demand, beside bool, f *mysql.Facts) []string {
	need := []string{"INSERT", "SELECT"}
	for _, p := range []struct {
		asked     bool
		privilege string
	}{
		{beside, "UPDATE"}, {beside, "DELETE"}, {beside || !d.Bare, "CREATE"}, {d.Views, "CREATE VIEW"}, {d.Triggers, "TRIGGER"}, {d.Routines, "CREATE ROUTINE"},
		{d.Events, "EVENT"}, {d.ForeignKeys && f.AtLeast(mysql.MySQL, 50706), "REFERENCES"}, {d.ForeignKeys || d.Alters, "ALTER"},
	} {
		if p.asked {
			need = append(need, p.privilege)
		}
	}
	return need
}

// ExamineLoad runs the check of rights alone, for a load that has no source server to look at: one query.
func ExamineLoad(ctx context.Context, target *mysql.Server, demands []catalog.Demand, skip []string) (*Report, error) {
	r := newReport(Subject{Target: target})
	i := slices.IndexFunc(checks(), func(c check) bool { return c.id == "P20" })
	c := checks()[i]
	if skipped(c.id, skip) {
		r.Skipped = []string{c.id}
		return r, nil
	}
	may, err := catalog.ReadRights(ctx, target)
	if err != nil {
		return nil, err
	}
	r.Checks = 1
	for _, f := range lacking(demands, may, &target.Facts) {
		f.Check, f.Title = c.id, c.title
		r.add(f)
	}
	return r, nil
}

// targetRights finds privileges that the load needs and the account has not.
func targetRights(ctx context.Context, e *examination) ([]Finding, error) {
	may, err := e.mayLoad(ctx)
	if err != nil {
		return nil, err
	}
	demands, err := e.demands(ctx, may)
	return lacking(demands, may, &e.Target.Facts), err
}

// lacking is what the account has not of what is demanded.
func lacking(demands []catalog.Demand, may *catalog.Rights, on *mysql.Facts) []Finding {
	var objects []Object
	beside := len(demands) == 1 && !may.Schema(progressSchema, "CREATE") // which one of several is the load's choice
	for _, d := range demands {
		missing := slices.DeleteFunc(privileges(d, beside, on), func(p string) bool { return may.Schema(d.Schema, p) })
		if len(missing) > 0 {
			objects = append(objects, Object{
				Name: mysql.QuoteName(d.Schema), Detail: strings.Join(missing, ", "),
				Fix: "GRANT " + strings.Join(missing, ", ") + " ON " + mysql.QuoteName(d.Schema) + ".* TO " + account(on.User),
			})
		}
	}
	f := Finding{
		Severity: Error, What: "schemas in which the loading account lacks privileges", Why: "the load fails where it needs them first, indexes and routines after all rows (errors 1142, 1044)", Fix: "grant what is missing",
	}
	if may.Unread > 0 {
		f.Severity, f.Why = Warning, "the account has roles or partial revokes that SHOW GRANTS does not spell out, so it may have them; if not, the load fails where it needs them first"
	}
	return found(objects, f)
}

// demands tells what a load of what is selected asks for.
func (e *examination) demands(ctx context.Context, may *catalog.Rights) (out []catalog.Demand, err error) {
	stored, err := e.objects(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := e.foreignKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range e.Catalog.Schemas {
		d := catalog.Demand{Schema: e.Names.Schema(s.Name), Bare: e.Selection.NoSchema}
		if !d.Bare {
			d.ForeignKeys = slices.ContainsFunc(keys, func(k foreignKey) bool { return k.table[0] == s.Name })
			for i := range stored {
				addDemand(&d, &stored[i], s.Name)
			}
			if !may.Schema(d.Schema, "ALTER") {
				if d.Alters, err = e.alters(ctx, s.Name); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, d)
	}
	return out, nil
}

func addDemand(d *catalog.Demand, o *storedObject, schema string) {
	if o.schema != schema {
		return
	}
	switch o.kind {
	case "view":
		d.Views = true
	case "trigger":
		d.Triggers = true
	case "event":
		d.Events = true
	default:
		d.Routines = true
	}
}

// alters reports a schema with a table that gets secondary indexes, or a counter, after its rows.
func (e *examination) alters(ctx context.Context, schema string) (is bool, err error) {
	for _, t := range e.Catalog.Tables {
		is = is || t.Schema == schema && slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Numbered })
	}
	if is {
		return true, nil
	}
	err = each(ctx, e.Source, "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA="+mysql.QuoteString(schema)+" AND INDEX_NAME<>'PRIMARY'",
		func(c []string) { is = is || e.tables[[2]string{c[0], c[1]}] != nil })
	return is, err
}
