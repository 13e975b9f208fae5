package loader

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// oddTable has a column of each type whose values go in bulk, and their odd values.
func oddTable() testTable {
	columns := []struct {
		name, typ, charset string
		values             []any
	}{
		{"tiny", "tinyint(4)", "", []any{-128, 127, nil}},
		{"ubig", "bigint(20) unsigned", "", []any{"18446744073709551615", 0, "9223372036854775808"}},
		{"zero", "int(7) unsigned zerofill", "", []any{"0000042", nil, 4294967295}},
		{"deci", "decimal(65,30)", "", []any{"-99999999999999999999999999999999999.999999999999999999999999999999", "0." + strings.Repeat("0", 29) + "1", nil}},
		{"flo", "float", "", []any{"16777216", "3.4028234663852886e38", "-1.401298464324817e-45"}},
		{"dou", "double", "", []any{"0.1", "-1.7976931348623157e308", "5e-324"}},
		{"dat", "date", "", []any{"0000-00-00", "2024-02-30", "9999-12-31"}},
		{"dt", "datetime(6)", "", []any{"0000-00-00 00:00:00.000000", "2024-00-00 23:59:59.999999", nil}},
		{"ts", "timestamp(3)", "", []any{"0000-00-00 00:00:00.000", "1970-01-01 00:00:01.000", "2038-01-19 03:14:07.999"}},
		{"tim", "time(2)", "", []any{"-838:59:59.00", "838:59:59.00", "00:00:00.01"}},
		{"yea", "year(4)", "", []any{"0000", "1901", "2155"}},
		{"cha", "char(5)", "latin1", []any{"\xe9 a", "", nil}},
		{"ucs", "varchar(20)", "ucs2", []any{"\x00a\x20\xac", "", "\xd8\x00"}},
		{"utf", "text", "utf8mb4", []any{"é\U0001F600 \"'\\\n", "\\N", "NULL"}},
		{"bin", "varbinary(20)", "", []any{"\x00\n\r\x1a\\\",", "", "NULL"}},
		{"blo", "longblob", "", []any{strings.Repeat("\x00\xff\"\\", 60_000), nil, ""}},
		{"bi", "bit(20)", "", []any{"\x0f\xff\xff", "\x00\x00\x00", nil}},
		{"enu", "enum('a','2','x y')", "utf8mb4", []any{"2", "x y", nil}},
		{"se", "set('a','b','c')", "utf8mb4", []any{"a,c", "", "b"}},
	}
	tt := testTable{name: "odd", rows: make([][]any, 3)}
	lines := []string{"`id` int(11) NOT NULL AUTO_INCREMENT"}
	tt.cols = []dump.Column{plainColumn("id", "int(11)")}
	for i := range tt.rows {
		tt.rows[i] = []any{i} // 0 stays 0
	}
	for _, c := range columns {
		line := "`" + c.name + "` " + c.typ
		col := plainColumn(c.name, c.typ)
		if c.charset != "" {
			line += " CHARACTER SET " + c.charset
		}
		switch c.name {
		case "cha", "ucs", "utf", "bin", "blo", "bi", "enu", "se":
			col = textColumn(c.name, c.typ, c.charset)
		case "ts":
			line += " NULL"
		}
		lines, tt.cols = append(lines, line), append(tt.cols, col)
		for i, v := range c.values {
			tt.rows[i] = append(tt.rows[i], v)
		}
	}
	tt.create = "CREATE TABLE `odd` (\n  " + strings.Join(lines, ",\n  ") + ",\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
	return tt
}

// TestBulkAsLoadData loads rows by the bulk protocol, by LOAD DATA and by INSERT, in either format: what is stored is the same.
func TestBulkAsLoadData(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	for _, format := range []dump.Format{dump.CSV, dump.SQL} {
		t.Run(string(format), func(t *testing.T) {
			sums := map[Via]string{}
			for _, via := range []Via{ViaAuto, ViaLocalInfile, ViaInsert} {
				if format == dump.SQL && via == ViaLocalInfile {
					continue
				}
				schema := freshSchema(t, s)
				d := &testDump{schema: schema, format: format, tables: []testTable{oddTable(), numbered(1000, 100)}}
				d.server = dump.ServerFacts{Flavor: "mariadb", Version: "10.11.19", Number: 101119}
				o := options(s, d.write(t))
				o.Via = via
				sum, err := run(t, o)
				must(t, err)
				if want := map[bool]int{true: 11}[via == ViaAuto]; sum.ChunksInBulk != want {
					t.Errorf("%s: %d chunks in bulk, want %d", via, sum.ChunksInBulk, want)
				}
				for _, table := range []string{"odd", "t"} {
					var name, value string
					must(t, s.DB(t).QueryRowContext(t.Context(), "CHECKSUM TABLE "+schema+"."+table+" EXTENDED").Scan(&name, &value))
					sums[via] += value + " "
				}
				if got := count(t, s.DB(t), "SELECT COUNT(*) FROM "+schema+".odd WHERE id IN (0,1,2) AND (id<>0 OR dt='0000-00-00' AND HEX(bi+0)='FFFFF' AND flo=16777216 AND LENGTH(blo)=240000)"); got != 3 {
					t.Errorf("%s: %d rows are as they were dumped", via, got)
				}
			}
			for via, sum := range sums {
				if sum != sums[ViaAuto] {
					t.Errorf("checksums by %s: %s, in bulk: %s", via, sum, sums[ViaAuto])
				}
			}
		})
	}
}

