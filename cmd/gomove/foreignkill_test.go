package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// killedLoad is a load of files that gomove did not write, of a table without a key, so that a row that came twice is seen.
type killedLoad struct {
	name  string
	file  string // of rows
	line  func(i int) string
	files map[string]string // beside it
	args  []string
}

const killedRows = 40_000

var killedLoads = []killedLoad{
	{
		name: "mydumper", file: "killed.t.sql",
		line: func(i int) string {
			switch text := fmt.Sprintf("(%d,\"row %d of the table that is killed\")", i, i); i % 5000 {
			case 0:
				return "INSERT INTO `t` VALUES\n" + text + ",\n"
			case 4999:
				return text + ";\n"
			default:
				return text + ",\n"
			}
		},
		files: map[string]string{
			"metadata":                 "Started dump at: 2026-01-02 03:04:05\n\nFinished dump at: 2026-01-02 03:04:06\n",
			"killed-schema-create.sql": "CREATE DATABASE `killed`;\n",
			"killed.t-schema.sql":      "CREATE TABLE `t` (`id` int NOT NULL, `s` varchar(60)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
		},
	},
	{
		name: "csv", file: "t1.csv", line: func(i int) string { return fmt.Sprintf("%d,row %d of the table that is killed\n", i, i) },
		args: []string{"--csv-table", "killed.t=*.csv"},
	},
}

// TestForeignKilled kills loads of other tools' files at random moments until one comes to its end: every row is there once.
func TestForeignKilled(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			target := testdb.StartOwn(t, k)
			for _, one := range killedLoads {
				t.Run(one.name, func(t *testing.T) { one.run(t, target) })
			}
		})
	}
}

