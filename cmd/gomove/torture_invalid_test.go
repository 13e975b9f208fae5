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

// storeInvalid makes table t of a schema with a column for each charset, and one row in which their texts are not valid.
// The bytes get there by the files: MyISAM keeps VARBINARY and VARCHAR alike.
func storeInvalid(t *testing.T, s *testdb.Server, schema string, charsets []string) {
	t.Helper()
	var text, binary, insert []string
	for _, c := range charsets {
		width := map[string]int{"utf8mb4": 4, "utf8": 3, "utf16": 4, "utf32": 4, "ujis": 3}[c]
		if width == 0 {
			width = 2
		}
		text = append(text, fmt.Sprintf("c_%s VARCHAR(12) CHARACTER SET %s", c, c))
		binary = append(binary, fmt.Sprintf("c_%s VARBINARY(%d)", c, 12*width))
		insert = append(insert, "x'"+invalidText[c]+"'")
	}
	key := "(a INT NOT NULL, b VARCHAR(9) CHARACTER SET latin1 NOT NULL, %s, PRIMARY KEY (a,b)) ENGINE=MyISAM"
	s.Exec(t, "USE "+schema,
		"CREATE TABLE t "+fmt.Sprintf(key, strings.Join(text, ",")), "CREATE TABLE source "+fmt.Sprintf(key, strings.Join(binary, ",")),
		"INSERT INTO source VALUES (1,'fine'"+strings.Repeat(",x'0000003f'", len(charsets))+")", "INSERT INTO source VALUES (7,'bad',"+strings.Join(insert, ",")+")",
		"FLUSH TABLES source, t")
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
	got := exactQuery(t, s, "SELECT HEX(c_"+charsets[0]+") FROM "+schema+".t WHERE a=7")
	if len(got) != 1 || !strings.EqualFold(got[0][0], invalidText[charsets[0]]) {
		t.Fatalf("the invalid text is not there: %v", got)
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
					storeInvalid(t, source, schema, []string{charset})
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
	got := exactQuery(t, target, "SELECT a, CONVERT(c_"+charset+" USING utf8mb4), c_"+charset+" IS NULL FROM "+as+".t ORDER BY a")
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
					read := func() [][]string { return exactQuery(t, target, "SELECT id, HEX(v), HEX(w) FROM "+as+".t ORDER BY id") }
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
