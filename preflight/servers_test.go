package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

// newAccount creates an account without a password and with these grants, S being the schema.
func newAccount(t *testing.T, s *testdb.Server, schema string, grants ...string) string {
	t.Helper()
	name := "p_" + strings.Trim(schema[:min(len(schema), 4)], "_") + fmt.Sprint(len(grants))
	s.Exec(t, "CREATE USER '"+name+"'@'%'")
	t.Cleanup(func() { s.Exec(t, "DROP USER '"+name+"'@'%'") })
	for _, g := range grants {
		s.Exec(t, "GRANT "+strings.ReplaceAll(g, "S.", schema+".")+" TO '"+name+"'@'%'")
	}
	return name
}

// What an account may not do is found before the dump or the load does.
func TestChecksOfRights(t *testing.T) {
	const load = "CREATE, ALTER, DROP, INSERT, SELECT, UPDATE, DELETE, REFERENCES, CREATE ROUTINE, ALTER ROUTINE, TRIGGER ON S.*"
	for _, k := range testdb.All() {
		s := testdb.Start(t, k)
		for _, p := range []struct {
			name, as string // as: the account reads, or loads
			grants   []string
			planted
		}{
			{"SELECT on one table", "reads", []string{"SELECT ON S.other"}, planted{id: "P19", severity: Warning, names: "schema", says: "tables and views on which it has no privilege"}},
			{"INSERT on one table", "reads", []string{"SELECT ON S.other", "INSERT ON S.fine"}, planted{id: "P19", severity: Error, names: "`fine`", says: "SELECT is missing", only: "`other`"}},
			{"no text of a routine", "reads", []string{"SELECT, EXECUTE ON S.*"}, planted{id: "P19", severity: Error, names: "function", says: "hidden"}},
			{"no text of a view", "reads", []string{"SELECT ON S.*"}, planted{id: "P19", severity: Error, names: "view", says: "hidden"}},
			{"no triggers", "reads", []string{"SELECT ON S.*"}, planted{id: "P19", severity: Warning, names: "schema", says: "does not see triggers"}},
			{"no lock", "reads", []string{"SELECT ON S.*"}, planted{id: "P21", severity: Error, names: "`", says: "LOCK TABLES"}},
			{"no CREATE VIEW", "loads", []string{load}, planted{id: "P20", severity: Error, names: "`", says: "CREATE VIEW"}},
			{"no SUPER", "loads", []string{"ALL ON S.*"}, planted{id: "P29", severity: Error, names: "function", says: "1419"}},
			{"account", "is there", []string{"SELECT ON S.*"}, planted{id: "P28", severity: Note, names: "'p_", says: "on `"}},
		} {
			t.Run(string(k)+" "+p.name, func(t *testing.T) {
				if p.id == "P21" && k == testdb.MariaDB {
					t.Skip("MariaDB has a way without a lock")
				}
				schema := s.Schema(t)
				s.Exec(t, planting(clean+"; CREATE TABLE S.other (id INT PRIMARY KEY); CREATE VIEW S.v AS SELECT id FROM S.other;"+
					"CREATE FUNCTION S.f() RETURNS INT NO SQL RETURN 1; CREATE TRIGGER S.tr BEFORE INSERT ON S.fine FOR EACH ROW SET NEW.a='x'", schema)...)
				user := newAccount(t, s, schema, p.grants...)
				reader, loader := "", ""
				var to *testdb.Server
				switch p.as {
				case "reads":
					reader = user
				case "loads":
					loader, to = user, s
				}
				expect(t, find(t, p.id, newExamination(subject(t, s, reader, to, loader, catalog.Selection{Schemas: []string{schema}}))), p.planted)
			})
		}
	}
}