func (l *killedLoad) run(t *testing.T, target *testdb.Server) {
	dir := t.TempDir()
	for name, text := range l.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeLines(t, filepath.Join(dir, l.file), killedRows, l.line)
	if l.files == nil {
		target.Exec(t, "CREATE DATABASE killed", "CREATE TABLE killed.t (id INT NOT NULL, s VARCHAR(60)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
	}
	args := loadArgs(target, dir, append([]string{"--chunk-size", "8KiB", "-t", "2", "--summary", "json"}, l.args...)...)
	kills, resumed := 0, 0.0
	for wait := 300; ; wait += 100 {
		run := startBinary(t, args...)
		ended := make(chan result, 1)
		go func() { ended <- run.wait(t) }()
		var r result
		killed := false
		select {
		case r = <-ended:
		case <-time.After(time.Duration(rand.IntN(wait)) * time.Millisecond):
			err := run.cmd.Process.Kill()
			if err != nil && !errors.Is(err, os.ErrProcessDone) { // it may just have ended by itself
				t.Fatal(err)
			}
			r, killed = <-ended, err == nil
		}
		if killed {
			kills++
			if !loadDone(t, target, "killed", "t") {
				continue
			}
			resumed = 1 // it was killed after its last statement, and did not tell
			break
		}
		if r.code != 0 {
			t.Fatalf("exit %d: %s", r.code, r.stderr)
		}
		resumed, _ = jsonSummary(t, r)["chunks_skipped"].(float64)
		break
	}
	t.Logf("%d kills, %.0f chunks of runs before the last one", kills, resumed)
	if kills > 3 && resumed == 0 {
		t.Error("no run has carried on from the one before")
	}
	got := target.Query(t, "SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id), SUM(s=CONCAT('row ',id,' of the table that is killed')) FROM killed.t")[0]
	if want := fmt.Sprint([]string{fmt.Sprint(killedRows), fmt.Sprint(killedRows), "0", fmt.Sprint(killedRows - 1), fmt.Sprint(killedRows)}); fmt.Sprint(got) != want {
		t.Errorf("%v, want %v", got, want)
	}
	target.Exec(t, "DROP DATABASE killed")
}

// loadDone reports a load that has taken its progress away: the same command would find its rows in the way.
func loadDone(t *testing.T, target *testdb.Server, schema, table string) bool {
	t.Helper()
	there := func(schema, table string) bool {
		return target.Query(t, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='"+schema+"' AND table_name='"+table+"'")[0][0] != "0"
	}
	// The server ends what it was told last, though the load is dead.
	waitFor(t, target, "SELECT COUNT(*)=0 FROM information_schema.PROCESSLIST WHERE COMMAND='Query' AND ID<>CONNECTION_ID()", 1)
	return !there("gomove", "progress") && there(schema, table) && target.Query(t, "SELECT COUNT(*) FROM "+schema+"."+table)[0][0] != "0"
}

// writeLines writes a file of n lines.
func writeLines(t *testing.T, name string, n int, line func(i int) string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		_, _ = w.WriteString(line(i))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestForeignMemory loads 150 MB of one INSERT statement, and as many of CSV, by 2 threads.
func TestForeignMemory(t *testing.T) {
	server := testdb.StartOwn(t, testdb.MariaDB, testdb.WithArgs("--skip-log-bin"))
	const rows = 120_000
	long := make([]byte, 100<<10)
	for i := range long {
		long[i] = byte('a' + i%26)
	}
	text := func(i int) string { // rows of 500 bytes, with one of 100 KB in 200 between them
		if i%200 == 0 {
			return string(long)
		}
		return string(long[:500])
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"metadata": "Started dump at: x\n\nFinished dump at: x\n", "big-schema-create.sql": "CREATE DATABASE `big`;\n",
		"big.t-schema.sql": "CREATE TABLE `t` (`id` int PRIMARY KEY, `s` mediumtext) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeLines(t, filepath.Join(dir, "big.t.00000.sql"), rows, func(i int) string {
		begin, end := "", ",\n"
		if i == 0 {
			begin = "INSERT INTO `t` VALUES\n"
		}
		if i == rows-1 {
			end = ";\n"
		}
		return fmt.Sprintf("%s(%d,\"%s\")%s", begin, i, text(i), end)
	})
	r := mustRun(t, loadArgs(server, dir, "-t", "2", "--progress", "none")...)
	requireMemory(t, "load of mydumper's directory", r, memoryBound)
	before := server.Query(t, "CHECKSUM TABLE big.t")[0][1]
	server.Exec(t, "TRUNCATE big.t")

	csv := t.TempDir()
	writeLines(t, filepath.Join(csv, "t.csv"), rows, func(i int) string { return fmt.Sprintf("%d,\"%s\"\n", i, text(i)) })
	r = mustRun(t, loadArgs(server, csv, "-t", "2", "--csv-table", "big.t=t.csv")...)
	requireMemory(t, "load of a CSV file", r, memoryBound)
	if after := server.Query(t, "CHECKSUM TABLE big.t")[0][1]; after != before || after == "0" {
		t.Errorf("checksums %s and %s", before, after)
	}
}

// TestForeignHugeRow loads a row of 100 MB within twice its size beside the bound.
func TestForeignHugeRow(t *testing.T) {
	server := testdb.StartOwn(t, testdb.MariaDB, testdb.WithArgs(blobArgs(testdb.MariaDB)...))
	server.Exec(t, "CREATE DATABASE big", "CREATE TABLE big.t (id INT PRIMARY KEY, s LONGTEXT) DEFAULT CHARSET=latin1")
	const size = 100 << 20
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "t.csv"))
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte('a' + i%26)
	}
	_, _ = f.WriteString("1,\"")
	for range size / len(block) {
		_, _ = f.Write(block)
	}
	_, _ = f.WriteString("\"\n2,\"b\"\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, loadArgs(server, dir, "-t", "2", "--csv-table", "big.t=t.csv", "--csv-charset", "binary")...)
	requireMemory(t, "load of a huge row", r, memoryBound+2*size)
	if got := server.Query(t, "SELECT LENGTH(s), RIGHT(s,1) FROM big.t ORDER BY id"); got[0][0] != fmt.Sprint(size) || got[1][1] != "b" {
		t.Errorf("rows %v", got)
	}
}
