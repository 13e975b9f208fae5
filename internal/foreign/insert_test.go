package foreign

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gomove/gomove/transform"
)

// readInserts gives the heads and rows of a file, one a line.
func readInserts(r io.Reader) (string, error) {
	var in InsertReader
	in.Reset(r, "file.sql", "binary")
	var out strings.Builder
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		out.WriteString(h.Schema + "." + h.Table + "(" + strings.Join(h.Columns, "|") + ") " + in.TimeZone() + "\n")
		for {
			row, err := in.Row()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return out.String(), err
			}
			out.WriteString(show(row) + "\n")
		}
	}
}

const insertFile = `/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
-- a comment; with 'quotes
INSERT INTO ` + "`a VALUES b` (`c,d`,`VALUES (`)" + ` VALUES
(1,"x),(")
,(2,';
');
/* another */
INSERT IGNORE INTO s.t VALUES(3),( 4 )
;
`

func TestInsertReader(t *testing.T) {
	want := ".a VALUES b(c,d|VALUES () +00:00\n1\"1\" 2\"x),(\"\n1\"2\" 2\";\\n\"\ns.t() +00:00\n1\"3\"\n1\"4\"\n"
	for _, r := range []io.Reader{strings.NewReader(insertFile), iotest.OneByteReader(strings.NewReader(insertFile))} {
		got, err := readInserts(r)
		if err != nil || got != want {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
	for _, c := range []struct {
		text string
		want error
		line string
	}{
		{"INSERT INTO t VALUES (1),\n(2", ErrCut, "line 2"},
		{"INSERT INTO t VALUES (1)", ErrCut, "line 1"},
		{"INSERT INTO t VAL", ErrCut, "line 1"},
		{"DELETE FROM mysql.user;\n", ErrStatement, "line 1"},
		{"INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a=1;\n", ErrStatement, "line 1"},
		{"INSERT INTO t VALUES (1)\n(2);\n", ErrStatement, "line 2"},
		{"INSERT INTO t VALUES\n('a');\n\nINSERT INTO t SET a=1 -- VALUES\n;", ErrCut, "line 4"},
		{"SET GLOBAL x=1;\n", ErrStatement, "line 1"},
		{"INSERT INTO t SELECT VALUES (1);\n", ErrStatement, "line 1"},
	} {
		_, err := readInserts(strings.NewReader(c.text))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.line) {
			t.Errorf("%q: %v, want %v in %s", c.text, err, c.want, c.line)
		}
	}
}

// TestInsertReaderCuts cuts the file at every byte: what is not an error holds what the whole one does up to there.
func TestInsertReaderCuts(t *testing.T) {
	whole, err := readInserts(strings.NewReader(insertFile))
	if err != nil {
		t.Fatal(err)
	}
	for n := range insertFile {
		got, err := readInserts(strings.NewReader(insertFile[:n]))
		if err == nil && !strings.HasPrefix(whole, got) || err != nil && !errors.Is(err, ErrCut) {
			t.Errorf("cut at %d: %v\n%s", n, err, got)
		}
	}
}

func FuzzInsertReader(f *testing.F) {
	f.Add(insertFile)
	f.Add("INSERT INTO t(")
	f.Add("INSERT INTO t.VALUES")
	f.Add("INSERT INTO t (a,VALUES")
	f.Fuzz(func(t *testing.T, text string) {
		a, errA := readInserts(strings.NewReader(text))
		b, errB := readInserts(iotest.OneByteReader(strings.NewReader(text)))
		if a != b || (errA == nil) != (errB == nil) {
			t.Errorf("read at once: %q, %v\nin pieces: %q, %v", a, errA, b, errB)
		}
	})
}

func TestTableRows(t *testing.T) {
	create := "CREATE TABLE `t` (`i` int, `y` year(4), `e` enum('a','b'), `f` enum('','x'), `s` varchar(9) CHARACTER SET latin1, `u` varchar(9), `b` blob, `bi` bit(10), `j` json, `g` int AS (1), `d` datetime) DEFAULT CHARSET=utf8mb4"
	read := func(literals, row string) (string, error) {
		table, err := NewTable("s", "t", []byte(create), transform.Mode{}, literals)
		if err != nil {
			return "", err
		}
		if _, err := table.Choose(strings.Split("i y e f s u b bi j d", " ")); err != nil {
			return "", err
		}
		lits, err := Dialect{}.DecodeRow([]byte(row), nil)
		if err != nil {
			return "", err
		}
		out, err := table.AppendRow(nil, lits)
		return string(out), err
	}
	for _, c := range []struct{ literals, row, want string }{
		{"binary", `(1,0,'','','é','é','a"\0','\2\1',CONVERT('[]' USING UTF8MB4),'2020-01-01 00:00:00')`, "1,0000,\"0\",\"\",\"é\",\"é\",\"a\\\"\\0\",\"21\",\"[]\",2020-01-01 00:00:00\n"},
		{"binary", `(NULL,'0','a','x',5,_utf8mb4'é',0x00,b'1000000001','{}','0000-00-00')`, "\\N,0,\"a\",\"x\",\"5\",\"é\",\"\\0\",\"\x02\x01\",\"{}\",0000-00-00\n"},
		{"binary", `('x',2000,'a','x','','','',513,'{}','')`, "\"x\",2000,\"a\",\"x\",\"\",\"\",\"\",\"\x02\x01\",\"{}\",\"\"\n"},
		{"utf8mb4", `(-0,'0000','b','x',_utf8mb4'é','é',_binary'é',5,'{}','10:00')`, "-0,0000,\"b\",\"x\",\"é\",\"é\",\"é\",\"\\0\x05\",\"{}\",10:00\n"},
		{"binary", `(0x41,0,'a','x','','','',1,'{}','')`, "refused"},
		{"binary", `(1,0,1,'x','','','',1,'{}','')`, "refused"},
		{"binary", `(1,0,'a','x',_utf8mb4'é','','',1,'{}','')`, "refused"},
		{"binary", `(1,0,'a','x',1.50,'','',1,'{}','')`, "refused"},
		{"binary", `(1,0,'a','x','','','',70000,'{}','')`, "refused"},
		{"binary", `(1,0,'a','x','','','',1,'{}')`, "refused"},
		{"binary", `(1,0,'a','x','','',_utf8mb4'x',1,'{}','')`, "refused"},
	} {
		got, err := read(c.literals, c.row)
		if (c.want == "refused") != errors.Is(err, ErrStatement) || err == nil && got != c.want {
			t.Errorf("%s %s: %q, %v, want %q", c.literals, c.row, got, err, c.want)
		}
	}
}
