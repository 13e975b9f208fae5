package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// invalidText are texts that no server takes from a client, by the charset of their column.
var invalidText = map[string]string{
	"utf8mb4": "61ff62", "utf8": "61f09f988062", "sjis": "61950162", "gbk": "61810162", "big5": "61a50162", "euckr": "61b02062", "ujis": "61a42062", "utf16": "0061d8000062", "utf32": "0000006100110000",
}

// storeInvalid makes table t of a schema with a column of a charset, and a row with these bytes in it. They get there by
// the table's files: MyISAM keeps VARBINARY and VARCHAR alike.
func storeInvalid(t *testing.T, s *testdb.Server, schema, charset, value string) {
	t.Helper()
	width := map[string]int{"utf8mb4": 4, "utf8": 3, "utf16": 4, "utf32": 4, "ujis": 3}[charset]
	if width == 0 {
		width = 2
	}
	const table = "CREATE TABLE %s (a INT NOT NULL, b VARCHAR(9) CHARACTER SET latin1 NOT NULL, c_%s %s, PRIMARY KEY (a,b)) ENGINE=MyISAM"
	s.Exec(t, "USE "+schema,
		fmt.Sprintf(table, "t", charset, "VARCHAR(12) CHARACTER SET "+charset), fmt.Sprintf(table, "source", charset, fmt.Sprintf("VARBINARY(%d)", 12*width)),
		"INSERT INTO source VALUES (1,'fine',x'0000003f'),(7,'bad',x'"+value+"')", "FLUSH TABLES source, t")
	for _, suffix := range []string{".MYD", ".MYI"} {
		b, err := os.ReadFile(filepath.Join(s.DataDir, schema, "source"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.DataDir, schema, "t"+suffix), b, 0o600); err != nil { //nolint:gosec // a test's own folder
			t.Fatal(err)
		}
	}
	s.Exec(t, "FLUSH TABLES "+schema+".t", "DROP TABLE "+schema+".source")
	got := s.Query(t, "SELECT HEX(c_"+charset+") FROM "+schema+".t WHERE a=7")
	if len(got) != 1 || !strings.EqualFold(got[0][0], value) {
		t.Fatalf("the invalid text is not there: %v", got)
	}
}

// TestTortureHalfCharacter has text in charsets of two and four bytes that ends within a character. Servers fill it up
// without a word, so the dump tells.
func TestTortureHalfCharacter(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			for _, charset := range []string{"ucs2", "utf16", "utf32"} {
				schema := s.Schema(t)
				storeInvalid(t, s, schema, charset, "0000006100")
				requireDiffers(t, s, []string{"`t` column `c_" + charset + "`, row 2 of chunk 0: the text ends within a character"}, "-B", schema)
			}
		})
	}
}

// TestTortureInvalidText has text that is not valid in its charset: a load names table, row and column and fails, and
// replaces it when told so.
func TestTortureInvalidText(t *testing.T) {
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			source := testdb.Start(t, from)
			for charset := range invalidText {
				t.Run(charset, func(t *testing.T) {
					schema := source.Schema(t)
					storeInvalid(t, source, schema, charset, invalidText[charset])
					for _, format := range []string{"csv", "sql"} {
						dir := filepath.Join(t.TempDir(), format)
						mustRun(t, dumpArgs(source, dir, "-B", schema, "--format", format)...)
						for _, to := range testdb.All() {
							t.Run(format+"-to-"+string(to), func(t *testing.T) { loadInvalid(t, testdb.Start(t, to), dir, schema, charset) })
						}
					}
				})
			}
		})
	}
}

func loadInvalid(t *testing.T, target *testdb.Server, dir, schema, charset string) {
	as := target.Schema(t)
	args := loadArgs(target, dir, "--schema-map", schema+"="+as, "--restart", "--if-exists", "drop")
	r := runBinary(t, args...)
	want := []string{"`" + as + "`.`t`", "c_" + charset, "(`a`=7, `b`=\"bad\")"}
	if r.code != 1 {
		t.Fatalf("exit %d, want 1: %s%s", r.code, r.stdout, r.stderr)
	}
	for _, w := range want {
		if !strings.Contains(r.stderr, w) {
			t.Errorf("the error lacks %q: %s", w, r.stderr)
		}
	}
	if r = runBinary(t, append(args, "--invalid-text", "replace")...); r.code != 3 {
		t.Fatalf("exit %d, want 3: %s%s", r.code, r.stdout, r.stderr)
	}
	for _, w := range append(want, "replaced by ?") {
		if !strings.Contains(r.stdout, w) {
			t.Errorf("the summary lacks %q: %s", w, r.stdout)
		}
	}
	got := target.Query(t, "SELECT a, CONVERT(c_"+charset+" USING utf8mb4), c_"+charset+" IS NULL FROM "+as+".t ORDER BY a")
	if len(got) != 2 || !strings.HasPrefix(got[1][1], "a?") || charset != "utf32" && !strings.HasSuffix(got[1][1], "b") {
		t.Errorf("rows %q: the text around the invalid bytes must stay", got)
	}
}

// TestTortureSurrogate has the bytes of a lone surrogate, which MySQL 5.6 and MariaDB take as utf8 and 9.7 refuses: it
// moves between those that take it, in InnoDB.
func TestTortureSurrogate(t *testing.T) {
	for _, from := range []testdb.Kind{testdb.MySQL56, testdb.MariaDB} {
		source := testdb.Start(t, from)
		schema := source.Schema(t)
		source.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8, w TEXT CHARACTER SET utf8mb4)",
			"INSERT INTO t VALUES (1,'fine','fine'),(4711,x'61eda08062',x'61edb08062')")
		for _, format := range []string{"csv", "sql"} {
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(source, dir, "-B", schema, "--format", format)...)
			for _, to := range testdb.All() {
				t.Run(string(from)+"-to-"+string(to)+"-"+format, func(t *testing.T) {
					target := testdb.Start(t, to)
					as := target.Schema(t)
					args := loadArgs(target, dir, "--schema-map", schema+"="+as, "--restart", "--if-exists", "drop")
					read := func() [][]string { return target.Query(t, "SELECT id, HEX(v), HEX(w) FROM "+as+".t ORDER BY id") }
					if to != testdb.MySQL97 {
						mustRun(t, args...)
						if got := read(); got[1][1] != "61EDA08062" || got[1][2] != "61EDB08062" {
							t.Errorf("rows %v", got)
						}
						return
					}
					r := runBinary(t, args...)
					if r.code != 1 || !strings.Contains(r.stderr, "(`id`=4711)") || !strings.Contains(r.stderr, "'v'") || !strings.Contains(r.stderr, "`"+as+"`.`t`") {
						t.Errorf("exit %d: %s", r.code, r.stderr)
					}
					if r = runBinary(t, append(args, "--invalid-text", "replace")...); r.code != 3 || strings.Count(r.stdout, "(`id`=4711): 3 bytes") != 2 {
						t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
					}
					if got := read(); len(got) != 2 || got[1][1] != "613F3F3F62" || got[1][2] != "613F3F3F62" {
						t.Errorf("rows %v", got)
					}
				})
			}
		}
	}
}
