package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// outfileDir is a directory that servers write files into.
func outfileDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "gomove-csv-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the server may be another user
		t.Fatal(err)
	}
	return dir
}

// TestFlatFileRoute runs the handbook's flat-file example with gomove in the place of the client: a schema-only file of mysqldump, then
// what SELECT INTO OUTFILE has written of each table, compressed.
func TestFlatFileRoute(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, target := testdb.StartOwn(t, k, testdb.WithArgs("--secure-file-priv=")), testdb.StartOwn(t, k)
			if err := testdb.LoadShop(t.Context(), source.DB(t), "shop", 6_000); err != nil {
				t.Fatal(err)
			}
			source.Exec(t, "SET sql_mode=''", "ALTER TABLE shop.customers MODIFY score DOUBLE", "ALTER TABLE shop.order_lines MODIFY discount DOUBLE") // OUTFILE has six digits of a FLOAT
			dir := outfileDir(t)
			mysqldumpTo(t, source, filepath.Join(dir, "schema.sql"), "--databases", "shop", "--single-transaction", "--no-data", "--skip-triggers")
			mustRun(t, loadArgs(target, filepath.Join(dir, "schema.sql"), "--no-views")...)

			args := []string{"--csv-charset", "binary", "-t", "2"}
			for i, table := range tables(t, source, "shop") {
				file := fmt.Sprintf("shop_dump_t%d.csv", i)
				source.Exec(t, "SET NAMES binary", "SET time_zone='+00:00'", "SELECT * INTO OUTFILE '"+filepath.Join(dir, file)+
					"' FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' FROM shop.`"+strings.ReplaceAll(table, "`", "``")+"`")
				args = append(args, "--csv-table", "shop.`"+strings.ReplaceAll(table, "`", "``")+"`="+file+".gz")
			}
			recompress(t, filepath.Join(dir, "*.csv"), ".gz", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
			mustRun(t, loadArgs(target, dir, args...)...)
			requireSameRows(t, source, target, "shop", "shop")
		})
	}
}

// csvCase is a file that some other system wrote, and what a table has of it.
type csvCase struct {
	name, text string
	flags      []string
	want       []string // rows
	refused    string   // what the error says
}

var csvCases = []csvCase{
	{
		name:    "RFC 4180 with a header, CRLF and doubled quotes",
		text:    "name,id,price,made\r\n\"a \"\"b\"\"\r\nc\",1,2.50,2024-01-02\r\nC:\\new,2,,\r\n\"\",3,0,NULL\r\n",
		flags:   []string{"--csv-header", "--fields-escaped-by", "", "--csv-null", ""},
		refused: "chunk rows.csv from line 2: ",
	},
	{
		name:  "empty cells as NULL",
		text:  "name,id,price,made\r\n\"a \"\"b\"\"\r\nc\",1,2.50,2024-01-02\r\nC:\\new,2,,\r\n\"\",3,0,\r\n",
		flags: []string{"--csv-header", "--fields-escaped-by", "", "--csv-null", ""},
		want:  []string{"1|a \"b\"\r\nc|2.50|2024-01-02|7", "2|C:\\new|NULL|NULL|7", "3||0.00|NULL|7"},
	},
	{
		name:  "tabs, columns of another order and one too many",
		text:  "# made by a machine\nx\té😀\\tz\t4\nx\t\\N\t5\n",
		flags: []string{"--fields-terminated-by", `\t`, "--fields-enclosed-by", "", "--ignore-lines", "1", "--csv-columns", "@skip,name,id"},
		want:  []string{"4|é😀\tz|NULL|NULL|7", "5|NULL|NULL|NULL|7"},
	},
	{
		name:  "semicolons and single quotes in latin1",
		text:  "6;'\xe9;''';1;2024-01-02;9\n",
		flags: []string{"--fields-terminated-by", ";", "--fields-optionally-enclosed-by", "'", "--csv-charset", "latin1"},
		want:  []string{"6|é;'|1.00|2024-01-02|9"},
	},
	{name: "mark of UTF-8", text: "\xef\xbb\xbf1,a,1,2024-01-02,1\n", want: []string{"1|a|1.00|2024-01-02|1"}},
	{name: "a cell too few", text: "1,a,1,2024-01-02,1\n2,b,1\n", refused: "rows.csv, line 2: statement refused: 3 cells in place of 5"},
	{name: "cut in quotes", text: "1,a,1,2024-01-02,1\n2,\"b,1\n", refused: "rows.csv, line 2: dump is incomplete"},
	{name: "not a number", text: "1,a,1,2024-01-02,1\nx,b,1,2024-01-02,1\n", refused: " at row 2"},
	{name: "a header that names no column", text: "id,nam\n1,a\n", flags: []string{"--csv-header"}, refused: "`nam`"},
	{name: "unknown charset", text: "1", flags: []string{"--csv-charset", "utf16"}, refused: "UTF-8"},
}

// TestCSVFiles loads files of many forms into a table that is there; what cannot be told is refused, naming file and line, and leaves
// the table as it was.
func TestCSVFiles(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, name VARCHAR(100) CHARACTER SET utf8mb4, price DECIMAL(10,2), made DATE, n INT DEFAULT 7)")
			for _, c := range csvCases {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
				r := runBinary(t, loadArgs(s, dir, append([]string{"--csv-table", schema + ".t=*.csv", "--restart"}, c.flags...)...)...)
				var got []string
				for _, row := range s.Query(t, "SELECT COALESCE(id,'NULL'),COALESCE(name,'NULL'),COALESCE(price,'NULL'),COALESCE(made,'NULL'),COALESCE(n,'NULL') FROM "+schema+".t ORDER BY id") {
					got = append(got, strings.Join(row, "|"))
				}
				if c.refused != "" {
					if r.code != exitFailed || !strings.Contains(r.stderr, c.refused) || len(got) > 0 {
						t.Errorf("%s: exit %d, %d rows, %s", c.name, r.code, len(got), r.stderr)
					}
				} else if diff := cmp.Diff(c.want, got); diff != "" || r.code != 0 {
					t.Errorf("%s: exit %d %s\n(-want +got):\n%s", c.name, r.code, r.stderr, diff)
				}
				s.Exec(t, "TRUNCATE "+schema+".t", "DROP DATABASE IF EXISTS gomove")
			}
		})
	}
}

// TestCSVUsage wants an error of usage for flags that do not go together.
func TestCSVUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--csv-header"}, "--csv-header goes with --csv-table"},
		{[]string{"--csv-table", "t=*.csv"}, "SCHEMA.TABLE=GLOB"},
		{[]string{"--csv-table", "a.b=*.csv", "--fields-terminated-by", ""}, "fixed widths"},
		{[]string{"--csv-table", "a.b=*.csv", "--fields-terminated-by", `\q`}, `\q is not known`},
		{[]string{"--csv-table", "a.b=*.csv", "--fields-enclosed-by", "ab"}, "one byte"},
		{[]string{"--csv-table", "a.b=*.csv", "--csv-columns", "a.c=x,y"}, "no table of --csv-table"},
		{[]string{"--csv-table", "a.b=*.csv", "--csv-table", "a.b=*.tsv"}, "twice"},
		{[]string{"--csv-table", "a.b=*.csv", "--chunk-size", "5"}, "--chunk-size"},
	} {
		r := runBinary(t, append([]string{"load", "-h", "127.0.0.1", "-P", "1", "-d", t.TempDir()}, c.args...)...)
		if r.code != exitUsage || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%q: exit %d, %s", c.args, r.code, r.stderr)
		}
	}
}
