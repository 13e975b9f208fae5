package dumper

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

func connectAs(t *testing.T, s *testdb.Server, user string) *mysql.Server {
	t.Helper()
	server, err := mysql.Connect(t.Context(), mysql.Options{Host: s.Host, Port: s.Port, User: user, Label: "source"}, mysql.ForDump)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func count(t *testing.T, c *mysql.Conn, table string) (n int) {
	t.Helper()
	if err := c.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSnapshotModes(t *testing.T) {
	for _, k := range testdb.All() {
		for _, mode := range []Consistency{ConsistencyAuto, ConsistencyLockFree, ConsistencyLock, ConsistencyTables, ConsistencyNone} {
			t.Run(string(k)+"/"+string(mode), func(t *testing.T) {
				s := testdb.Start(t, k)
				schema := s.Schema(t)
				s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO "+schema+".t VALUES (1),(2)")
				tables := []snapshotTable{{schema, "t", true}}
				snap, err := openSnapshot(t.Context(), connectAs(t, s, "root"), 3, tables, SnapshotOptions{Consistency: mode}, quietLog())
				if mode == ConsistencyLockFree && k != testdb.MariaDB {
					if err == nil || !strings.Contains(err.Error(), "no proof without a lock") {
						t.Fatalf("lockfree on %s: %v, want a refusal with its reason", k, err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				s.Exec(t, "INSERT INTO "+schema+".t VALUES (3)") // hangs if a lock is left
				for _, c := range snap.Readers {
					if n := count(t, c, schema+".t"); n != 2 {
						t.Errorf("session %d sees %d rows, want 2", c.ID, n)
					}
				}
				want := dump.Recorded
				if mode == ConsistencyNone {
					want = dump.NotASnapshot
				}
				if got := snap.Facts.Coordinates; got.State != want || want == dump.Recorded && (got.File == "" || got.Position == 0) {
					t.Errorf("coordinates %+v, want %s", got, want)
				}
				if err := snap.Close(t.Context()); err != nil {
					t.Error(err)
				}
				t.Logf("%q", snap.Facts.Plan)
			})
		}
	}
}

func TestSnapshotNonTransactional(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".m (id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO "+schema+".m VALUES (1)")
			snap, err := openSnapshot(t.Context(), connectAs(t, s, "root"), 2, []snapshotTable{{schema, "m", false}}, SnapshotOptions{}, quietLog())
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close(t.Context())
			if snap.Facts.Mode != string(ConsistencyLock) || len(snap.ReadFirst) != 1 {
				t.Fatalf("mode %s, read first %v; want lock and one table", snap.Facts.Mode, snap.ReadFirst)
			}
			written := make(chan error, 1)
			go func() {
				_, err := s.DB(t).Exec("INSERT INTO " + schema + ".m VALUES (2)")
				written <- err
			}()
			select {
			case err := <-written:
				t.Fatalf("a write passed the lock: %v", err)
			case <-time.After(300 * time.Millisecond):
			}
			if n := count(t, snap.Locked, schema+".m"); n != 1 {
				t.Errorf("%d rows under the lock, want 1", n)
			}
			if err := snap.ReleaseTables(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-written; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSnapshotSendsNoFlushBesideLongStatement(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MySQL56, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO "+schema+".t VALUES (1)")
			db := s.DB(t)
			long := make(chan error, 1)
			go func() {
				var n int
				long <- db.QueryRow("SELECT SLEEP(4) FROM " + schema + ".t").Scan(&n)
			}()
			time.Sleep(1200 * time.Millisecond)
			o := SnapshotOptions{Consistency: ConsistencyLock, MaxLockWait: time.Second}
			_, err := openSnapshot(t.Context(), connectAs(t, s, "root"), 1, []snapshotTable{{schema, "t", true}}, o, quietLog())
			if err == nil || !strings.Contains(err.Error(), "SLEEP(4)") || !strings.Contains(err.Error(), "--max-lock-wait") {
				t.Fatalf("error %v, want one that names the statement and --max-lock-wait", err)
			}
			start := time.Now()
			s.Exec(t, "INSERT INTO "+schema+".t VALUES (2)")
			var n int
			if err := db.QueryRow("SELECT COUNT(*) FROM " + schema + ".t").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > 500*time.Millisecond {
				t.Errorf("others were held up for %s: a FLUSH was sent", d)
			}
			if err := <-long; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSnapshotCancelledWhileWaiting(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL56)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO "+schema+".t VALUES (1)")
	writer, err := s.DB(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback()
	if _, err := writer.Exec("UPDATE " + schema + ".t SET id=2"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	_, err = openSnapshot(ctx, connectAs(t, s, "root"), 1, []snapshotTable{{schema, "t", true}}, SnapshotOptions{Consistency: ConsistencyTables}, quietLog())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want the context's", err)
	}
	var waiting int
	// The server answers a killed statement a moment before it leaves the list; one that was not killed waits for 5 seconds.
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err := s.DB(t).QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'FLUSH TABLES%'").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			return
		}
	}
	t.Errorf("%d FLUSH statements still wait on the server", waiting)
}

func TestSnapshotFallsBackByPrivilege(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO "+schema+".t VALUES (1)",
				"CREATE USER plain"+schema[len(schema)-4:]+"@'%'", "GRANT SELECT, LOCK TABLES ON *.* TO plain"+schema[len(schema)-4:]+"@'%'")
			o := SnapshotOptions{Consistency: ConsistencyAuto}
			snap, err := openSnapshot(t.Context(), connectAs(t, s, "plain"+schema[len(schema)-4:]), 2, []snapshotTable{{schema, "t", true}}, o, quietLog())
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close(t.Context())
			if snap.Facts.Mode != string(ConsistencyTables) {
				t.Errorf("mode %s, want tables: %q", snap.Facts.Mode, snap.Facts.Plan)
			}
			if snap.Facts.Coordinates.State != dump.NoPrivilege {
				t.Errorf("coordinates %+v, want no privilege", snap.Facts.Coordinates)
			}
		})
	}
}

// TestSnapshotLetsDDLThrough begins DDL while the dump holds its backup lock and waits for a statement: neither may wait for the other.
func TestSnapshotLetsDDLThrough(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY) ENGINE=InnoDB")
	db := s.DB(t)
	long := make(chan error, 1)
	go func() {
		_, err := db.Exec("DO SLEEP(3)")
		long <- err
	}()
	time.Sleep(300 * time.Millisecond)
	ddl := make(chan error, 1)
	go func() {
		time.Sleep(500 * time.Millisecond)
		_, err := db.Exec("CREATE TABLE " + schema + ".u (id INT PRIMARY KEY) ENGINE=InnoDB")
		ddl <- err
	}()
	snap, err := openSnapshot(t.Context(), connectAs(t, s, "root"), 1, []snapshotTable{{schema, "t", true}},
		SnapshotOptions{Consistency: ConsistencyLock, MaxLockWait: 8 * time.Second, MaxLockHold: time.Second}, quietLog())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(t.Context())
	if err := <-ddl; err != nil {
		t.Errorf("the DDL failed: %v", err)
	}
	if err := <-long; err != nil {
		t.Error(err)
	}
	if !snap.held {
		t.Error("the backup lock is not held again")
	}
}