// An account with what docs/cli.md asks for, and one that has it by a role, are not blamed.
func TestChecksOfRightsThatAreThere(t *testing.T) {
	for _, k := range testdb.All() {
		for _, byRole := range []bool{false, true} {
			if byRole && k != testdb.MySQL97 {
				continue
			}
			t.Run(fmt.Sprintf("%s role %v", k, byRole), func(t *testing.T) {
				s := testdb.Start(t, k)
				schema := s.Schema(t)
				s.Exec(t, planting(clean+"; CREATE TABLE S.gone (id INT); CREATE VIEW S.v AS SELECT id FROM S.gone; DROP TABLE S.gone; CREATE PROCEDURE S.f() SELECT 1", schema)...)
				if k == testdb.MariaDB { // a package has its text in another place
					s.Exec(t, "SET sql_mode=ORACLE; CREATE PACKAGE "+schema+".pk AS PROCEDURE p; END; CREATE PACKAGE BODY "+schema+".pk AS PROCEDURE p AS BEGIN NULL; END; END")
				}
				grants := []string{"ALL ON S.*", "RELOAD, PROCESS, REPLICATION CLIENT ON *.*"}
				if k == testdb.MySQL97 {
					grants = append(grants, "SHOW_ROUTINE ON *.*")
				} else {
					grants = append(grants, "SELECT ON mysql.proc")
				}
				var user string
				if byRole {
					user = newAccount(t, s, schema)
					role := user + "_r"
					s.Exec(t, "CREATE ROLE "+role)
					t.Cleanup(func() { s.Exec(t, "DROP ROLE "+role) })
					for _, g := range grants {
						s.Exec(t, "GRANT "+strings.ReplaceAll(g, "S.", schema+".")+" TO "+role)
					}
					s.Exec(t, "GRANT "+role+" TO '"+user+"'@'%'", "SET DEFAULT ROLE ALL TO '"+user+"'@'%'")
				} else {
					user = newAccount(t, s, schema, grants...)
				}
				e := newExamination(subject(t, s, user, s, user, catalog.Selection{Schemas: []string{schema}}))
				for _, id := range []string{"P19", "P20", "P21", "P29"} {
					if found := find(t, id, e); len(found) > 0 {
						t.Errorf("%s: %+v", id, found)
					}
				}
			})
		}
	}
}

// P29 says what the server does: with SUPER, or with trusted creators, it says nothing.
func TestTrustedCreatorsIsTrue(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			user := newAccount(t, s, schema, "ALL ON S.*")
			c, err := mysql.Connect(t.Context(), reach(s, "target", user), mysql.ForLoad)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err = c.DB().ExecContext(t.Context(), "CREATE FUNCTION "+schema+".f() RETURNS INT NO SQL RETURN 1"); mysql.Number(err) != 1419 {
				t.Errorf("an account without SUPER creates a function: %v", err)
			}
			e := newExamination(subject(t, s, "", s, user, catalog.Selection{Schemas: []string{schema}}))
			e.stored = []storedObject{{kind: "function", schema: schema, name: "f"}}
			if len(find(t, "P29", e)) != 1 {
				t.Error("P29 does not say so")
			}
			e.Target.Facts.Variables[trustVariable] = "ON"
			if found := find(t, "P29", e); len(found) > 0 {
				t.Errorf("creators are trusted: %+v", found)
			}
		})
	}
}

// What servers are set to, or are doing, is found.
func TestChecksOfServers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			args := map[testdb.Kind][]string{
				testdb.MariaDB: {"--lower-case-table-names=1", "--read-only=1", "--expire-logs-days=0.5"},
				testdb.MySQL56: {"--lower-case-table-names=1", "--read-only=1", "--binlog-row-image=MINIMAL", "--default-time-zone=-03:00"},
				testdb.MySQL97: {"--sql-require-primary-key=ON", "--read-only=1", "--binlog-row-image=MINIMAL"},
			}[k]
			own, shared := testdb.StartOwn(t, k, testdb.WithArgs(args...)), testdb.Start(t, k)
			schema := shared.Schema(t)
			shared.Exec(t, planting(clean+"; CREATE TABLE S.Upper (id INT); CREATE TABLE S.UPPER (id INT)", schema)...)
			e := newExamination(subject(t, shared, "", own, "", catalog.Selection{Schemas: []string{schema}}))
			expect(t, find(t, "P24", e), planted{severity: Error, names: "read only"})
			if k != testdb.MySQL97 {
				expect(t, find(t, "P17", e), planted{severity: Error, names: "`U", says: "beside"})
				expect(t, find(t, "P17", e), planted{severity: Warning, names: "capital letters"})
			}
			if k == testdb.MySQL56 {
				expect(t, find(t, "P35", e), planted{severity: Warning, names: "the target's -03:00"})
			}
			if k == testdb.MySQL97 {
				own.Exec(t, "CREATE USER plain@'%'", "GRANT CREATE ON *.* TO plain@'%'", "SET GLOBAL read_only=OFF", "CREATE DATABASE x")
				plain := newExamination(subject(t, shared, "", own, "plain", catalog.Selection{Schemas: []string{schema}}))
				expect(t, find(t, "P03", plain), planted{severity: Error, names: "`UPPER`", says: "3750", only: "`fine`"})
				if _, err := plain.Target.DB().ExecContext(t.Context(), "CREATE TABLE x.y (id INT)"); mysql.Number(err) != 3750 {
					t.Errorf("a table without a key: %v", err)
				}
			}
			replica(t, own)
			e.Target.Facts.ReadOnly = false
			expect(t, find(t, "P24", e), planted{severity: Warning, names: "replica of 127.0.0.1"})
			own.Exec(t, "CREATE DATABASE o", "CREATE TABLE o.t (id INT PRIMARY KEY)")
			back := newExamination(subject(t, own, "", shared, "", catalog.Selection{Schemas: []string{"o"}}))
			expect(t, find(t, "P23", back), planted{severity: Warning, names: "replication is stopped"})
			if k != testdb.MySQL97 {
				expect(t, find(t, "P17", back), planted{severity: Warning, names: "lower_case_table_names=1"})
			}
			if k != testdb.MariaDB {
				expect(t, find(t, "P22", back), planted{severity: Note, names: "binlog_row_image", says: "needs FULL"})
			}
			busy(t, own, back)
			zones(t, own)
			late(t, shared, own)
		})
	}
}

