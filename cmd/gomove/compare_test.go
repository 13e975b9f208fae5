package main

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for _, r := range query(t, s, "SELECT column_name, data_type, column_type, extra FROM information_schema.columns WHERE table_schema="+
		mysql.QuoteString(schema)+" AND table_name="+mysql.QuoteString(table)+" ORDER BY ordinal_position") {
		out = append(out, column{r[0], r[1], r[2], r[3]})
	}
	return out
}

// query returns a small result as text; NULL is "<NULL>".
func query(t testing.TB, s *testdb.Server, q string) [][]string {
	t.Helper()
	rows, err := s.DB(t).Query(q)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.Kind, q, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		cells := make([]any, len(names))
		for i := range values {
			cells[i] = &values[i]
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			if row[i] = v.String; !v.Valid {
				row[i] = "<NULL>"
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %s: %v", s.Kind, q, err)
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
	rows := query(t, s, "SELECT "+strings.Join(exprs, ",")+" FROM "+mysql.QuoteTable(schema, table))
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
	for _, r := range query(t, s, "SELECT table_name FROM information_schema.tables WHERE table_type='BASE TABLE' AND table_schema="+mysql.QuoteString(schema)) {
		out = append(out, r[0])
	}
	slices.Sort(out) // servers collate names differently
	return out
}

// requireSameRows compares every table of a schema, row by row and bit by bit.
func requireSameRows(t testing.TB, source, target *testdb.Server, schema, asSchema string) {
	t.Helper()
	want := tables(t, source, schema)
	if diff := cmp.Diff(want, tables(t, target, asSchema)); diff != "" {
		t.Errorf("tables of %s (-source +target):\n%s", schema, diff)
		return
	}
	for _, table := range want {
		cols := columns(t, source, schema, table)
		a, b := tableRows(t, source, schema, table, cols), tableRows(t, target, asSchema, table, cols)
		if slices.Equal(a, b) {
			continue
		}
		t.Errorf("%s.%s: %d rows on %s, %d on %s%s", schema, table, len(a), source.Kind, len(b), target.Kind, firstDifference(a, b))
	}
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
		for _, r := range query(t, s, q) {
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
	for _, v := range query(t, target, "SELECT table_name FROM information_schema.views WHERE table_schema="+mysql.QuoteString(asSchema)) {
		query(t, target, "SELECT * FROM "+mysql.QuoteTable(asSchema, v[0])+" LIMIT 1")
	}
}
