package mysql

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// binaryAsWire checks that a query's rows come by the binary protocol, and as the server's own text.
func binaryAsWire(t *testing.T, s *testdb.Server, query string) {
	t.Helper()
	want := wireRows(t, optionsOf(s), query)
	if len(want) == 0 {
		t.Fatal("no rows")
	}
	c := session(t, connect(t, optionsOf(s), ForDump))
	r, err := BinaryRows(t.Context(), c, query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.source.(*binaryRows); !ok {
		t.Errorf("read by %T", r.source)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	requireRows(t, readAll(t, c, query, nil, openBinary), want)
	if got := one(t, c, "SELECT 'the driver goes on'"); got != "the driver goes on" {
		t.Error(got)
	}
}

func TestBinaryNumbers(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		var q strings.Builder
		q.WriteString("INSERT IGNORE INTO n (d, f, b, bu) VALUES (NULL,NULL,NULL,NULL)")
		for i, f := range doubles() {
			if i%3 == 0 {
				text := strconv.FormatFloat(f, 'e', -1, 64)
				fmt.Fprintf(&q, ",(%s,%s,%s,%s)", text, text, text, text)
			}
		}
		s.Exec(t, "USE "+schema, `CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, d DOUBLE, f FLOAT, b BIGINT, bu BIGINT UNSIGNED, i INT, iu INT UNSIGNED,
			m MEDIUMINT, mu MEDIUMINT UNSIGNED, s SMALLINT, su SMALLINT UNSIGNED, t TINYINT, tu TINYINT UNSIGNED, y YEAR, bi BIT(64), dec1 DECIMAL(65,30),
			z INT(9) ZEROFILL, zb BIGINT ZEROFILL, z3 TINYINT(3) ZEROFILL, zd DECIMAL(12,4) ZEROFILL, dz DOUBLE ZEROFILL)`, q.String(),
			"UPDATE IGNORE n SET i=b, iu=bu, m=b, mu=bu, s=b, su=bu, t=b, tu=bu, y=1901+id%200, bi=bu, dec1=d, z=iu, zb=bu, z3=tu, zd=d, dz=d",
			"UPDATE n SET y=0 WHERE id%5=0", "UPDATE n SET d=NULL, m=NULL, z3=NULL WHERE id%7=0")
		binaryAsWire(t, s, "SELECT id, d, f+0e0, b, bu, i, iu, m, mu, s, su, t, tu, y, bi, dec1, z, zb, z3, zd, dz FROM "+schema+".n ORDER BY id")
	})
}

func TestBinaryTimesAndStrings(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		var columns, names []string
		for i := range 7 {
			columns = append(columns, fmt.Sprintf("dt%d DATETIME(%d), ts%d TIMESTAMP(%d) NULL, ti%d TIME(%d)", i, i, i, i, i, i))
			names = append(names, fmt.Sprintf("dt%d, ts%d, ti%d", i, i, i))
		}
		set := func(dt, ts, ti string) string {
			var row []string
			for range 7 {
				row = append(row, "'"+dt+"','"+ts+"','"+ti+"'")
			}
			return "INSERT IGNORE INTO a (" + strings.Join(names, ",") + ") VALUES (" + strings.Join(row, ",") + ")"
		}
		other := map[testdb.Kind]string{
			testdb.MariaDB: ", u UUID DEFAULT '123e4567-e89b-12d3-a456-426655440000', i6 INET6 DEFAULT '2001:db8::ff00:42:8329', i4 INET4 DEFAULT '10.0.0.1', j JSON DEFAULT '{\"a\":1}'",
			testdb.MySQL97: ", j JSON DEFAULT (JSON_OBJECT('a', 1.5)), v VECTOR(3) DEFAULT (STRING_TO_VECTOR('[1,2,3]'))",
		}[s.Kind]
		s.Exec(t, "USE "+schema, "SET sql_mode='ALLOW_INVALID_DATES'", "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, d DATE, "+strings.Join(columns, ", ")+
			", c CHAR(5), vb VARBINARY(20), bi BINARY(4), tx LONGTEXT CHARACTER SET latin1, bl LONGBLOB, e ENUM('a','b'), se SET('x','y'), g GEOMETRY, u16 VARCHAR(9) CHARACTER SET utf16"+other+")",
			set("0000-00-00", "0000-00-00", "00:00:00"), set("0000-00-00 00:00:00.000001", "2024-01-01", "-838:59:59.000000"),
			set("2024-00-00 00:00:00.999999", "1970-01-01 00:00:01", "838:59:59"), set("9999-12-31 23:59:59.999999", "2038-01-19 03:14:07.123456", "-00:00:00.5"),
			set("2024-02-31", "2024-02-29 12:00:00", "23:59:59.999999"), set("0001-01-01 01:00:00", "2001-09-09 01:46:40", "99:00:01"), set("2024-01-01 00:00:00", "2024-01-01 00:00:00", "100:00:00.000001"),
			"INSERT IGNORE INTO a (d, c, vb, bi, tx, bl, e, se, u16) VALUES ('2024-02-31','ab ',x'00ff27',x'01',CONVERT(x'e9' USING latin1),'','a','x,y','é')",
			"INSERT IGNORE INTO a (d, c, tx, bl, e) VALUES ('0000-00-00','',REPEAT('z',60000),REPEAT(x'00',3000),'nope'), ('0000-01-00','',REPEAT('z',65000),REPEAT(x'00',70000),'b')")
		binaryAsWire(t, s, "SELECT * FROM "+schema+".a ORDER BY id")
	})
}

