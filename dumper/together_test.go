package dumper

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/testdb"
)

// TestTablesTogether dumps many small tables, of which some are larger than the server knows, have values that the server is asked about
// again, or lose their session in the middle, as does the session that reads definitions: every row comes once.
func TestTablesTogether(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		stale := " ENGINE=InnoDB STATS_PERSISTENT=1 STATS_AUTO_RECALC=0"
		tables := []string{"keyed", "keyless", "large", "bare", "gone"}
		q := []string{
			"USE " + schema,
			"CREATE TABLE keyed (id INT PRIMARY KEY, a VARCHAR(20))" + stale, "INSERT INTO keyed SELECT n, 'keyed' FROM " + testdb.Numbers(0, 4999),
			"CREATE TABLE keyless (id INT, a VARCHAR(20))" + stale, "INSERT INTO keyless SELECT n, 'keyless' FROM " + testdb.Numbers(0, 4999),
			"CREATE TABLE large (id INT PRIMARY KEY, a LONGTEXT)" + stale, "INSERT INTO large SELECT n, REPEAT('abcdefghij', 2000) FROM " + testdb.Numbers(0, 899),
			"CREATE TABLE bare (id INT PRIMARY KEY)", "CREATE TABLE gone (id INT PRIMARY KEY, g INT AS (id+1)) ENGINE=InnoDB",
			"INSERT INTO gone (id) VALUES (1)",
		}
		if s.Kind == testdb.MySQL56 {
			q[len(q)-2] = "CREATE TABLE gone (id INT PRIMARY KEY, g INT) ENGINE=InnoDB"
		}
		for i := range 60 {
			name := fmt.Sprintf("t%02d", i)
			tables = append(tables, name)
			q = append(q, "CREATE TABLE "+name+" (id INT, `a;b` VARCHAR(20) CHARACTER SET latin1, f FLOAT, e ENUM('x','y'), UNIQUE KEY (id))",
				fmt.Sprintf("INSERT INTO %s VALUES (%d, 'k;\\'%d', 1.1, 'y'), (NULL, NULL, NULL, NULL)", name, i, i))
		}
		s.Exec(t, q...)
		var killed, defined atomic.Bool
		o := Options{Threads: 2, Selection: catalog.Selection{Schemas: []string{schema}}, Progress: &progress.Counters{}}
		dir, sum, err := dumpWith(t.Context(), t, s, o, func(file string) {
			if strings.HasSuffix(file, ".t30-schema.sql") && !defined.Swap(true) {
				for _, id := range s.Query(t, "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND='Sleep' AND DB='"+schema+"'") {
					s.Exec(t, "KILL "+id[0])
				}
			}
			if strings.Contains(file, ".large.0") && !killed.Swap(true) {
				for _, id := range s.Query(t, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT%`large`%' AND ID <> CONNECTION_ID()") {
					s.Exec(t, "KILL "+id[0])
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if sum.Retries != 1 {
			t.Errorf("%d retries, want 1: the test killed a session that was done", sum.Retries)
		}
		if !defined.Load() {
			t.Error("no session of definitions was killed")
		}
		d := readDump(t, dir, sum)
		for _, name := range tables {
			d.checkRows(t, s, schema+"."+name, "")
		}
		for _, name := range []string{"keyed", "keyless"} {
			if c := d.chunks[schema+"."+name]; len(c) != 1 || c[0].Number != 0 {
				t.Errorf("chunks of %s: %+v", name, c)
			}
		}
	})
}
