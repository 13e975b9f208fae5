package mysql

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// bulkSession is a session that takes rows in bulk.
func bulkSession(t *testing.T, o Options) *Conn {
	t.Helper()
	c := session(t, connect(t, o, ForLoad))
	if !c.CanBulk() {
		t.Fatal("the session takes no rows in bulk")
	}
	return c
}

func openBulk(t *testing.T, c *Conn, insert string, kinds ...BulkKind) *BulkInsert {
	t.Helper()
	b, err := OpenBulk(t.Context(), c, insert, kinds)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func cells(texts ...any) [][]byte {
	row := make([][]byte, len(texts))
	for i, v := range texts {
		if v != nil {
			row[i] = fmt.Append(nil, v)
		}
	}
	return row
}

// testBulk inserts integers at their ends, text that is no integer, NULL, and bytes of every value.
func testBulk(t *testing.T, s *testdb.Server, o Options) {
	t.Helper()
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".b (i BIGINT, u BIGINT UNSIGNED, z INT(9) UNSIGNED ZEROFILL, d DECIMAL(30,10), f DOUBLE, v VARBINARY(300), t LONGTEXT CHARACTER SET utf8mb4)")
	c := bulkSession(t, o)
	insert := "INSERT INTO " + schema + ".b VALUES (?,?,?,?,?,?,?)"
	b := openBulk(t, c, insert, BulkSigned, BulkUnsigned, BulkUnsigned, BulkText, BulkText, BulkText, BulkText)
	var every []byte
	for i := range 256 {
		every = append(every, byte(i))
	}
	rows := [][][]byte{
		cells("-9223372036854775808", "18446744073709551615", "000000042", "-12345678901234567890.0123456789", "-0.1", string(every), "é\U0001F600'\"\\"),
		cells("9223372036854775807", "0", "000000000", nil, "1.7976931348623157e308", "", ""),
		cells(nil, nil, nil, nil, nil, nil, nil),
		cells(" 7", "+8", "9.0", "1e3", "0x10", "\x00", strings.Repeat("x", 70_000)), // no integers as servers print them
		cells("10", "11", "12", "13", "14", "15", "16"),
	}
	for _, row := range rows[:3] {
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	for range 40 { // more than one command
		for _, row := range append([][][]byte{cells(1, 2, 3, 4, 5, 6, strings.Repeat("y", 50_000))}, rows[4]) {
			if err := b.Add(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(b.Flush(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if got := b.Total(); got.Affected != 83 || got.Warnings != 0 {
		t.Errorf("%+v", got)
	}
	b = openBulk(t, c, insert, BulkSigned, BulkUnsigned, BulkUnsigned, BulkText, BulkText, BulkText, BulkText)
	for _, row := range [][][]byte{rows[4], rows[3][:], rows[4]} {
		row = append([][]byte(nil), row...)
		if string(row[4]) == "0x10" {
			row[4] = []byte("16")
		}
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(b.Flush(), b.Close()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM $b": "86",
		"SELECT GROUP_CONCAT(i,' ',u,' ',z,' ',d SEPARATOR ';') FROM $b WHERE i < 0":                                                  "-9223372036854775808 18446744073709551615 000000042 -12345678901234567890.0123456789",
		"SELECT CONCAT(i,' ',u,' ',z,' ',f) FROM $b WHERE i > 100":                                                                    "9223372036854775807 0 000000000 1.7976931348623157e308",
		"SELECT HEX(v) FROM $b WHERE LENGTH(v)=256":                                                                                   fmt.Sprintf("%X", every),
		"SELECT HEX(t) FROM $b WHERE LENGTH(v)=256":                                                                                   fmt.Sprintf("%X", "é\U0001F600'\"\\"),
		"SELECT COUNT(*) FROM $b WHERE i IS NULL AND u IS NULL AND z IS NULL AND d IS NULL AND f IS NULL AND v IS NULL AND t IS NULL": "1",
		"SELECT CONCAT(i,' ',u,' ',z,' ',d,' ',f,' ',HEX(v),' ',LENGTH(t)) FROM $b WHERE i=7":                                         "7 8 000000009 1000.0000000000 16 00 70000",
		"SELECT COUNT(*) FROM $b WHERE i=10 AND u=11 AND z=12 AND d=13 AND f=14 AND v='15' AND t='16'":                                "42",
		"SELECT COUNT(*) FROM $b WHERE i=1 AND LENGTH(t)=50000":                                                                       "40",
	} {
		if got := one(t, c, strings.ReplaceAll(query, "$b", schema+".b")); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestBulk(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	testBulk(t, s, optionsOf(s))
}

// TestBulkRefused has the server refuse rows and statements, and rows that are too large: the session goes on.
func TestBulkRefused(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".b (i TINYINT PRIMARY KEY, v VARCHAR(10) CHARACTER SET utf8mb4)")
	c := bulkSession(t, optionsOf(s))
	insert := "INSERT INTO " + schema + ".b VALUES (?,?)"
	for _, bad := range []struct {
		rows   [][][]byte
		number int
	}{
		{[][][]byte{cells(1, "a"), cells(1, "b")}, 1062},
		{[][][]byte{cells(1, "a"), cells(300, "b")}, 1264},
		{[][][]byte{cells(1, "a"), cells("1x", "b")}, 1062}, // 1265 in a table of its own
		{[][][]byte{cells(1, "a"), cells(2, "01234567890")}, 1406},
		{[][][]byte{cells(1, "a"), cells(2, "\xff")}, 1366},
	} {
		if _, err := c.ExecContext(t.Context(), "START TRANSACTION"); err != nil {
			t.Fatal(err)
		}
		b := openBulk(t, c, insert, BulkSigned, BulkText)
		var err error
		for _, row := range bad.rows {
			if err = b.Add(row); err != nil {
				break
			}
		}
		if err == nil {
			err = b.Flush()
		}
		if Number(err) == 0 || Number(err) != bad.number && bad.number != 1062 {
			t.Errorf("%q: %v", bad.rows, err)
		}
		if again := b.Add(bad.rows[0]); again == nil || !errors.Is(b.Flush(), err) {
			t.Errorf("after %v: %v", err, again)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
	b := openBulk(t, c, insert, BulkSigned, BulkText)
	if err := b.Add([][]byte{[]byte("1"), bytes.Repeat([]byte("x"), bulkMost)}); !errors.Is(err, ErrBulkRow) {
		t.Errorf("a large row: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenBulk(t.Context(), c, "INSERT INTO "+schema+".none VALUES (?)", []BulkKind{BulkText}); Number(err) != 1146 {
		t.Error(err)
	}
	if _, err := OpenBulk(t.Context(), c, insert, make([]BulkKind, mostBinary+1)); !errors.Is(err, ErrNoBulk) {
		t.Error(err)
	}
	if got := one(t, c, "SELECT COUNT(*) FROM "+schema+".b"); got != "0" {
		t.Errorf("%s rows", got)
	}
}

// TestNoBulk has sessions of other servers, and those for reading, take no rows in bulk.
func TestNoBulk(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		purposes := []Purpose{ForDump}
		if s.Kind != testdb.MariaDB {
			purposes = append(purposes, ForLoad)
		}
		for _, p := range purposes {
			c := session(t, connect(t, optionsOf(s), p))
			if _, err := OpenBulk(t.Context(), c, "SELECT ?", []BulkKind{BulkText}); c.CanBulk() || !errors.Is(err, ErrNoBulk) {
				t.Errorf("purpose %d: %t, %v", p, c.CanBulk(), err)
			}
		}
	})
}

// TestBulkLost kills the session while its rows wait for a lock.
func TestBulkLost(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".b (i INT PRIMARY KEY)")
	server := connect(t, optionsOf(s), ForLoad)
	holder, c := session(t, server), session(t, server)
	if _, err := holder.ExecContext(t.Context(), "LOCK TABLES "+schema+".b READ"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "SET lock_wait_timeout=60"); err != nil {
		t.Fatal(err)
	}
	var b *BulkInsert
	go func() {
		time.Sleep(200 * time.Millisecond)
		_ = server.Kill(t.Context(), c.ID)
	}()
	b, err := OpenBulk(t.Context(), c, "INSERT INTO "+schema+".b VALUES (?)", []BulkKind{BulkSigned})
	if err == nil {
		_ = b.Add(cells(1))
		err = b.Flush()
		_ = b.Close()
	}
	if !IsConnectionLost(err) && Number(err) != errInterrupted && Number(err) != 1927 {
		t.Error(err)
	}
	if _, err := c.ExecContext(t.Context(), "DO 1"); !IsConnectionLost(err) {
		t.Errorf("the session lives on: %v", err)
	}
}

func TestParseInteger(t *testing.T) {
	for text, want := range map[string]struct {
		signed, unsigned bool
		n                uint64
	}{
		"0": {true, true, 0}, "-0": {true, false, 0}, "007": {true, true, 7}, "-1": {true, false, 1<<64 - 1}, "": {}, "-": {}, "+1": {}, "1 ": {}, "1.0": {}, "1e3": {},
		"9223372036854775807": {true, true, 1<<63 - 1}, "9223372036854775808": {false, true, 1 << 63}, "-9223372036854775808": {true, false, 1 << 63},
		"-9223372036854775809": {}, "18446744073709551615": {false, true, 1<<64 - 1}, "18446744073709551616": {}, "00018446744073709551615": {false, true, 1<<64 - 1},
		"99999999999999999999": {}, "184467440737095516150": {},
	} {
		if n, ok := parseInteger([]byte(text), false); ok != want.signed || ok && n != want.n {
			t.Errorf("%q signed: %d, %t", text, n, ok)
		}
		if n, ok := parseInteger([]byte(text), true); ok != want.unsigned || ok && n != want.n {
			t.Errorf("%q unsigned: %d, %t", text, n, ok)
		}
	}
}
