package dumper

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// slowStore calls back before each chunk file is opened.
type slowStore struct {
	store.Store
	before func(name string)
}

func (s *slowStore) Create(ctx context.Context, name string) (store.File, error) {
	s.before(name)
	return s.Store.Create(ctx, name)
}

// dumpWith dumps into a new directory and calls before ahead of each file.
func dumpWith(ctx context.Context, t *testing.T, s *testdb.Server, o Options, before func(name string)) (string, *Summary, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dump")
	out, err := store.NewDir(dir, store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	o.Out, o.Source, o.Log = &slowStore{Store: out, before: before}, sourceOf(s), quietLog()
	sum, err := Run(ctx, o)
	return dir, sum, err
}

// killReaders ends up to n sessions that are reading a schema's rows, and returns how many; for n of 0, how many there are.
func killReaders(t *testing.T, s *testdb.Server, schema string, n int) (killed int) {
	t.Helper()
	db := s.DB(t)
	rows, err := db.Query("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SQL_NO_CACHE%" + schema + "%' AND ID <> CONNECTION_ID() ORDER BY ID")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	if n == 0 {
		return len(ids)
	}
	for _, id := range ids[:min(n, len(ids))] {
		if _, err := db.Exec(fmt.Sprintf("KILL %d", id)); err == nil {
			killed++
		}
	}
	return killed
}

func TestLostReader(t *testing.T) {
	shapes := map[string]string{
		// Without statistics a table is one range, which is cut while it is read.
		"keyed":   "(id INT PRIMARY KEY, a LONGTEXT, KEY (a(10))) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0",
		"keyless": "(id INT, a LONGTEXT)",
	}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for name, def := range shapes {
			t.Run(name, func(t *testing.T) {
				schema := s.Schema(t)
				// 20 MB: far more than what is on its way in buffers when the session is killed.
				s.Exec(t, "CREATE TABLE "+schema+".t "+def,
					"INSERT INTO "+schema+".t SELECT n, REPEAT('abcdefghij', 200) FROM "+testdb.Numbers(0, 9999))
				var chunks atomic.Int64
				o := Options{Threads: 3, ChunkBytes: 1 << 20, Selection: catalog.Selection{Schemas: []string{schema}}, Progress: &progress.Counters{}}
				dir, sum, err := dumpWith(t.Context(), t, s, o, func(file string) {
					if strings.Contains(file, ".t.") && chunks.Add(1) == 3 {
						if killReaders(t, s, schema, 1) != 1 {
							t.Error("no reader to kill")
						}
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if sum.Retries != 1 {
					t.Errorf("%d retries, want 1: the test killed a session that was done", sum.Retries)
				}
				readDump(t, dir, sum).checkRows(t, s, schema+".t", "")
			})
		}
	})
}

func TestEveryReaderLost(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		// One range of 20 MB: its statement runs for nearly all of the dump.
		s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, a LONGTEXT) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0",
			"INSERT INTO "+schema+".t SELECT n, REPEAT('abcdefghij', 200) FROM "+testdb.Numbers(0, 9999))
		o := Options{Threads: 2, ChunkBytes: 1 << 20, Selection: catalog.Selection{Schemas: []string{schema}}}
		dir, _, err := dumpWith(t.Context(), t, s, o, func(file string) {
			if strings.Contains(file, ".t.") {
				killReaders(t, s, schema, 2)
			}
		})
		if !errors.Is(err, ErrSnapshotGone) || !strings.Contains(err.Error(), "dump "+schema+".t") {
			t.Errorf("error %v", err)
		}
		in, err := store.NewDir(dir, store.ReadOnly)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dump.Open(t.Context(), in); !errors.Is(err, dump.ErrIncomplete) {
			t.Errorf("the dump reads as %v, want incomplete", err)
		}
	})
}

