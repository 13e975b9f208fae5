package chunker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// columnType is a type for random tables with the SQL of values that are few enough to repeat.
type columnType struct {
	sql    string
	values func(r *rand.Rand) string
	only   testdb.Kind
}

func texts(list ...string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		s := list[r.IntN(len(list))]
		if r.IntN(2) == 0 {
			s += list[r.IntN(len(list))]
		}
		return mysql.HexLiteral("utf8mb4", []byte(s))
	}
}

func pick(list ...string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return list[r.IntN(len(list))] }
}

func columnTypes() []columnType {
	odd := texts("", "a", "A", "b", "\u00e9", "E", "e ", "%", "_", "'", "\\", "\u30bd", "\u80fd", "z", "\t", "i", "I", "ss", "\u00df", "0", "9")
	wide := texts("", "a", "A", "\U0001F600", "\u00e9", "e\u0301", "\u0131", "\u0130", "I", "\u4e2d", "\uffee", "'", "\\", "\x00", " ", "\u00e6", "ae", "ch", "cz")
	return []columnType{
		{sql: "INT", values: func(r *rand.Rand) string { return fmt.Sprint(r.IntN(20) - 10) }},
		{sql: "BIGINT UNSIGNED", values: pick("0", "1", "2", "9223372036854775807", "9223372036854775808", "18446744073709551614", "18446744073709551615")},
		{sql: "BIGINT", values: pick("0", "1", "-1", "9223372036854775807", "-9223372036854775808", "-9223372036854775807", "77")},
		{sql: "INT(6) ZEROFILL", values: func(r *rand.Rand) string { return fmt.Sprint(r.IntN(30)) }},
		{sql: "DECIMAL(30,10)", values: pick("0", "-0.0000000001", "0.0000000001", "12345678901234567890.0123456789", "-12345678901234567890.0123456789", "1.5", "-1.5")},
		{sql: "DOUBLE", values: pick("0", "-0e0", "1e-308", "-1e308", "1.7976931348623157e308", "0.1", "0.30000000000000004", "5e-324", "-0.1")},
		{sql: "FLOAT", values: pick("0", "0.010516252390057362", "16777216", "16777217", "123456.789", "-3.4e38", "0.1", "1e-40")},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", values: wide},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", values: wide},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_turkish_ci", values: wide},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", values: wide},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci", values: wide, only: testdb.MySQL97},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs", values: wide, only: testdb.MySQL97},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", values: wide, only: testdb.MariaDB},
		{sql: "VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci", values: wide, only: testdb.MariaDB},
		{sql: "CHAR(6) CHARACTER SET utf16", values: wide},
		{sql: "VARCHAR(6) CHARACTER SET utf32", values: wide},
		{sql: "VARCHAR(6) CHARACTER SET ucs2 COLLATE ucs2_bin", values: odd},
		{sql: "VARCHAR(6) CHARACTER SET sjis", values: texts("", "a", "A", "\u30bd", "\u80fd", "\u8868", "\\", "\uff76", "'")},
		{sql: "VARCHAR(6) CHARACTER SET gbk COLLATE gbk_bin", values: texts("", "a", "A", "\u4e2d", "\u8bda", "\\", "'")},
		{sql: "CHAR(6) CHARACTER SET latin1 COLLATE latin1_swedish_ci", values: odd},
		{sql: "VARCHAR(6) CHARACTER SET latin1 COLLATE latin1_german2_ci", values: odd},
		{sql: "BINARY(2)", values: pick("x'0000'", "x'0001'", "x'2700'", "x'5c5c'", "x'ff00'", "x'ffff'", "x'61'")},
		{sql: "VARBINARY(3)", values: pick("x''", "x'00'", "x'0000'", "x'27'", "x'5c'", "x'ff'", "x'ffffff'", "x'6120'", "x'61'")},
		{sql: "DATE", values: pick("'0000-00-00'", "'2000-00-00'", "'2000-02-30'", "'2000-02-29'", "'1000-01-01'", "'9999-12-31'", "'2000-03-00'", "'2000-03-01'")},
		{sql: "DATETIME(6)", values: pick("'0000-00-00'", "'2000-02-30 10:00:00.000001'", "'2000-02-30 10:00:00.000002'", "'9999-12-31 23:59:59.999999'", "'2000-03-00 01:01:01'", "'2001-01-01'")},
		{sql: "TIMESTAMP NULL", values: pick("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2001-01-01'", "'2001-01-01 00:00:01'", "'2020-10-25 02:30:00'")},
		{sql: "TIME(2)", values: pick("'-838:59:59'", "'838:59:59'", "'00:00:00.01'", "'-00:00:00.01'", "'0'", "'12:00:00'", "'100:00:00.5'")},
		{sql: "YEAR", values: pick("'0000'", "1901", "2155", "2000", "1999", "2024")},
		{sql: "BIT(10)", values: func(r *rand.Rand) string { return fmt.Sprint(r.IntN(16) * 64) }},
		{sql: "BIT(64)", values: pick("0", "1", "18446744073709551615", "9223372036854775808", "9223372036854775807")},
		{sql: "ENUM('m','\u00e9','a','0','2') CHARACTER SET latin1", values: pick("0", "1", "2", "3", "4", "5")},
		{sql: "ENUM('x','','y')", values: pick("0", "1", "2", "3")},
		{sql: "ENUM('b','a') CHARACTER SET utf16", values: pick("0", "1", "2")},
		{sql: "SET('c','b','a') CHARACTER SET latin1", values: pick("0", "1", "2", "3", "4", "5", "6", "7")},
		{sql: "SET('\u00e9','o') CHARACTER SET latin1", values: pick("0", "1", "2", "3")},
		{sql: "UUID", values: pick("_latin1'00000000-0000-0000-0000-000000000000'", "_latin1'f77eb444-e69b-11f1-821a-02fc00000001'", "_latin1'80000000-0000-4000-a000-000000000000'", "_latin1'10000000-0000-4000-a000-000000000001'", "_latin1'00000000-0000-7000-a000-000000000001'"), only: testdb.MariaDB},
		{sql: "INET6", values: pick("_latin1'::'", "_latin1'::ffff:1.2.3.4'", "_latin1'fe80::1'", "_latin1'2001:db8::'"), only: testdb.MariaDB},
	}
}

