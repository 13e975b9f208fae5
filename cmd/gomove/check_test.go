package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// checked is the summary of a run of check.
type checked struct {
	Tables   int
	Checks   int
	Skipped  []string
	Errors   int
	Warnings int
	Notes    int
	Findings []struct {
		Check, Severity, What, Why, Fix string
		Objects                         []struct{ Name, Detail, Fix string }
	}
}

// mustCheck runs check as JSON, which must end with a code.
func mustCheck(t *testing.T, code int, args ...string) checked {
	t.Helper()
	r := runBinary(t, append([]string{"check", "--progress", "none", "--summary", "json"}, args...)...)
	if r.code != code {
		t.Fatalf("gomove check %q: exit %d, want %d\nstdout: %s\nstderr: %s", args, r.code, code, r.stdout, r.stderr)
	}
	var c checked
	if err := json.Unmarshal([]byte(r.stdout), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// What check finds, its exit codes, and what leaves a finding out.
func TestCheck(t *testing.T) {
	from, to := testdb.Start(t, testdb.MySQL56), testdb.Start(t, testdb.MySQL97)
	schema := from.Schema(t)
	from.Exec(t, "ALTER DATABASE "+schema+" COLLATE utf8mb4_bin", "CREATE TABLE "+schema+".a (id INT PRIMARY KEY) COLLATE utf8mb4_bin")
	servers := []string{"--source", uriOf(from), "--target", uriOf(to), "-B", schema}
	if c := mustCheck(t, 0, servers...); c.Tables != 1 || c.Checks != 37 || c.Notes != 1 || c.Findings[0].Check != "P13" {
		t.Errorf("a clean schema: %+v", c)
	}
	from.Exec(t, "CREATE TABLE "+schema+".keyless (id INT) COLLATE utf8mb4_bin")
	c := mustCheck(t, 3, servers...)
	if c.Warnings != 1 || c.Errors != 0 || c.Findings[0].Check != "P03" || c.Findings[0].Objects[0].Name != "`"+schema+"`.`keyless`" ||
		!strings.HasPrefix(c.Findings[0].Objects[0].Fix, "ALTER TABLE `"+schema+"`.`keyless` ADD") {
		t.Errorf("a table without a key: %+v", c)
	}
	from.Exec(t, "CREATE VIEW "+schema+".gone AS SELECT MD5('a')")
	c = mustCheck(t, 1, servers...)
	if c.Errors != 1 || c.Findings[0].Check != "P27" || c.Findings[1].Check != "P03" || c.Findings[len(c.Findings)-1].Severity != "note" {
		t.Errorf("errors do not come first: %+v", c)
	}
	r := runBinary(t, append([]string{"check", "--progress", "none"}, servers...)...)
	for _, want := range []string{"1 error, 1 warning", "\nERRORS\nP27", "\nWARNINGS\nP03", "`keyless`", "why: ", "fix: ", "sql: ALTER TABLE"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	if !strings.Contains(r.stderr, "P27") || !strings.Contains(r.stderr, "MD5()") {
		t.Errorf("stderr does not say what the first error is: %s", r.stderr)
	}
	if c = mustCheck(t, 0, append(servers, "--skip-check", "p27", "--skip-check", "P03")...); c.Errors+c.Warnings > 0 || !slices.Equal(c.Skipped, []string{"P03", "P27"}) {
		t.Errorf("skipped checks: %+v", c)
	}
	if c = mustCheck(t, 3, "--source", uriOf(from), "-B", schema); slices.ContainsFunc(checkIDs(c), func(id string) bool { return id == "P27" }) {
		t.Errorf("without a target: %+v", c)
	}
	if got := to.Query(t, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('"+schema+"', 'gomove')"); got[0][0] != "0" {
		t.Error("check made something on the target")
	}
}

func checkIDs(c checked) (ids []string) {
	for _, f := range c.Findings {
		ids = append(ids, f.Check)
	}
	return ids
}

// Everything that check says a load will refuse or get past is what the load does.
func TestCheckSaysWhatLoadDoes(t *testing.T) {
	from, to := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL97)
	schema := from.Schema(t)
	t.Cleanup(func() { to.Exec(t, "DROP DATABASE IF EXISTS "+schema, "DROP DATABASE IF EXISTS gomove") })
	from.Exec(t, "CREATE TABLE "+schema+".p (id INT PRIMARY KEY, k INT, KEY (k))", "INSERT INTO "+schema+".p VALUES (1, 1)",
		"CREATE TABLE "+schema+".odd (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "+schema+".p (k))",
		"SET foreign_key_checks=0; CREATE TABLE "+schema+".mixed (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "+schema+".my (id)); CREATE TABLE "+schema+".my (id INT PRIMARY KEY) ENGINE=MyISAM",
		"CREATE TABLE "+schema+".keyless (id INT)", "CREATE DEFINER=nobody@nowhere PROCEDURE "+schema+".f() SELECT MD5('x')",
		"CREATE EVENT "+schema+".e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1")
	servers := []string{"--source", uriOf(from), "--target", uriOf(to), "-B", schema}
	c := mustCheck(t, 3, servers...)
	for _, want := range []string{"P01", "P03", "P04", "P12", "P14", "P27", "P30"} {
		if !slices.Contains(checkIDs(c), want) {
			t.Errorf("no %s in %v", want, checkIDs(c))
		}
	}
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(from, dir, "-B", schema)...)
	mustRun(t, loadArgs(to, dir)...) // what are warnings and notes it gets past
	if c = mustCheck(t, 1, servers...); c.Findings[0].Check != "P25" {
		t.Errorf("what is on the target: %+v", c.Findings[0])
	}
	if r := runBinary(t, loadArgs(to, dir)...); r.code != 1 {
		t.Errorf("a load onto what is there: exit %d", r.code)
	}
	from.Exec(t, "CREATE VIEW "+schema+".gone AS SELECT MD5('a')", "CREATE SEQUENCE "+schema+".seq")
	to.Exec(t, "DROP DATABASE "+schema)
	if c = mustCheck(t, 1, servers...); c.Errors != 2 || !slices.Contains(checkIDs(c), "P26") {
		t.Errorf("a view and a sequence that the target refuses: %+v", c)
	}
	dir = filepath.Join(t.TempDir(), "again")
	mustRun(t, dumpArgs(from, dir, "-B", schema)...)
	if r := runBinary(t, loadArgs(to, dir)...); r.code != 1 || !strings.Contains(r.stderr, "seq") {
		t.Errorf("a load of what the target refuses: exit %d, %s", r.code, r.stderr)
	}
}

// docs/check.md has a line for each check.
func TestCheckIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "docs", "check.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(repository, "preflight", "checks.go"))
	if err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`\{"(P\d\d)"`).FindAllSubmatch(source, -1)
	for _, m := range ids {
		if !strings.Contains(string(text), "\n| "+string(m[1])+" |") {
			t.Errorf("docs/check.md has no line for %s", m[1])
		}
	}
	if len(ids) < 36 {
		t.Errorf("%d checks were found: this test does not find them", len(ids))
	}
}

