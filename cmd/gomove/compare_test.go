package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// column is a column as information_schema has it.
type column struct {
	name, dataType, columnType, extra string
}

// readExact returns the expression that shows every bit of a column's value, the same on every server.
func (c column) readExact() string {
	name := mysql.QuoteName(c.name)
	switch c.dataType {
	case "float", "double":
		return name + "+0e0"
	case "bit", "year", "tinyint", "smallint", "mediumint", "int", "bigint":
		return name + "+0"
	case "enum", "set":
		return "CONCAT(" + name + "+0,':',HEX(" + name + "))"
	case "json":
		return "HEX(CONVERT(" + name + " USING utf8mb4))"
	case "decimal", "date", "time", "datetime", "timestamp":
		return name
	default:
		return "HEX(" + name + ")"
	}
}

func columns(t testing.TB, s *testdb.Server, schema, table string) []column {
	t.Helper()
	var out []column
	for _, r := range s.Query(t, "SELECT column_name, data_type, column_type, extra FROM information_schema.columns WHERE table_schema="+
		mysql.QuoteString(schema)+" AND table_name="+mysql.QuoteString(table)+" ORDER BY ordinal_position") {
		out = append(out, column{r[0], r[1], r[2], r[3]})
	}
	return out
}

// tableRows reads every row of a table exactly, sorted.
func tableRows(t testing.TB, s *testdb.Server, schema, table string, cols []column) []string {
	t.Helper()
	exprs := make([]string, len(cols))
	for i, c := range cols {
		exprs[i] = c.readExact()
	}
	rows := s.Query(t, "SELECT "+strings.Join(exprs, ",")+" FROM "+mysql.QuoteTable(schema, table))
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Join(r, "|")
	}
	slices.Sort(out)
	return out
}

func tables(t testing.TB, s *testdb.Server, schema string) []string {
	t.Helper()
	var out []string
	for _, r := range s.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_type='BASE TABLE' AND table_schema="+mysql.QuoteString(schema)) {
		out = append(out, r[0])
	}
	slices.Sort(out) // servers collate names differently
	return out
}

// schemaRows is every row of a schema, and the columns by which they were read.
type schemaRows struct {
	server  testdb.Kind
	schema  string
	columns map[string][]column // by table
	rows    map[string][]string
}

func readSchema(t testing.TB, s *testdb.Server, schema string) schemaRows {
	t.Helper()
	out := schemaRows{s.Kind, schema, map[string][]column{}, map[string][]string{}}
	for _, table := range tables(t, s, schema) {
		out.columns[table] = columns(t, s, schema, table)
		out.rows[table] = tableRows(t, s, schema, table, out.columns[table])
	}
	return out
}

// requireIn compares every table with that of another schema, row by row and bit by bit.
func (want schemaRows) requireIn(t testing.TB, target *testdb.Server, asSchema string) {
	t.Helper()
	names := slices.Sorted(maps.Keys(want.rows))
	if diff := cmp.Diff(names, tables(t, target, asSchema), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("tables of %s (-source +target):\n%s", want.schema, diff)
		return
	}
	for _, table := range names {
		a, b := want.rows[table], tableRows(t, target, asSchema, table, want.columns[table])
		if !slices.Equal(a, b) {
			t.Errorf("%s.%s: %d rows on %s, %d on %s%s", want.schema, table, len(a), want.server, len(b), target.Kind, firstDifference(a, b))
		}
	}
}

func requireSameRows(t testing.TB, source, target *testdb.Server, schema, asSchema string) {
	t.Helper()
	readSchema(t, source, schema).requireIn(t, target, asSchema)
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("; row %d:\n  source %s\n  target %s", i, clipText(a[i]), clipText(b[i]))
		}
	}
	return ""
}

func clipText(s string) string {
	if len(s) > 600 {
		return s[:600] + "..."
	}
	return s
}

// objectNames lists views, triggers, routines, events, foreign keys and indexes of a schema.
func objectNames(t testing.TB, s *testdb.Server, schema string) map[string][]string {
	t.Helper()
	lit := mysql.QuoteString(schema)
	out := map[string][]string{}
	for kind, q := range map[string]string{
		"views":        "SELECT table_name FROM information_schema.views WHERE table_schema=" + lit,
		"triggers":     "SELECT CONCAT(trigger_name,' ',action_timing,' ',event_manipulation,' ',event_object_table) FROM information_schema.triggers WHERE trigger_schema=" + lit,
		"routines":     "SELECT CONCAT(LOWER(routine_type),' ',routine_name) FROM information_schema.routines WHERE routine_schema=" + lit,
		"events":       "SELECT event_name FROM information_schema.events WHERE event_schema=" + lit,
		"foreign keys": "SELECT CONCAT(table_name,'.',constraint_name,' ',column_name,' -> ',referenced_table_name,'.',referenced_column_name) FROM information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL AND table_schema=" + lit,
		"indexes":      "SELECT CONCAT(table_name,'.',index_name,' ',seq_in_index,' ',COALESCE(column_name,'expression'),' ',COALESCE(sub_part,''),' ',non_unique) FROM information_schema.statistics WHERE table_schema=" + lit,
	} {
		names := []string{}
		for _, r := range s.Query(t, q) {
			names = append(names, r[0])
		}
		slices.Sort(names)
		out[kind] = names
	}
	return out
}

// requireSameObjects compares what a schema holds beside rows, and that every view can be read.
func requireSameObjects(t testing.TB, source, target *testdb.Server, schema, asSchema string) {
	t.Helper()
	if diff := cmp.Diff(objectNames(t, source, schema), objectNames(t, target, asSchema)); diff != "" {
		t.Errorf("objects of %s (-source +target):\n%s", schema, diff)
	}
	for _, v := range target.Query(t, "SELECT table_name FROM information_schema.views WHERE table_schema="+mysql.QuoteString(asSchema)) {
		target.Query(t, "SELECT * FROM "+mysql.QuoteTable(asSchema, v[0])+" LIMIT 1")
	}
}
