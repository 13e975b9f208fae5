package flat

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// readAll gives the rows of a file, one a line: cells in brackets, NULL as a dot.
func readAll(d Dialect, in io.Reader) (string, error) {
	r := NewReader(d)
	r.Reset(in, "file.csv")
	var out strings.Builder
	for {
		row, err := r.Row()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		for _, c := range row {
			if c.Form == foreign.Null {
				out.WriteString(".")
				continue
			}
			fmt.Fprintf(&out, "[%s]", c.Text)
		}
		fmt.Fprintf(&out, "@%d\n", r.RowLine())
	}
}

var (
	rfc    = Dialect{Fields: ",", Enclosed: `"`}
	tsv    = Dialect{Fields: "\t", Escaped: `\`}
	bar    = Dialect{Fields: "||", Lines: "##\n", Enclosed: "'", Escaped: "~"}
	dashes = Dialect{Fields: ",", Enclosed: `"`, Null: new("-")}
)

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name string
		d    Dialect
		text string
		want string // starts with "error " for an error
	}{
		{"plain", MySQL(), "1,a,\\N\n2,\"b,c\",NULL\n", "[1][a].@1\n[2][b,c].@2\n"},
		{"escapes", MySQL(), `"a\"b\\c\nd\0","\N","NULL",\Nx,N` + "\n", "[a\"b\\c\nd\x00].[NULL][Nx][N]@1\n"},
		{"doubled quotes and newlines", rfc, "\"a\"\"b\",\"c\nd\"\n\"\",x\\n\n", "[a\"b][c\nd]@1\n[][x\\n]@3\n"},
		{"CRLF", rfc, "a,\"b\r\nc\"\r\nd,e\r\n", "[a][b\r\nc]@1\n[d][e]@3\n"},
		{"no end of the last line", rfc, "a,b\nc,", "[a][b]@1\n[c][]@2\n"},
		{"mark of UTF-8", rfc, "\xef\xbb\xbfa,b\n", "[a][b]@1\n"},
		{"quote within a cell", rfc, "a\"b,\"c\"d\"\n", "[a\"b][c\"d]@1\n"},
		{"escaped ends", tsv, "a\\\tb\\\nc\t\\N\t\n", "[a\tb\nc].[]@1\n"},
		{"long terminators", bar, "'a||b'|| c|d ||~N##\n'e''f##\n'||g##h~##\n||##\n", "[a||b][ c|d ].@1\n[e'f##\n][g##h##\n][]@2\n"},
		{"own NULL", dashes, "-,\"-\",NULL,\n", ".[-][NULL][]@1\n"},
		{"empty lines", rfc, "\n\na\n", "[]@1\n[]@2\n[a]@3\n"},
		{"empty", rfc, "", ""},
		{"cut in quotes", rfc, "a,b\nc,\"d\n", "error file.csv, line 2: dump is incomplete: the file was cut off: it ends inside quotes"},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := readAll(c.d, in)
			if err != nil {
				got = "error " + err.Error()
			}
			if got != c.want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
			}
		}
	}
}

// TestReaderServers has LOAD DATA read what the Reader reads.
func TestReaderServers(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "gomove-flat-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	quote := func(s string) string { return "x'" + fmt.Sprintf("%x", s) + "'" }
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "SET GLOBAL local_infile=1", "CREATE TABLE "+schema+".t (n INT AUTO_INCREMENT PRIMARY KEY, a TEXT, b TEXT, c TEXT) CHARACTER SET latin1")
			for i, c := range []struct {
				d    Dialect
				text string
			}{
				{MySQL(), "1,a,\\N\n2,\"b,c\",NULL\n\"\\N\",\"NULL\",\"a\\\"b\\\\c\\nd\\0\"\n\"x\"y\",z\"\",\"\"\n\"a\"\"b\",\\Nx,\\a\\b\\t\\Z\\%\\_\n"},
				{tsv, "a\\\tb\\\nc\t\\N\t\nNULL\t\"q\"\t\\\\\n"},
				{rfc, "\"a\"\"b\",\"c\nd\",\"\"\"\"\n\"\",x\\n,NULL\n,,\n"},
				{bar, "'a||b'|| c|d ||~N##\n'e''f##\n'||g##h~##\n||##\n"},
			} {
				path := filepath.Join(dir, fmt.Sprintf("%s%d.csv", k, i))
				if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
				lines := c.d.Lines
				if lines == "" {
					lines = "\n"
				}
				s.Exec(t, "TRUNCATE "+schema+".t")
				out, err := s.Client(t, "--local-infile=1", "-e", "LOAD DATA LOCAL INFILE '"+path+"' INTO TABLE "+schema+".t CHARACTER SET latin1 FIELDS TERMINATED BY "+quote(c.d.Fields)+
					" OPTIONALLY ENCLOSED BY "+quote(c.d.Enclosed)+" ESCAPED BY "+quote(c.d.Escaped)+" LINES TERMINATED BY "+quote(lines)+" (a,b,c)").CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				var want strings.Builder
				for _, row := range s.Query(t, "SELECT COALESCE(CONCAT('[',a,']'),'.'), COALESCE(CONCAT('[',b,']'),'.'), COALESCE(CONCAT('[',c,']'),'.') FROM "+schema+".t ORDER BY n") {
					want.WriteString(strings.Join(row, "") + "\n")
				}
				got, err := readAll(c.d, strings.NewReader(c.text))
				if err != nil {
					t.Error(err)
				}
				var rows strings.Builder
				for line := range strings.SplitSeq(got, "\n") {
					if i := strings.LastIndex(line, "@"); i >= 0 {
						line = line[:i]
						rows.WriteString(line + "\n")
					} else if line != "" {
						rows.WriteString(line + "\n")
					}
				}
				if diff := cmp.Diff(want.String(), rows.String()); diff != "" {
					t.Errorf("%q (-LOAD DATA +got):\n%s", c.text, diff)
				}
			}
		})
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"1,a,\\N\n", "\"a\"\"b\",\"c\nd\"\r\n", "a||'b'##\n", "\"", "\\", "\xef\xbb\xbf"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(3))
	}
	dialects := []Dialect{MySQL(), rfc, tsv, bar, dashes, {Fields: ",", Lines: "\n", Enclosed: `"`, Escaped: `"`}}
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		d := dialects[int(n)%len(dialects)]
		a, errA := readAll(d, strings.NewReader(text))
		b, errB := readAll(d, iotest.OneByteReader(strings.NewReader(text)))
		if a != b || (errA == nil) != (errB == nil) {
			t.Errorf("%+v, read at once: %q, %v\nin pieces: %q, %v", d, a, errA, b, errB)
		}
		if len(strings.ReplaceAll(strings.ReplaceAll(a, "[", ""), "]", "")) > 16*len(text)+64 {
			t.Errorf("%d bytes from %d", len(a), len(text))
		}
	})
}
