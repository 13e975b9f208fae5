package transform

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// loadMode is the sql_mode of sessions that load.
const loadMode = "STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

// side is one server of a pair, with one session in a schema of its own.
type side struct {
	kind   testdb.Kind
	conn   *sql.Conn
	schema string
	origin Origin
	target Target
}

// newSide starts a server and opens a session on it.
func newSide(t *testing.T, k testdb.Kind) *side {
	t.Helper()
	testdb.Require(t, k)
	return openSide(t, testdb.Start(t, k))
}

// openSide opens a session on a server.
func openSide(t *testing.T, s *testdb.Server) *side {
	t.Helper()
	k := s.Kind
	conn, err := s.DB(t).Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	e := &side{kind: k, conn: conn, schema: s.Schema(t)}
	var major, minor, patch int
	if _, err := fmt.Sscanf(s.Version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatal(err)
	}
	flavor := "mysql"
	if k == testdb.MariaDB {
		flavor = "mariadb"
	}
	e.origin = Origin{Flavor: flavor, Number: major*10000 + minor*100 + patch}
	e.exec(t, "SET NAMES utf8mb4, sql_mode='"+loadMode+"', foreign_key_checks=0")
	e.exec(t, "USE "+e.schema)
	variables := map[string]string{}
	for _, row := range e.rows(t, "SHOW VARIABLES") {
		variables[strings.ToLower(row[0])] = row[1]
	}
	e.target = NewTarget(flavor, e.origin.Number,
		e.column(t, "SELECT collation_name FROM information_schema.collations"),
		e.column(t, "SELECT character_set_name FROM information_schema.character_sets"),
		e.column(t, "SELECT engine FROM information_schema.engines WHERE support IN ('YES', 'DEFAULT')"), variables)
	return e
}

func (e *side) exec(t *testing.T, q string) {
	t.Helper()
	if err := e.try(q); err != nil {
		t.Fatalf("%s: %s: %v", e.kind, q, err)
	}
}

func (e *side) try(q string) error {
	_, err := e.conn.ExecContext(context.Background(), q)
	return err
}

func (e *side) rows(t *testing.T, q string, args ...any) [][]string {
	t.Helper()
	_, rows, err := testdb.ReadRows(context.Background(), e.conn, q, args...)
	if err != nil {
		t.Fatalf("%s: %s: %v", e.kind, q, err)
	}
	return rows
}

func (e *side) column(t *testing.T, q string) []string {
	t.Helper()
	var out []string
	for _, row := range e.rows(t, q) {
		out = append(out, row[0])
	}
	return out
}

// showCreate is the statement that SHOW CREATE gives.
func (e *side) showCreate(t *testing.T, kind, name string) string {
	t.Helper()
	rows, err := e.conn.QueryContext(context.Background(), "SHOW CREATE "+kind+" "+quoteName(name))
	if err != nil {
		t.Fatalf("%s: %s %s: %v", e.kind, kind, name, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(names, func(n string) bool {
		return strings.HasPrefix(n, "Create ") || strings.HasPrefix(n, "SQL Original")
	})
	cells := make([]any, len(names))
	for i := range cells {
		cells[i] = new(sql.RawBytes)
	}
	if at < 0 || !rows.Next() {
		t.Fatalf("%s: %s %s: no statement in %q", e.kind, kind, name, names)
	}
	if err := rows.Scan(cells...); err != nil {
		t.Fatal(err)
	}
	text := string(*cells[at].(*sql.RawBytes))
	if rows.Next() || rows.Err() != nil {
		t.Fatalf("%s: %s %s: more than a row, or %v", e.kind, kind, name, rows.Err())
	}
	return text
}

// TestAdaptZoo creates what each server can have, and replays it, adapted, on every server.
func TestAdaptZoo(t *testing.T) {
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				source, target := newSide(t, from), newSide(t, to)
				dir := t.TempDir()
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				for _, o := range slices.Concat(commonZoo, zoos[from]) {
					source.exec(t, strings.ReplaceAll(o.create, "%DIR%", dir))
					replay(t, source, target, o)
				}
			})
		}
	}
}

