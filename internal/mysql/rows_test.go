package mysql

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/testdb"
)

// tap records what a server sends.
type tap struct {
	net.Conn
	got bytes.Buffer
}

func (c *tap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.Write(p[:n])
	return n, err
}

// wireRows returns the cells of a text result set as they came over the wire.
func wireRows(t *testing.T, o Options, query string) [][][]byte {
	t.Helper()
	cfg := mysqldriver.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = o.User, "tcp", o.Address()
	var c *tap
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		c = &tap{Conn: conn}
		return c, err
	}
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range []string{isolation, "SET NAMES utf8mb4", "SET character_set_results=binary", "SET time_zone='+00:00', sql_mode=''"} {
		if err := exec(t.Context(), conn, q); err != nil {
			t.Fatal(err)
		}
	}
	c.got.Reset()
	if err := exec(t.Context(), conn, query); err != nil {
		t.Fatal(err)
	}
	return parseResult(t, c.got.Bytes())
}

func parseResult(t *testing.T, b []byte) [][][]byte {
	t.Helper()
	next := func() []byte {
		n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		p := b[4 : 4+n]
		b = b[4+n:]
		return p
	}
	columns := int(next()[0])
	for range columns {
		next()
	}
	var rows [][][]byte
	for first := true; len(b) > 0; first = false {
		p := next()
		if p[0] == 0xfe && len(p) < 9 {
			if first && len(p) == 5 && len(b) > 0 {
				continue // the old EOF after the column definitions
			}
			return rows
		}
		row := make([][]byte, columns)
		for i := range row {
			n := int(p[0])
			p = p[1:]
			switch n {
			case 0xfb:
				continue
			case 0xfc:
				n, p = int(binary.LittleEndian.Uint16(p)), p[2:]
			case 0xfd:
				n, p = int(p[0])|int(p[1])<<8|int(p[2])<<16, p[3:]
			}
			row[i], p = p[:n:n], p[n:]
		}
		rows = append(rows, row)
	}
	return rows
}

// openers are the ways to read rows.
func openers() map[string]opener {
	return map[string]opener{"packets": openPackets, "binary": openBinary, "driver": openDriver}
}

// readAll reads every row of a query, copied.
func readAll(t *testing.T, c *Conn, query string, cols []ColumnFix, open opener) [][][]byte {
	t.Helper()
	r, err := readRows(t.Context(), c, query, cols, open)
	if err != nil {
		t.Fatal(err)
	}
	rows := readResult(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// readResult reads the rows of the result that r has come to, copied.
func readResult(t *testing.T, r *RowReader) (rows [][][]byte) {
	t.Helper()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := r.Packet(); p != nil && !bytes.Equal(p, lenenc(row...)) {
			t.Errorf("packet %.60q of row %.60q", p, row)
		}
		rows = append(rows, cloneRow(row))
	}
}

// sameAsWire checks a query's rows against the server's own bytes, in both ways to read them.
func sameAsWire(t *testing.T, s *testdb.Server, query string, cols []ColumnFix) {
	t.Helper()
	want := wireRows(t, optionsOf(s), query)
	if len(want) == 0 {
		t.Fatal("no rows")
	}
	for name, open := range openers() {
		t.Run(name, func(t *testing.T) {
			requireRows(t, readAll(t, session(t, connect(t, optionsOf(s), ForDump)), query, cols, open), want)
		})
	}
}

// doubles are edge values and many random ones.
func doubles() []float64 {
	v := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 0.5, 1.5, 5e-324, math.SmallestNonzeroFloat64 * 3, 2.2250738585072014e-308, 2.225073858507201e-308,
		math.MaxFloat64, -math.MaxFloat64, 9007199254740993, 123456789012345678, 0.000123, 1e21, 1e22, 1e23, 4.35, 2.675, 1.0 / 3}
	for e := -325; e <= 308; e++ {
		p, _ := strconv.ParseFloat(fmt.Sprintf("1e%d", e), 64)
		v = append(v, p, -p*1.5, math.Nextafter(p, 0), math.Nextafter(p, math.Inf(1)))
	}
	for e := -1074; e <= 1023; e++ {
		p := math.Ldexp(1, e)
		v = append(v, p, math.Nextafter(p, 0))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		f := math.Float64frombits(r.Uint64())
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			v = append(v, f)
		}
		v = append(v, math.Round(r.NormFloat64()*1e6)/100, r.NormFloat64()*math.Pow(10, float64(r.IntN(40)-20)), float64(r.Int64()), float64(r.IntN(1e9)))
	}
	return v
}