// randomTable creates the table p with an id and a random unique key.
func (s *session) randomTable(r *rand.Rand) *Table {
	s.t.Helper()
	all := slices.DeleteFunc(columnTypes(), func(c columnType) bool { return c.only != "" && c.only != s.kind })
	n := 1 + r.IntN(4)
	nullable := r.IntN(3) == 0
	ddl, names, keyParts := "CREATE TABLE p(id INT NOT NULL AUTO_INCREMENT, KEY(id)", "", ""
	var types []columnType
	for i := range n {
		c := all[r.IntN(len(all))]
		types = append(types, c)
		spec := strings.TrimSuffix(c.sql, " NULL")
		if nullable && r.IntN(2) == 0 {
			spec += " NULL"
		} else {
			spec += " NOT NULL DEFAULT " + c.values(r)
			spec = spec[:strings.LastIndex(spec, " DEFAULT")]
			types[i].values = c.values
		}
		name := fmt.Sprintf("c`%d'\\", i)
		ddl += ", " + mysql.QuoteName(name) + " " + spec
		names += "," + mysql.QuoteName(name)
		keyParts += "," + mysql.QuoteName(name)
		if s.kind != testdb.MySQL56 && r.IntN(4) == 0 { // which knows no descending keys
			keyParts += " DESC"
		}
		if nullable && strings.HasSuffix(spec, " NULL") && !strings.HasSuffix(spec, "NOT NULL") {
			values := c.values
			types[i].values = func(r *rand.Rand) string {
				if r.IntN(5) == 0 {
					return "NULL"
				}
				return values(r)
			}
		}
	}
	index := "PRIMARY"
	if nullable {
		index = "u`k"
		ddl += ", UNIQUE KEY " + mysql.QuoteName(index) + "(" + keyParts[1:] + "))"
	} else {
		ddl += ", PRIMARY KEY(" + keyParts[1:] + "))"
	}
	engine := []string{" ENGINE=InnoDB", " ENGINE=InnoDB", " ENGINE=MyISAM"}[r.IntN(3)]
	if strings.Contains(keyParts, " DESC") {
		engine = " ENGINE=InnoDB" // the other has no descending keys
	}
	ddl += engine
	s.exec("DROP TABLE IF EXISTS p", "SET NAMES utf8mb4", ddl, "SET NAMES binary")
	rows := 1 + r.IntN(250)
	for range rows {
		var v []string
		for _, c := range types {
			v = append(v, c.values(r))
		}
		s.exec("INSERT IGNORE INTO p(" + names[1:] + ") VALUES (" + strings.Join(v, ",") + ")")
	}
	return s.table("p", index)
}

// checkRows compares the ids of the ranges' rows with those of the table.
func (s *session) checkRows(table *Table, ranges []Range) {
	s.t.Helper()
	var got []string
	for i, r := range ranges {
		// the reader may be given any plan: both must select the same rows
		where := r.Where(table.Key)
		if where != "" {
			where = " WHERE " + where
		}
		name := mysql.QuoteName(table.Key.Name)
		byKey := s.strings("SELECT id FROM p FORCE INDEX (" + name + ")" + where + " ORDER BY id")
		byScan := s.strings("SELECT id FROM p IGNORE INDEX (" + name + ")" + where + " ORDER BY id")
		if d := cmp.Diff(byScan, byKey); d != "" {
			s.t.Errorf("range %d %s: rows by a scan (-) and by the key (+):\n%s", i, where, d)
		}
		got = append(got, byKey...)
	}
	slices.Sort(got)
	want := s.strings("SELECT id FROM p")
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		s.t.Errorf("rows of the table (-) and of %d ranges (+):\n%s", len(ranges), d)
	}
}

