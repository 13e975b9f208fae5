package dumper

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// TestTableLargerThanItsStatistics dumps tables that the server takes for empty or small: all readers share the work, and every
// row comes once.
func TestTableLargerThanItsStatistics(t *testing.T) {
	tables := map[string]string{
		"number":    "(id INT PRIMARY KEY, a VARCHAR(300))",
		"composite": "(x INT, s VARCHAR(20) CHARACTER SET utf8mb4, id INT, a VARCHAR(300), PRIMARY KEY (x, s, id))",
		"uncut":     "(s VARCHAR(20) CHARACTER SET utf8mb4, e ENUM('a','b'), id INT, a VARCHAR(300), PRIMARY KEY (s, e, id))",
	}
	fill := map[string]string{
		"number":    "SELECT n, REPEAT('x', 200)",
		"composite": "SELECT n%3, CONCAT('k', n%7), n, REPEAT('x', 200)",
		"uncut":     "SELECT CONCAT('k', n%7), 1+n%2, n, REPEAT('x', 200)",
	}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		for name, def := range tables {
			s.Exec(t, "USE "+schema, "CREATE TABLE "+name+" "+def+" ENGINE=InnoDB STATS_PERSISTENT=1 STATS_AUTO_RECALC=0",
				"INSERT INTO "+name+" "+fill[name]+" FROM "+testdb.Numbers(0, 9999), "ANALYZE TABLE "+name,
				"UPDATE mysql.innodb_table_stats SET n_rows=0, clustered_index_size=1 WHERE database_name='"+schema+"' AND table_name='"+name+"'",
				"RENAME TABLE "+name+" TO other, other TO "+name, "FLUSH TABLE "+name) // reads them anew
		}
		o := Options{Threads: 3, ChunkBytes: 64 << 10, Selection: catalog.Selection{Schemas: []string{schema}}, Progress: &progress.Counters{}}
		dir, sum, err := dumpWith(t.Context(), t, s, o, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		d := readDump(t, dir, sum)
		for name := range tables {
			d.checkRows(t, s, schema+"."+name, "")
			for _, c := range d.chunks[schema+"."+name] {
				if c.Bytes > o.ChunkBytes+1000 {
					t.Errorf("%s has %d bytes", c.File, c.Bytes)
				}
			}
		}
		if n := o.Progress.ChunksTotal.Load(); n < 2*spreadPerReader*int64(o.Threads) {
			t.Errorf("%d ranges: the two tables that can be cut were not taken apart", n)
		}
	})
}

// failingStore refuses the chunk files of one table, once others are being read.
type failingStore struct {
	store.Store
	table string
	ready func() bool
}

var errByTest = errors.New("refused by the test")

func (s *failingStore) Create(ctx context.Context, name string) (store.File, error) {
	if strings.Contains(name, "."+s.table+".0") {
		for deadline := time.Now().Add(20 * time.Second); !s.ready() && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
		return nil, errByTest
	}
	return s.Store.Create(ctx, name)
}

// TestErrorEndsOtherStatements lets one reader fail while another's statement sends nothing, so that the server would not
// notice that its client has gone.
func TestErrorEndsOtherStatements(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".slow (id INT PRIMARY KEY, a VARCHAR(200))", "INSERT INTO "+schema+".slow SELECT n, REPEAT('x', 200) FROM "+testdb.Numbers(0, 9999),
			"CREATE TABLE "+schema+".bad (id INT PRIMARY KEY)", "INSERT INTO "+schema+".bad VALUES (1)")
		out, err := store.NewDir(t.TempDir(), store.ReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		var seen atomic.Bool
		running := func() bool {
			if killReaders(t, s, schema+"`.`slow", 0) > 0 {
				seen.Store(true)
			}
			return seen.Load()
		}
		o := Options{
			Threads: 2, Source: sourceOf(s), Log: quietLog(), Out: &failingStore{Store: out, table: "bad", ready: running},
			Selection: catalog.Selection{Schemas: []string{schema}, Where: map[string]string{schema + ".slow": "SLEEP(0.02)=1"}},
		}
		if _, err := Run(t.Context(), o); !errors.Is(err, errByTest) {
			t.Errorf("error %v", err)
		}
		if !seen.Load() {
			t.Fatal("the slow statement never ran")
		}
		for deadline := time.Now().Add(5 * time.Second); killReaders(t, s, schema, 0) != 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the statement still runs on the server")
			}
		}
	})
}
