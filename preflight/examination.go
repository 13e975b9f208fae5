package preflight

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// examination is what the checks of one run share: the subject, and what several of them ask for.
type examination struct {
	Subject
	limits limits
	tables map[[2]string]*catalog.Table

	details map[[2]string]detail
	stored  []storedObject
	keys    []foreignKey
	present map[[2]string]bool // on the target, by folded names
	capable *transform.Target
	rights  *catalog.Rights // of the target's account
}

// limits are from where on a thing is worth a word.
type limits struct {
	largeTable int64         // bytes, indexes too
	space      int64         // bytes of all tables
	busy       time.Duration // of a transaction
	lag        int64         // seconds of a replica
}

func newExamination(s Subject) *examination {
	e := &examination{Subject: s, tables: map[[2]string]*catalog.Table{}}
	e.limits = limits{largeTable: 100 << 30, space: 10 << 30, busy: 10 * time.Minute, lag: 60}
	if s.Catalog != nil {
		for _, t := range s.Catalog.Tables {
			e.tables[[2]string{t.Schema, t.Name}] = t
		}
	}
	return e
}

// each runs a query and calls row with its cells, NULL as "".
func each(ctx context.Context, s *mysql.Server, query string, row func(cells []string)) error {
	rows, err := s.DB().QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest, cells := make([]sql.NullString, len(names)), make([]any, len(names)), make([]string, len(names))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			cells[i] = v.String
		}
		row(cells)
	}
	return rows.Err()
}

// eachScope runs a query of information_schema once for each scope of the selected schemas. The query ends in its WHERE.
func (e *examination) eachScope(ctx context.Context, query, schemaColumn, more string, row func(cells []string)) error {
	for _, scope := range e.Catalog.SchemaScopes(schemaColumn) {
		if err := each(ctx, e.Source, query+" WHERE "+scope+more, row); err != nil {
			return err
		}
	}
	return nil
}

// detail is what the catalog does not keep of a table.
type detail struct {
	rowFormat, options string
	bytes              int64 // of rows and indexes
}

func (e *examination) tableDetails(ctx context.Context) (map[[2]string]detail, error) {
	if e.details != nil {
		return e.details, nil
	}
	all := map[[2]string]detail{}
	err := e.eachScope(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, ROW_FORMAT, CREATE_OPTIONS, COALESCE(DATA_LENGTH,0)+COALESCE(INDEX_LENGTH,0) FROM information_schema.TABLES",
		"TABLE_SCHEMA", " AND TABLE_TYPE<>'VIEW'", func(c []string) {
			if name := [2]string{c[0], c[1]}; e.tables[name] != nil {
				all[name] = detail{strings.ToLower(c[2]), strings.ToLower(c[3]), number(c[4])}
			}
		})
	if err == nil {
		e.details = all
	}
	return all, err
}

// storedObject is a view, trigger, routine or event.
type storedObject struct {
	kind, schema, name string // kind in lower case
	table              string // of a trigger
	definer, mode      string
	body               string // empty when the account may not read it
	state, zone        string // of an event
}

func (o *storedObject) String() string { return o.kind + " " + mysql.QuoteTable(o.schema, o.name) }

// objects reads the selected views, triggers, routines and events.
func (e *examination) objects(ctx context.Context) ([]storedObject, error) {
	if e.stored != nil {
		return e.stored, nil
	}
	all := []storedObject{}
	for _, v := range e.Catalog.Views {
		all = append(all, storedObject{kind: "view", schema: v.Schema, name: v.Name, definer: v.Definer, body: v.Definition})
	}
	add := func(query, column string, use func(c []string) (storedObject, bool)) error {
		return e.eachScope(ctx, query, column, "", func(c []string) {
			if o, ok := use(c); ok {
				all = append(all, o)
			}
		})
	}
	whole := map[string]bool{}
	for _, s := range e.Catalog.Schemas {
		whole[s.Name] = s.Whole
	}
	if !e.Selection.NoTriggers {
		err := add("SELECT EVENT_OBJECT_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, DEFINER, SQL_MODE, ACTION_STATEMENT FROM information_schema.TRIGGERS", "TRIGGER_SCHEMA",
			func(c []string) (storedObject, bool) {
				return storedObject{kind: "trigger", schema: c[0], name: c[1], table: c[2], definer: c[3], mode: c[4], body: c[5]}, e.tables[[2]string{c[0], c[2]}] != nil
			})
		if err != nil {
			return nil, err
		}
	}
	if !e.Selection.NoRoutines {
		err := add("SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, DEFINER, SQL_MODE, ROUTINE_DEFINITION FROM information_schema.ROUTINES", "ROUTINE_SCHEMA",
			func(c []string) (storedObject, bool) {
				return storedObject{kind: strings.ToLower(c[2]), schema: c[0], name: c[1], definer: c[3], mode: c[4], body: c[5]}, whole[c[0]]
			})
		if err != nil {
			return nil, err
		}
	}
	if !e.Selection.NoEvents {
		err := add("SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, SQL_MODE, EVENT_DEFINITION, STATUS, TIME_ZONE FROM information_schema.EVENTS", "EVENT_SCHEMA",
			func(c []string) (storedObject, bool) {
				return storedObject{kind: "event", schema: c[0], name: c[1], definer: c[2], mode: c[3], body: c[4], state: c[5], zone: c[6]}, whole[c[0]]
			})
		if err != nil {
			return nil, err
		}
	}
	e.stored = all
	return all, nil
}

// holds asks once what the target can hold.
func (e *examination) holds(ctx context.Context) (transform.Target, error) {
	if e.capable == nil {
		t, err := catalog.ReadTarget(ctx, e.Target)
		if err != nil {
			return t, err
		}
		e.capable = &t
	}
	return *e.capable, nil
}

// mayLoad asks once what the target's account may do.
func (e *examination) mayLoad(ctx context.Context) (*catalog.Rights, error) {
	var err error
	if e.rights == nil {
		e.rights, err = catalog.ReadRights(ctx, e.Target)
	}
	return e.rights, err
}

// onTables makes an object of each table that is one for use.
func (e *examination) onTables(use func(t *catalog.Table) (detail, fix string, ok bool)) []Object {
	var out []Object
	for _, t := range e.Catalog.Tables {
		if detail, fix, ok := use(t); ok {
			out = append(out, Object{Name: t.Quoted(), Detail: detail, Fix: fix})
		}
	}
	return out
}

// onColumns makes an object of each table's column that is one for use.
func (e *examination) onColumns(use func(t *catalog.Table, c *catalog.Column) (detail, fix string, ok bool)) []Object {
	var out []Object
	for _, t := range e.Catalog.Tables {
		for i := range t.Columns {
			if detail, fix, ok := use(t, &t.Columns[i]); ok {
				out = append(out, Object{Name: t.Quoted() + "." + mysql.QuoteName(t.Columns[i].Name), Detail: detail, Fix: fix})
			}
		}
	}
	return out
}

// found is a finding of these objects, or none where there are none.
func found(objects []Object, f Finding) []Finding {
	if len(objects) == 0 {
		return nil
	}
	slices.SortStableFunc(objects, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	f.Objects = objects
	return []Finding{f}
}
