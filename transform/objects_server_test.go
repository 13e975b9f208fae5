package transform

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// objects are made in a schema called s1 and replayed into one called s2, with the table t called tt.
var serverObjects = []struct{ on, kind, name, ddl string }{
	{"", "VIEW", "v1", "CREATE VIEW v1 AS SELECT t.a, s1.t.b AS s1, (SELECT MAX(x.a) FROM t x WHERE x.b = t.b) AS m, trim(LEADING 'a' FROM t.c) AS c FROM t JOIN k ON t.a = k.a WHERE t.c <> 's1.t'"},
	{"", "VIEW", "v2", "CREATE SQL SECURITY INVOKER VIEW v2 AS SELECT s1.a, t.b FROM k AS s1, v1 AS w, k AS t WHERE s1.a = t.a UNION SELECT t.a, s1.f(t.b) FROM t"},
	{"", "VIEW", "v3", "CREATE ALGORITHM=MERGE VIEW v3 (x, y) AS SELECT t.a, t.b FROM ((t JOIN k ON t.a = k.a) JOIN s1.k AS z ON z.a = t.b) WHERE t.a > 0 AND EXISTS (SELECT 1 FROM v1 AS k WHERE k.a = t.a) WITH LOCAL CHECK OPTION"},
	{"mariadb mysql97", "VIEW", "v4", "CREATE VIEW v4 AS WITH t AS (SELECT a FROM t), w AS (SELECT a FROM s1.k) SELECT t.a FROM t JOIN w ON t.a = w.a UNION SELECT t.a FROM t"},
	{"mysql97", "VIEW", "v5", "CREATE VIEW v5 AS SELECT j.n, t.a FROM t, JSON_TABLE(JSON_QUOTE(t.c), '$' COLUMNS (n int PATH '$.s1')) AS j, LATERAL (SELECT t.a + 1 AS z) AS l"},
	{"", "FUNCTION", "f", "CREATE FUNCTION f(t int) RETURNS int DETERMINISTIC READS SQL DATA\nBEGIN\n  -- DEFINER=`a`@`b` s1.t\n  DECLARE r int;\n  SELECT MAX(t.a) INTO r FROM t WHERE t.c <> 'DEFINER=s1.t';\n  RETURN r + t;\nEND"},
	{"", "PROCEDURE", "p", "CREATE PROCEDURE p(s1 int)\nBEGIN\n  DECLARE t CURSOR FOR SELECT t.a FROM t;\n  IF s1.f(1) > 0 THEN UPDATE t JOIN s1.k AS w ON t.a = w.a SET t.b = w.a, w.a = 1 WHERE t.b > s1; END IF;\n  DELETE t FROM t JOIN k ON t.a = k.a;\n  INSERT INTO t (a) SELECT k.a FROM k ON DUPLICATE KEY UPDATE b = t.b + k.a;\n  IF s1 > 1 THEN CALL s1.p(s1 - 1); END IF;\n  /* s1.t */ REPLACE INTO s1.t VALUES (1, 2, 's1.t'); # s1.t\nEND"},
	{"", "TRIGGER", "g", "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET NEW.b = (SELECT MAX(k.a) FROM s1.k), NEW.c = concat('s1.t', OLD.c)"},
	{"", "EVENT", "e", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 's1.t' DO DELETE FROM s1.t WHERE t.a > 1"},
}

// TestObjectsServers replays objects under another schema, table name and definer, and uses them.
func TestObjectsServers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			db := s.DB(t)
			db.SetMaxOpenConns(1)
			run(t, db, "SET sql_mode='', max_sp_recursion_depth=3", "CREATE DATABASE s1", "CREATE DATABASE s2")
			defer run(t, db, "DROP DATABASE IF EXISTS s1", "DROP DATABASE s2")
			columns := " (a int PRIMARY KEY, b int, c varchar(99))"
			run(t, db, "CREATE TABLE s1.t"+columns, "CREATE TABLE s1.k"+columns, "CREATE TABLE s2.tt"+columns, "CREATE TABLE s2.k"+columns)
			names := Names{Schemas: map[string]string{"s1": "s2"}, Tables: map[[2]string][2]string{{"s1", "t"}: {"s2", "tt"}}}
			definer, err := ParseDefiner("'some `o\"ne'@'10.0.0.%'")
			if err != nil {
				t.Fatal(err)
			}
			order := []string{"f", "v1", "v2", "v3", "v4", "v5", "p", "g", "e"}
			for _, name := range order {
				for _, o := range serverObjects {
					if o.name != name || o.on != "" && !strings.Contains(o.on, string(k)) {
						continue
					}
					run(t, db, "USE s1", o.ddl)
					text := showObject(t, db, o.kind, o.name)
					for _, d := range []Definer{{Action: StripDefiner}, definer} {
						got, old := d.Apply([]byte(text), Mode{})
						if !strings.HasPrefix(old, "root@") {
							t.Errorf("%s: old definer %q in %s", o.name, old, text)
						}
						got, _ = names.Rename(got, Mode{}, "s1")
						run(t, db, "USE s2", "DROP "+o.kind+" IF EXISTS "+o.name, string(got))
						checkObject(t, db, o.kind, o.name, string(got), d)
					}
					run(t, db, "DROP "+o.kind+" "+o.name)
					stripped, _ := Definer{}.Apply([]byte(text), Mode{})
					stripped, _ = names.Rename(stripped, Mode{}, "s1")
					run(t, db, string(stripped))
				}
			}
			run(t, db, "DROP DATABASE s1", "INSERT INTO tt VALUES (1,2,'a'),(2,1,'b')", "INSERT INTO k VALUES (1,2,'a'),(3,1,'b')",
				"UPDATE tt SET a=4 WHERE a=1", "CALL p(2)", "DO f(1)")
			for _, o := range serverObjects {
				if o.kind == "VIEW" && (o.on == "" || strings.Contains(o.on, string(k))) {
					run(t, db, "SELECT * FROM "+o.name)
				}
			}
		})
	}
}

// checkObject compares what the server says of an object with how it was made.
func checkObject(t *testing.T, db *sql.DB, kind, name, made string, d Definer) {
	t.Helper()
	text := showObject(t, db, kind, name)
	_, account := d.Apply([]byte(text), Mode{})
	if d.Action == ReplaceDefiner && account != d.Account {
		t.Errorf("%s: definer %q, want %q", name, account, d.Account)
	}
	if kind == "VIEW" {
		return // the server writes it anew
	}
	strip := func(s string) string {
		out, _ := Definer{}.Apply([]byte(s), Mode{})
		return string(out)
	}
	if diff := cmp.Diff(strip(made), strip(text)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// showObject is the statement that makes an object.
func showObject(t *testing.T, db *sql.DB, kind, name string) string {
	t.Helper()
	columns, rows, err := testdb.ReadRows(context.Background(), db, "SHOW CREATE "+kind+" "+name)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range columns {
		if strings.HasPrefix(c, "Create ") || c == "SQL Original Statement" {
			return rows[0][i]
		}
	}
	t.Fatalf("show create %s %s: no statement in %v", kind, name, columns)
	return ""
}
