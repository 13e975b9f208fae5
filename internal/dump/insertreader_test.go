package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// newInsertReader reads the rows of an SQL chunk with a literal reader of its own, which knows nothing of AppendValues.
func newInsertReader(in io.Reader, table *Object) func() (Row, error) {
	text, err := io.ReadAll(in)
	var rows []Row
	for _, stmt := range strings.SplitAfter(string(text), ";\n") {
		if err != nil || stmt == "" || strings.HasPrefix(stmt, "/*!") {
			continue
		}
		schema, _, qualified := strings.Cut(strings.TrimPrefix(stmt, "INSERT INTO "), ".")
		if strings.Contains(schema, "(") {
			qualified = false
		}
		head := InsertHeaderSQL("", table.Name, table.Columns)
		if qualified {
			head = InsertHeaderSQL(table.Schema, table.Name, table.Columns)
		}
		body, ok := strings.CutPrefix(stmt, head)
		if !ok {
			err = fmt.Errorf("statement %.80q", stmt)
			break
		}
		var some []Row
		some, err = parseValues(strings.TrimSuffix(body, ";\n"))
		rows = append(rows, some...)
	}
	return func() (Row, error) {
		if err != nil || len(rows) == 0 {
			if err == nil {
				err = io.EOF
			}
			return nil, err
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	}
}

// parseValues reads "(v,v),\n(v,v)".
func parseValues(s string) (rows []Row, err error) {
	for s != "" {
		if len(rows) > 0 {
			if !strings.HasPrefix(s, ",\n") {
				return nil, fmt.Errorf("between rows: %.20q", s)
			}
			s = s[2:]
		}
		var row Row
		for sep := byte('('); sep != ')'; {
			if s == "" || s[0] != sep {
				return nil, fmt.Errorf("no %c: %.20q", sep, s)
			}
			var cell []byte
			if cell, s, err = parseLiteral(s[1:]); err != nil {
				return nil, err
			}
			row = append(row, cell)
			if sep = ','; strings.HasPrefix(s, ")") {
				sep = ')'
			}
		}
		s = s[1:]
		rows = append(rows, row)
	}
	return rows, nil
}

func parseLiteral(s string) (cell []byte, rest string, err error) {
	s = strings.TrimPrefix(s, "_utf8mb4")
	if !strings.HasPrefix(s, "'") {
		n := strings.IndexAny(s, ",)")
		if n < 0 {
			return nil, "", fmt.Errorf("bare literal %.20q", s)
		}
		if s[:n] == "NULL" {
			return nil, s[n:], nil
		}
		return []byte(s[:n]), s[n:], nil
	}
	cell = []byte{}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
			cell = append(cell, '\'')
		case s[i] == '\'':
			return cell, s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			c, ok := map[byte]byte{'0': 0, 'n': '\n', 'r': '\r', 'Z': 0x1a, 't': '\t', 'b': '\b'}[s[i]]
			if !ok {
				c = s[i]
			}
			cell = append(cell, c)
		default:
			cell = append(cell, s[i])
		}
	}
	return nil, "", fmt.Errorf("no end of literal %.20q", s)
}

