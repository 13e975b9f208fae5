package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// copyDump copies a dump's directory.
func copyDump(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "dump")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestFlippedBit flips a bit in a file of each kind of dumps of each form: load and inspect say so, naming the file, and
// nothing of that file is on the target.
func TestFlippedBit(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))", "INSERT INTO t SELECT seq, REPEAT(seq, 20) FROM seq_1_to_3000",
		"CREATE VIEW w AS SELECT id FROM t", "CREATE SEQUENCE q", "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET @a=1", "CREATE PROCEDURE p() SELECT 1")
	for _, form := range [][]string{nil, {"--compress", "gzip"}, {"--format", "sql", "--compress", "none"}, {"--format", "sql"}, {"--for", "mysql"}, {"--for", "myloader", "--format", "csv"}} {
		t.Run(strings.Join(form, " "), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(server, dir, append(form, "-B", schema, "--chunk-size", "64KiB")...)...)
			mustRun(t, "inspect", dir, "--deep", "--progress", "none")
			files, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, f := range files {
				kind := strings.TrimLeft(f.Name()[strings.LastIndex(f.Name(), schema)+1:], "0123456789")
				if i := strings.Index(f.Name(), ".000"); i >= 0 { // one chunk of each kind of file
					kind = strings.TrimLeft(f.Name()[i+1:], "0123456789")
				}
				if !seen[kind] {
					seen[kind] = true
					flipInFile(t, server, copyDump(t, dir), f.Name(), schema)
				}
			}
			if len(seen) < 10 {
				t.Errorf("only these kinds of files: %v", seen)
			}
		})
	}
}

func flipInFile(t *testing.T, server *testdb.Server, dir, file, schema string) {
	t.Helper()
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 0x10
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := runBinary(t, "inspect", "-d", dir, "--progress", "none", "--summary", "json")
	if r.code != exitDiffers || !strings.Contains(r.stderr, file) || jsonSummary(t, r)["ok"] != false {
		t.Errorf("inspect, %s: exit %d: %s", file, r.code, r.stderr)
	}
	target := fmt.Sprintf("flipped_%08x", crc32.ChecksumIEEE([]byte(path)))
	r = runBinary(t, loadArgs(server, dir, "--schema-map", schema+"="+target)...)
	if r.code != exitFailed || !strings.Contains(r.stderr, file) {
		t.Errorf("load, %s: exit %d: %s", file, r.code, r.stderr)
	}
	wantOneError(t, r)
	for want, is := range map[string]bool{"dump file " + file + " in " + dir + " is damaged": true, "; copy it again": true, "CRC": false, "gzip:": false} {
		if strings.Contains(r.stderr, want) != is {
			t.Errorf("load, %s: %q is %v in: %s", file, want, !is, r.stderr)
		}
	}
	there := server.Query(t, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='"+target+"'")[0][0]
	isChunk := strings.Contains(file, ".000") && !strings.HasSuffix(file, ".sql") || strings.Contains(strings.Join(chunkNames(t, dir), " "), file)
	if !isChunk {
		if there != "0" {
			t.Errorf("%s: the schema was created", file)
		}
		return
	}
	if n := server.Query(t, "SELECT COUNT(*) FROM `"+target+"`.t")[0][0]; n == "3000" {
		t.Errorf("%s: all rows are there", file)
	}
	server.Exec(t, "DROP DATABASE "+target)
}

// chunkNames are the files that chunks.jsonl tells of.
func chunkNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(text), `"file":"`) {
		name, _, _ := strings.Cut(part, `"`)
		names = append(names, name)
	}
	return names
}

// TestInspectCommand runs inspect on what is no dump, on one that was interrupted, and with wrong arguments.
func TestInspectCommand(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)", "INSERT INTO "+schema+".t VALUES (1)")
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(server, dir, "-B", schema)...)
	r := mustRun(t, "inspect", dir, "--progress", "none")
	for _, want := range []string{"whole and right", "`" + schema + "`.`t`", "1 schema, 1 table, 0 views", "1 row, 2 B in 1 chunk", "mariadb", "--format csv"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in: %s", want, r.stdout)
		}
	}
	if got := jsonSummary(t, mustRun(t, "inspect", "--summary", "json", "--progress", "none", "--deep", dir, "-t", "2")); got["rows"] != 1.0 || got["deep"] != true || got["ok"] != true {
		t.Errorf("%v", got)
	}
	for _, c := range []struct {
		code int
		args []string
	}{{exitUsage, nil}, {exitUsage, []string{dir, dir}}, {exitUsage, []string{dir, "-d", dir}}, {exitUsage, []string{dir, "-t", "0"}}, {exitUsage, []string{"s3://x/y"}},
		{exitFailed, []string{filepath.Join(dir, "none")}}, {exitFailed, []string{t.TempDir()}}} {
		if r := runBinary(t, append([]string{"inspect"}, c.args...)...); r.code != c.code {
			t.Errorf("inspect %v: exit %d, want %d: %s", c.args, r.code, c.code, r.stderr)
		}
	}
	if err := os.Rename(filepath.Join(dir, "metadata"), filepath.Join(dir, "metadata.partial")); err != nil {
		t.Fatal(err)
	}
	if r := runBinary(t, "inspect", dir); r.code != exitDiffers || !strings.Contains(r.stdout, "NOT WHOLE") || !strings.Contains(r.stderr, "interrupted") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
}
