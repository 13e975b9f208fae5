package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// uriOf names a test's server in one word.
func uriOf(s *testdb.Server) string { return fmt.Sprintf("mysql://%s@%s:%d/", s.User, s.Host, s.Port) }

// verifyArgs compares a schema of two servers; JSON goes to stdout.
func verifyArgs(a, b *testdb.Server, schema string, more ...string) []string {
	args := []string{"verify", "--source", uriOf(a), "--target", uriOf(b), "-B", schema, "--progress", "none", "--summary", "json"}
	return append(args, more...)
}

// verified is the summary of a run of verify.
type verified struct {
	Equal      bool             `json:"equal"`
	SourceRows int64            `json:"source_rows"`
	Notes      []string         `json:"notes"`
	Tables     []verifiedTable  `json:"differing_tables"`
	Objects    []verifiedObject `json:"differing_objects"`
}

type verifiedTable struct {
	Source, Target            string
	Differing, Missing, Extra int64
	Partial                   bool
	Problem                   string
	Rows                      []struct {
		Kind    string
		Key     []struct{ Column, Value string }
		Columns []struct{ Column, Source, Target string }
		Times   int
	}
}

type verifiedObject struct{ Object, What, Source, Target string }

// mustVerify runs verify, which must end with a code of 0 or 3.
func mustVerify(t *testing.T, code int, args ...string) verified {
	t.Helper()
	r := runBinary(t, args...)
	if r.code != code {
		t.Fatalf("gomove %q: exit %d, want %d\nstdout: %s\nstderr: %s", args, r.code, code, r.stdout, r.stderr)
	}
	var v verified
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil {
		t.Fatal(err)
	}
	if v.Equal != (code == 0) {
		t.Errorf("equal is %v with exit %d", v.Equal, code)
	}
	return v
}

// lines is what differs in the rows, a line each.
func (v verified) lines() []string {
	var out []string
	for _, t := range v.Tables {
		for _, r := range t.Rows {
			words := []string{r.Kind}
			for _, k := range r.Key {
				words = append(words, k.Column+"="+k.Value)
			}
			for _, c := range r.Columns {
				words = append(words, c.Column+":"+c.Source+"->"+c.Target)
			}
			if r.Times > 1 {
				words = append(words, fmt.Sprint("x", r.Times))
			}
			out = append(out, strings.Join(words, " "))
		}
	}
	return out
}

// loadedPair dumps a schema of one server into another and returns the dump.
func loadedPair(t *testing.T, a, b *testdb.Server, schema string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(a, dir, "-B", schema)...)
	b.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	t.Cleanup(func() { b.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	mustRun(t, loadArgs(b, dir)...)
	return dir
}

// otherServer is a second server of a kind, so that a schema can have the same name on both.
func otherServer(t *testing.T, k testdb.Kind) *testdb.Server {
	t.Helper()
	return testdb.StartOwn(t, k)
}

const verifyTables = `(id INT PRIMARY KEY, f FLOAT, v VARCHAR(20) CHARACTER SET latin1, b VARBINARY(30), e ENUM('a','b'), d DATETIME(6), n DECIMAL(20,5))`

// One row that has changed in each way is named, by each route and between every pair of servers.
func TestVerifyNamesRows(t *testing.T) {
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				a := testdb.Start(t, from)
				b := testdb.Start(t, to)
				if from == to {
					b = otherServer(t, to)
				}
				schema := a.Schema(t)
				a.Exec(t, "SET NAMES utf8mb4", "CREATE TABLE "+schema+".t "+verifyTables, "CREATE TABLE "+schema+".bag (a INT, b VARCHAR(9))",
					"INSERT INTO "+schema+".t SELECT n, n/7, CONCAT('é', n), UNHEX(SHA2(n,224)), 1+n%2, '2020-01-01 00:00:00.000001', n/3 FROM (SELECT @n:=@n+1 AS n FROM information_schema.COLUMNS, (SELECT @n:=0) z LIMIT 1000) x",
					"INSERT INTO "+schema+".bag VALUES (1,'x'),(1,'x'),(1,'x'),(2,'y')")
				dir := loadedPair(t, a, b, schema)
				for _, args := range [][]string{verifyArgs(a, b, schema), {"verify", "-d", dir, "--target", uriOf(b), "--progress", "none", "--summary", "json"}} {
					if v := mustVerify(t, 0, args...); len(v.Tables) != 0 {
						t.Errorf("%v", v.lines())
					}
				}
				b.Exec(t, "SET NAMES utf8mb4", "UPDATE "+schema+".t SET f=f+0.0000001 WHERE id=5", "UPDATE "+schema+".t SET v=CONCAT(v,' ') WHERE id=6",
					"DELETE FROM "+schema+".t WHERE id=7", "INSERT INTO "+schema+".t (id,v) VALUES (5000,'É')", "DELETE FROM "+schema+".bag WHERE a=1 LIMIT 2")
				want := []string{
					"missing `a`=1 `b`=\"x\" x2",
					"differs `id`=5 `f`:0.7142857313156128->0.7142858505249023",
					"differs `id`=6 `v`:0xE936->0xE93620",
					"missing `id`=7",
					"extra `id`=5000",
				}
				for _, args := range [][]string{verifyArgs(a, b, schema), {"verify", "-d", dir, "--target", uriOf(b), "--progress", "none", "--summary", "json"}} {
					if got := mustVerify(t, 3, args...).lines(); !slices.Equal(got, want) {
						t.Errorf("%s:\n%s\nwant\n%s", args[1], strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			})
		}
	}
}

