package preflight

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// late finds a replica whose replication is broken, one that is behind its source, and one that is not.
func late(t *testing.T, from, s *testdb.Server) {
	t.Helper()
	status, stop, change, start, delay := "SHOW MASTER STATUS", "STOP SLAVE", "CHANGE MASTER TO MASTER_", "START SLAVE", "MASTER_DELAY"
	if s.Kind == testdb.MySQL97 {
		status, stop, change, start, delay = "SHOW BINARY LOG STATUS", "STOP REPLICA", "CHANGE REPLICATION SOURCE TO SOURCE_", "START REPLICA", "SOURCE_DELAY"
	}
	e := newExamination(subject(t, s, "", nil, "", catalog.Selection{Schemas: []string{"o"}}))
	until := func(severity Severity, says string) {
		t.Helper()
		var found []Finding
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if found = find(t, "P23", e); len(found) == 1 && found[0].Severity == severity && strings.Contains(found[0].What, says) {
				return
			}
		}
		t.Errorf("no %s that says %q: %+v", severity, says, found)
	}
	s.Exec(t, start) // of what nobody answers
	until(Warning, "is broken")
	place := from.Query(t, status)[0]
	by := strings.TrimPrefix(change[strings.LastIndex(change, " "):], " ")
	s.Exec(t, stop, fmt.Sprintf("%sHOST='127.0.0.1', %sPORT=%d, %sUSER='root', %sLOG_FILE='%s', %sLOG_POS=%s, %s=3600", change, by, from.Port, by, by, place[0], by, place[1], delay), start)
	defer s.Exec(t, stop)
	until(Note, "replica of 127.0.0.1")
	from.Schema(t) // which the replica makes in an hour
	e.limits.lag = 0
	until(Warning, "s behind it")
}

// A target whose pages are smaller is told, and refuses an index that the source has.
func TestSmallerPages(t *testing.T) {
	t.Parallel()
	from, s := testdb.Start(t, testdb.MariaDB), testdb.StartOwn(t, testdb.MariaDB)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"ib*", "undo*", "mysql/*.ibd", "mysql/innodb_*", "mysql/gtid_slave_pos.*", "mysql/transaction_registry.*"} { // it makes them again, with pages of another size
		files, err := filepath.Glob(filepath.Join(s.DataDir, pattern))
		for _, f := range files {
			err = errors.Join(err, os.RemoveAll(f))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	small, err := testdb.Launch(t.Context(), testdb.MariaDB, filepath.Dir(s.DataDir), []string{"--innodb-page-size=8k"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := small.Remove(); err != nil {
			t.Error(err)
		}
	})
	schema := from.Schema(t)
	from.Exec(t, planting(clean+"; CREATE TABLE S.wide (k VARBINARY(3000), KEY (k)) ENGINE=InnoDB", schema)...)
	expect(t, find(t, "P13", newExamination(subject(t, from, "", small, "", catalog.Selection{Schemas: []string{schema}}))), planted{severity: Warning, names: "innodb_page_size is 16384 on the source and 8192 on the target"})
	small.Exec(t, "CREATE DATABASE x", "CREATE TABLE x.a (i INT PRIMARY KEY)")
	for _, f := range find(t, "P13", newExamination(subject(t, small, "", from, "", catalog.Selection{Schemas: []string{"x"}}))) {
		if strings.Contains(f.What, "innodb_page_size") {
			t.Errorf("larger pages: %+v", f)
		}
	}
	if _, err := small.DB(t).ExecContext(t.Context(), "CREATE TABLE x.wide (k VARBINARY(3000), PRIMARY KEY (k)) ENGINE=InnoDB"); mysql.Number(err) != 1071 {
		t.Errorf("a key of 3,000 bytes: %v", err)
	}
}

// P12 is an error where the target's sessions keep restrict_fk_on_non_standard_key, which MySQL 9.7 lets any account switch off: the
// sessions are made to keep it.
func TestRestrictedKeys(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := s.Schema(t)
	s.Exec(t, planting(clean+"; SET restrict_fk_on_non_standard_key=OFF; CREATE TABLE S.parent (id INT PRIMARY KEY, k INT, KEY (k)); CREATE TABLE S.bad (p INT, CONSTRAINT odd FOREIGN KEY (p) REFERENCES S.parent(k))", schema)...)
	sub := subject(t, s, "", s, newAccount(t, s, schema, "ALL ON S.*"), catalog.Selection{Schemas: []string{schema}})
	again := "CREATE TABLE " + schema + ".again (p INT, FOREIGN KEY (p) REFERENCES " + schema + ".parent(k))"
	expect(t, find(t, "P12", newExamination(sub)), planted{severity: Warning, names: "`odd`", says: "switches restrict_fk_on_non_standard_key off"})
	if _, err := sub.Target.DB().ExecContext(t.Context(), again+" COMMENT='by an account without SESSION_VARIABLES_ADMIN'"); err != nil {
		t.Errorf("such a key: %v", err)
	}
	o := reach(s, "target", "")
	o.SessionSQL = []string{"SET SESSION restrict_fk_on_non_standard_key=ON"}
	c, err := mysql.Connect(t.Context(), o, mysql.ForLoad)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sub.Target = c
	expect(t, find(t, "P12", newExamination(sub)), planted{severity: Error, names: "`odd`", says: "may not switch it off"})
	if _, err := c.DB().ExecContext(t.Context(), strings.Replace(again, ".again", ".third", 1)); mysql.Number(err) != 6125 {
		t.Errorf("such a key: %v", err)
	}
}