func TestDoubleText(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		fill := []string{"USE " + schema, "CREATE TABLE d (id INT AUTO_INCREMENT PRIMARY KEY, d DOUBLE, f FLOAT)"}
		v := doubles()
		for len(v) > 0 {
			n := min(1000, len(v))
			var q strings.Builder
			q.WriteString("INSERT IGNORE INTO d (d, f) VALUES ")
			for i, f := range v[:n] {
				if i > 0 {
					q.WriteByte(',')
				}
				text := strconv.FormatFloat(f, 'e', -1, 64)
				fmt.Fprintf(&q, "(%s,%s)", text, text)
			}
			fill = append(fill, q.String())
			v = v[n:]
		}
		s.Exec(t, fill...)
		sameAsWire(t, s, "SELECT id, d, f+0e0, f, -d, d+0e0, f*1e0 FROM "+schema+".d ORDER BY id", nil)
	})
}

func TestTextOfAllTypes(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "USE "+schema, "SET sql_mode='ALLOW_INVALID_DATES'", `CREATE TABLE a (
			id INT AUTO_INCREMENT PRIMARY KEY,
			t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT, b BIGINT, bu BIGINT UNSIGNED,
			z INT(9) ZEROFILL, zb BIGINT ZEROFILL, z3 TINYINT(3) ZEROFILL, y YEAR, dz DOUBLE ZEROFILL, decz DECIMAL(12,4) ZEROFILL,
			de DECIMAL(65,30), bi BIT(64), b1 BIT(1), d DATE, dt DATETIME(6), ts TIMESTAMP(6) NULL, ti TIME(6), dm DOUBLE(10,3),
			c CHAR(5), vb VARBINARY(20), tx LONGTEXT CHARACTER SET latin1, bl LONGBLOB, e ENUM('a','b'), se SET('x','y'), g GEOMETRY, u16 VARCHAR(9) CHARACTER SET utf16)`,
			`INSERT IGNORE INTO a VALUES (1,-128,255,-32768,-8388608,-9223372036854775808,18446744073709551615,
			42,7,5,0,1.5,3.25,-12345678901234567890.123456789012345678901234567890,b'1000000001',b'1','0000-00-00','2024-00-00 00:00:00.000001','2024-01-01 00:00:01.5',
			'-838:59:59.000000',1.5,'ab ',x'00ff27',CONVERT(x'e9' USING latin1),'','a','x,y',NULL,'é')`,
			`INSERT INTO a (id) VALUES (2)`,
			`INSERT IGNORE INTO a VALUES (3,127,0,1,1,9223372036854775807,0,999999999,18446744073709551615,0,2155,1e300,0,0,b'0',b'0','2024-02-31','9999-12-31 23:59:59.999999',
			'1970-01-01 00:00:01','00:00:00',-0.125,'',x'',REPEAT('z',100000),REPEAT(x'00',70000),'','',NULL,'')`,
			`INSERT IGNORE INTO a (id,y,e,z,dz) VALUES (4,1901,'nope',0,0),(5,1970,'b',1234567890,1e14)`)
		fix := make([]ColumnFix, 29)
		fix[7].Width, fix[8].Width, fix[9].Width, fix[10].Width, fix[11].Width = 9, 20, 3, 4, 22
		query := strings.Replace("SELECT id,t,tu,s,m,b,bu,z,zb,z3,y,dz,decz,de,bi,b1,d,dt,ts,ti,dm+0e0,c,vb,tx,bl,e,se,g,u16 FROM %.a ORDER BY id", "%", schema, 1)
		sameAsWire(t, s, query, fix)
	})
}

