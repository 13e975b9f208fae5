package dump

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// exampleDump writes a dump by hand as the dumper does: two schemas, tables with and without odd names, triggers that
// would alter loaded rows, a function, views on later views.
func exampleDump(t *testing.T, s *store.Dir, o WriterOptions, schemas []string) map[string][]Row {
	t.Helper()
	ctx := t.Context()
	w, err := NewWriter(ctx, s, o)
	check(t, err)
	rows := map[string][]Row{}
	for _, schema := range schemas {
		base := w.Base(schema, "")
		writeObject(t, w, &Object{Kind: KindSchema, Schema: schema, Base: base}, map[string]string{
			"-schema-create.sql": "CREATE DATABASE IF NOT EXISTS " + quoteTable("", schema) + ";\n",
			"-schema-post.sql":   "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;\n"})
		for i, name := range []string{"orders", "a b`é"} {
			table := &Object{Kind: KindTable, Schema: schema, Name: name, Base: w.Base(schema, name), Columns: []Column{
				{Name: "id", Type: "int(11)", Encoding: Plain}, {Name: "note", Type: "text", Charset: "latin1", Encoding: Bytes},
				{Name: "doc", Type: "text", Charset: "utf8mb4", Encoding: UTF8}}}
			quoted := quoteTable("", name)
			rows[schema+"."+name] = writeChunks(t, w, table)
			writeObject(t, w, table, map[string]string{
				"-schema.sql":          "/*!40101 SET NAMES binary*/;\nCREATE TABLE " + quoted + " (id int primary key, note text character set latin1, doc text character set utf8mb4);\n",
				"-schema-triggers.sql": fmt.Sprintf("CREATE TRIGGER tr%d BEFORE INSERT ON %s FOR EACH ROW SET NEW.id=NEW.id+1000;\n", i, quoted)})
		}
		writeView(t, w, schema, "v2", "SELECT id, f() x FROM orders")
		writeView(t, w, schema, "v1", "SELECT x FROM v2")
	}
	check(t, w.Finish(ctx, &Manifest{ID: "x", Tool: "test", Snapshot: SnapshotFacts{Coordinates: Coordinates{State: BinlogOff}}}))
	return rows
}

func writeView(t *testing.T, w *Writer, schema, name, body string) {
	t.Helper()
	quoted := quoteTable("", name)
	writeObject(t, w, &Object{Kind: KindView, Schema: schema, Name: name, Base: w.Base(schema, name)}, map[string]string{
		"-schema.sql":      "CREATE TABLE IF NOT EXISTS " + quoted + " (x int);\n",
		"-schema-view.sql": "DROP TABLE IF EXISTS " + quoted + ";\nDROP VIEW IF EXISTS " + quoted + ";\nCREATE VIEW " + quoted + " AS " + body + ";\n"})
}

func writeObject(t *testing.T, w *Writer, o *Object, files map[string]string) {
	t.Helper()
	for _, suffix := range []string{"-schema-create.sql", "-schema.sql", "-schema-view.sql", "-schema-triggers.sql", "-schema-post.sql"} {
		if text, ok := files[suffix]; ok {
			check(t, w.WriteSQL(t.Context(), o.Base+suffix, []byte(text)))
			o.Files = append(o.Files, o.Base+suffix)
		}
	}
	check(t, w.WriteObject(t.Context(), o))
}

func writeChunks(t *testing.T, w *Writer, table *Object) []Row {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, 8))
	var rows []Row
	for n := range 3 {
		c, err := w.CreateChunk(t.Context(), table, n)
		check(t, err)
		for range 200 * n { // the first is empty
			row := randomRow(rnd, len(rows), 200)
			if row[2] != nil {
				row[2] = fmt.Appendf(nil, "{\"é\": \"%d\\n\"};\n", len(rows))
			}
			rows = append(rows, row)
			check(t, c.WriteRow(row))
		}
		chunk, err := c.Close(t.Context(), Range{})
		check(t, err)
		table.Rows += chunk.Rows
	}
	return rows
}