// What a load makes of every kind of object between every pair of servers is no difference, and each change to one is.
func TestVerifyObjects(t *testing.T) {
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				a, b := testdb.Start(t, from), testdb.Start(t, to)
				if from == to {
					b = otherServer(t, to)
				}
				schema := a.Schema(t)
				createVerified(t, a, schema)
				dir := loadedPair(t, a, b, schema)
				routes := map[string][]string{
					"servers": verifyArgs(a, b, schema),
					"dump":    {"verify", "-d", dir, "--target", uriOf(b), "--progress", "none", "--summary", "json"},
				}
				for route, args := range routes {
					if r := runBinary(t, args...); r.code != 0 {
						t.Errorf("%s: exit %d\n%s\n%s", route, r.code, r.stdout, r.stderr)
					}
				}
			})
		}
	}
}

// createVerified makes objects that all servers know.
func createVerified(t *testing.T, s *testdb.Server, schema string) {
	t.Helper()
	s.Exec(t, "SET NAMES utf8mb4", "USE "+schema,
		"CREATE TABLE parent (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) CHARACTER SET latin1 NOT NULL DEFAULT 'x', flag TINYINT(1) DEFAULT '1', KEY by_name (name(10))) AUTO_INCREMENT=100 COMMENT='parents'",
		"CREATE TABLE child (id BIGINT(20) NOT NULL, parent INT UNSIGNED, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, d DECIMAL(10,2) DEFAULT '0.50',"+
			" e ENUM('a','b''c') NOT NULL, t TEXT, y YEAR, z INT(6) ZEROFILL, PRIMARY KEY (id), UNIQUE KEY u (parent, e), CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)",
		"CREATE TABLE parts (id INT NOT NULL, n INT, PRIMARY KEY (id)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
		"INSERT INTO parent (id, name) VALUES (1,'é'),(2,'b')", "INSERT INTO child (id, parent, e) VALUES (1,1,'a'),(2,NULL,'a')", "INSERT INTO parts VALUES (1,1),(20,2)",
		"CREATE VIEW v AS SELECT p.id, p.name FROM parent p WHERE p.name <> 'z'",
		"CREATE TRIGGER tr BEFORE INSERT ON parts FOR EACH ROW SET NEW.n = NEW.n + 1",
		"CREATE PROCEDURE p(a INT) COMMENT 'c' BEGIN SELECT a, 'é'; END",
		"CREATE FUNCTION f(a CHAR(5)) RETURNS CHAR(5) DETERMINISTIC RETURN a",
		"CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE DO SELECT 1")
}
