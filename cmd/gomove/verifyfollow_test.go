package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// busyRows keeps rows of a source moving in ways that a comparison could take for differences: a counter, a switch that comes back to
// what it was, a row that comes and goes, a key that changes, and a table without a key.
func busyRows(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "CREATE TABLE shop.hot(id INT PRIMARY KEY, n BIGINT, s VARCHAR(20)) ENGINE=InnoDB", "INSERT INTO shop.hot VALUES (1,0,'on'),(2,0,'off'),(3,0,'x')",
		"CREATE TABLE shop.named(k VARCHAR(40) CHARACTER SET utf8mb4 PRIMARY KEY, n INT) ENGINE=InnoDB", "INSERT INTO shop.named VALUES ('first',1),('kept',2)",
		"CREATE TABLE shop.bag(n INT, s VARCHAR(20)) ENGINE=InnoDB", "INSERT INTO shop.bag VALUES (1,'a'),(1,'a'),(2,'b')")
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	db := s.DB(t)
	for _, statements := range [][]string{
		{"UPDATE shop.hot SET n=n+1 WHERE id=1", "UPDATE shop.hot SET s=IF(s='on','off','on') WHERE id=2"},
		{"DELETE FROM shop.hot WHERE id=4", "INSERT INTO shop.hot VALUES (4,1,'comes and goes')", "UPDATE shop.named SET k=IF(k='first','zweite ü','first') WHERE k IN ('first','zweite ü')"},
		{"INSERT INTO shop.bag VALUES (7,'new')", "DELETE FROM shop.bag WHERE n=7", "UPDATE shop.bag SET s=IF(s='b','c','b') WHERE n=2"},
	} {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := oneByOne(ctx, db, statements); err != nil && ctx.Err() == nil {
					t.Errorf("busy rows: %v", err)
					return
				}
				time.Sleep(3 * writerPause)
			}
		})
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
}

func oneByOne(ctx context.Context, db *sql.DB, statements []string) error {
	for _, q := range statements {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// verifyRuns is how often nothing may be found: GOMOVE_VERIFY_RUNS=20 for the whole number.
func verifyRuns() int {
	if n, err := strconv.Atoi(os.Getenv("GOMOVE_VERIFY_RUNS")); err == nil {
		return n
	}
	return 1
}

// TestVerifyWhileReplicating compares a source that is written to with a replica that follows it.
func TestVerifyWhileReplicating(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		from, to testdb.Kind
		args     []string
	}{
		{"mariadb", testdb.MariaDB, testdb.MariaDB, nil},
		{"mysql97", testdb.MySQL97, testdb.MySQL97, gtidArgs()},
		{"mysql56-to-mariadb", testdb.MySQL56, testdb.MariaDB, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && c.from == testdb.MySQL56 {
				t.Skip("MySQL 5.6")
			}
			source, target := testdb.StartOwn(t, c.from, testdb.WithArgs(c.args...)), testdb.StartOwn(t, c.to, testdb.WithArgs(c.args...))
			w := startOrders(t, source)
			busyRows(t, source)
			mustRun(t, copyArgs(source, target, "-B", "shop")...)
			mustReplicate(t, "start", source, target)
			for i := range verifyRuns() {
				r := runBinary(t, verifyArgs(source, target, "shop")...)
				if r.code != 0 {
					t.Fatalf("run %d: exit %d\n%s\n%s", i, r.code, r.stdout, r.stderr)
				}
				m := jsonSummary(t, r)
				t.Logf("run %d: %v s, %v rows differed at first", i, m["seconds"], m["agreed"])
				if m["replicated_to"] == nil {
					t.Fatalf("the replication was not seen: %s", r.stdout)
				}
			}
			if c.name == "mariadb" || c.from == c.to && verifyRuns() > 1 { // it waits for ten seconds and more
				verifyLate(t, source, target)
			}
			plantAndFind(t, source, target)
			if err := w.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// verifyLate compares with a target that is always later than rows may be held: what moves is no difference, and is told apart from one.
func verifyLate(t *testing.T, source, target *testdb.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	for _, id := range []string{"1", "3"} {
		wg.Go(func() {
			for db := source.DB(t); ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				if err := oneByOne(ctx, db, []string{"UPDATE shop.hot SET n=n+1 WHERE id=" + id}); err != nil && ctx.Err() == nil {
					t.Errorf("counter: %v", err)
					return
				}
			}
		})
	}
	delayReplica(t, target, "2")
	r := runBinary(t, "verify", "--source", uriOf(source), "--target", uriOf(target), "-T", "shop.hot", "--progress", "none", "--summary", "json",
		"--no-schema", "--replicating", "--max-lock-hold", "100ms", "--max-wait", "10s")
	m := jsonSummary(t, r)
	t.Logf("late target: %v s, undecided %v", m["seconds"], m["undecided_tables"])
	if r.code != 3 || m["differing_tables"] != nil || len(jsonList(m["undecided_tables"])) != 1 || m["equal"] != false ||
		!strings.Contains(r.stderr, "no difference was found, but") || strings.Contains(r.stderr, "source and target differ") {
		t.Errorf("late target: exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	delayReplica(t, target, "0")
}

// delayReplica makes a replica apply what its source did so many seconds ago.
func delayReplica(t *testing.T, s *testdb.Server, seconds string) {
	t.Helper()
	change := "CHANGE MASTER TO MASTER_DELAY="
	if s.Kind == testdb.MySQL97 {
		change = "CHANGE REPLICATION SOURCE TO SOURCE_DELAY="
	}
	s.Exec(t, "STOP "+replicaWord(s), change+seconds, "START "+replicaWord(s))
}

// plantAndFind makes differences on the target that replication does not mend, and wants these named and no others.
func plantAndFind(t *testing.T, source, target *testdb.Server) {
	t.Helper()
	ids := source.Query(t, "SELECT id FROM shop.orders WHERE id>=1500 ORDER BY id LIMIT 2")
	differs, missing := ids[0][0], ids[1][0]
	target.Exec(t, "SET sql_log_bin=0", "UPDATE shop.orders SET note='planted' WHERE id="+differs, "DELETE FROM shop.orders WHERE id="+missing,
		"INSERT INTO shop.orders(id, customer) VALUES (4000000000, 1)", "INSERT INTO shop.bag VALUES (99,'extra')", "UPDATE shop.named SET n=3 WHERE k='kept'")
	r := runBinary(t, verifyArgs(source, target, "shop", "--replicating")...)
	if r.code != 3 {
		t.Fatalf("exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	var got []string
	for _, table := range jsonList(jsonSummary(t, r)["differing_tables"]) {
		for _, row := range jsonList(table["rows"]) {
			key := jsonList(row["key"])[0]["value"].(string)
			got = append(got, fmt.Sprint(table["source"], " ", row["kind"], " ", key))
		}
	}
	slices.Sort(got)
	want := []string{"`shop`.`bag` extra 99", "`shop`.`named` differs \"kept\"", "`shop`.`orders` differs " + differs, "`shop`.`orders` extra 4000000000", "`shop`.`orders` missing " + missing}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	target.Exec(t, "SET sql_log_bin=0", "STOP "+replicaWord(target))
	if r := runBinary(t, verifyArgs(source, target, "shop", "--replicating")...); r.code != 1 || !strings.Contains(r.stderr, "the target does not follow the source: it applies nothing") {
		t.Errorf("stopped: exit %d\n%s", r.code, r.stderr)
	}
}

func replicaWord(s *testdb.Server) string {
	if s.Kind == testdb.MySQL97 {
		return "REPLICA"
	}
	return "SLAVE"
}