func TestAppendValues(t *testing.T) {
	for _, c := range []struct {
		name, cell string
		enc        Encoding
		want       string
	}{
		{"number", "-12.50", Plain, "-12.50"},
		{"double", "-1.5e-300", Plain, "-1.5e-300"},
		{"exponent with plus", "1e+20", Plain, "1e+20"},
		{"negative zero keeps its sign", "-0", Plain, "'-0'"},
		{"date is no subtraction", "2024-01-02", Plain, "'2024-01-02'"},
		{"time", "-838:59:59", Plain, "'-838:59:59'"},
		{"datetime", "2024-01-02 03:04:05.000001", Plain, "'2024-01-02 03:04:05.000001'"},
		{"lone sign", "-", Plain, "'-'"},
		{"empty plain", "", Plain, "''"},
		{"text", "it's \"a\"\\", Bytes, `'it\'s "a"\\'`},
		{"statement end in text", ";\n", Bytes, `';\n'`},
		{"json", `{"a": 1}`, UTF8, `_utf8mb4'{"a": 1}'`},
		{"binary", "\x00\x1a\r\xff", Bytes, "'\\0\\Z\\r\xff'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(AppendValues(nil, Row{[]byte(c.cell), nil}, []Encoding{c.enc, c.enc}))
			if diff := cmp.Diff("("+c.want+",NULL)", got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzValues(f *testing.F) {
	f.Add([]byte("a'"), []byte("\\"), []byte("\x00;\n"), uint8(0))
	f.Fuzz(func(t *testing.T, a, b, plain []byte, nulls uint8) {
		row := Row{a, b, plain}
		for i := range row {
			if row[i] == nil {
				row[i] = []byte{}
			}
			if nulls&(1<<i) != 0 {
				row[i] = nil
			}
		}
		text := AppendValues(nil, row, []Encoding{Bytes, UTF8, Plain})
		if bytes.ContainsAny(text, "\n\x00") {
			t.Fatalf("bare newline or NUL: %q", text)
		}
		got, err := parseValues(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Row{row}, got); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
		// A row behind it, in small reads: the reader keeps its place whatever is in its buffer.
		file := InsertHeaderSQL("s", "t", insertColumns) + string(text) + ",\n" + string(text) + ";\n"
		r := NewInsertReader(iotest.OneByteReader(strings.NewReader(file)), "s", "t", []string{"a", "b", "c"}, 1<<20)
		requireTwice(t, r, row, text)
		if _, err := r.Read(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

var insertColumns = []Column{{Name: "a", Encoding: Plain}, {Name: "b", Encoding: Bytes}, {Name: "c", Encoding: UTF8}}

// readInserts reads all rows of a text as the chunk of table s.t.
func readInserts(text string, maxRowBytes int64) (rows []Row, err error) {
	r := NewInsertReader(strings.NewReader(text), "s", "t", []string{"a", "b", "c"}, maxRowBytes)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		kept := make(Row, len(row))
		for i, cell := range row {
			kept[i] = bytes.Clone(cell)
		}
		rows = append(rows, kept)
	}
}

func TestInsertReader(t *testing.T) {
	want := []Row{{[]byte("-1.5e-3"), []byte("it's \"\\ \n\x00\xe9;,)"), []byte(`{"a":1}`)}, {nil, []byte{}, nil}, {[]byte("7"), []byte("NULL"), []byte("é")}}
	enc := []Encoding{Plain, Bytes, UTF8}
	file := sessionHeader(insertColumns) + InsertHeaderSQL("s", "t", insertColumns) + string(AppendValues(nil, want[0], enc)) + ",\n" +
		string(AppendValues(nil, want[1], enc)) + ";\nINSERT INTO `t` (`c`,`a`,`b`) VALUES (_utf8mb4'é',7,'NULL');\n"
	rows, err := readInserts(file, 1<<10)
	check(t, err)
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	none, err := readInserts(sessionHeader(insertColumns), 1<<10)
	if err != nil || len(none) != 0 {
		t.Errorf("%d rows, %v", len(none), err)
	}
}

// TestInsertReaderRefuses gives a chunk what no chunk holds.
func TestInsertReaderRefuses(t *testing.T) {
	const head = "INSERT INTO `s`.`t` (`a`,`b`,`c`) VALUES "
	for _, text := range []string{
		head + "(1,LOAD_FILE('/etc/passwd'),'')", head + "(1,(SELECT password FROM mysql.user),'')", head + "(1,SLEEP(5),'')", head + "(1,@@datadir,'')",
		head + "(1,'x','') ON DUPLICATE KEY UPDATE a=1;\n", head + "(1,'x','')) ;\n", head + "(1,'x');\n", head + "(1,'x','',2);\n",
		head + "(1 /*!50000 ,(SELECT 1) */,'','');\n", head + "(1,`b`,'');\n", head + "(1,'x' 'y','');\n", head + "(1,-'x','');\n", head + "(1,0x41,'');\n",
		head + "(1,'x','');DROP TABLE t;\n", head + "(1,'x','');\nDROP TABLE t;\n", "INSERT INTO `t` SELECT * FROM mysql.user;\n", "REPLACE INTO `t` (`a`) VALUES (1);\n",
		"INSERT INTO `u` (`a`,`b`,`c`) VALUES (1,2,3);\n", "INSERT INTO `mysql`.`t` (`a`,`b`,`c`) VALUES (1,2,3);\n", "INSERT INTO `t` (`a`,`b`) VALUES (1,2);\n",
		"INSERT INTO `t` (`a`,`b`,`b`) VALUES (1,2,3);\n", "INSERT INTO `t` VALUES (1,2,3);\n", "INSERT INTO `t` SET `a`=1;\n", "INSERT IGNORE INTO `t` (`a`,`b`,`c`) VALUES (1,2,3);\n",
		"DROP TABLE t;\n", "/*!50000 DROP TABLE t */;\n", "/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES'*/;\n", "/*!40101 SET GLOBAL x=1*/;\n", "/*M!100000 SET NAMES binary*/;\n",
		"/* SET NAMES binary*/;\n", "-- x\n", "SET NAMES sjis;\n",
	} {
		if rows, err := readInserts(text, 1<<10); !errors.Is(err, ErrStatement) {
			t.Errorf("%s: %d rows, %v", text, len(rows), err)
		}
	}
	for _, text := range []string{head, head + "(1,'x','y')", head + "(1,'x','y'),", head + "(1,'x", "INSERT INTO `s`.`t", "/*!40101 SET"} {
		if _, err := readInserts(text, 1<<10); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut off, %s: %v", text, err)
		}
	}
	if _, err := readInserts(head+"(1,'"+strings.Repeat("x", 300<<10)+"','');\n", 200<<10); !errors.Is(err, ErrRowTooLong) {
		t.Errorf("long row: %v", err)
	}
	if _, err := readInserts("INSERT INTO `s`.`t` (`"+strings.Repeat("x", 5<<20), 200<<20); !errors.Is(err, ErrStatement) {
		t.Errorf("long head: %v", err)
	}
}

func FuzzInsertReader(f *testing.F) {
	f.Add(sessionHeader(insertColumns) + InsertHeaderSQL("s", "t", insertColumns) + "(1,'a\\'',_utf8mb4'b'),\n(NULL,_binary '',-0.5e+3);\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readInserts(text, 1<<10)
		small := NewInsertReader(iotest.OneByteReader(strings.NewReader(text)), "s", "t", []string{"a", "b", "c"}, 1<<10)
		for _, row := range rows {
			got, err := small.Read()
			if err != nil {
				t.Fatalf("byte by byte: %v", err)
			}
			if diff := cmp.Diff(row, got); diff != "" {
				t.Fatal(diff)
			}
		}
		if _, again := small.Read(); (err == nil) != errors.Is(again, io.EOF) {
			t.Fatalf("%v, byte by byte %v", err, again)
		}
	})
}
