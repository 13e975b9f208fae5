package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// unsafeScript has statements that no dump needs, each of which gives something else elsewhere than in its place.
const unsafeScript = `SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI_QUOTES';
SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0;
CREATE TABLE parent (id INT PRIMARY KEY, n INT NOT NULL, KEY (n)) ENGINE=InnoDB;
CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON UPDATE CASCADE) ENGINE=InnoDB;
CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, s VARCHAR(50), UNIQUE KEY (s)) ENGINE=InnoDB;
UPDATE "parent" SET n=100;
INSERT INTO parent VALUES (1,1),(2,2),(3,3);
UPDATE "parent" SET n=n*10 WHERE 'x'<>"n";
INSERT INTO parent VALUES (4,4);
INSERT INTO child VALUES (1,1),(2,2);
UPDATE parent SET id=id+100 WHERE id=3;
INSERT IGNORE INTO notes(s) SELECT n FROM parent;
INSERT IGNORE INTO notes(s) SELECT n FROM parent;
CREATE PROCEDURE p(i INT) INSERT INTO notes(s) VALUES (CONCAT('called ',i));
CREATE VIEW v AS SELECT id, n FROM parent;
CREATE TRIGGER tr AFTER DELETE ON child FOR EACH ROW INSERT INTO notes(s) VALUES (CONCAT('deleted ',OLD.id));
CALL p(7);
UPDATE v SET n=n+1 WHERE id=1;
DELETE FROM child WHERE id=2;
CREATE TRIGGER later AFTER UPDATE ON child FOR EACH ROW INSERT INTO notes(s) VALUES ('updated');
DROP TABLE IF EXISTS stale;
SET SQL_MODE=@OLD_SQL_MODE;
SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS;
UPDATE parent SET id=id+1000 WHERE id=1;
`

// TestMysqldumpUnsafeRun runs statements that no dump needs in their places: the target is as the server's own client makes it.
func TestMysqldumpUnsafeRun(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && k == testdb.MySQL56 {
				t.Skip("MySQL 5.6")
			}
			s := testdb.StartOwn(t, k)
			file := filepath.Join(t.TempDir(), "dump.sql")
			writeFile(t, file, unsafeScript)
			s.Exec(t, "CREATE DATABASE want", "CREATE DATABASE got", "CREATE TABLE want.stale(i INT)", "CREATE TABLE got.stale(i INT)")
			client := s.Client(t, "want")
			client.Stdin = strings.NewReader(unsafeScript)
			if out, err := client.CombinedOutput(); err != nil {
				t.Fatalf("the client: %v\n%s", err, out)
			}
			args := loadArgs(s, file, "--into", "got", "-t", "2")
			if r := runBinary(t, args...); r.code != 1 || !strings.Contains(r.stderr, "line 6: statement refused: a dump needs no such statement") {
				t.Fatalf("without the flag: exit %d\n%s", r.code, r.stderr)
			}
			for want, more := range map[string][]string{"--if-exists skip leaves tables alone": {"--if-exists", "skip"}, "values that --mask replaces": {"--mask", "got.parent.n=null"}, "names other tables": {"--schema-map", "got=other"}} {
				if r := runBinary(t, append(append(slices.Clone(args), "--allow-unsafe-sql"), more...)...); r.code != 1 || !strings.Contains(r.stderr, want) {
					t.Errorf("%v: exit %d\n%s", more, r.code, r.stderr)
				}
			}
			m := jsonSummary(t, mustRun(t, append(args, "--allow-unsafe-sql", "--if-exists", "drop", "--summary", "json")...))
			warnings := fmt.Sprint(m["warnings"])
			for _, want := range []string{"dump.sql line 8: a dump needs no such statement; it is run in its place: UPDATE", "line 17: a dump", "line 21: a dump", "were not held against the file"} {
				if !strings.Contains(warnings, want) {
					t.Errorf("no %q in %s", want, warnings)
				}
			}
			compareTables(t, s, "parent", "child", "notes")
			if n := s.Query(t, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='got' AND table_name='stale'"); n[0][0] != "0" {
				t.Error("DROP TABLE was not run")
			}
			s.Exec(t, "DROP DATABASE got", "CREATE DATABASE got", "DROP DATABASE want", "CREATE DATABASE want")
			killUnsafe(t, s)
		})
	}
}

