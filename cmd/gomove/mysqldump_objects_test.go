package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// TestMysqldumpObjects has what mariadb-dump says of sequences, and of routines and triggers that were made under another collation of
// their schema, come out as it was.
func TestMysqldumpObjects(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	source := server.Schema(t)
	server.Exec(t, "USE "+source, "ALTER DATABASE "+source+" CHARACTER SET latin1 COLLATE latin1_german1_ci",
		"CREATE FUNCTION f() RETURNS VARCHAR(10) DETERMINISTIC RETURN 'x'", "CREATE SEQUENCE q START WITH 5 INCREMENT 3", "CREATE TABLE t (a INT DEFAULT NEXTVAL(q))",
		"INSERT INTO t VALUES (), ()", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a='x'", "ALTER DATABASE "+source+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	file := filepath.Join(t.TempDir(), "dump.sql")
	mysqldumpTo(t, server, file, "--routines", "--databases", source)
	look := func(schema string) (out [][]string) {
		for _, q := range []string{
			"SELECT routine_name, database_collation FROM information_schema.routines WHERE routine_schema='$S'", "SELECT trigger_name, database_collation FROM information_schema.triggers WHERE trigger_schema='$S'",
			"SELECT default_collation_name FROM information_schema.schemata WHERE schema_name='$S'", "SELECT * FROM $S.q", "SELECT * FROM $S.t ORDER BY a",
		} {
			out = append(out, server.Query(t, strings.ReplaceAll(q, "$S", schema))...)
		}
		return out
	}
	want := look(source)
	for name, load := range map[string]func(args ...string) result{
		"path":  func(args ...string) result { return runBinary(t, loadArgs(server, file, args...)...) },
		"stdin": func(args ...string) result { return fromFile(t, file, loadArgs(server, "-", args...)...) },
	} {
		target := source + "_" + name
		t.Cleanup(func() { server.Exec(t, "DROP DATABASE IF EXISTS "+target) })
		if r := load("--schema-map", source+"="+target); r.code != 0 {
			t.Fatalf("%s: exit %d\n%s\n%s", name, r.code, r.stdout, r.stderr)
		}
		if diff := cmp.Diff(want, look(target)); diff != "" {
			t.Errorf("%s (-source +target):\n%s", name, diff)
		}
	}
}
