package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// tortureViews are views on views in an order that no list has, across schemas, with every option.
func tortureViews() []objectCase {
	return []objectCase{{schemas: []string{"ov", "ov_other"}, setup: []string{
		"CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), n INT) ENGINE=InnoDB",
		"INSERT INTO t VALUES (1,'one',1),(2,'two',NULL),(3,'it''s; -- x',3)",
		"CREATE FUNCTION used (a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
		"CREATE VIEW z_base AS SELECT id, v, n FROM t",
		"CREATE VIEW ov_other.m_across AS SELECT id, v FROM ov.z_base",
		"CREATE VIEW a_top AS SELECT m.id, m.v, z.n FROM ov_other.m_across m JOIN z_base z ON z.id = m.id",
		"CREATE VIEW calls AS SELECT id, used(id) AS doubled FROM a_top",
		"CREATE ALGORITHM=MERGE VIEW merged AS SELECT id, v FROM t WHERE id > 0 WITH LOCAL CHECK OPTION",
		"CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW cascaded AS SELECT id FROM merged WHERE id < 100 WITH CASCADED CHECK OPTION",
		"CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW temporary AS SELECT v, COUNT(*) AS `COUNT(*)` FROM t GROUP BY v",
		"CREATE ALGORITHM=UNDEFINED DEFINER=`no one`@`10.0.%` SQL SECURITY DEFINER VIEW orphan AS SELECT id FROM t",
		"CREATE ALGORITHM=UNDEFINED DEFINER=`no one`@`10.0.%` SQL SECURITY INVOKER VIEW orphan_invoker AS SELECT id FROM t",
		"CREATE VIEW unnamed AS SELECT 1, 'DEFINER=`a`@`b`;\n', NULL, 1.50, _latin1 0xe9 AS bytes, DATE '2020-01-01'",
		"CREATE VIEW columns (`a b`, `select`, `c``d`) AS SELECT id, v, n FROM t ORDER BY id DESC LIMIT 2",
		"CREATE VIEW joined AS SELECT a.id, b.v FROM t a LEFT JOIN (t b CROSS JOIN t c) ON a.id = b.id AND b.id = c.id",
		"CREATE VIEW united AS SELECT id FROM t UNION ALL SELECT n FROM t WHERE n IS NOT NULL",
		"CREATE VIEW nested AS SELECT id FROM t WHERE id IN (SELECT n FROM t AS inner_t WHERE inner_t.n = t.id) AND EXISTS (SELECT 1 FROM t)",
		"CREATE VIEW with_escapes AS SELECT 'a\\\\b' AS a, 'x''y' AS b, \"d\\\"q\" AS c, 'line\nbreak' AS d, '%\\_' AS e, '😀' AS f",
		"SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
		`CREATE VIEW "ansi" AS SELECT "id" || ' \' || "v" AS "x\y" FROM "t"`,
		"SET NAMES latin1",
		"CREATE VIEW latin AS SELECT 'caf\xe9' AS c, 'caf\xe9' = v AS same FROM t",
	}}}
}

// brokenViews is a schema as real servers have them: some views read what is gone.
var brokenViews = []string{
	"CREATE DATABASE broken", "USE broken",
	"CREATE TABLE t (id INT PRIMARY KEY, gone INT) ENGINE=InnoDB", "INSERT INTO t VALUES (1,1)", "CREATE TABLE dropped (id INT)",
	"CREATE FUNCTION lost (a INT) RETURNS INT DETERMINISTIC RETURN a",
	"CREATE VIEW a_no_table AS SELECT id FROM dropped", "CREATE VIEW b_on_broken AS SELECT id FROM a_no_table",
	"CREATE VIEW c_no_column AS SELECT gone FROM t", "CREATE VIEW d_no_function AS SELECT lost(id) AS x FROM t", "CREATE VIEW e_good AS SELECT id FROM t",
	"CREATE PROCEDURE p () SELECT * FROM dropped", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x = 1",
	"CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM t",
	"DROP TABLE dropped", "ALTER TABLE t DROP COLUMN gone", "DROP FUNCTION lost",
}

// TestTortureBrokenViews: a view that cannot be read on its source is no reason to lose anything else. It is named, by
// the load, nothing else is missing, and the load says that the target differs.
func TestTortureBrokenViews(t *testing.T) {
	t.Parallel()
	targets := map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = objectServer(t, k)
	}
	for _, from := range testdb.All() {
		source := targets[from]
		source.Exec(t, brokenViews...)
		dir := filepath.Join(t.TempDir(), "dump")
		mustRun(t, dumpArgs(source, dir, "-B", "broken")...)
		for _, to := range testdb.All() {
			t.Run(string(from)+"-to-"+string(to), func(t *testing.T) {
				target := targets[to]
				target.Exec(t, "DROP DATABASE IF EXISTS broken")
				r := runBinary(t, loadArgs(target, dir, "--restart")...)
				if r.code != exitDiffers {
					t.Errorf("exit %d, want %d: %s%s", r.code, exitDiffers, r.stdout, r.stderr)
				}
				for _, v := range []string{"a_no_table", "b_on_broken", "c_no_column", "d_no_function"} {
					if !strings.Contains(r.stderr, "view `broken`.`"+v+"`") {
						t.Errorf("%s is not named: %s", v, r.stderr)
					}
				}
				want := map[string][]string{"views": {"e_good"}, "triggers": {"tr BEFORE INSERT t"}, "routines": {"procedure p"}, "events": {"ev"}}
				got := objectNames(t, target, "broken")
				if n := target.Query(t, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='gomove'")[0][0]; n != "0" {
					t.Error("the record of progress is left")
				}
				delete(got, "indexes")
				delete(got, "foreign keys")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("objects (-want +target):\n%s", diff)
				}
				target.Exec(t, "DROP DATABASE broken")
			})
		}
	}
}
