package dump

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// oddNames are a schema, table and column that need care in every statement.
const (
	oddTable  = "t`é'\\\"x"
	oddColumn = "a`b'c\\ü"
)

// agreementTable has a column for each way in which a value can travel.
func agreementTable(schema string, kind testdb.Kind) (o *Object, ddl string) {
	o = &Object{Kind: KindTable, Schema: schema, Name: oddTable, Base: schema + ".gomove_000001", Columns: []Column{
		{Name: "id", Type: "int(11)", Encoding: Plain},
		{Name: "b", Type: "longblob", Encoding: Bytes},
		{Name: oddColumn, Type: "longtext", Charset: "latin1", Encoding: Bytes},
		{Name: "u16", Type: "text", Charset: "utf16", Encoding: Bytes},
		{Name: "j", Type: "longtext", Charset: "utf8mb4", Encoding: UTF8},
		{Name: "d", Type: "datetime(6)", Encoding: Plain},
		{Name: "f", Type: "double", Encoding: Plain},
		{Name: "y", Type: "year(4)", Encoding: Plain},
		{Name: "bit", Type: "bit(33)", Encoding: Bytes},
	}}
	ddl = "CREATE TABLE `" + schema + "`.`t``é'\\\"x` (id INT PRIMARY KEY, b LONGBLOB, `a``b'c\\ü` LONGTEXT CHARACTER SET latin1," +
		" u16 TEXT CHARACTER SET utf16, j LONGTEXT CHARACTER SET utf8mb4, d DATETIME(6), f DOUBLE, y YEAR, bit BIT(33)"
	switch kind {
	case testdb.MariaDB:
		o.Columns = append(o.Columns, Column{Name: "uuid", Type: "uuid", Encoding: UTF8})
		ddl += ", uuid UUID"
	case testdb.MySQL97:
		o.Columns = append(o.Columns, Column{Name: "json", Type: "json", Encoding: UTF8})
		ddl += ", json JSON"
	case testdb.MySQL56:
	}
	return o, ddl + ") ENGINE=InnoDB"
}