// A dump stops before it locks or writes anything at what it could not read, a copy at what the target would refuse.
func TestDumpAndCopyStopAtErrors(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			user := "stop_" + schema[:strings.IndexByte(schema, '_')]
			s.Exec(t, "CREATE TABLE "+schema+".a (id INT PRIMARY KEY, v INT, KEY (v))", "CREATE FUNCTION "+schema+".f() RETURNS INT NO SQL RETURN 1",
				"CREATE USER "+user+"@'%'", "GRANT SELECT, LOCK TABLES, TRIGGER, EVENT, EXECUTE ON "+schema+".* TO "+user+"@'%'")
			t.Cleanup(func() { s.Exec(t, "DROP USER "+user+"@'%'") })
			dir := filepath.Join(t.TempDir(), "dump")
			as := func(more ...string) []string { return append(dumpArgs(s, dir, "-B", schema, "-u", user), more...) }
			r := runBinary(t, as()...)
			if r.code != 1 || !strings.Contains(r.stderr, "P19 ") || !strings.Contains(r.stderr, "`f`") || !strings.Contains(r.stderr, "sql: GRANT ") {
				t.Errorf("a function that cannot be read: exit %d, %s", r.code, r.stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "metadata.partial")); err == nil {
				t.Error("something was written")
			}
			if r = runBinary(t, as("--skip-check", "P19")...); r.code != 1 || strings.Contains(r.stderr, "P19") || !strings.Contains(r.stderr, "`f`") && !strings.Contains(r.stderr, ".f") {
				t.Errorf("with the check left out: exit %d, %s", r.code, r.stderr)
			}
			dir = filepath.Join(t.TempDir(), "other")
			mustRun(t, as("--no-routines")...)
			if k != testdb.MariaDB {
				s.Exec(t, "REVOKE LOCK TABLES ON "+schema+".* FROM "+user+"@'%'")
				dir = filepath.Join(t.TempDir(), "third")
				if r = runBinary(t, as("--no-routines")...); r.code != 1 || !strings.Contains(r.stderr, "P21 ") {
					t.Errorf("without a lock: exit %d, %s", r.code, r.stderr)
				}
				mustRun(t, as("--no-routines", "--consistency", "none")...)
			}
			s.Exec(t, "GRANT SELECT, CREATE, DROP, INSERT, UPDATE, DELETE, INDEX ON "+schema+"_to.* TO "+user+"@'%'")
			target := strings.Replace(uriOf(s), s.User+"@", user+"@", 1)
			r = runBinary(t, "copy", "--source", uriOf(s), "--target", target, "-B", schema, "--no-routines", "--schema-map", schema+"="+schema+"_to", "--progress", "none")
			if r.code != 1 || !strings.Contains(r.stderr, "P20 ") || !strings.Contains(r.stderr, "sql: GRANT ALTER ON `"+schema+"_to`") {
				t.Errorf("an account that may not alter tables: exit %d, %s", r.code, r.stderr)
			}
			if got := s.Query(t, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='"+schema+"_to'"); got[0][0] != "0" {
				t.Error("the copy began")
				s.Exec(t, "DROP DATABASE "+schema+"_to")
			}
		})
	}
}