// TestBulkGivesWay has what does not go in bulk go by LOAD DATA, or fail in its words, and tables of other columns, and of the target's own definition, never go.
func TestBulkGivesWay(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	load := func(t *testing.T, tt testTable, before ...string) (*Summary, error) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{tt}}
		if before != nil {
			s.Exec(t, "CREATE DATABASE "+schema)
		}
		for _, q := range before {
			s.Exec(t, strings.ReplaceAll(q, "$S", schema))
		}
		o := options(s, d.write(t))
		if before != nil {
			o.IfExists = ExistsTruncate
		}
		sum, err := run(t, o)
		if err == nil {
			wantRows(t, s.DB(t), schema+"."+tt.name, int64(len(tt.rows)))
		}
		return sum, err
	}
	text := func(typ string, rows ...[]any) testTable {
		return testTable{name: "t", create: "CREATE TABLE `t` (`id` int NOT NULL, `v` " + typ + ", PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
			cols: []dump.Column{plainColumn("id", "int(11)"), textColumn("v", typ, "utf8mb4")}, rows: rows}
	}
	t.Run("large row", func(t *testing.T) {
		sum, err := load(t, text("longtext", []any{1, "a"}, []any{2, strings.Repeat("b", 9<<20)}, []any{3, "c"}))
		must(t, err)
		if sum.ChunksInBulk != 0 || sum.ChunksRetried != 0 || sum.Chunks != 1 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("duplicates", func(t *testing.T) {
		_, err := load(t, text("varchar(10)", []any{1, "a"}, []any{2, "b"}, []any{2, "c"}))
		wantError(t, err, ErrRows, "Duplicate entry '2'")
	})
	t.Run("warnings", func(t *testing.T) {
		_, err := load(t, text("varchar(3)", []any{1, "a"}, []any{2, "toolong"}))
		wantError(t, err, ErrRows, "Data truncated for column 'v' at row 2")
	})
	t.Run("another type", func(t *testing.T) {
		tt := text("geometry")
		tt.cols[1] = dump.Column{Name: "v", Type: "geometry", Encoding: dump.Bytes, Nullable: true}
		tt.rows = [][]any{{1, "\x00\x00\x00\x00\x01\x01\x00\x00\x00" + strings.Repeat("\x00", 16)}, {2, nil}}
		sum, err := load(t, tt)
		must(t, err)
		if sum.ChunksInBulk != 0 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("the target's own table", func(t *testing.T) {
		tt := numbered(10, 5)
		sum, err := load(t, tt, "CREATE TABLE $S.t (id VARCHAR(20) PRIMARY KEY, v VARCHAR(20))")
		must(t, err)
		if sum.ChunksInBulk != 0 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("no transactions", func(t *testing.T) {
		tt := numbered(10, 5)
		tt.create = strings.Replace(tt.create, "InnoDB", "MyISAM", 1)
		sum, err := load(t, tt)
		must(t, err)
		if sum.ChunksInBulk != 0 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestBulkBinlog has a server that logs statements refuse rows in bulk: they go by LOAD DATA. Where it may log rows they are in its log as such.
func TestBulkBinlog(t *testing.T) {
	for format, inBulk := range map[string]bool{"ROW": true, "MIXED": true, "STATEMENT": false} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := testdb.StartOwn(t, testdb.MariaDB, testdb.WithArgs("--binlog-format="+format))
			schema := freshSchema(t, s)
			d := &testDump{schema: schema, tables: []testTable{numbered(1000, 200), numbered(1000, 200)}}
			d.tables[1].name, d.tables[1].create = "u", strings.Replace(d.tables[1].create, "TABLE `t`", "TABLE `u`", 1)
			o := options(s, d.write(t))
			o.Threads = 1
			sum, err := run(t, o)
			must(t, err)
			var name string
			var prepared int
			must(t, s.DB(t).QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'").Scan(&name, &prepared))
			if prepared != 10 && inBulk || prepared != 1 && !inBulk {
				t.Errorf("%d statements prepared for 10 chunks: a server that takes no rows in bulk is asked once", prepared)
			}
			if sum.ChunksInBulk > 0 != inBulk || sum.ChunksRetried > 0 {
				t.Errorf("%d chunks in bulk, %d repeated", sum.ChunksInBulk, sum.ChunksRetried)
			}
			wantRows(t, s.DB(t), schema+".t", 1000)
			wantRows(t, s.DB(t), schema+".u", 1000)
			rows, err := s.DB(t).QueryContext(t.Context(), "SHOW BINLOG EVENTS LIMIT 100000")
			must(t, err)
			defer rows.Close()
			events := map[string]int{}
			for rows.Next() {
				var file, kind, info string
				var pos, id, end int64
				must(t, rows.Scan(&file, &pos, &kind, &id, &end, &info))
				events[strings.TrimSuffix(strings.TrimSuffix(kind, "_v1"), "_compressed")]++
			}
			must(t, rows.Err())
			if got := fmt.Sprint(events); (events["Write_rows"] > 0) != inBulk {
				t.Errorf("events %s", got)
			}
		})
	}
}
