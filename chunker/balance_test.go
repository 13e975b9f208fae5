package chunker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// balanceCase is a table of 100,000 rows that is filled from seq, and never analysed.
type balanceCase struct {
	name    string
	columns string // and the key
	fill    string // SELECT list over seq(n); a pad column follows
	index   string // default PRIMARY
	options string // after the table's parenthesis
	only    testdb.Kind
	not     testdb.Kind
	cost    float64 // percent of the rows; default 3
	cost56  float64 // the same on MySQL 5.6
	probes  int     // at most; 0: any number
}

const uuidText = "CONCAT(LEFT(SHA2(n,256),8),'-',SUBSTR(SHA2(n,256),9,4),'-4',SUBSTR(SHA2(n,256),13,3),'-a',SUBSTR(SHA2(n,256),17,3),'-',SUBSTR(SHA2(n,256),21,12))"

func balanceCases() []balanceCase {
	long := strings.Repeat("p", 200)
	return []balanceCase{
		{name: "int", columns: "a INT, PRIMARY KEY(a)", fill: "n", probes: 12},
		{name: "int negative", columns: "a INT, PRIMARY KEY(a)", fill: "n*20000-2000000000", probes: 12},
		{name: "int zerofill", columns: "a INT UNSIGNED ZEROFILL, PRIMARY KEY(a)", fill: "n*3", probes: 12},
		{name: "bigint huge gaps", columns: "a BIGINT, PRIMARY KEY(a)", fill: "CASE n%4 WHEN 0 THEN n WHEN 1 THEN -9223372036854775808+n WHEN 2 THEN 9223372036854775807-n ELSE 1000000000000+n END"},
		{name: "unsigned both ends", columns: "a BIGINT UNSIGNED, PRIMARY KEY(a)", fill: "IF(n%2,18446744073709551615-n,n)"},
		{name: "skewed", columns: "a BIGINT, PRIMARY KEY(a)", fill: "IF(n%100=0,n*500000,50000000000+n)"},
		{name: "exponential", columns: "a DECIMAL(65,0), PRIMARY KEY(a)", fill: "FLOOR(POW(2,n/1000))+n"},
		{name: "composite of 2", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n%3,n"},
		{name: "composite of 2, heavy tenant", columns: "a INT, b BIGINT, PRIMARY KEY(a,b)", fill: "IF(n%20=0,n,77),n*1000"},
		{name: "composite of 3", columns: "a INT, b VARCHAR(20), c INT, PRIMARY KEY(a,b,c)", fill: "n%4,CONCAT('k',n%7),n"},
		{name: "composite of 8", columns: "a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT, PRIMARY KEY(a,b,c,d,e,f,g,h)", fill: "n&3,(n>>2)&3,(n>>4)&3,(n>>6)&3,(n>>8)&3,(n>>10)&3,(n>>12)&3,n>>14", cost56: 10},
		{name: "composite of 8, last part decides", columns: "a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT, PRIMARY KEY(a,b,c,d,e,f,g,h)", fill: "1,2,3,4,5,6,7,n", cost56: 10},
		{name: "enum first", columns: "e ENUM('new','paid','caf\u00e9') CHARACTER SET latin1, a INT, PRIMARY KEY(e,a)", fill: "IF(n%10=0,1,2+n%2),n"},
		{name: "enum in the middle", columns: "a INT, e ENUM('x','y','z'), b INT, PRIMARY KEY(a,e,b)", fill: "IF(n%3=0,n,5),1+n%3,n"},
		{name: "enum last", columns: "a INT, e ENUM('x','y','z'), PRIMARY KEY(a,e)", fill: "n,1+n%3"},
		{name: "set first", columns: "s SET('a','b','c'), a INT, PRIMARY KEY(s,a)", fill: "n%8,n"},
		{name: "varchar general_ci", columns: "s VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_general_ci, PRIMARY KEY(s)", fill: "CONCAT(ELT(1+n%4,'Apple','banana','CHERRY','date'),n)"},
		{name: "varchar bin", columns: "s VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, PRIMARY KEY(s)", fill: "CONCAT(ELT(1+n%5,'it''s ','100%_','back\\\\','\U0001F600','z  '),n)"},
		{name: "varchar turkish_ci", columns: "s VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_turkish_ci, PRIMARY KEY(s)", fill: "CONCAT(ELT(1+n%5,'\u0130x','Ix','\u0131x','ix','\u015fx'),SHA2(n,256))", cost: 3},
		{name: "varchar 0900_ai_ci", only: testdb.MySQL97, columns: "s VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci, PRIMARY KEY(s)", fill: "CONCAT(ELT(1+n%5,'\u00e9','E','\u4e2d','_','\u044f'),LEFT(SHA2(n,256),20))"},
		{name: "varchar common prefix", columns: "s VARCHAR(240) CHARACTER SET latin1, PRIMARY KEY(s)", fill: "CONCAT('" + long + "',n)"},
		{name: "varchar utf16", columns: "s VARCHAR(40) CHARACTER SET utf16, PRIMARY KEY(s)", fill: "CONCAT('k',n)"},
		{name: "varchar sjis", columns: "s VARCHAR(40) CHARACTER SET sjis, PRIMARY KEY(s)", fill: "CONCAT(CONVERT(_utf8mb4'\u30bd\u80fd' USING sjis),n)"},
		{name: "binary uuid", columns: "b BINARY(16), PRIMARY KEY(b)", fill: "UNHEX(LEFT(SHA2(n,256),32))", probes: 12},
		{name: "char uuid", columns: "c CHAR(36) CHARACTER SET latin1, PRIMARY KEY(c)", fill: uuidText, probes: 12},
		{name: "uuid", only: testdb.MariaDB, columns: "c UUID, PRIMARY KEY(c)", fill: "CONVERT(" + uuidText + " USING latin1)"},
		{name: "inet6", only: testdb.MariaDB, columns: "c INET6, PRIMARY KEY(c)", fill: "CONVERT(CONCAT('fe80::',HEX(n DIV 1000),':',HEX(n%1000)) USING latin1)"},
		{name: "date", columns: "d DATE, a INT, PRIMARY KEY(d,a)", fill: "'1990-01-01'+INTERVAL n%900 DAY,n"},
		{name: "datetime(6)", columns: "d DATETIME(6), PRIMARY KEY(d)", fill: "'2000-01-01 00:00:00.5'+INTERVAL n*n MICROSECOND"},
		{name: "time(3)", columns: "d TIME(3), PRIMARY KEY(d)", fill: "SEC_TO_TIME(n*20-2000000)+INTERVAL 0 SECOND"},
		{name: "decimal", columns: "d DECIMAL(30,10), PRIMARY KEY(d)", fill: "n*0.0000000003-0.00001"},
		{name: "double", columns: "d DOUBLE, PRIMARY KEY(d)", fill: "(n-100000)*1.7e-5"},
		{name: "float", columns: "d FLOAT, a INT, PRIMARY KEY(d,a)", fill: "n/7,n"},
		{name: "year", columns: "y YEAR, a INT, PRIMARY KEY(y,a)", fill: "IF(n%4=0,1901+n%200,2024),n"},
		{name: "bit", columns: "b BIT(40), PRIMARY KEY(b)", fill: "n*5000000"},
		{name: "unique nullable", columns: "a INT, b INT, UNIQUE KEY u(a,b)", fill: "n%50,IF(n%1000=0,NULL,n)", index: "u"},
		{name: "int descending", not: testdb.MySQL56, columns: "a INT, PRIMARY KEY(a DESC)", fill: "n*3"},
		{name: "mixed directions", not: testdb.MySQL56, columns: "a INT, b INT, c INT, PRIMARY KEY(a, b DESC, c)", fill: "n%40,n%70,n"},
		{name: "mixed directions, heavy tenant", not: testdb.MySQL56, columns: "a INT, b INT, PRIMARY KEY(a, b DESC)", fill: "IF(n%20=0,n,77),n"},
		{name: "descending, heavy tenant", not: testdb.MySQL56, columns: "a INT, s VARCHAR(40) CHARACTER SET latin1, PRIMARY KEY(a DESC, s DESC)", fill: "IF(n%20=0,n,77),LEFT(SHA2(n,256),12)"},
		{name: "partitioned by hash", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n,n%100", options: "PARTITION BY HASH(b) PARTITIONS 8"},
		{name: "partitioned by key", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n,n%100", options: "PARTITION BY KEY(a) PARTITIONS 12"},
		{name: "partitioned by list", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n,n%10", options: "PARTITION BY LIST(b) (PARTITION p0 VALUES IN (0,5), PARTITION p1 VALUES IN (1,2,3), PARTITION p2 VALUES IN (4,6,7,8,9))"},
		{name: "partitioned by range of the second part", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n%50,n", options: "PARTITION BY RANGE(b) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS THAN (150000), PARTITION p2 VALUES LESS THAN MAXVALUE)"},
		{name: "partitioned by range columns of text", columns: "s VARCHAR(20) CHARACTER SET latin1, PRIMARY KEY(s)", fill: "LEFT(SHA2(n,256),16)", options: "PARTITION BY RANGE COLUMNS(s) (PARTITION p0 VALUES LESS THAN ('5'), PARTITION p1 VALUES LESS THAN ('b'), PARTITION p2 VALUES LESS THAN (MAXVALUE))"},
		{name: "sub-partitioned", columns: "a INT, b INT, PRIMARY KEY(a,b)", fill: "n,n%100", options: "PARTITION BY RANGE(a) SUBPARTITION BY HASH(b) SUBPARTITIONS 4 (PARTITION p0 VALUES LESS THAN (90000), PARTITION p1 VALUES LESS THAN (180000), PARTITION p2 VALUES LESS THAN MAXVALUE)"},
	}
}

// TestBalance holds the ranges of large tables against their size and against what finding them costs.
func TestBalance(t *testing.T) {
	const rows, targetRows = 100_000, 5_000
	onServers(t, func(t *testing.T, s *session) {
		s.sequence()
		for _, c := range balanceCases() {
			if testing.Short() && c.name != "composite of 8" {
				continue
			}
			if c.only != "" && c.only != s.kind || c.not == s.kind {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				s := &session{Conn: s.Conn, t: t, kind: s.kind, schema: s.schema}
				s.exec("DROP TABLE IF EXISTS b", "CREATE TABLE b("+c.columns+", pad CHAR(80) CHARACTER SET latin1 NOT NULL) ENGINE=InnoDB "+c.options,
					"INSERT INTO b SELECT "+c.fill+", REPEAT('x',80) FROM seq WHERE n<"+strconv.Itoa(rows))
				index := c.index
				if index == "" {
					index = "PRIMARY"
				}
				table := s.table("b", index)
				table.Partitions = s.partitions("b")
				rowBytes := s.number("SELECT SUM(LENGTH(pad)+" + keyLength(table.Key) + ")/COUNT(*) DIV 1 FROM b")
				want := balance{rows: rows, targetRows: targetRows, cost: 3, probes: c.probes}
				if c.cost56 > 0 && s.kind == testdb.MySQL56 {
					want.cost = c.cost56
				}
				if table.Key.Nullable() {
					want.scans = 1 // no index finds b IS NULL
				}
				s.checkBalance(table, Options{TargetBytes: rowBytes * targetRows}, want)
			})
		}
	})
}

// balance is what the ranges of a table are held against.
type balance struct {
	rows, targetRows int64
	cost             float64 // percent of the rows that probes may read
	scans            int64   // of the table that the ranges need beside the rows themselves
	whole            bool    // the ranges may be as large as the table
	probes           int     // at most; 0: any number
}

// checkBalance finds the ranges of a table and checks that they tile it, their sizes and what finding them costs.
func (s *session) checkBalance(table *Table, o Options, want balance) {
	s.t.Helper()
	var log string
	var probes int
	o.Log = func(msg string, args ...any) {
		log = msg + " " + fmt.Sprintln(args...)
		for i, a := range args {
			if n, ok := a.(int); ok && args[i-1] == "probes" {
				probes = n
			}
		}
	}
	var ranges []Range
	percent := func(reads int64) float64 { return float64(reads) * 100 / float64(want.rows) }
	cost := percent(s.readsOf(func() { ranges = s.ranges(table, o) }))
	var most int64
	reading := percent(s.readsOf(func() { most = s.checkTiling(table, ranges) }) - want.rows) // it scans the table once more
	s.checkLast(table, ranges)
	s.t.Logf("%d ranges, largest %d rows, cost %.2f %%, reading %.0f %%, Rows %d Bytes %d; %s", len(ranges), most, cost, reading, table.Rows, table.Bytes, log)
	if cost > want.cost {
		s.t.Errorf("probes read %.2f %% of the rows, want at most %.0f %%", cost, want.cost)
	}
	if want.probes > 0 && probes > want.probes {
		s.t.Errorf("%d probes, want at most %d", probes, want.probes)
	}
	if want.whole {
		return
	}
	if reading > float64(110+100*want.scans) {
		s.t.Errorf("the ranges read %.0f %% of the rows: their conditions do not bound the index range", reading)
	}
	if most > want.targetRows*5/2 {
		s.t.Errorf("largest range has %d rows, want at most 2.5 times %d", most, want.targetRows)
	}
	if n, limit := len(ranges), int(want.rows/want.targetRows*6); n > limit {
		s.t.Errorf("%d ranges, want at most %d", n, limit)
	}
}

func keyLength(k *Key) string {
	var sum []string
	for _, p := range k.Parts {
		sum = append(sum, "COALESCE(LENGTH(`"+p.Column+"`),0)+1")
	}
	return strings.Join(sum, "+")
}

func (s *session) ranges(table *Table, o Options) (out []Range) {
	s.t.Helper()
	for r, err := range Ranges(s.t.Context(), s, table, o) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// checkTiling compares the rows of the ranges with those of the table, and returns the rows of the largest range.
func (s *session) checkTiling(table *Table, ranges []Range) (most int64) {
	s.t.Helper()
	var cells []string
	for i, p := range table.Key.Parts {
		cells = append(cells, "COALESCE(HEX("+table.Key.KeyExpr(i)+"),'~"+p.Column+"')")
	}
	sums := "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(','," + strings.Join(cells, ",") + "))),0), MAX(pad) FROM " + table.Name // more than the key, as a reader does
	whole := s.strings(sums + " IGNORE INDEX (`" + table.Key.Name + "`)")
	var count, crc int64
	for _, r := range ranges {
		w := r.Where(table.Key)
		q := sums + " FORCE INDEX (`" + table.Key.Name + "`)"
		if w != "" {
			q += " WHERE " + w
		}
		got := s.strings(q)
		var n, c int64
		if _, err := fmt.Sscan(got[0]+" "+got[1], &n, &c); err != nil {
			s.t.Fatal(err)
		}
		count, crc, most = count+n, crc+c, max(most, n)
	}
	if got := fmt.Sprint(count, " ", crc); got != whole[0]+" "+whole[1] {
		s.t.Errorf("ranges hold %s rows and checksum, the table %s %s", got, whole[0], whole[1])
		for _, r := range ranges {
			s.t.Log(r.Where(table.Key))
		}
	}
	return most
}
