package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

const (
	accounts     = 20   // in each of two tables
	startBalance = 1000 // of each
	totalBalance = 2 * accounts * startBalance
	maxLockHold  = 5 * time.Second // the default of --max-lock-hold
)

// snapshotCase is one way of the ladder on one server.
type snapshotCase struct {
	mode   string
	user   string // account of the dump
	idleIn string // schema in which the idle transaction has written
	dumps  int
}

func snapshotCases(k testdb.Kind) []snapshotCase {
	var cases []snapshotCase
	if k == testdb.MariaDB {
		cases = append(cases, snapshotCase{"lockfree", "root", "bank", 20})
	}
	return append(cases,
		snapshotCase{"lock", "root", "bank", 20},
		// A table lock waits for every transaction that has written the table, an idle one too.
		snapshotCase{"tables", "root", "side", 20},
		// An account that has no RELOAD falls back to LOCK TABLES.
		snapshotCase{"tables", "plain", "side", 3},
	)
}

// TestSnapshotUnderWrites is the proof of the consistency modes: money moves between two tables while each mode dumps them again and again;
// every dump shows the constant sum, and the binary log replayed from its coordinates onto it gives the source's last state.
func TestSnapshotUnderWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of dumps")
	}
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			global := "--transaction-isolation=READ-COMMITTED"
			source := testdb.StartOwn(t, k, testdb.WithArgs(global))
			target := testdb.StartOwn(t, k)
			setUpBank(t, source)
			for _, c := range snapshotCases(k) {
				t.Run(c.mode+"-"+c.user, func(t *testing.T) { snapshotUnderWrites(t, source, target, c) })
			}
		})
	}
}

func setUpBank(t *testing.T, s *testdb.Server) {
	s.Exec(t,
		"CREATE DATABASE bank", "CREATE DATABASE side",
		"CREATE TABLE bank.a (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE bank.b (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE bank.idle (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE side.idle (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE side.unlogged (id INT AUTO_INCREMENT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
		"INSERT INTO bank.idle VALUES (1,0)", "INSERT INTO side.idle VALUES (1,0)",
		"CREATE USER plain@'%'", "GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, PROCESS, REPLICATION CLIENT ON *.* TO plain@'%'",
	)
	for i := 1; i <= accounts; i++ {
		s.Exec(t, fmt.Sprintf("INSERT INTO bank.a VALUES (%d,%d)", i, startBalance), fmt.Sprintf("INSERT INTO bank.b VALUES (%d,%d)", i, startBalance))
	}
}

func snapshotUnderWrites(t *testing.T, source, target *testdb.Server, c snapshotCase) {
	load := startBankLoad(t, source, c)
	dir := t.TempDir()
	var holds []time.Duration
	for i := range c.dumps {
		out := filepath.Join(dir, strconv.Itoa(i))
		load.keepLongSelect(t)
		args := dumpArgs(source, out, "-B", "bank", "--consistency", c.mode, "--threads", "4", "--compress", "none", "--summary", "json")
		args[slices.Index(args, "-u")+1] = c.user
		mustRun(t, args...)
		if sum := dumpedBalance(t, out); sum != totalBalance {
			t.Fatalf("dump %d in mode %s shows %d in all accounts, want %d: the snapshots are torn", i, c.mode, sum, totalBalance)
		}
		holds = append(holds, lockHold(t, out))
	}
	commits, slowest := load.stop(t)
	slices.Sort(holds)
	median := holds[len(holds)/2]
	t.Logf("%s: %d dumps beside %d commits; lock held %s median, %s at most; slowest SELECT of another client %s", c.mode, c.dumps, commits, median, holds[len(holds)-1], slowest)
	if commits < 100 {
		t.Errorf("only %d transactions were committed beside the dumps: the test shows nothing", commits)
	}
	if slowest > maxLockHold {
		t.Errorf("a SELECT of another client took %s, more than --max-lock-hold %s", slowest, maxLockHold)
	}
	if c.mode == "lock" && median > 50*time.Millisecond {
		t.Errorf("lock held %s median, want less than 50ms", median)
	}
	want := bankState(t, source)
	for _, i := range []int{0, c.dumps / 2, c.dumps - 1} {
		replay(t, source, target, filepath.Join(dir, strconv.Itoa(i)))
		if got := bankState(t, target); got != want {
			t.Errorf("dump %d in mode %s and the binary log from its coordinates give\n%s\nwant\n%s", i, c.mode, got, want)
		}
	}
}

