package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// inspected runs inspect on a file, by its path or as standard input.
func inspected(t *testing.T, path string, stdin bool, more ...string) result {
	t.Helper()
	if !stdin {
		return runBinary(t, append([]string{"inspect", path, "--progress", "none"}, more...)...)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return startChanged(t, func(c *exec.Cmd) { c.Stdin = f }, append([]string{"inspect", "-d", "-", "--progress", "none"}, more...)...).wait(t)
}

// TestInspectFile lists a stream and a file of mysqldump, each by its path and from standard input, and finds that they are cut or damaged.
func TestInspectFile(t *testing.T) {
	server := testdb.StartOwn(t, testdb.MariaDB)
	server.Exec(t, "CREATE DATABASE looks", "USE looks", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))", "INSERT INTO t SELECT seq, REPEAT(MD5(seq), 3) FROM seq_1_to_2000",
		"CREATE TABLE nothing (id INT)", "CREATE VIEW w AS SELECT id FROM t", "CREATE PROCEDURE p() SELECT 1", "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET @a=1")
	dir := t.TempDir()
	stream, script := filepath.Join(dir, "looks.tar"), filepath.Join(dir, "looks.sql")
	out, err := os.Create(stream)
	if err != nil {
		t.Fatal(err)
	}
	if r := startChanged(t, func(c *exec.Cmd) { c.Stdout = out }, dumpArgs(server, "-", "-B", "looks")...).wait(t); r.code != exitOK {
		t.Fatal(r.stderr)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	mysqldumpTo(t, server, script, "--master-data=2", "--routines", "--databases", "looks")
	for _, path := range []string{stream, script} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cut, odd := filepath.Join(dir, "cut"), filepath.Join(dir, "odd")
		if err := os.WriteFile(cut, text[:len(text)*2/3], 0o600); err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Replace(text, []byte("UNLOCK TABLES"), []byte("DELETE FROM t"), 1)
		if path == stream {
			damaged = bytes.Clone(text)
			damaged[len(text)/2] ^= 4
		}
		if err := os.WriteFile(odd, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, stdin := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stdin %t", filepath.Base(path), stdin), func(t *testing.T) {
				r := inspected(t, path, stdin, "--deep")
				for _, want := range []string{"table      `looks`.`t`  InnoDB, 2,000 rows", "`nothing`  InnoDB, 0 rows", "view       `looks`.`w`", "procedure p", "g", "bin.0", "every row"} {
					if r.code != exitOK || !strings.Contains(r.stdout, want) {
						t.Errorf("exit %d, no %q in:\n%s%s", r.code, want, r.stdout, r.stderr)
					}
				}
				if n := jsonSummary(t, inspected(t, path, stdin, "--summary", "json")); n["rows"] != 2000.0 || n["tables"] != 2.0 || n["triggers"] != 1.0 || n["ok"] != true {
					t.Errorf("as JSON: %v", n)
				}
				if r := inspected(t, cut, stdin); r.code != exitDiffers || !strings.Contains(r.stderr, "cut off") {
					t.Errorf("cut: exit %d, %s", r.code, r.stderr)
				}
				r = inspected(t, odd, stdin)
				if path == stream && r.code != exitDiffers {
					t.Errorf("flipped: exit %d, %s%s", r.code, r.stdout, r.stderr)
				}
				if path == script && !strings.Contains(r.stdout, "passed over, as a dump needs no such statement: DELETE FROM t") {
					t.Errorf("a statement that is none of a dump: exit %d, %s%s", r.code, r.stdout, r.stderr)
				}
			})
		}
	}
}