// replay adapts one object and creates it on the target. Every difference between the two has to be in the notes.
func replay(t *testing.T, source, target *side, o zooObject) {
	name := o.name
	if name == "odd" {
		name = "odd`name"
	}
	create := source.showCreate(t, o.kind, name)
	out, notes := Adapt([]byte(create), Mode{}, source.origin, target.target, o.kind+" "+quoteName(name))
	refused := slices.ContainsFunc(notes, func(n Note) bool { return n.Refused })
	if want := slices.Contains(o.refusedBy, target.kind); refused != want {
		t.Errorf("%s %s: refused %t, want %t: %q\n%s", o.kind, name, refused, want, notes, out)
		return
	}
	switch elsewhere := strings.Contains(create, " DIRECTORY"); { // a path of the source's machine goes nowhere
	case elsewhere && (strings.Contains(string(out), " DIRECTORY") || len(notes) == 0):
		t.Errorf("%s %s: a directory of another machine: %q\n%s", o.kind, name, notes, out)
	case !elsewhere && source.kind == target.kind && (string(out) != create || len(notes) > 0):
		t.Errorf("%s %s: changed for its own kind of server: %q\n%s", o.kind, name, notes, out)
	}
	if string(out) != create && len(notes) == 0 {
		t.Errorf("%s %s: changed without a note\n%s\n%s", o.kind, name, create, out)
	}
	if refused {
		return
	}
	if again, more := Adapt(out, Mode{}, target.origin, target.target, ""); string(again) != string(out) || len(more) > 0 {
		t.Errorf("%s %s: what was adapted is not at home on the target: %q\n%s\n%s", o.kind, name, more, out, again)
	}
	if os.Getenv("ADAPT_VERBOSE") != "" {
		t.Logf("%s\n%q", out, notes)
	}
	if err := target.try(string(out)); err != nil {
		t.Errorf("%s %s: %v\n%s\n%q", o.kind, name, err, out, notes)
		return
	}
	if o.kind == "table" {
		compareTable(t, source, target, name, notes)
	}
}

// compareTable reports differences between two tables that no note explains.
func compareTable(t *testing.T, source, target *side, name string, notes []Note) {
	for _, f := range []struct {
		what, place string
		read        func(*testing.T, *side, Target, string) map[string]string
	}{{"column", " column ", readColumns}, {"index", " index ", readIndexes}, {"table", "", readOptions}} {
		want, got := f.read(t, source, target.target, name), f.read(t, target, target.target, name)
		for key := range want {
			if _, ok := got[key]; !ok {
				got[key] = "missing"
			}
		}
		for key := range got {
			object := "table " + quoteName(name)
			if f.place != "" {
				object += f.place + quoteName(key)
			}
			explained := slices.ContainsFunc(notes, func(n Note) bool { return n.Object == object })
			want, got := sameDefaults(want[key], got[key])
			if diff := cmp.Diff(want, got); diff != "" && !explained {
				t.Errorf("%s %s of %s differs and no note says why: %s", f.what, key, name, diff)
			}
		}
	}
}

// someDefault stands for a default that servers print in different ways.
const someDefault = "some"

// sameDefaults makes the defaults of two columns equal where both have one and it cannot be compared as text.
func sameDefaults(want, got string) (string, string) {
	cut := func(s string) (head, def, tail string) {
		head, rest, _ := strings.Cut(s, "default=")
		def, tail, _ = strings.Cut(rest, "; ")
		return head, def, tail
	}
	h1, d1, t1 := cut(want)
	h2, d2, t2 := cut(got)
	if (d1 == someDefault || d2 == someDefault) && d1 != "null" && d2 != "null" {
		d1, d2 = someDefault, someDefault
	}
	return h1 + d1 + t1, h2 + d2 + t2
}

// adapted is the collation that has to be on the target.
func adapted(t *testing.T, collation string, to Target) string {
	if collation == "" {
		return ""
	}
	out, _, err := AdaptCollation(collation, to)
	if err != nil {
		t.Error(err)
	}
	return out
}

