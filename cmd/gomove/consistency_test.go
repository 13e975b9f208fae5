package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

const (
	bankAccounts = 20   // in each of two tables
	startBalance = 1000 // of each
	totalBalance = 2 * bankAccounts * startBalance
	maxLockHold  = 5 * time.Second // the default of --max-lock-hold
)

// snapshotCase is one way of the ladder on one server.
type snapshotCase struct {
	mode   string
	user   string // account of the dump
	idleIn string // schema in which the idle transaction has written
	dumps  int
	waits  bool // for the long SELECT, before the barrier
}

func snapshotCases(k testdb.Kind) []snapshotCase {
	var cases []snapshotCase
	if k == testdb.MariaDB {
		cases = append(cases, snapshotCase{"lockfree", "root", "bank", 20, false})
	}
	return append(cases,
		snapshotCase{"lock", "root", "bank", 20, k != testdb.MariaDB},
		// A table lock waits for every transaction that has written the table, an idle one too.
		snapshotCase{"tables", "root", "side", 20, true},
		// An account that has no RELOAD falls back to LOCK TABLES.
		snapshotCase{"tables", "plain", "side", 3, false},
	)
}

// TestSnapshotUnderWrites is the proof of the consistency modes: money moves between two tables while each mode dumps them again and again;
// every dump shows the constant sum, and the binary log replayed from its coordinates onto it gives the source's last state.
func TestSnapshotUnderWrites(t *testing.T) {
	t.Parallel()
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
	for i := 1; i <= bankAccounts; i++ {
		s.Exec(t, fmt.Sprintf("INSERT INTO bank.a VALUES (%d,%d)", i, startBalance), fmt.Sprintf("INSERT INTO bank.b VALUES (%d,%d)", i, startBalance))
	}
}

func snapshotUnderWrites(t *testing.T, source, target *testdb.Server, c snapshotCase) {
	load := startBankLoad(t, source, c)
	dir := t.TempDir()
	var holds []time.Duration
	for i := range c.dumps {
		out := filepath.Join(dir, strconv.Itoa(i))
		load.keepLongSelect(t, c.waits)
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
	if rows != 2*bankAccounts {
		t.Fatalf("%s holds %d accounts, want %d", dir, rows, 2*bankAccounts)
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
		for _, r := range s.Query(t, "SELECT id,"+c[1]+" FROM bank."+c[0]+" ORDER BY id") {
			fmt.Fprintf(&b, "%s%s=%s ", c[0], r[0], r[1])
		}
	}
	return b.String()
}
