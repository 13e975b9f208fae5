package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// definitionReader reads what a server says of every object of a schema. Between servers of one kind that is all of SHOW
// CREATE but the definer; else the header, the body and the stored session, without what each server spells its own way.
type definitionReader struct {
	exact bool
	t     *testing.T
	conn  *sql.Conn
	kind  testdb.Kind
	name  string // of the schema
	cache map[string][]map[string]string
	out   map[string][]string
}

// read has a session for each schema: one of MySQL 5.6 takes a routine for that of a schema whose name differs by case.
func (r definitionReader) read(t *testing.T, s *testdb.Server, schema string) map[string][]string {
	t.Helper()
	db, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if r.conn, err = db.Conn(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer r.conn.Close()
	for _, q := range []string{"SET NAMES utf8mb4, character_set_results=binary, sql_mode='', time_zone='+00:00'", "USE " + mysql.QuoteName(schema)} {
		if _, err := r.conn.ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	r.kind = s.Kind
	r.t, r.name, r.out, r.cache = t, schema, map[string][]string{}, map[string][]map[string]string{}
	r.database()
	for _, row := range r.list("SELECT table_schema, table_name, table_type FROM information_schema.tables") {
		switch row["table_type"] {
		case "VIEW":
			r.view(row["table_name"])
		case "SEQUENCE":
			r.all("SEQUENCE", row["table_name"])
		default:
			r.table(row["table_name"])
		}
	}
	for _, row := range r.list("SELECT routine_schema, routine_name, routine_type FROM information_schema.routines") {
		r.stored(row["routine_type"], row["routine_name"])
	}
	for _, row := range r.list("SELECT trigger_schema, trigger_name, event_object_table, event_manipulation, action_timing, action_order FROM information_schema.triggers") {
		r.stored("TRIGGER", row["trigger_name"])
		order := row["action_order"]
		if r.kind == testdb.MySQL56 || !r.exact && order == "1" {
			order = "0" // 5.6 has one trigger of a kind, and calls it 0
		}
		r.add("trigger "+row["trigger_name"], row["action_timing"], row["event_manipulation"], row["event_object_table"], order)
	}
	for _, row := range r.list("SELECT event_schema, event_name, starts, ends, execute_at, interval_value, interval_field, on_completion, event_comment FROM information_schema.events") {
		r.stored("EVENT", row["event_name"])
		for _, c := range []string{"starts", "ends", "execute_at", "interval_value", "interval_field", "on_completion", "event_comment"} {
			r.add("event "+row["event_name"], c+"="+row[c])
		}
	}
	return r.out
}

func (r definitionReader) add(object string, lines ...string) {
	r.out[object] = append(r.out[object], lines...)
}

// list keeps the rows whose first column is exactly the schema; NULL is testdb.Null. Servers fold case in different ways.
func (r definitionReader) list(q string) []map[string]string {
	if rows, ok := r.cache[q]; ok {
		return rows
	}
	first := strings.TrimSuffix(strings.Fields(q)[1], ",")
	rows := r.rows(q + " WHERE " + first + "=" + mysql.QuoteString(r.name))
	rows = slices.DeleteFunc(rows, func(m map[string]string) bool { return m[first] != r.name })
	slices.SortStableFunc(rows, func(a, b map[string]string) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	r.cache[q] = rows
	return rows
}

func (r definitionReader) rows(q string) []map[string]string {
	r.t.Helper()
	names, rows, err := testdb.ReadRows(context.Background(), r.conn, q)
	if err != nil {
		r.t.Fatalf("%s: %s: %v", r.kind, q, err)
	}
	var out []map[string]string
	for _, row := range rows {
		m := map[string]string{}
		for i, n := range names {
			m[strings.ToLower(n)] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func (r definitionReader) show(kind, name string) map[string]string {
	return r.rows("SHOW CREATE " + kind + " " + mysql.QuoteName(name))[0]
}

// spelling is what a server prints in two ways: MySQL 8 and newer the charset of a column that was given its collation, and
// MariaDB and MySQL 5.6 the schema in a view whose definer does not exist.
var spelling = strings.NewReplacer(" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", " COLLATE utf8mb4_unicode_ci", "select `ov`.`t`.`id` AS `id` from `t`", "select `t`.`id` AS `id` from `t`")

// all is everything that SHOW CREATE says, one line a column.
func (r definitionReader) all(kind, name string) {
	for column, value := range r.show(kind, name) {
		if column != "created" {
			r.add(strings.ToLower(kind)+" "+name, column+": "+spelling.Replace(withoutDefiner(value)))
		}
	}
	slices.Sort(r.out[strings.ToLower(kind)+" "+name])
}

var definerClause = regexp.MustCompile("(?s)^(.{0,60}?)DEFINER=(?:`(?:[^`]|``)*`@`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"@\"(?:[^\"]|\"\")*\") ")

// withoutDefiner takes the definer out of a header: --definer strip is declared.
func withoutDefiner(s string) string { return definerClause.ReplaceAllString(s, "$1") }

func (r definitionReader) database() {
	row := r.rows("SHOW CREATE DATABASE " + mysql.QuoteName(r.name))[0]
	text := strings.Replace(row["create database"], " /*!80016 DEFAULT ENCRYPTION='N' */", "", 1)
	r.add("schema", text)
}

func (r definitionReader) table(name string) {
	var rows []string
	for _, row := range r.rows("SELECT * FROM " + mysql.QuoteName(name)) {
		rows = append(rows, fmt.Sprint(row))
	}
	slices.Sort(rows)
	r.add("rows of "+name, rows...)
	if r.exact {
		r.all("TABLE", name)
		return
	}
	r.columns("table "+name, name)
	for _, q := range []string{
		"SELECT table_schema, table_name, engine, table_comment FROM information_schema.tables",
		"SELECT table_schema, table_name, index_name, seq_in_index, column_name, sub_part, non_unique, IF(index_name='PRIMARY','',index_type) AS kind FROM information_schema.statistics",
		"SELECT table_schema, table_name, constraint_name, ordinal_position, column_name, referenced_table_schema, referenced_table_name, referenced_column_name FROM information_schema.key_column_usage",
		"SELECT constraint_schema, table_name, constraint_name, referenced_table_name, REPLACE(update_rule,'NO ACTION','RESTRICT') AS u, REPLACE(delete_rule,'NO ACTION','RESTRICT') AS d FROM information_schema.referential_constraints",
	} {
		for _, row := range r.list(q) {
			if row["table_name"] == name {
				r.add("table "+name, fmt.Sprint(row))
			}
		}
	}
	slices.Sort(r.out["table "+name])
}

func (r definitionReader) columns(object, name string) {
	for _, row := range r.list("SELECT table_schema, table_name, ordinal_position, column_name, is_nullable, REPLACE(character_set_name,'utf8mb3','utf8') AS cs, column_comment FROM information_schema.columns") {
		if row["table_name"] == name {
			r.add(object, fmt.Sprint(row))
		}
	}
}

var algorithm = regexp.MustCompile(`^CREATE ALGORITHM=\w+`)

func (r definitionReader) view(name string) {
	if r.exact {
		r.all("VIEW", name)
		return
	}
	r.columns("view "+name, name)
	row := r.show("VIEW", name)
	r.add("view "+name, algorithm.FindString(row["create view"]), strings.Replace(row["character_set_client"], "utf8mb3", "utf8", 1), strings.Replace(row["collation_connection"], "utf8mb3", "utf8", 1))
	for _, row := range r.list("SELECT table_schema, table_name, check_option, security_type FROM information_schema.views") {
		if row["table_name"] == name {
			r.add("view "+name, fmt.Sprint(row))
		}
	}
}

// stored is a routine, trigger or event: what follows its parameters is the same on every server, byte for byte.
func (r definitionReader) stored(kind, name string) {
	if r.exact {
		r.all(kind, name)
		return
	}
	row := r.show(kind, name)
	object := strings.ToLower(kind) + " " + name
	for _, c := range []string{"create " + strings.ToLower(kind), "sql original statement"} {
		if text, ok := row[c]; ok {
			r.add(object, portable(kind, text))
		}
	}
	for _, c := range []string{"character_set_client", "collation_connection", "database collation", "sql_mode", "time_zone"} {
		r.add(object, c+": "+strings.Replace(row[c], "utf8mb3", "utf8", 1))
	}
}

var bodyStart = map[string]*regexp.Regexp{
	"TRIGGER":   regexp.MustCompile(`\bFOR EACH ROW\b`),
	"EVENT":     regexp.MustCompile(`\bDO\b`),
	"PROCEDURE": regexp.MustCompile(`\b(BEGIN|SELECT)\b`),
	"FUNCTION":  regexp.MustCompile(`\b(BEGIN|RETURN)\b`),
}

// portable is the body of a definition, every byte of it: servers print the header in ways of their own.
func portable(kind, text string) string {
	if loc := bodyStart[kind].FindStringIndex(text); loc != nil {
		return text[loc[0]:]
	}
	return text
}