// agreementRows holds all byte values in many neighbourhoods, and rows that are written in slices.
func agreementRows(o *Object, kind testdb.Kind) []Row {
	rnd := rand.New(rand.NewPCG(5, 6))
	negativeZero := "-0"
	if kind == testdb.MariaDB {
		negativeZero = "0" // MariaDB 10.11 stores none: ATAN2(f,-1) of it is pi
	}
	pick := func(some ...string) []byte {
		if n := rnd.IntN(len(some) + 1); n < len(some) {
			return []byte(some[n])
		}
		return nil
	}
	anyBytes := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	special := func() []byte {
		b := make([]byte, rnd.IntN(12))
		for i := range b {
			b[i] = "\\\"'\x00\n\r\x1a,N0;\t\b%_NULa\xff\x80"[rnd.IntN(20)]
		}
		return b
	}
	var rows []Row
	for id := range 1500 {
		text := special()
		u16 := anyBytes(2 * rnd.IntN(20))
		for i := 0; i < len(u16); i += 2 {
			u16[i] &= 0x7f // no surrogates
		}
		row := Row{fmt.Append(nil, id), anyBytes(rnd.IntN(300)), text, u16, pick("é\\\"\n😀", "", `\N`, "NULL", "'\x00'"),
			pick("2024-05-06 07:08:09.123456", "0000-00-00 00:00:00.000000", "2024-00-00 00:00:00.000000"),
			pick(negativeZero, "1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "-1e-300"),
			pick("0000", "2024", "1901"), pick("\x01\x00\x00\x00\x00", "\x00\x00\x00\x5c\x22", "\x00\x0a\x0d\x1a\x27")}
		if id%3 == 0 {
			row[1] = special()
		}
		if id%500 == 0 {
			row[1], row[2] = anyBytes(largeRow+id), anyBytes(sliceBytes+id)
		}
		switch o.Columns[len(o.Columns)-1].Name {
		case "uuid":
			row = append(row, pick("123e4567-e89b-12d3-a456-426655440000"))
		case "json":
			row = append(row, pick(`{"a": "\"\\é\n"}`, `[1, -0.0, null]`))
		}
		rows = append(rows, row)
	}
	return rows
}

// TestServersAgree sends what the codecs write through each server, by LOAD DATA and by INSERT, and compares bytes.
func TestServersAgree(t *testing.T) {
	for _, kind := range testdb.All() {
		for _, format := range []Format{CSV, SQL} {
			t.Run(string(kind)+"/"+string(format), func(t *testing.T) {
				server := testdb.Start(t, kind)
				schema := server.Schema(t)
				conn := openConn(t, server)
				table, ddl := agreementTable(schema, kind)
				execSQL(t, conn, ddl)
				rows := agreementRows(table, kind)
				text := writeChunkText(t, table, format, rows)
				if format == CSV {
					loadText(t, conn, table, text, len(rows))
				} else {
					insertText(t, conn, text)
				}
				compareRows(t, conn, table, rows)
			})
		}
	}
}

// TestReaderAgreesWithLoadData sends files of other writers through LOAD DATA: CSVReader must read the same.
func TestReaderAgreesWithLoadData(t *testing.T) {
	text := strings.Join([]string{
		`1,"a""b","c"`, `2,"a"b",x"y"`, `3,NULL,"NULL"`, `4,\N,"\N"`, `5,a\` + "\n" + `b,"c` + "\n" + `d"`,
		`6,"\0\b\t\Z\x\\\"\'",\0\b\t`, `7,,""`, `8,"""",""""""`, `9,"a\"",\"b\"`, `10,x\,y,"x,y"`, `11,\NN,x\N`, `12, "a" ,"b"`,
	}, "\n") + "\n"
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			server := testdb.Start(t, kind)
			schema := server.Schema(t)
			conn := openConn(t, server)
			table := &Object{Schema: schema, Name: "t", Columns: []Column{
				{Name: "id", Encoding: Plain}, {Name: "a", Encoding: Bytes}, {Name: "b", Encoding: Bytes}}}
			execSQL(t, conn, "CREATE TABLE `"+schema+"`.t (id INT PRIMARY KEY, a BLOB, b BLOB)")
			loadText(t, conn, table, []byte(text), 12)
			var rows []Row
			r := NewCSVReader(strings.NewReader(text), 3, 1<<10)
			for {
				row, err := r.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				check(t, err)
				for i := range row {
					row[i] = bytes.Clone(row[i])
				}
				rows = append(rows, append(Row{}, row...))
			}
			compareRows(t, conn, table, rows)
		})
	}
}

// openConn returns a session as the loader has it.
func openConn(t *testing.T, s *testdb.Server) *sql.Conn {
	t.Helper()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = s.User, "tcp", fmt.Sprintf("%s:%d", s.Host, s.Port)
	connector, err := mysql.NewConnector(cfg)
	check(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { check(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	check(t, err)
	t.Cleanup(func() { check(t, conn.Close()) })
	execSQL(t, conn, "SET NAMES utf8mb4")
	execSQL(t, conn, "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'")
	return conn
}

func execSQL(t *testing.T, conn *sql.Conn, text string) sql.Result {
	t.Helper()
	r, err := conn.ExecContext(context.WithoutCancel(t.Context()), text)
	if err != nil {
		t.Fatalf("%.200q: %v", text, err)
	}
	return r
}

// writeChunkText writes rows by a ChunkFile and reads them back as text.
func writeChunkText(t *testing.T, table *Object, format Format, rows []Row) []byte {
	t.Helper()
	s := newStore(t)
	w, err := NewWriter(t.Context(), s, WriterOptions{Rows: format, Compression: None})
	check(t, err)
	defer w.Abandon()
	c, err := w.CreateChunk(t.Context(), table, 0)
	check(t, err)
	for _, row := range rows {
		check(t, c.WriteRow(row))
	}
	chunk, err := c.Close(t.Context(), Range{})
	check(t, err)
	text, err := readSmall(t.Context(), s, chunk.File, 1<<30)
	check(t, err)
	if int64(len(text)) != chunk.Bytes {
		t.Errorf("%d bytes in the file, %d in its record", len(text), chunk.Bytes)
	}
	return text
}

func loadText(t *testing.T, conn *sql.Conn, table *Object, text []byte, rows int) {
	t.Helper()
	name := "dump test " + t.Name()
	mysql.RegisterReaderHandler(name, func() io.Reader { return bytes.NewReader(text) })
	defer mysql.DeregisterReaderHandler(name)
	result := execSQL(t, conn, LoadDataSQL(table.Schema, table.Name, table.Columns, "Reader::"+name))
	if n, err := result.RowsAffected(); err != nil || n != int64(rows) {
		t.Errorf("%d rows affected, want %d (%v)", n, rows, err)
	}
	warnings, err := conn.QueryContext(t.Context(), "SHOW WARNINGS")
	check(t, err)
	defer warnings.Close()
	for warnings.Next() {
		var level, code, message string
		check(t, warnings.Scan(&level, &code, &message))
		t.Errorf("%s %s: %s", level, code, message)
	}
	check(t, warnings.Err())
}

// insertText runs an SQL chunk as myloader does: a statement ends at ";\n".
func insertText(t *testing.T, conn *sql.Conn, text []byte) {
	t.Helper()
	n := 0
	for stmt := range strings.SplitSeq(string(text), ";\n") {
		if stmt != "" {
			execSQL(t, conn, stmt)
			n++
		}
		if len(stmt) > statementBytes+3*largeRow {
			t.Errorf("statement of %d bytes", len(stmt))
		}
	}
	if n < 6 {
		t.Errorf("%d statements, want the header and more than one INSERT", n)
	}
}

// compareRows reads the table as hex of each column's own bytes.
func compareRows(t *testing.T, conn *sql.Conn, table *Object, rows []Row) {
	t.Helper()
	var list []string
	for _, c := range table.Columns {
		name := "`" + strings.ReplaceAll(c.Name, "`", "``") + "`"
		switch {
		case c.Type == "bit(33)":
			list = append(list, "LPAD(HEX("+name+"),10,'0')")
		case c.Encoding == Plain || c.Type == "uuid":
			list = append(list, name)
		case c.Type == "json":
			list = append(list, "HEX(CONVERT("+name+" USING utf8mb4))")
		default:
			list = append(list, "HEX("+name+")")
		}
	}
	execSQL(t, conn, "SET NAMES utf8mb4")
	got, err := conn.QueryContext(t.Context(), "SELECT "+strings.Join(list, ",")+" FROM "+quoteTable(table.Schema, table.Name)+" ORDER BY id")
	check(t, err)
	defer got.Close()
	cells := make([]sql.RawBytes, len(list))
	dest := make([]any, len(list))
	for i := range dest {
		dest[i] = &cells[i]
	}
	n := 0
	for ; got.Next(); n++ {
		check(t, got.Scan(dest...))
		for i, c := range table.Columns {
			want := rows[n][i]
			if strings.HasPrefix(list[i], "HEX") || strings.HasPrefix(list[i], "LPAD") {
				if want != nil {
					want = []byte(strings.ToUpper(hex.EncodeToString(want)))
				}
			}
			if (want == nil) != (cells[i] == nil) || !bytes.Equal(normal(c, want), normal(c, cells[i])) {
				t.Fatalf("row %d, column %s: got %.100q, want %.100q", n, c.Name, cells[i], want)
			}
		}
	}
	check(t, got.Err())
	if n != len(rows) {
		t.Errorf("%d rows, want %d", n, len(rows))
	}
}

// normal is a value without the ways in which servers and the driver print it: 1e300 or 1e+300, 0 or 0000.
func normal(c Column, b []byte) []byte {
	if c.Name == "y" && string(b) == "0" {
		return []byte("0000")
	}
	if c.Type == "double" {
		return bytes.ReplaceAll(b, []byte("e+"), []byte("e"))
	}
	return b
}
