package chunker

import (
	"fmt"
	"testing"
)

// TestStatisticsThatLie cuts a table whose persistent statistics are far from the truth.
func TestStatisticsThatLie(t *testing.T) {
	const rows, targetRows, rowBytes = 200_000, 10_000, 90
	cases := []struct {
		name        string
		rows, pages int64
		cost        float64 // percent of the rows
		whole       bool    // nothing tells the server, or gomove, how large the table is
	}{
		{name: "no rows", rows: 0, pages: 1, cost: 3, whole: true},
		{name: "100 rows", rows: 100, pages: 1, whole: true},
		{name: "1 percent of the rows", rows: 2000, pages: 20, cost: 3},
		{name: "half of the rows", rows: 100_000, pages: 1800, cost: 3},
		{name: "100 times the rows", rows: 20_000_000, pages: 1800, cost: 3},
		{name: "100 times the bytes", rows: 200_000, pages: 180_000, cost: 3},
	}
	onServers(t, func(t *testing.T, s *session) {
		s.sequence()
		s.exec("CREATE TABLE l(a INT, b INT, pad CHAR(80) CHARACTER SET latin1 NOT NULL, PRIMARY KEY(a,b)) ENGINE=InnoDB STATS_PERSISTENT=1 STATS_AUTO_RECALC=0",
			"INSERT INTO l SELECT n%50,n,REPEAT('x',80) FROM seq", "ANALYZE TABLE l")
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := &session{Conn: s.Conn, t: t, kind: s.kind, schema: s.schema}
				s.exec(fmt.Sprintf("UPDATE mysql.innodb_table_stats SET n_rows=%d, clustered_index_size=%d WHERE database_name=%q AND table_name='l'", c.rows, c.pages, s.schema),
					"RENAME TABLE l TO m, m TO l", "FLUSH TABLE l") // reads them anew
				table := s.table("l", "PRIMARY")
				if table.Rows < c.rows/2 || table.Rows > c.rows*2 {
					t.Fatalf("the server states %d rows, it was told %d", table.Rows, c.rows)
				}
				s.checkBalance(table, Options{TargetBytes: rowBytes * targetRows}, balance{rows: rows, targetRows: targetRows, cost: c.cost, whole: c.whole})
				if c.whole {
					s.checkHalves(table, rows)
				}
			})
		}
		t.Run("a million for ten", func(t *testing.T) {
			s := &session{Conn: s.Conn, t: t, kind: s.kind, schema: s.schema}
			s.exec("TRUNCATE TABLE l", "INSERT INTO l SELECT n,n,'' FROM seq WHERE n<10", fmt.Sprintf("UPDATE mysql.innodb_table_stats SET n_rows=1000000, clustered_index_size=20000 WHERE database_name=%q AND table_name='l'", s.schema),
				"RENAME TABLE l TO m, m TO l", "FLUSH TABLE l")
			table := s.table("l", "PRIMARY")
			ranges := s.ranges(table, Options{TargetBytes: rowBytes * targetRows})
			if len(ranges) != 1 {
				t.Errorf("%d ranges for 10 rows", len(ranges))
			}
			s.checkTiling(table, ranges)
		})
	})
}

// checkHalves splits the table's key space without statistics until it is in 16 ranges.
func (s *session) checkHalves(table *Table, rows int64) {
	s.t.Helper()
	ranges := []Range{{}}
	reads := s.readsOf(func() {
		for len(ranges) < 16 {
			var next []Range
			for _, r := range ranges {
				before, after, ok, err := Halve(s.t.Context(), s, table, r)
				if err != nil || !ok {
					s.t.Fatalf("%s: not halved: %v", r.Where(table.Key), err)
				}
				next = append(next, before, after)
			}
			ranges = next
		}
	})
	if most := s.checkTiling(table, ranges); most > rows/8 {
		s.t.Errorf("largest of 16 ranges has %d of %d rows", most, rows)
	}
	if reads > 300 {
		s.t.Errorf("halving 15 times has read %d rows", reads)
	}
}