// replica makes a server one of nobody.
func replica(t *testing.T, s *testdb.Server) {
	t.Helper()
	if s.Kind == testdb.MySQL97 {
		s.Exec(t, "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1, SOURCE_USER='x'")
		return
	}
	s.Exec(t, "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='x'")
}

// busy finds an open transaction, and DDL that waits for it.
func busy(t *testing.T, s *testdb.Server, e *examination) {
	t.Helper()
	e.limits.busy = 0
	if found := find(t, "P36", e); len(found) > 0 {
		t.Errorf("an idle server: %+v", found)
	}
	db := s.DB(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO o.t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := db.ExecContext(ctx, "ALTER TABLE o.t ADD COLUMN c INT COMMENT '🌳'") // information_schema.PROCESSLIST of MySQL 9.7 cannot be read meanwhile
		done <- err
	}()
	deadline := time.Now().Add(20 * time.Second)
	for len(find(t, "P36", e)) < 2 && time.Now().Before(deadline) {
		time.Sleep(150 * time.Millisecond) // INNODB_TRX stays as it was while it is read more often than every 0.1 s
	}
	found := find(t, "P36", e)
	expect(t, found, planted{severity: Warning, names: "connection", says: "old"})
	expect(t, found, planted{severity: Warning, names: "connection", says: "ALTER TABLE o.t"})
	if err := errors.Join(tx.Rollback(), <-done); err != nil {
		t.Error(err)
	}
	cancel()
}

// zones finds an event in a zone that its server knows and another does not.
func zones(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "INSERT INTO mysql.time_zone VALUES (77, 'N')", "INSERT INTO mysql.time_zone_name VALUES ('Test/Land', 77)",
		"INSERT INTO mysql.time_zone_transition_type VALUES (77, 0, 3600, 0, 'TL')",
		"SET time_zone='Test/Land'; CREATE EVENT o.far ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1; SET time_zone='+01:00'; CREATE EVENT o.near ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1")
	e := newExamination(subject(t, s, "", testdb.Start(t, s.Kind), "", catalog.Selection{Schemas: []string{"o"}}))
	expect(t, find(t, "P35", e), planted{severity: Error, names: "`far`", says: "Test/Land", only: "`near`"})
}

// The same server as source and target: under other names it is told, under the same it stops.
func TestSameServer(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, planting(clean, schema)...)
			sub := subject(t, s, "", s, "", catalog.Selection{Schemas: []string{schema}})
			expect(t, find(t, "P25", newExamination(sub)), planted{severity: Error, names: "`fine`", says: "same server"})
			sub.Names = transform.Names{Schemas: map[string]string{schema: "nothing_there"}}
			found := find(t, "P25", newExamination(sub))
			expect(t, found, planted{severity: Note, names: "same server"})
			if len(found) != 1 {
				t.Errorf("%+v", found)
			}
		})
	}
}

// The checks that a dump runs ask the server nothing: they run on what is known when the connections are closed.
func TestFreeChecksAskNothing(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, planting(clean+"; CREATE TABLE S.my (id INT PRIMARY KEY) ENGINE=MyISAM", schema)...)
			sub := subject(t, s, "", nil, "", catalog.Selection{Schemas: []string{schema}})
			if err := sub.Source.Close(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			r, err := Examine(t.Context(), sub, Free, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d checks in %s", r.Checks, time.Since(began))
			if r.Warnings != 1 || r.Stop() != nil {
				t.Errorf("%+v", r)
			}
			if _, err := Examine(t.Context(), sub, All, nil); err == nil {
				t.Error("the connections are not closed: this test shows nothing")
			}
		})
	}
}