// compareTables holds tables of got against those of want.
func compareTables(t *testing.T, s *testdb.Server, tables ...string) {
	t.Helper()
	for _, table := range tables {
		want, got := s.Query(t, "SELECT * FROM want."+table+" ORDER BY 1"), s.Query(t, "SELECT * FROM got."+table+" ORDER BY 1")
		if len(want) == 0 || !equalRows(got, want) {
			t.Errorf("%s: got %v, want %v", table, got, want)
		}
	}
}

func equalRows(a, b [][]string) bool {
	one := func(rows [][]string) string {
		var out strings.Builder
		for _, r := range rows {
			out.WriteString(strings.Join(r, ",") + ";")
		}
		return out.String()
	}
	return one(a) == one(b)
}

// killUnsafe kills loads while such a statement runs: what a transaction undoes is run once when the load carries on, other statements
// are not run again.
func killUnsafe(t *testing.T, s *testdb.Server) {
	t.Helper()
	const table = "CREATE TABLE a (id INT PRIMARY KEY, n INT) ENGINE=InnoDB;\nINSERT INTO a VALUES (1,0),(2,0),(3,0);\nUPDATE a SET n=n+1;\n"
	file := filepath.Join(t.TempDir(), "dump.sql")
	args := loadArgs(s, file, "--into", "got", "-t", "2", "--allow-unsafe-sql")
	const at = "SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(0.2%' AND info NOT LIKE '%processlist%' AND info LIKE 'UPDATE%'"
	begin := func() (r *running, id string) {
		t.Helper()
		r = startBinary(t, args...)
		for range 500 {
			if n := s.Query(t, at); len(n) > 0 {
				return r, n[0][0]
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("the statement was not seen\n%s", r.wait(t).stderr)
		return nil, ""
	}
	kill := func() {
		t.Helper()
		r, _ := begin()
		_ = r.cmd.Process.Kill()
		if got := r.wait(t); got.code != -1 {
			t.Fatalf("it was not killed: exit %d\n%s", got.code, got.stderr)
		}
	}
	lose := func() result {
		t.Helper()
		r, id := begin()
		s.Exec(t, "KILL "+id)
		return r.wait(t)
	}
	writeFile(t, file, table+"UPDATE a SET n=n+10 WHERE SLEEP(0.2)=0;\nINSERT INTO a VALUES (4,0);\n")
	kill()
	mustRun(t, args...)
	if got := s.Query(t, "SELECT GROUP_CONCAT(n ORDER BY id) FROM got.a")[0][0]; got != "11,11,11,0" {
		t.Errorf("killed within an UPDATE: %s", got)
	}
	s.Exec(t, "DROP DATABASE got", "CREATE DATABASE got")
	if r := lose(); r.code != 0 {
		t.Fatalf("connection lost within an UPDATE: exit %d\n%s", r.code, r.stderr)
	}
	if got := s.Query(t, "SELECT GROUP_CONCAT(n ORDER BY id) FROM got.a")[0][0]; got != "11,11,11,0" {
		t.Errorf("connection lost within an UPDATE: %s", got)
	}
	s.Exec(t, "DROP DATABASE got", "CREATE DATABASE got")
	writeFile(t, file, "CREATE PROCEDURE p() UPDATE a SET n=n+10 WHERE SLEEP(0.2)=0;\n"+table+"CALL p();\n")
	if r := lose(); r.code != 1 || !strings.Contains(r.stderr, "nobody can tell whether it has run") {
		t.Errorf("connection lost within a CALL: exit %d\n%s", r.code, r.stderr)
	}
	s.Exec(t, "DROP DATABASE got", "DROP DATABASE gomove", "CREATE DATABASE got")
	kill()
	if r := runBinary(t, args...); r.code != 1 || !strings.Contains(r.stderr, "dump.sql line 5: a load was cut off while it ran this statement, and nobody can tell whether it has run") {
		t.Errorf("killed within a CALL: exit %d\n%s", r.code, r.stderr)
	}
	mustRun(t, append(args, "--restart", "--if-exists", "drop")...)
	if got := s.Query(t, "SELECT GROUP_CONCAT(n ORDER BY id) FROM got.a")[0][0]; got != "11,11,11" {
		t.Errorf("begun anew: %s", got)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