// checkRestored compares the target with what exampleDump wrote.
func checkRestored(t *testing.T, server *testdb.Server, schemas []string, rows map[string][]Row) {
	t.Helper()
	conn := openConn(t, server)
	for _, schema := range schemas {
		for _, name := range []string{"orders", "a b`é"} {
			table := &Object{Schema: schema, Name: name, Columns: []Column{
				{Name: "id", Encoding: Plain}, {Name: "note", Encoding: Bytes}, {Name: "doc", Encoding: Bytes}}}
			compareRows(t, conn, table, rows[schema+"."+name])
		}
		var n int
		check(t, conn.QueryRowContext(t.Context(), "SELECT SUM(x) FROM "+quoteTable(schema, "v1")).Scan(&n))
		if n != 600 {
			t.Errorf("view v1 of %s: %d rows, want 600", schema, n)
		}
		check(t, conn.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema=?", schema).Scan(&n))
		if n != 2 {
			t.Errorf("%d triggers in %s, want 2", n, schema)
		}
	}
}

// toolSchemas are names that no other test has, dropped at the end.
func toolSchemas(t *testing.T, server *testdb.Server, suffixes ...string) []string {
	t.Helper()
	var names []string
	for _, suffix := range suffixes {
		name := server.Schema(t) + suffix
		names = append(names, name)
		if suffix != "" {
			t.Cleanup(func() { server.Exec(t, "DROP DATABASE IF EXISTS "+quoteTable("", name)) })
		}
	}
	return names
}

func TestMysqlClientRestores(t *testing.T) {
	for _, kind := range testdb.All() {
		for _, format := range []Format{CSV, SQL} {
			t.Run(string(kind)+"/"+string(format), func(t *testing.T) {
				server := testdb.Start(t, kind)
				schemas := toolSchemas(t, server, "", "é `x.y")
				s := newStore(t)
				rows := exampleDump(t, s, WriterOptions{For: ForMySQL, Rows: format}, schemas)
				out, err := runScript(t, server, s)
				out = bytes.ReplaceAll(out, []byte("Warning: /usr/bin/mariadb: unknown option '--loose-commands'\n"), nil)
				if err != nil || len(out) > 0 {
					t.Fatalf("%v: %s", err, out)
				}
				checkRestored(t, server, schemas, rows)
			})
		}
	}
}

func runScript(t *testing.T, server *testdb.Server, s *store.Dir) ([]byte, error) {
	t.Helper()
	cmd := server.Client(t, "--comments", "--local-infile=1", "--loose-commands")
	script, err := os.Open(s.String() + "/" + RestoreName)
	check(t, err)
	defer script.Close()
	cmd.Dir, cmd.Stdin = s.String(), script
	return cmd.CombinedOutput()
}

// TestMysqlClientStops breaks a dump: the client must not go on and exit 0.
func TestMysqlClientStops(t *testing.T) {
	csvFile, sqlFile := ".orders.00001.csv", ".orders.00001.sql"
	script := func(base string) string { return filepath.Join(filepath.Dir(base), RestoreName) } // definitions stand in it
	replace := func(path, old, new string) error {
		text, err := os.ReadFile(path)
		check(t, err)
		return os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600)
	}
	for _, c := range []struct {
		name   string
		format Format
		views  int // that are there when it stops
		want   string
		damage func(base string) error
	}{
		{"duplicate rows of LOAD DATA", CSV, 0, "1242", func(base string) error { return replace(base+csvFile, "\n17,", "\n16,") }},
		{"duplicate rows of INSERT", SQL, 0, "1062", func(base string) error { return replace(base+sqlFile, "\n(17,", "\n(16,") }},
		{"syntax error in a data file", SQL, 0, "1064", func(base string) error { return replace(base+sqlFile, "\n(17,", "\n(17,,") }},
		{"cut data file", SQL, 0, "1064", func(base string) error { return os.Truncate(base+sqlFile, 900) }},
		{"data file missing", CSV, 0, "orders.00001.csv", func(base string) error { return os.Remove(base + csvFile) }},
		{"error in a table", CSV, 0, "nonsense", func(base string) error { return replace(script(base), "id int", "id nonsense") }},
		{"error in the last view", CSV, 1, "1054", func(base string) error { return replace(script(base), "SELECT x", "SELECT nonsense") }},
	} {
		for _, kind := range testdb.All() {
			t.Run(string(kind)+"/"+c.name, func(t *testing.T) {
				server := testdb.Start(t, kind)
				schemas := toolSchemas(t, server, "")
				s := newStore(t)
				exampleDump(t, s, WriterOptions{For: ForMySQL, Rows: c.format}, schemas)
				check(t, c.damage(s.String()+"/"+schemas[0]))
				out, err := runScript(t, server, s)
				if err == nil {
					t.Fatalf("exit 0: %s", out)
				}
				if !bytes.Contains(out, []byte(c.want)) {
					t.Errorf("got %s, want %s in it", out, c.want)
				}
				var views int
				check(t, server.DB(t).QueryRow("SELECT COUNT(*) FROM information_schema.views WHERE table_schema=?", schemas[0]).Scan(&views))
				if views != c.views {
					t.Errorf("%d views, want %d: the client did not stop: %s", views, c.views, out)
				}
			})
		}
	}
}

func TestMyloaderLoads(t *testing.T) {
	for _, kind := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		for _, o := range []WriterOptions{{}, {Compression: None}, {Rows: CSV}} {
			o.For = ForMyloader
			full := o.WithDefaults()
			t.Run(fmt.Sprintf("%s/%s/%s", kind, full.Rows, full.Compression), func(t *testing.T) {
				server := testdb.Start(t, kind)
				schemas := toolSchemas(t, server, "", "é x")
				s := newStore(t)
				rows := exampleDump(t, s, o, schemas)
				out, err := testdb.Myloader(t, server, s.String(), schemas...)
				if err != nil || bytes.Contains(out, []byte("CRITICAL")) {
					t.Fatalf("%v: %s", err, out)
				}
				checkRestored(t, server, schemas, rows)
			})
		}
	}
}

func TestMyloaderRefusesSchemaName(t *testing.T) {
	w, err := NewWriter(t.Context(), newStore(t), WriterOptions{For: ForMyloader})
	check(t, err)
	defer w.Abandon()
	err = w.WriteObject(t.Context(), &Object{Kind: KindSchema, Schema: "a.b", Base: w.Base("a.b", "")})
	if err == nil || !strings.Contains(err.Error(), "schema `a.b`") {
		t.Errorf("got %v", err)
	}
}
