package dump

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

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
	})
}
