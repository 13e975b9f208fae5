package loader

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadIntoSchemaOfAnotherCollation has a schema in the way that keeps its collation; a parameter's charset is the dump's.
func TestLoadIntoSchemaOfAnotherCollation(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		s.Exec(t, "CREATE DATABASE "+schema+" COLLATE latin1_bin")
		d := &testDump{
			schema: schema, create: "CREATE DATABASE `" + schema + "` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;\n",
			tables: []testTable{numbered(10, 0)}, procs: []string{"function f"}, post: "CREATE FUNCTION `f`(p VARCHAR(10)) RETURNS varchar(20) DETERMINISTIC RETURN CHARSET(p);\n",
		}
		sum, err := run(t, options(s, d.write(t)))
		must(t, err)
		if len(sum.Warnings) != 1 || !strings.Contains(sum.Warnings[0], "latin1_bin") || !strings.Contains(sum.Warnings[0], "utf8mb4_bin") {
			t.Errorf("warnings %q", sum.Warnings)
		}
		var got, now string
		must(t, s.DB(t).QueryRowContext(t.Context(), "SELECT "+schema+".f('x'), (SELECT default_collation_name FROM information_schema.schemata WHERE schema_name='"+schema+"')").Scan(&got, &now))
		if got != "utf8mb4" || now != "latin1_bin" {
			t.Errorf("parameter in %s, schema in %s", got, now)
		}
	})
}

// TestLoadListsSettings has objects that were made under what the target does not know.
func TestLoadListsSettings(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := freshSchema(t, s)
	d := &testDump{
		schema: schema, tables: []testTable{numbered(10, 0)}, procs: []string{"procedure p"},
		post: "SET sql_mode='NO_AUTO_CREATE_USER,STRICT_TRANS_TABLES';\nSET collation_connection=utf8mb4_nopad_bin;\nCREATE PROCEDURE `p`() SELECT 1;\n",
	}
	d.server.Flavor, d.server.Version, d.server.Number = "mariadb", "10.11.19-MariaDB", 101119
	sum, err := run(t, options(s, d.write(t)))
	must(t, err)
	var got []string
	for _, a := range sum.Adaptations {
		got = append(got, a.What+" "+strings.Join(a.Objects, " "))
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"sql_mode NO_AUTO_CREATE_USER left out procedure `" + schema + "`.`p`", "utf8mb4_nopad_bin, becomes utf8mb4_0900_bin"} {
		if !strings.Contains(all, want) {
			t.Errorf("lacks %q:\n%s", want, all)
		}
	}
}
