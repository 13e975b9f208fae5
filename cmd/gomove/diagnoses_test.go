package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// follower is a target that follows its source.
type follower struct {
	source, target *testdb.Server
}

const itemsTable = "CREATE TABLE shop.items(id INT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(100) NOT NULL DEFAULT 'x') ENGINE=InnoDB"

// follow copies a small schema and has the target follow.
func follow(t *testing.T, k testdb.Kind, sourceArgs, targetArgs []string) *follower {
	t.Helper()
	f := &follower{testdb.StartOwn(t, k, testdb.WithArgs(sourceArgs...)), testdb.StartOwn(t, k, testdb.WithArgs(targetArgs...))}
	f.source.Exec(t, "CREATE DATABASE shop", itemsTable, "INSERT INTO shop.items(id, v) VALUES (1,1),(2,2),(3,3),(4,4)")
	mustRun(t, copyArgs(f.source, f.target, "-B", "shop")...)
	mustReplicate(t, "start", f.source, f.target)
	f.require(t, "caught up", 0)
	return f
}

// status is one look, as JSON. The source is asked when withSource is set.
func (f *follower) status(t *testing.T, withSource bool, more ...string) (m map[string]any, code int) {
	t.Helper()
	source := f.source
	if !withSource {
		source = nil
	}
	r := replicate(t, "status", source, f.target, append(more, "--summary", "json", "--interval", "300ms")...)
	if r.code == 2 || r.stdout == "" {
		t.Fatalf("status: exit %d %s", r.code, r.stderr)
	}
	return jsonSummary(t, r), r.code
}

// require waits for a verdict that says all of these, in its reason, evidence or advice.
func (f *follower) require(t *testing.T, verdict string, code int, says ...string) {
	t.Helper()
	f.requireAsked(t, true, verdict, code, says...)
}

func (f *follower) requireAsked(t *testing.T, withSource bool, verdict string, code int, says ...string) {
	t.Helper()
	var m map[string]any
	var got int
	var missing []string
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); {
		m, got = f.status(t, withSource)
		missing = nil
		text := fmt.Sprint(m["why"], m["evidence"], m["do"], m["measures"], " error=", m["error"])
		for _, s := range says {
			if !strings.Contains(text, s) {
				missing = append(missing, s)
			}
		}
		if m["verdict"] == verdict && got == code && missing == nil {
			return
		}
	}
	t.Fatalf("verdict %v, exit %d, lacks %q: want %q, exit %d\n%v", m["verdict"], got, missing, verdict, code, m)
}

// ask queries the source.
func (f *follower) ask(t *testing.T, query string) [][]string {
	t.Helper()
	return queryAnew(t, f.source, query)
}

// queryAnew queries a server that is restarted now and then, over a connection of its own.
func queryAnew(t *testing.T, s *testdb.Server, query string) [][]string {
	t.Helper()
	db, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, rows, err := testdb.ReadRows(t.Context(), db, query)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// thread stops or starts one of the target's threads.
func (f *follower) thread(t *testing.T, verb, thread string) {
	t.Helper()
	word := "SLAVE"
	if f.target.Kind == testdb.MySQL97 {
		word = "REPLICA"
	}
	f.target.Exec(t, verb+" "+word+" "+thread)
}

func (f *follower) binlogStatus() string {
	if f.source.Kind == testdb.MySQL97 {
		return "SHOW BINARY LOG STATUS"
	}
	return "SHOW MASTER STATUS"
}

// TestReplicateDiagnoses brings replication into each state for real, and has gomove name it and repair it.
func TestReplicateDiagnoses(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			var args []string
			if k == testdb.MySQL97 {
				args = []string{"--gtid-mode=OFF"}
			}
			f := follow(t, k, args, args)
			for _, c := range []struct {
				name string
				run  func(*testing.T, *follower)
			}{
				{"idle", idleFollower}, {"stopped", stoppedFollower}, {"duplicate", duplicateRow}, {"missing", missingRow},
				{"row lock", rowLock}, {"metadata lock", metadataLock}, {"huge update", hugeUpdate}, {"password", wrongPassword}, {"ids", equalIDs},
				{"purged", purgedLogs}, {"truncated", truncatedLog}, {"server down", serverDown}, {"connection", brokenConnection},
				{"uuids", equalUUIDs}, {"port", wrongPort},
			} {
				if !t.Run(c.name, func(t *testing.T) { c.run(t, f) }) {
					return
				}
			}
		})
	}
}

func idleFollower(t *testing.T, f *follower) {
	f.requireAsked(t, false, "idle", 0, "--source URI")
	f.source.Exec(t, "FLUSH LOGS")
	f.require(t, "caught up", 0)
}

func stoppedFollower(t *testing.T, f *follower) {
	mustReplicate(t, "stop", nil, f.target)
	f.require(t, "stopped", 3, "neither thread", "replicate restart")
	mustReplicate(t, "restart", nil, f.target)
	f.thread(t, "STOP", "SQL_THREAD")
	f.require(t, "stopped", 3, "not applied")
	f.thread(t, "STOP", "IO_THREAD")
	f.thread(t, "START", "SQL_THREAD")
	f.require(t, "stopped", 3, "nothing is received")
	mustReplicate(t, "restart", nil, f.target)
	f.require(t, "caught up", 0)
}

