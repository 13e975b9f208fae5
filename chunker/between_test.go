package chunker

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// checkLast gives the ranges that can have one their last key, as a reader does, and compares the rows. It returns how many have one.
func (s *session) checkLast(table *Table, ranges []Range) (have int) {
	s.t.Helper()
	for _, r := range ranges {
		r.Rows = worthLast
		query, ok := table.LastKeySQL(r)
		if !ok {
			continue
		}
		var last string
		if read := s.readsOf(func() { last = s.strings(query)[0] }); read > 4 {
			s.t.Errorf("%s reads %d rows", query, read)
		}
		key, err := hex.DecodeString(last)
		if err != nil {
			s.t.Fatal(err)
		}
		if last == "" {
			key = nil
		}
		rows := "SELECT COUNT(*), MAX(pad) FROM " + table.Name + " FORCE INDEX (`" + table.Key.Name + "`) WHERE "
		open, closed := r.Where(table.Key), r.WithLast(table.Key, key).Where(table.Key)
		if want, got := s.strings(rows+open), s.strings(rows+closed); !slices.Equal(want, got) {
			s.t.Errorf("%s gives %q, and %s %q", open, want, closed, got)
		}
		if strings.Contains(closed, " BETWEEN ") {
			have++
		}
	}
	return have
}

// A range of text of which rows are equal but for their case, accents or the blanks at their end is the same with its last key.
func TestLastKey(t *testing.T) {
	onServers(t, func(t *testing.T, s *session) {
		for name, column := range map[string]string{
			"latin1":  "VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german1_ci",
			"utf8mb4": "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
			"bytes":   "VARBINARY(40)",
		} {
			s.exec("CREATE TABLE "+name+" (a INT, k "+column+", n INT, pad INT, PRIMARY KEY (a, k, n))",
				"INSERT INTO "+name+" VALUES (1,'b',1,1),(1,'B',2,2),(1,'b ',3,3),(1,_utf8mb4'\u00e4',4,4),(1,'a',5,5),(1,'A  ',6,6),(1,'c',7,7),(2,'c',8,8)")
			table := s.table(name, "PRIMARY")
			ranges := []Range{
				{Lower: tuple("1", "a"), Upper: tuple("1", "b")},
				{Lower: tuple("1", "a"), Upper: tuple("1", "c")},
				{Lower: tuple("1", "B"), Upper: tuple("1", "c")},
			}
			if have := s.checkLast(table, ranges); have != len(ranges) {
				t.Errorf("%s: %d ranges have a last key, want %d", name, have, len(ranges))
			}
			for _, r := range []Range{
				{Lower: tuple("1", "x"), Upper: tuple("1", "y")}, // without rows
				{Lower: tuple("1", "a"), Upper: tuple("2")},      // two parts
				{Lower: tuple("1", "a"), LowerOpen: true, Upper: tuple("1", "c")},
				{Lower: tuple("1"), Upper: tuple("2")}, // integers
				{Upper: tuple("1", "c")},
				{Lower: tuple("1", "c")},
			} {
				if have := s.checkLast(table, []Range{r}); have > 0 && len(r.Lower) != 1 {
					t.Errorf("%s: range %+v has a last key", name, r)
				}
			}
		}
		s.exec("CREATE TABLE parted (k VARCHAR(20) PRIMARY KEY, pad INT) PARTITION BY KEY (k) PARTITIONS 3")
		table := s.table("parted", "PRIMARY")
		table.Partitions = s.partitions("parted")
		if _, ok := table.LastKeySQL(Range{Lower: tuple("a"), Upper: tuple("b"), Rows: worthLast}); ok {
			t.Error("a table of partitions is asked for a last key, for which MySQL reads every row")
		}
		if _, ok := (&Table{Key: table.Key}).LastKeySQL(Range{Lower: tuple("a"), Upper: tuple("b"), Rows: worthLast - 1}); ok {
			t.Error("a small range is asked for its last key")
		}
	})
}

// MySQL 5.6 finds none of the rows between two numbers of which one is above the largest BIGINT; the ranges there have two comparisons.
func TestBetweenAboveBigint(t *testing.T) {
	onServers(t, func(t *testing.T, s *session) {
		s.exec("CREATE TABLE u (a BIGINT UNSIGNED PRIMARY KEY, pad INT)",
			"INSERT INTO u VALUES (5,0),(9223372036854775807,0),(9223372036854775808,0),(18446744073709551614,0),(18446744073709551615,0)")
		want := int64(4)
		if s.kind == testdb.MySQL56 {
			want = 0
		}
		if n := s.number("SELECT COUNT(*) FROM u WHERE a BETWEEN 7 AND 18446744073709551615"); n != want {
			t.Errorf("the server counts %d rows, want %d: is integerBelow still right?", n, want)
		}
		key := s.table("u", "PRIMARY").Key
		for upper, want := range map[string]int64{"9223372036854775807": 0, "9223372036854775808": 1, "9223372036854775809": 2, "18446744073709551615": 3} {
			where := Range{Lower: tuple("7"), Upper: tuple(upper)}.Where(key)
			if n := s.number("SELECT COUNT(*) FROM u WHERE " + where); n != want {
				t.Errorf("%s: %d rows, want %d", where, n, want)
			}
		}
	})
}
