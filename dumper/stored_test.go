package dumper

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/testdb"
)

// TestStoredObjectsChange has a view, trigger, routine or event altered, dropped or made anew while rows are read: the dump
// fails and names it. What appears in that time, and an event that the server drops when its time has come, are no reason to.
func TestStoredObjectsChange(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		at := func(sql string) string { return strings.ReplaceAll(sql, "$", schema) }
		s.Exec(t, at("CREATE TABLE $.t (a INT PRIMARY KEY)"), at("INSERT INTO $.t VALUES (1),(2)"), at("CREATE TABLE $.u (a INT PRIMARY KEY)"))
		objects := []string{
			at("CREATE VIEW $.v AS SELECT a FROM $.u"), at("CREATE TRIGGER $.tr BEFORE INSERT ON $.u FOR EACH ROW SET @x=1"),
			at("CREATE PROCEDURE $.p() SELECT 1"), at("CREATE FUNCTION $.f() RETURNS INT DETERMINISTIC RETURN 1"),
			at("CREATE EVENT $.e ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x=1"),
			at("CREATE EVENT $.once ON SCHEDULE AT '2037-01-01 00:00:00' DISABLE DO SET @x=1"),
		}
		drop := []string{at("DROP VIEW IF EXISTS $.v"), at("DROP TRIGGER IF EXISTS $.tr"), at("DROP PROCEDURE IF EXISTS $.p"), at("DROP FUNCTION IF EXISTS $.f"),
			at("DROP EVENT IF EXISTS $.e"), at("DROP EVENT IF EXISTS $.once")}
		for _, c := range []struct{ name, ddl, want string }{
			{"view", "ALTER VIEW $.v AS SELECT a+1 AS a FROM $.u", "view $.v"},
			{"procedure", "DROP PROCEDURE $.p", "procedure $.p"},
			{"function", "DROP FUNCTION $.f; CREATE FUNCTION $.f() RETURNS INT DETERMINISTIC RETURN 2", "function $.f"},
			{"trigger", "DROP TRIGGER $.tr; CREATE TRIGGER $.tr BEFORE INSERT ON $.u FOR EACH ROW SET @x=2", "trigger $.tr"},
			{"event", "ALTER EVENT $.e DO SET @x=2", "event $.e"},
			{"new", "CREATE PROCEDURE $.fresh() SELECT 1; DROP PROCEDURE $.fresh; CREATE PROCEDURE $.fresh() SELECT 1", ""},
			{"over", "DROP EVENT $.once", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.Exec(t, drop...)
				s.Exec(t, objects...)
				done := false
				_, _, err := dumpWith(t.Context(), t, s, Options{
					Threads: 1, Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyTables},
				}, func(file string) {
					if strings.Contains(file, ".t.0") && !done { // u, of no rows, is not open; other files are written beside
						done = true
						s.Exec(t, strings.Split(at(c.ddl), "; ")...)
					}
				})
				if !done {
					t.Fatal("no chunk was written")
				}
				if c.want == "" && err != nil {
					t.Errorf("error %v", err)
				}
				if want := at(c.want); want != "" && (!errors.Is(err, catalog.ErrChanged) || !strings.Contains(err.Error(), want)) {
					t.Errorf("error %v, want %q", err, want)
				}
			})
		}
	})
}

// TestUnreadableView has a view whose text its own server does not understand, which then calls it a table.
func TestUnreadableView(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (a INT PRIMARY KEY)", "INSERT INTO "+schema+".t VALUES (1)", "CREATE VIEW "+schema+".v AS SELECT a FROM "+schema+".t")
			var data string
			if err := s.DB(t).QueryRowContext(t.Context(), "SELECT @@datadir").Scan(&data); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(data, schema, "v.frm")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			broken := strings.Replace(string(text), "query=select", "query=selekt", 1)
			if broken == string(text) {
				t.Fatalf("no query in %q", text)
			}
			if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			s.Exec(t, "FLUSH TABLES")
			for _, mode := range []Consistency{ConsistencyLock, ConsistencyTables} {
				d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: mode}})
				if text := d.file(t, schema+".v-schema-view.sql"); !strings.Contains(text, "VIEW `v` AS select") {
					t.Errorf("the view is\n%s", text)
				}
				if all := strings.Join(d.summary.Warnings, "\n"); !strings.Contains(all, "view "+schema+".v is broken on the server") || d.summary.Tables != 1 || d.summary.Views != 1 {
					t.Errorf("summary %+v", d.summary)
				}
			}
		})
	}
}
