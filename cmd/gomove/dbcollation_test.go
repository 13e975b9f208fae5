package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// TestDatabaseCollations moves routines and triggers that were made while their schema had another default collation:
// "Database Collation" of SHOW CREATE, and with it the charset of parameters, has to be the source's.
func TestDatabaseCollations(t *testing.T) {
	own := map[testdb.Kind]string{testdb.MariaDB: "utf8mb4_uca1400_as_cs", testdb.MySQL97: "utf8mb4_0900_as_cs", testdb.MySQL56: "utf8mb4_unicode_520_ci"}
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			as := schema + "_as"
			t.Cleanup(func() { s.Exec(t, "DROP DATABASE IF EXISTS "+as) })
			setup := []string{"USE " + schema, "SET NAMES utf8mb4", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))"}
			for i, c := range []string{"latin1_bin", "binary", own[k], "cp932_japanese_ci", "utf8_bin"} {
				setup = append(setup, "ALTER DATABASE "+schema+" COLLATE `"+c+"`",
					fmt.Sprintf("CREATE PROCEDURE p%d(a VARCHAR(9)) SELECT a", i),
					fmt.Sprintf("CREATE TABLE t%d (id INT)", i),
					fmt.Sprintf("CREATE TRIGGER tr%d BEFORE INSERT ON t%d FOR EACH ROW SET @x=1", i, i))
			}
			for _, now := range []string{"utf8mb4_bin", own[k]} {
				t.Run(now, func(t *testing.T) {
					s.Exec(t, append(setup, "ALTER DATABASE "+schema+" COLLATE "+now, "CREATE TRIGGER now BEFORE UPDATE ON t FOR EACH ROW SET @x=1")...)
					dir := filepath.Join(t.TempDir(), "dump")
					mustRun(t, dumpArgs(s, dir, "-B", schema)...)
					mustRun(t, loadArgs(s, dir, "--schema-map", schema+"="+as)...)
					if d := cmp.Diff(databaseCollations(t, s, schema), databaseCollations(t, s, as)); d != "" {
						t.Error(d)
					}
					s.Exec(t, "DROP DATABASE "+as, "DROP DATABASE "+schema, "CREATE DATABASE "+schema+" DEFAULT CHARACTER SET utf8mb4")
				})
			}
		})
	}
}

// databaseCollations is what the server says of a schema and its objects.
func databaseCollations(t *testing.T, s *testdb.Server, schema string) string {
	t.Helper()
	const objects = `SELECT '', default_collation_name FROM information_schema.schemata WHERE schema_name='%[1]s'
		UNION ALL SELECT routine_name, database_collation FROM information_schema.routines WHERE routine_schema='%[1]s'
		UNION ALL SELECT specific_name, collation_name FROM information_schema.parameters WHERE specific_schema='%[1]s'
		UNION ALL SELECT trigger_name, database_collation FROM information_schema.triggers WHERE trigger_schema='%[1]s' ORDER BY 1, 2`
	var out []string
	for _, row := range s.Query(t, fmt.Sprintf(objects, schema)) {
		out = append(out, fmt.Sprint(row))
	}
	if len(out) < 17 {
		t.Fatalf("%d lines: %q", len(out), out)
	}
	return strings.Join(out, "\n")
}