// TestBinaryRefused reads columns and statements of which there is no binary form that we print, and leaves nothing behind.
func TestBinaryRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".f (id INT PRIMARY KEY, f FLOAT, d DOUBLE(10,3))", "INSERT INTO "+schema+".f VALUES (1, 0.1, -0.0001)")
		many := "SELECT 1" + strings.Repeat(",1", 254)
		c := session(t, connect(t, optionsOf(s), ForDump))
		for range 3 {
			for _, query := range []string{"SELECT f FROM " + schema + ".f", "SELECT d FROM " + schema + ".f", "SHOW CREATE TABLE " + schema + ".f"} {
				requireRows(t, readAll(t, c, query, nil, openBinary), readAll(t, c, query, nil, openPackets))
			}
			requireRows(t, readAll(t, c, many, make([]ColumnFix, 255), openBinary), readAll(t, c, many, nil, openPackets))
			requireRows(t, readAll(t, c, "SELECT id FROM "+schema+".f", nil, openBinary), [][][]byte{{[]byte("1")}})
		}
		// A statement's end has no answer: that to the next one shows that the server has come past it.
		if _, err := c.ExecContext(t.Context(), "DO 1"); err != nil {
			t.Fatal(err)
		}
		if got := one(t, s.DB(t), "SELECT VARIABLE_VALUE FROM "+statusTable(s)+" WHERE VARIABLE_NAME='Prepared_stmt_count'"); got != "0" {
			t.Errorf("%s statements are left", got)
		}
	})
}

func statusTable(s *testdb.Server) string {
	if s.Kind == testdb.MySQL97 {
		return "performance_schema.global_status"
	}
	return "information_schema.GLOBAL_STATUS"
}

func FuzzBinaryRow(f *testing.F) {
	f.Add([]byte{0, 0, 5, 'h', 'e', 'l', 'l', 'o', 1, 2, 3, 4, 5, 6, 7, 8}, []byte{1, 68})
	f.Add([]byte{0, 4, 8, 1, 2, 0, 0, 0, 3, 4, 5, 7, 230, 7, 1, 2, 3, 4, 5}, []byte{7, 6})
	f.Fuzz(func(t *testing.T, row, kinds []byte) {
		columns := make([]binaryColumn, min(len(kinds), 100))
		for i := range columns {
			k := kinds[i]
			columns[i] = binaryColumn{kind: kindString + binaryKind(k%7), decimals: int(k / 7 % 7), width: int(k) % 30}
			switch columns[i].kind {
			case kindSigned, kindUnsigned:
				columns[i].size = 1 << (k / 49 % 4)
			case kindDouble:
				columns[i].size = 8
			case kindUnknown, kindString, kindDate, kindDatetime, kindTime:
			}
		}
		cells := make([][]byte, len(columns))
		text := appendTextRow(nil, columns, row)
		_, ok := printCells(cells, nil, columns, row)
		if ok != (text != nil) && len(columns) > 0 {
			t.Fatalf("a row: %v by cells, %v at once", ok, text != nil)
		}
		if ok && len(columns) > 0 && !bytes.Equal(text, lenenc(cells...)) {
			t.Errorf("%q by cells, %q at once", lenenc(cells...), text)
		}
	})
}

func TestBinaryRowDoesNotAllocate(t *testing.T) {
	columns := []binaryColumn{{kind: kindSigned, size: 4}, {kind: kindDouble, size: 8}, {kind: kindString}, {kind: kindUnsigned, size: 8, width: 20}, {kind: kindDatetime, decimals: 6}}
	row := binary.LittleEndian.AppendUint32([]byte{0, 0}, math.MaxUint32-5)
	row = binary.LittleEndian.AppendUint64(row, math.Float64bits(1.0/3))
	row = append(row, 3, 'a', 'b', 'c')
	row = binary.LittleEndian.AppendUint64(row, 17)
	row = append(row, 4, 0xe8, 7, 2, 29)
	want := lenenc([]byte("-6"), []byte("0.3333333333333333"), []byte("abc"), []byte("00000000000000000017"), []byte("2024-02-29 00:00:00.000000"))
	text := appendTextRow(nil, columns, row)
	if !bytes.Equal(text, want) {
		t.Errorf("%q, want %q", text, want)
	}
	if n := testing.AllocsPerRun(100, func() { text = appendTextRow(text[:0], columns, row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}