// bankLoad is the clients that work beside the dumps.
type bankLoad struct {
	db      *sql.DB
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	commits atomic.Int64
	slowest atomic.Int64 // nanoseconds
	idle    *sql.Tx

	long      chan error // ends with the long SELECT
	longSince time.Time
	errs      chan error
}

func startBankLoad(t *testing.T, s *testdb.Server, c snapshotCase) *bankLoad {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &bankLoad{db: s.DB(t), cancel: cancel, errs: make(chan error, 16)}
	t.Cleanup(func() { // after a failure: nothing may stay open that the next mode would wait for
		cancel()
		l.wg.Wait()
		if l.idle != nil {
			_ = l.idle.Rollback()
		}
	})
	writers := 4
	if c.user == "plain" {
		writers = 2 // overlapping writers can starve LOCK TABLES
	}
	for i := range writers {
		pause := time.Duration(0)
		if i == 0 && c.user != "plain" {
			pause = 30 * time.Millisecond
		}
		l.run(ctx, func(ctx context.Context) error { return l.transfer(ctx, pause) })
	}
	conn, err := l.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_log_bin=0"); err != nil {
		t.Fatal(err)
	}
	l.run(ctx, func(ctx context.Context) error {
		time.Sleep(2 * time.Millisecond)
		_, err := conn.ExecContext(ctx, "INSERT INTO side.unlogged (n) VALUES (1)")
		return err
	})
	l.run(ctx, l.probe)
	if l.idle, err = l.db.BeginTx(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.idle.Exec("UPDATE " + c.idleIn + ".idle SET n=n+1"); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *bankLoad) run(ctx context.Context, f func(context.Context) error) {
	l.wg.Go(func() {
		for ctx.Err() == nil {
			if err := f(ctx); err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "1213") && !strings.Contains(err.Error(), "1205") {
				select {
				case l.errs <- err:
				default:
				}
				return
			}
		}
	})
}

// transfer moves money in one transaction; pause is the time between its two halves.
func (l *bankLoad) transfer(ctx context.Context, pause time.Duration) error {
	amount := rand.IntN(100) - 50
	from, to := "a", "b"
	if rand.IntN(2) == 0 {
		from, to = to, from
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "UPDATE bank."+from+" SET balance=balance-? WHERE id=?", amount, rand.IntN(accounts)+1); err != nil {
		return err
	}
	time.Sleep(pause)
	if _, err := tx.ExecContext(ctx, "UPDATE bank."+to+" SET balance=balance+? WHERE id=?", amount, rand.IntN(accounts)+1); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	l.commits.Add(1)
	time.Sleep(time.Millisecond)
	return nil
}

// probe is the other client whose reads must not be held up.
func (l *bankLoad) probe(ctx context.Context) error {
	start := time.Now()
	var n int64
	if err := l.db.QueryRowContext(ctx, "SELECT SUM(balance) FROM bank.a").Scan(&n); err != nil {
		return err
	}
	l.slowest.Store(max(l.slowest.Load(), int64(time.Since(start))))
	time.Sleep(5 * time.Millisecond)
	return nil
}

// keepLongSelect sees to it that a SELECT of 5 seconds on a table of the dump is running, and will be for a second at least.
func (l *bankLoad) keepLongSelect(t *testing.T) {
	t.Helper()
	if l.long != nil {
		if time.Since(l.longSince) < 4*time.Second {
			return
		}
		if err := <-l.long; err != nil {
			t.Error(err)
		}
	}
	l.long, l.longSince = make(chan error, 1), time.Now()
	go func() {
		var n int
		l.long <- l.db.QueryRow("SELECT SLEEP(5) FROM bank.a LIMIT 1").Scan(&n)
	}()
	time.Sleep(50 * time.Millisecond)
}