// readColumns describes each column in words that all servers share.
func readColumns(t *testing.T, e *side, to Target, table string) map[string]string {
	out := map[string]string{}
	for _, r := range e.rows(t, "SELECT column_name, data_type, column_type, is_nullable, coalesce(column_default, 'NULL'), coalesce(collation_name, ''), "+
		"extra, column_comment, coalesce(datetime_precision, '') FROM information_schema.columns WHERE table_schema=? AND table_name=?", e.schema, table) {
		typ := r[2]
		if strings.HasSuffix(r[1], "int") || r[1] == "year" {
			zerofill := strings.Contains(typ, "zerofill")
			if open, closing := strings.IndexByte(typ, '('), strings.IndexByte(typ, ')'); open > 0 && !zerofill {
				typ = typ[:open] + typ[closing+1:]
			}
		}
		if r[1] == "geometrycollection" {
			typ = "geomcollection"
		}
		def := strings.ToLower(r[4])
		if e.kind == testdb.MariaDB && def != "null" && strings.HasPrefix(def, "'") {
			def = strings.ReplaceAll(strings.Trim(def, "'"), "''", "'")
			def = strings.ReplaceAll(def, `\\`, `\`)
		}
		def = strings.ReplaceAll(strings.ReplaceAll(def, "current_timestamp()", "current_timestamp"), "now()", "current_timestamp")
		expression := strings.Contains(r[6], "DEFAULT_GENERATED") || e.kind == testdb.MariaDB && strings.ContainsAny(r[4], "(_")
		if r[1] == "bit" || strings.HasSuffix(r[1], "binary") || expression && !strings.HasPrefix(def, "current") {
			def = someDefault
		}
		extra := strings.ToLower(r[6])
		extra = strings.ReplaceAll(strings.ReplaceAll(extra, "default_generated", ""), "current_timestamp()", "current_timestamp")
		extra = strings.ReplaceAll(extra, "persistent", "stored generated")
		collation := strings.Replace(adapted(t, r[5], to), "utf8_", "utf8mb3_", 1)
		out[r[0]] = fmt.Sprintf("%s null=%s default=%s; collation=%s extra=%s comment=%s", typ, r[3], def, collation,
			strings.TrimSpace(strings.ReplaceAll(extra, ",", "")), r[7])
	}
	return out
}

// readIndexes describes each index.
func readIndexes(t *testing.T, e *side, to Target, table string) map[string]string {
	out := map[string]string{}
	for _, r := range e.rows(t, "SELECT index_name, column_name, non_unique, coalesce(sub_part, ''), collation, index_type, index_comment "+
		"FROM information_schema.statistics WHERE table_schema=? AND table_name=? ORDER BY index_name, seq_in_index", e.schema, table) {
		if r[5] == "HASH" {
			r[5] = "BTREE" // InnoDB's, whatever it was asked for
		}
		out[r[0]] += fmt.Sprintf("%q;", r[1:])
	}
	return out
}

// readOptions describes the table itself.
func readOptions(t *testing.T, e *side, to Target, table string) map[string]string {
	r := e.rows(t, "SELECT engine, table_collation, table_comment, create_options LIKE '%partitioned%' FROM information_schema.tables "+
		"WHERE table_schema=? AND table_name=?", e.schema, table)[0]
	r[1] = adapted(t, r[1], to)
	return map[string]string{"table": strings.Replace(fmt.Sprintf("%q", r), "utf8_", "utf8mb3_", 1)}
}

// TestAdaptLargePrefix creates a long index on a 5.6 that was told to take them.
func TestAdaptLargePrefix(t *testing.T) {
	testdb.Require(t, testdb.MySQL56)
	s := testdb.StartOwn(t, testdb.MySQL56, testdb.WithArgs("--innodb-large-prefix=1", "--innodb-file-format=Barracuda", "--innodb-file-per-table=1"))
	target := openSide(t, s)
	if !target.target.LargePrefix {
		t.Fatalf("target %+v does not know that it takes long indexes", target.target)
	}
	in := "CREATE TABLE `t` (`a` varchar(255) NOT NULL, PRIMARY KEY (`a`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
	if target.try(in) == nil {
		t.Fatal("the statement needs no adaptation")
	}
	out, notes := Adapt([]byte(in), Mode{}, Origin{Flavor: "mysql", Number: 90704}, target.target, "t")
	if err := target.try(string(out)); err != nil {
		t.Errorf("%s: %v\n%q", out, err, notes)
	}
}