// TestBackupLockLost ends the session that holds the backup lock: a definition may have changed since, and nobody would know.
func TestBackupLockLost(t *testing.T) {
	s := testdb.StartOwn(t, testdb.MySQL97, testdb.WithArgs("--performance-schema=ON"))
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, a LONGTEXT)", "INSERT INTO "+schema+".t SELECT n, REPEAT('abcdefghij', 200) FROM "+testdb.Numbers(0, 9999))
	var once atomic.Bool
	o := Options{Threads: 1, ChunkBytes: 1 << 20, Selection: catalog.Selection{Schemas: []string{schema}}}
	dir, _, err := dumpWith(t.Context(), t, s, o, func(file string) {
		if strings.Contains(file, ".t.0") && !once.Swap(true) {
			killBackupLock(t, s)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "LOCK INSTANCE FOR BACKUP was lost") {
		t.Errorf("error %v", err)
	}
	in, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Open(t.Context(), in); !errors.Is(err, dump.ErrIncomplete) {
		t.Errorf("the dump reads as %v, want incomplete", err)
	}
}

// killBackupLock ends the session that holds LOCK INSTANCE FOR BACKUP, and no other: one that is about to begin fails a dump in its own way.
func killBackupLock(t *testing.T, s *testdb.Server) {
	t.Helper()
	holders := s.Query(t, "SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE THREAD_ID IN (SELECT OWNER_THREAD_ID FROM performance_schema.metadata_locks "+
		"WHERE OBJECT_TYPE='BACKUP LOCK' AND LOCK_TYPE='SHARED' AND LOCK_STATUS='GRANTED')")
	if len(holders) != 1 {
		t.Errorf("%d sessions hold the backup lock, want 1", len(holders))
	}
	for _, id := range holders {
		s.Exec(t, "KILL "+id[0])
	}
}

func TestDefinitionChanges(t *testing.T) {
	changes := map[string]string{
		"column":  "ALTER TABLE %s.t2 ADD COLUMN z INT",
		"index":   "ALTER TABLE %s.t2 ADD INDEX (a)",
		"dropped": "DROP TABLE %s.t2",
		"renamed": "RENAME TABLE %[1]s.t2 TO %[1]s.t3",
		"rebuilt": "TRUNCATE TABLE %s.t2",
	}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for name, ddl := range changes {
			t.Run(name, func(t *testing.T) {
				schema := s.Schema(t)
				s.Exec(t, "CREATE TABLE "+schema+".t1 (id INT PRIMARY KEY, a VARCHAR(200))", "INSERT INTO "+schema+".t1 SELECT n, REPEAT('x', 200) FROM "+testdb.Numbers(0, 999),
					"CREATE TABLE "+schema+".t2 (id INT PRIMARY KEY, a INT)", "INSERT INTO "+schema+".t2 VALUES (1,1)")
				var once atomic.Bool
				o := Options{Threads: 1, Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyTables}}
				_, _, err := dumpWith(t.Context(), t, s, o, func(file string) {
					// While t1, the larger one, is written.
					if strings.Contains(file, ".t1.0") && !once.Swap(true) {
						s.Exec(t, fmt.Sprintf(ddl, schema))
					}
				})
				if !errors.Is(err, catalog.ErrChanged) || !strings.Contains(err.Error(), schema+".t2") {
					t.Errorf("error %v, want one that names %s.t2", err, schema)
				}
			})
		}
	})
}

// DDL of others must not wait for the end of a dump: it would queue every query on its table behind it.
func TestReadTablesAreLetGo(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t1 (id INT PRIMARY KEY, a VARCHAR(200))", "INSERT INTO "+schema+".t1 SELECT n, REPEAT('x', 200) FROM "+testdb.Numbers(0, 9999),
			"CREATE TABLE "+schema+".t2 (id INT PRIMARY KEY)", "INSERT INTO "+schema+".t2 VALUES (1)", "ANALYZE TABLE "+schema+".t1, "+schema+".t2")
		var once atomic.Bool
		o := Options{Threads: 1, Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyTables}}
		dir, sum, err := dumpWith(t.Context(), t, s, o, func(file string) {
			if strings.Contains(file, ".t2.0") && !once.Swap(true) {
				s.Exec(t, "SET SESSION lock_wait_timeout=5", "ALTER TABLE "+schema+".t1 COMMENT 'no change of what is dumped'")
				s.Exec(t, "INSERT INTO "+schema+".t2 VALUES (2)")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := readDump(t, dir, sum).objects[schema+".t2"].Rows; got != 1 {
			t.Errorf("t2 has %d rows, want 1: the snapshot ended with its tables", got)
		}
	})
}

// DDL that waits for a reader holds up the session that looks for the next range of the same table: nobody would ever go on.
func TestDDLBetweenRanges(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, a LONGTEXT)",
			"INSERT INTO "+schema+".t SELECT n, REPEAT('abcdefghij', 200) FROM "+testdb.Numbers(0, 9999), "ANALYZE TABLE "+schema+".t")
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		altered := make(chan error, 1)
		var once atomic.Bool
		o := Options{Threads: 1, ChunkBytes: 64 << 10, Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyTables}}
		_, _, err := dumpWith(ctx, t, s, o, func(file string) {
			if !strings.Contains(file, ".t.0") || once.Swap(true) {
				return
			}
			go func() {
				_, err := s.DB(t).ExecContext(t.Context(), "ALTER TABLE "+schema+".t ADD COLUMN b INT")
				altered <- err
			}()
			time.Sleep(500 * time.Millisecond) // the ALTER waits for this reader now, and what comes after waits for the ALTER
		})
		if !errors.Is(err, catalog.ErrChanged) {
			t.Errorf("error %v, want %v", err, catalog.ErrChanged)
		}
		if err := <-altered; err != nil {
			t.Error(err)
		}
	})
}

func TestCancel(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, a LONGTEXT)",
			"INSERT INTO "+schema+".t SELECT n, REPEAT('abcdefghij', 200) FROM "+testdb.Numbers(0, 9999))
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		_, _, err := dumpWith(ctx, t, s, Options{Threads: 2, ChunkBytes: 1 << 20, Selection: catalog.Selection{Schemas: []string{schema}}}, func(file string) {
			if strings.Contains(file, ".t.") {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("took %s to stop", d)
		}
		// A statement that was killed may take a moment to end.
		for deadline := time.Now().Add(10 * time.Second); killReaders(t, s, schema, 0) != 0; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("a statement still runs on the server")
			}
		}
	})
}