func (l *bankLoad) stop(t *testing.T) (commits int64, slowest time.Duration) {
	t.Helper()
	l.cancel()
	l.wg.Wait()
	if err := <-l.long; err != nil {
		t.Error(err)
	}
	if err := l.idle.Commit(); err != nil {
		t.Errorf("the idle transaction did not survive the dumps: %v", err)
	}
	select {
	case err := <-l.errs:
		t.Errorf("a client beside the dumps failed: %v", err)
	default:
	}
	return l.commits.Load(), time.Duration(l.slowest.Load())
}

// dumpedBalance adds up the accounts in a dump's files.
func dumpedBalance(t *testing.T, dir string) (sum int64) {
	t.Helper()
	rows := 0
	for _, table := range []string{"bank.a", "bank.b"} {
		files, err := filepath.Glob(filepath.Join(dir, table+".*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				_, balance, _ := strings.Cut(strings.TrimSpace(line), ",")
				n, err := strconv.ParseInt(balance, 10, 64)
				if err != nil {
					t.Fatalf("%s: %q: %v", f, line, err)
				}
				sum += n
				rows++
			}
		}
	}
	if rows != 2*accounts {
		t.Fatalf("%s holds %d accounts, want %d", dir, rows, 2*accounts)
	}
	return sum
}

// snapshotFacts is what the tests read of gomove.json.
type snapshotFacts struct {
	Snapshot struct {
		Mode        string        `json:"mode"`
		LockHold    time.Duration `json:"lock_hold_ns"`
		Coordinates struct {
			File     string `json:"file"`
			Position uint64 `json:"position"`
		} `json:"coordinates"`
	} `json:"snapshot"`
}

func readFacts(t *testing.T, dir string) snapshotFacts {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "gomove.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f snapshotFacts
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func lockHold(t *testing.T, dir string) time.Duration { return readFacts(t, dir).Snapshot.LockHold }

// replay loads a dump into target and runs the source's binary log from the dump's coordinates on it.
func replay(t *testing.T, source, target *testdb.Server, dir string) {
	t.Helper()
	target.Exec(t, "DROP DATABASE IF EXISTS bank", "DROP DATABASE IF EXISTS side", "CREATE DATABASE side",
		"CREATE TABLE side.idle (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB", "INSERT INTO side.idle VALUES (1,0)")
	mustRun(t, loadArgs(target, dir)...)
	at := readFacts(t, dir).Snapshot.Coordinates
	if at.File == "" {
		t.Fatalf("%s has no coordinates", dir)
	}
	logs, err := filepath.Glob(filepath.Join(source.BinlogDir(), "*.[0-9][0-9][0-9][0-9][0-9][0-9]"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(logs)
	var after []string
	for _, l := range logs {
		if filepath.Base(l) >= at.File {
			after = append(after, l)
		}
	}
	args := []string{"--database=bank", "--start-position=" + strconv.FormatUint(at.Position, 10)}
	if source.Kind != testdb.MariaDB {
		args = append(args, "--skip-gtids") // the target has the GTIDs of the replay before and would pass them over
	}
	tool := source.BinlogTool(t, append(args, after...)...)
	text, err := tool.Output()
	if err != nil {
		t.Fatalf("read the binary log: %v", err)
	}
	client := target.Client(t, "--binary-mode")
	client.Stdin = strings.NewReader(string(text))
	if out, err := client.CombinedOutput(); err != nil {
		t.Fatalf("replay the binary log: %v\n%s", err, out)
	}
}

// bankState is every row of the dumped tables.
func bankState(t *testing.T, s *testdb.Server) string {
	t.Helper()
	var b strings.Builder
	for _, c := range [][2]string{{"a", "balance"}, {"b", "balance"}, {"idle", "n"}} {
		for _, r := range query(t, s, "SELECT id,"+c[1]+" FROM bank."+c[0]+" ORDER BY id") {
			fmt.Fprintf(&b, "%s%s=%s ", c[0], r[0], r[1])
		}
	}
	return b.String()
}