// keys returns the tuples of all rows without a NULL.
func (s *session) keys(k *Key) (tuples []Tuple) {
	var exprs []string
	for i := range k.Parts {
		exprs = append(exprs, k.KeyExpr(i))
	}
	rows := s.strings("SELECT " + strings.Join(exprs, ",") + " FROM p WHERE NOT " + strings.ReplaceAll(k.nullCondition(), "FALSE", "(0)"))
	for c := range slices.Chunk(rows, len(k.Parts)) {
		t := Tuple{}
		for _, v := range c {
			t = append(t, []byte(v))
		}
		tuples = append(tuples, t)
	}
	return tuples
}

// TestTiling checks that the ranges of random tables are disjoint and hold every row: those that Ranges finds, and
// those that cuts at random keys make of them.
func TestTiling(t *testing.T) {
	tables := 60
	if testing.Short() {
		tables = 12
	}
	onServers(t, func(t *testing.T, s *session) {
		complements := 0
		defer func() {
			if complements < tables/4 {
				t.Errorf("complements of %d of %d tables", complements, tables)
			}
		}()
		for seed := range uint64(tables) {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				s := &session{Conn: s.Conn, t: t, kind: s.kind, schema: s.schema}
				r := rand.New(rand.NewPCG(seed, 7))
				table := s.randomTable(r)
				ranges := s.ranges(table, Options{TargetBytes: 1 + r.Int64N(400)})
				s.checkRows(table, ranges)
				keys := s.keys(table.Key)
				for range min(8, len(keys)) {
					at := keys[r.IntN(len(keys))]
					at = at[:1+r.IntN(len(at))]
					i := r.IntN(len(ranges))
					if before, after, ok := ranges[i].Cut(table.Key, at); ok {
						lower, upper := ranges[i].Lower, ranges[i].Upper
						if lower == nil && upper == nil { // a cut outside the range would overlap
							ranges = slices.Replace(ranges, i, i+1, before, after)
						}
					}
				}
				s.checkRows(table, ranges)
				for range min(8, len(keys)) {
					i := r.IntN(len(ranges))
					if before, after, ok, err := Halve(t.Context(), s, table, ranges[i]); err != nil {
						t.Fatal(err)
					} else if ok {
						ranges = slices.Replace(ranges, i, i+1, before, after)
					}
				}
				s.checkRows(table, ranges)
				s.checkSpread(r, table, keys)
				if s.checkComplement(r, table, ranges) {
					complements++
				}
				if t.Failed() {
					t.Log(strings.Join(s.strings("SHOW CREATE TABLE p"), "\n"))
				}
			})
		}
	})
}

// checkComplement leaves out some ranges and checks that the complement of the others has their rows. It reports whether there
// was something to check.
func (s *session) checkComplement(r *rand.Rand, table *Table, ranges []Range) bool {
	s.t.Helper()
	var have []Range
	for _, i := range r.Perm(len(ranges)) {
		if r.IntN(3) == 0 {
			continue
		}
		where := ranges[i].Where(table.Key)
		if where == "" {
			where = "TRUE"
		}
		if len(s.strings("SELECT 1 FROM p WHERE "+where+" LIMIT 1")) > 0 {
			have = append(have, ranges[i])
		}
	}
	rest, ok, err := Complement(s.t.Context(), s, table, have)
	if err != nil {
		s.t.Fatal(err)
	}
	if !ok {
		if len(have) > 0 && !slices.ContainsFunc(have, func(r Range) bool { return r.Null || len(r.Equal) > 0 || r.LowerOpen }) {
			s.t.Errorf("no complement of %d ranges", len(have))
		}
		return false
	}
	s.checkRows(table, append(have, rest...))
	return len(have) > 1
}

// checkSpread cuts the table at a random key and spreads both sides.
func (s *session) checkSpread(r *rand.Rand, table *Table, keys []Tuple) {
	s.t.Helper()
	if len(keys) == 0 {
		return
	}
	before, after, ok := Range{}.Cut(table.Key, keys[r.IntN(len(keys))])
	if !ok {
		return
	}
	var ranges []Range
	for _, side := range []Range{before, after} {
		some, err := Spread(s.t.Context(), s, table, side, 1+r.IntN(12))
		if err != nil {
			s.t.Fatal(err)
		}
		ranges = append(ranges, some...)
	}
	s.checkRows(table, ranges)
}
