package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestKeySpeed measures that the key of a table does not matter for the speed of its dump: the same 1,000,000 rows under an
// integer, a string and a composite key, five times in turn, with and without compression. It needs a quiet machine:
//
//	GOMOVE_KEY_SPEED=1 go test ./cmd/gomove -run TestKeySpeed -v
func TestKeySpeed(t *testing.T) {
	if os.Getenv("GOMOVE_KEY_SPEED") == "" {
		t.Skip("a measurement; set GOMOVE_KEY_SPEED=1 on a quiet machine")
	}
	const rounds, most = 5, 1.1
	keys := []struct{ table, key string }{{"int_key", "id"}, {"string_key", "s"}, {"composite_key", "a, b, c"}}
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			s := testdb.Start(t, kind)
			schema := s.Schema(t)
			s.Exec(t, "USE "+schema, "CREATE TABLE d (n INT)", "INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
			from := "int_key"
			for _, k := range keys {
				fill := "SELECT * FROM " + from + " ORDER BY " + k.key
				if k.table == from {
					fill = "SELECT n, LEFT(SHA2(n, 256), 32), n%100, n%1000 DIV 10, n, REPEAT(CHAR(97+n%26), 100) FROM" +
						" (SELECT a.n+b.n*10+c.n*100+e.n*1000+f.n*10000+g.n*100000 n FROM d a, d b, d c, d e, d f, d g) x"
				}
				s.Exec(t, "USE "+schema, "CREATE TABLE "+k.table+" (id INT NOT NULL, s CHAR(32) CHARACTER SET latin1 NOT NULL, a INT NOT NULL, b INT NOT NULL, c INT NOT NULL,"+
					" pad CHAR(100) CHARACTER SET latin1, PRIMARY KEY ("+k.key+"))", "INSERT INTO "+k.table+" "+fill, "ANALYZE TABLE "+k.table)
			}
			for _, compress := range []string{"none", "zstd"} {
				took := map[string][]time.Duration{}
				for round := range rounds + 1 { // the first one warms up
					for _, k := range keys {
						dir := filepath.Join(fast(t), "dump")
						start := time.Now()
						mustRun(t, dumpArgs(s, dir, "-T", schema+"."+k.table, "-t", "2", "--compress", compress)...)
						if round > 0 {
							took[k.table] = append(took[k.table], time.Since(start))
						}
						if err := os.RemoveAll(dir); err != nil {
							t.Fatal(err)
						}
					}
				}
				base := median(took["int_key"])
				for _, k := range keys {
					m := median(took[k.table])
					t.Logf("%s --compress %s, %s: median %.3f s, %.2f times the integer key (%v)", kind, compress, k.table, m.Seconds(), m.Seconds()/base.Seconds(), took[k.table])
					if m.Seconds() > most*base.Seconds() {
						t.Errorf("%s --compress %s: %s takes %.2f times as long as an integer key", kind, compress, k.table, m.Seconds()/base.Seconds())
					}
				}
			}
		})
	}
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// fast is a directory in memory, where there is one.
func fast(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "gomove-keyspeed-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
