package main

import (
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

var kills = flag.Int("kills", 8, "how often TestMysqldumpKilled kills a load")

// TestMysqldumpKilled kills loads of a file of mysqldump at random moments, again and again: in the end each row is there once.
func TestMysqldumpKilled(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, target := testdb.StartOwn(t, k), testdb.StartOwn(t, k)
			loadSamples(t, source)
			source.Exec(t, "USE world", "CREATE TABLE big LIKE City", "INSERT INTO big SELECT * FROM City", "INSERT INTO big (Name,Country,Population) SELECT CONCAT(Name,'x'), Country, Population FROM big",
				"CREATE TABLE nokey (a INT, b VARCHAR(40)) DEFAULT CHARSET=utf8mb4", "INSERT INTO nokey SELECT Population, Name FROM big", "INSERT INTO nokey SELECT * FROM nokey")
			file := filepath.Join(t.TempDir(), "dump.sql")
			mysqldumpTo(t, source, file, "--routines", "--events", "--databases", "world", "shop")
			whole := time.Duration(0)
			killed := 0
			for round := 0; killed < *kills; round++ {
				args := loadArgs(target, file, "-t", "2", "--chunk-size", "64KiB")
				start := time.Now()
				if whole == 0 { // how long it takes undisturbed
					mustRun(t, args...)
					whole = time.Since(start)
					target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
					continue
				}
				for done := false; !done; {
					r := startBinary(t, args...)
					wait := time.AfterFunc(time.Duration(rand.Int64N(int64(whole))), func() { _ = r.cmd.Process.Kill() })
					got := r.wait(t)
					if !wait.Stop() && got.code == -1 {
						killed++
						done = loadDone(t, target, "world", "nokey") // it was killed after its last statement, and did not tell
					} else if done = true; got.code != 0 {
						t.Fatalf("exit %d after %d kills\n%s\n%s", got.code, killed, got.stdout, got.stderr)
					}
				}
				for _, schema := range []string{"world", "shop"} {
					requireSameObjects(t, source, target, schema, schema)
				}
				requireSameRowsButFloat(t, source, target, "world", "shop")
				target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
			}
		})
	}
}

// requireSameRowsButFloat compares schemas without the columns that mysqldump rounds.
func requireSameRowsButFloat(t *testing.T, source, target *testdb.Server, schemas ...string) {
	t.Helper()
	for _, schema := range schemas {
		want := readSchema(t, source, schema)
		for table, cols := range want.columns {
			exact := cols[:0:0]
			for _, c := range cols {
				if c.dataType != "float" {
					exact = append(exact, c)
				}
			}
			want.columns[table], want.rows[table] = exact, tableRows(t, source, schema, table, exact)
		}
		want.requireIn(t, target, schema)
	}
}
