package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// toolsFile is a file as another tool than mysqldump writes it, of the schema made_by_tool.
func toolsFile(tool string) string { return filepath.Join("testdata", "tools", tool+".sql") }

// TestFilesOfOtherTools loads files of phpMyAdmin, which adds keys and AUTO_INCREMENT behind the rows, HeidiSQL and Adminer. Reference is
// what the server's own client made of them.
func TestFilesOfOtherTools(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			reference, target := testdb.StartOwn(t, k), testdb.StartOwn(t, k)
			for _, tool := range []string{"phpmyadmin", "heidisql", "adminer"} {
				t.Run(tool, func(t *testing.T) {
					clientLoad(t, reference, toolsFile(tool))
					want, definitions := readSchema(t, reference, "made_by_tool"), tableDefinitions(t, reference)
					reference.Exec(t, "DROP DATABASE made_by_tool")
					// Adminer names no collation, and its file's server had this one. The client takes what is the target's own default.
					definitions = strings.ReplaceAll(definitions, "utf8mb4_0900_ai_ci", "utf8mb4_general_ci")
					for _, more := range [][]string{nil, {"--via", "insert"}, {"--defer-indexes", "all"}} {
						if r := runBinary(t, loadArgs(target, toolsFile(tool), more...)...); r.code != 0 {
							t.Fatalf("%q: exit %d\n%s\n%s", more, r.code, r.stdout, r.stderr)
						}
						want.requireIn(t, target, "made_by_tool")
						if got := tableDefinitions(t, target); got != definitions {
							t.Errorf("%q: definitions\n%s\nwant\n%s", more, got, definitions)
						}
						target.Exec(t, "DROP DATABASE made_by_tool")
					}
				})
			}
		})
	}
}

// tableDefinitions is what SHOW CREATE TABLE says of the tables and views of the files, the keys of a table in the order of their names:
// those that are made after the rows stand last.
func tableDefinitions(t *testing.T, s *testdb.Server) string {
	t.Helper()
	var all []string
	for _, q := range []string{
		"SELECT table_name, column_name, column_type, column_default, is_nullable, extra, column_comment, collation_name FROM information_schema.columns WHERE table_schema='made_by_tool' ORDER BY table_name, ordinal_position",
		"SELECT table_name, index_name, non_unique, seq_in_index, column_name, sub_part, index_type FROM information_schema.statistics WHERE table_schema='made_by_tool' ORDER BY table_name, index_name, seq_in_index",
		"SELECT table_name, constraint_name, referenced_table_name, update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema='made_by_tool' ORDER BY 1, 2",
		"SELECT table_name, engine, table_collation, auto_increment FROM information_schema.tables WHERE table_schema='made_by_tool' ORDER BY 1",
		"SELECT trigger_name, event_manipulation, action_statement FROM information_schema.triggers WHERE trigger_schema='made_by_tool' ORDER BY 1",
		"SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema='made_by_tool' ORDER BY 1",
	} {
		for _, row := range s.Query(t, q) {
			all = append(all, strings.Join(row, " "))
		}
	}
	return strings.Join(all, "\n")
}

// A pipe cannot be read twice: keys behind the rows come too late there, and nothing says so but an error.
func TestLateKeysFromPipe(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	r := fromFile(t, toolsFile("phpmyadmin"), loadArgs(s, "-")...)
	if r.code == 0 || !strings.Contains(r.stderr, "load the file by its path") || !strings.Contains(r.stderr, "`made_by_tool`.`orders`") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	s.Exec(t, "DROP DATABASE IF EXISTS made_by_tool", "DROP DATABASE IF EXISTS gomove")
}

// A file of phpMyAdmin that was cut before its keys is refused: it has rows and no keys, and would load.
func TestLateKeysCutOff(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	text, err := os.ReadFile(toolsFile("phpmyadmin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"--\n-- Indexes for dumped tables", "COMMIT;\n\n/*!"} {
		file := filepath.Join(t.TempDir(), "cut.sql")
		if err := os.WriteFile(file, text[:strings.Index(string(text), end)], 0o600); err != nil {
			t.Fatal(err)
		}
		if r := runBinary(t, loadArgs(s, file)...); r.code == 0 || !strings.Contains(r.stderr, "cut") {
			t.Errorf("cut at %q: exit %d\n%s%s", end, r.code, r.stdout, r.stderr)
		}
		if n := len(s.Query(t, "SELECT 1 FROM information_schema.schemata WHERE schema_name='made_by_tool'")); n != 0 {
			t.Errorf("cut at %q: the schema was made", end)
		}
	}
}

// An ALTER TABLE that does more than complete a definition is refused with its line before anything is on the target.
func TestLateChangeIsRefused(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	text, err := os.ReadFile(toolsFile("phpmyadmin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{"ADD COLUMN `more` int", "DROP COLUMN `total`", "MODIFY `total` int(11) NOT NULL", "ENGINE=MyISAM"} {
		file := filepath.Join(t.TempDir(), "late.sql")
		late := strings.Replace(string(text), "COMMIT;\n\n/*!", "ALTER TABLE `orders` "+change+";\nCOMMIT;\n\n/*!", 1)
		if err := os.WriteFile(file, []byte(late), 0o600); err != nil {
			t.Fatal(err)
		}
		r := runBinary(t, loadArgs(s, file)...)
		if r.code == 0 || !strings.Contains(r.stderr, "line 150") || !strings.Contains(r.stderr, change) {
			t.Errorf("%s: exit %d\n%s", change, r.code, r.stderr)
		}
		if n := len(s.Query(t, "SELECT 1 FROM information_schema.schemata WHERE schema_name='made_by_tool'")); n != 0 {
			t.Errorf("%s: the schema was made", change)
		}
	}
}