func duplicateRow(t *testing.T, f *follower) {
	f.target.Exec(t, "INSERT INTO shop.items(id, v) VALUES (10, 99)")
	f.source.Exec(t, "INSERT INTO shop.items(id, v) VALUES (10, 10)", "INSERT INTO shop.items(id, v) VALUES (11, 11)")
	f.require(t, "broken", 1, "error=1062", "somebody else writes to the target", "gomove replicate skip")
	if r := replicate(t, "skip", nil, f.target); r.code != 1 || !strings.Contains(r.stderr, "--yes") || !strings.Contains(r.stderr, "differ") {
		t.Errorf("skip without --yes: exit %d %s", r.code, r.stderr)
	}
	mustReplicate(t, "skip", nil, f.target, "--yes")
	f.require(t, "caught up", 0)
	if got := queryAnew(t, f.target, "SELECT v FROM shop.items WHERE id IN (10,11) ORDER BY id"); fmt.Sprint(got) != "[[99] [11]]" {
		t.Errorf("after skip: %v", got)
	}
	if r := replicate(t, "skip", nil, f.target, "--yes"); r.code != 1 || !strings.Contains(r.stderr, "no error to skip") {
		t.Errorf("skip of nothing: exit %d %s", r.code, r.stderr)
	}
	f.target.Exec(t, "UPDATE shop.items SET v=10 WHERE id=10")
}

func missingRow(t *testing.T, f *follower) {
	f.target.Exec(t, "DELETE FROM shop.items WHERE id=4")
	f.source.Exec(t, "UPDATE shop.items SET v=44 WHERE id=4")
	f.require(t, "broken", 1, "error=1032", "is not on the target", "put the row back")
	f.target.Exec(t, "INSERT INTO shop.items(id, v) VALUES (4, 4)")
	mustReplicate(t, "restart", nil, f.target)
	f.require(t, "caught up", 0)
}

func rowLock(t *testing.T, f *follower) {
	tx, err := f.target.DB(t).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var id int
	if _, err := tx.ExecContext(t.Context(), "SELECT v FROM shop.items WHERE id=3 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	f.source.Exec(t, "UPDATE shop.items SET v=33 WHERE id=3")
	f.require(t, "blocked by a lock", 3, fmt.Sprintf("KILL %d", id))
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	f.require(t, "caught up", 0)
}

func metadataLock(t *testing.T, f *follower) {
	tx, err := f.target.DB(t).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SELECT v FROM shop.items WHERE id=3"); err != nil {
		t.Fatal(err)
	}
	f.source.Exec(t, "ALTER TABLE shop.items ADD COLUMN more INT COMMENT '🌳'")
	f.require(t, "blocked by a lock", 3, "metadata lock")
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	f.require(t, "caught up", 0)
}

// hugeUpdate is the handbook's example: the place stands still for long, and replication is at work.
func hugeUpdate(t *testing.T, f *follower) {
	f.source.Exec(t, "CREATE TABLE shop.big(id INT AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL, b VARCHAR(60) NOT NULL, KEY(a), KEY(b)) ENGINE=InnoDB", "INSERT INTO shop.big(a, b) VALUES (1, 'x')")
	for range 16 {
		f.source.Exec(t, "INSERT INTO shop.big(a, b) SELECT a+id, CONCAT(b, id MOD 10) FROM shop.big")
	}
	f.require(t, "caught up", 0)
	f.source.Exec(t, "UPDATE shop.big SET a=a+7, b=REVERSE(b)")
	seen := map[any]int{}
	grew := false
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		m, code := f.status(t, true)
		seen[m["verdict"]]++
		if code != 0 {
			t.Fatalf("the huge UPDATE is called %v, exit %d: %v", m["verdict"], code, m)
		}
		grew = grew || strings.Contains(fmt.Sprint(m["why"]), "its changes grow: it is not stuck") && strings.Contains(fmt.Sprint(m["evidence"]), "undo log entries")
		if m["verdict"] == "caught up" {
			break
		}
	}
	if seen["busy with a large transaction"] == 0 || !grew || seen["caught up"] == 0 {
		t.Errorf("verdicts %v, growth seen: %v", seen, grew)
	}
	f.source.Exec(t, "DROP TABLE shop.big")
}

func wrongPassword(t *testing.T, f *follower) {
	set := "SET PASSWORD FOR gomove_replica@'%' = PASSWORD('other')"
	if f.source.Kind == testdb.MySQL97 {
		set = "ALTER USER gomove_replica@'%' IDENTIFIED BY 'other'"
	}
	f.source.Exec(t, "SET sql_log_bin=0; REVOKE REPLICATION SLAVE ON *.* FROM gomove_replica@'%'")
	mustReplicate(t, "stop", nil, f.target)
	if r := replicate(t, "restart", nil, f.target); r.code != 1 || !strings.Contains(r.stdout, "refuses the replication account") {
		t.Errorf("restart without the privilege: exit %d %s", r.code, r.stdout)
	}
	f.source.Exec(t, "SET sql_log_bin=0; "+set)
	mustReplicate(t, "stop", nil, f.target)
	if r := replicate(t, "restart", nil, f.target); r.code != 1 || !strings.Contains(r.stdout, "refuses the replication account") {
		t.Errorf("restart: exit %d %s", r.code, r.stdout)
	}
	f.require(t, "broken", 1, "error=1045", "refuses the replication account")
	mustReplicate(t, "stop", f.source, f.target, "--forget", "--yes")
	if got := f.ask(t, "SELECT COUNT(*) FROM mysql.user WHERE user='gomove_replica'"); got[0][0] != "0" {
		t.Error("the account is still there")
	}
	f.requireAsked(t, true, "not configured", 1, "replicate start")
	f.startHere(t)
}

// startHere starts replication at the end of the source's log, where both are equal.
func (f *follower) startHere(t *testing.T) {
	t.Helper()
	end := f.ask(t, f.binlogStatus())[0]
	mustReplicate(t, "start", f.source, f.target, "--from", end[0]+":"+end[1], "--by", "position")
	f.require(t, "caught up", 0)
}