func TestCellDoesNotAllocate(t *testing.T) {
	var c cell
	c.width = 9
	values := []any{[]byte("abc"), nil, int64(42), uint64(math.MaxUint64), 1.5e-300, float32(0.1)}
	if n := testing.AllocsPerRun(100, func() {
		for _, v := range values {
			if err := c.Scan(v); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// slowQuery works on the server for a long time without sending a row.
const slowQuery = "SELECT COUNT(*) FROM information_schema.collations a, information_schema.collations b, information_schema.collations c, information_schema.collations d"

// running looks on a pool that is made once: each would keep a connection to the end of the test.
func running(t *testing.T, db *sql.DB, id uint64) bool {
	t.Helper()
	return one(t, db, fmt.Sprintf("SELECT COUNT(*) FROM information_schema.processlist WHERE id=%d AND command='Query'", id)) == "1"
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 s: " + what)
		}
	}
}

func TestCancelKillsStatement(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		db := s.DB(t)
		server := connect(t, optionsOf(s), ForDump)
		c := session(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for !running(t, db, c.ID) {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
		}()
		start := time.Now()
		r, err := Rows(ctx, c, slowQuery, nil)
		if err == nil {
			_, err = r.Next()
			_ = r.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
		eventually(t, "statement ends", func() bool { return !running(t, db, c.ID) })
		if _, err := c.ExecContext(t.Context(), "DO 1"); !IsConnectionLost(err) {
			t.Errorf("session after cancel: %v", err)
		}
	})
}

// TestCancelWhileServerWaits ends a statement whose server waits for us to read on.
func TestCancelWhileServerWaits(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		db := s.DB(t)
		schema := bigTable(t, s)
		c := session(t, connect(t, optionsOf(s), ForDump))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := Rows(ctx, c, "SELECT a.v FROM "+schema+".big a, "+schema+".big b", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		cancel()
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		eventually(t, "statement ends", func() bool { return !running(t, db, c.ID) })
	})
}

// TestCloseEarlyKeepsSession leaves a result set in the middle; the snapshot of the session lives on.
func TestCloseEarlyKeepsSession(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := bigTable(t, s)
		c := session(t, connect(t, optionsOf(s), ForDump))
		if _, err := c.ExecContext(t.Context(), "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "INSERT INTO "+schema+".big VALUES (1000001, 'new')")
		for range 5 {
			r, err := Rows(t.Context(), c, "SELECT a.v FROM "+schema+".big a, "+schema+".big b", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(r.Close(), r.Close()); err != nil {
				t.Fatal(err)
			}
			if got := one(t, c, "SELECT COUNT(*) FROM "+schema+".big WHERE id > 1000000"); got != "0" {
				t.Fatalf("%s rows from after the snapshot", got)
			}
			// A kill that comes after the end of its statement must not end the next one.
			if r, err = Rows(t.Context(), c, "SELECT 1", nil); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if got := one(t, c, "SELECT COUNT(*) FROM "+schema+".big"); got != "2000" {
				t.Fatalf("%s rows", got)
			}
		}
	})
}

func bigTable(t *testing.T, s *testdb.Server) (schema string) {
	t.Helper()
	schema = s.Schema(t)
	fill := []string{"USE " + schema, "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(2000)) ENGINE=InnoDB", "INSERT INTO big (v) VALUES (REPEAT('x',2000))"}
	for range 10 {
		fill = append(fill, "INSERT INTO big (v) SELECT v FROM big")
	}
	s.Exec(t, append(fill, "INSERT INTO big (v) SELECT v FROM big LIMIT 976", "COMMIT")...)
	return schema
}

func TestAppendDouble(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", -1.5: "-1.5", 1e14: "100000000000000", 1e15: "1e15", 1.2345e15: "1.2345e15", 123456789012345678: "1.2345678901234568e17", 12345678901234568: "1.2345678901234568e16", 1125899906842623.9: "1125899906842623.9", 1e-15: "0.000000000000001",
		1e-16: "1e-16", 1.25e-5: "0.0000125", 5e-324: "5e-324", math.MaxFloat64: "1.7976931348623157e308", 12345.678: "12345.678",
	} {
		if got := string(AppendDouble([]byte("x"), v)); got != "x"+want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	if got := string(AppendDouble(nil, math.Copysign(0, -1))); got != "-0" {
		t.Errorf("negative zero: %q", got)
	}
}

func FuzzAppendDouble(f *testing.F) {
	for _, v := range doubles()[:200] {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		text := string(AppendDouble(nil, v))
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(v) || strings.Contains(text, "+") {
			t.Errorf("%g: %q, %v", v, text, err)
		}
	})
}
