package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// resumable starts a server of its own with a table of each shape that a resumed dump treats in its own way.
func resumable(t *testing.T, kind testdb.Kind, args ...string) *testdb.Server {
	t.Helper()
	s := testdb.StartOwn(t, kind, testdb.WithArgs(args...))
	s.Exec(t, "CREATE DATABASE r", "USE r",
		"CREATE TABLE seq (n INT PRIMARY KEY)", "INSERT INTO seq VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
		"INSERT INTO seq SELECT a.n+b.n*10+c.n*100+d.n*1000 n FROM seq a, seq b, seq c, seq d HAVING n>=10",
		"CREATE TABLE k (id INT PRIMARY KEY, pad VARCHAR(600) CHARACTER SET latin1)",
		"INSERT INTO k SELECT a.n*2+b.n, REPEAT(CHAR(97+a.n%26), 500) FROM seq a, (SELECT 0 n UNION ALL SELECT 1) b",
		"CREATE TABLE c (s VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, d DATE, i INT, pad TEXT, PRIMARY KEY (s, d, i))",
		"INSERT INTO c SELECT CONCAT(ELT(1+n%4,'\u00c4b','ab','B''','\u00e4c'), n%50), '2020-01-01'+INTERVAL n%9 DAY, n, REPEAT('c', 400) FROM seq",
		"CREATE TABLE none (a INT, pad VARCHAR(600))", "INSERT INTO none SELECT n%100, REPEAT('n', 300) FROM seq",
		"CREATE TABLE old (a INT PRIMARY KEY, pad VARCHAR(600)) ENGINE=MyISAM", "INSERT INTO old SELECT n, REPEAT('m', 300) FROM seq WHERE n<4000",
		"CREATE TABLE u (a INT, b INT, pad VARCHAR(600), UNIQUE KEY (a, b))", "INSERT INTO u SELECT n, IF(n%7=0,NULL,n), REPEAT('u', 400) FROM seq",
		"CREATE TABLE e (e ENUM('x','y','z'), a INT, pad VARCHAR(600), PRIMARY KEY (e, a))", "INSERT INTO e SELECT 1+n%3, n, REPEAT('e', 300) FROM seq",
		"CREATE TABLE parts (a INT, pad VARCHAR(600)) PARTITION BY HASH(a) PARTITIONS 5", "INSERT INTO parts SELECT n, REPEAT('p', 300) FROM seq",
		"CREATE TABLE `odd/name` (a INT PRIMARY KEY, b TEXT)", "INSERT INTO `odd/name` SELECT n, REPEAT('o', 200) FROM seq",
		"CREATE TABLE `odd/Name.2` (a INT PRIMARY KEY)", "INSERT INTO `odd/Name.2` SELECT n FROM seq",
		"CREATE VIEW v AS SELECT id FROM k", "CREATE TRIGGER t BEFORE INSERT ON k FOR EACH ROW SET NEW.pad=NEW.pad",
		"ANALYZE TABLE k, c, none, u, e, parts", "SET GLOBAL read_only=1")
	return s
}

const resumeChunk = "32KiB"

func resumeArgs(s *testdb.Server, dir string, more ...string) []string {
	return dumpArgs(s, dir, append([]string{"-B", "r", "-t", "2", "--chunk-size", resumeChunk}, more...)...)
}

// TestResumeDumpKilled kills a dump at random moments, again and again, until one run finds nothing left to do; what the
// directory then holds is what the source has.
func TestResumeDumpKilled(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := resumable(t, kind)
			start := time.Now()
			want := chunkFacts(t, s)
			whole := time.Since(start)
			for n, flags := range [][]string{{}, {"--for", "mysql"}, {"--for", "myloader", "--format", "csv"}} {
				r := rand.New(rand.NewPCG(7, uint64(n)))
				dir := filepath.Join(t.TempDir(), fmt.Sprint("dump", n))
				kills, most := 0, 7
				if n > 0 {
					most = 3
				}
				for {
					p := startBinary(t, resumeArgs(s, dir, append(flags, "--resume")...)...)
					timer := time.AfterFunc(time.Duration(r.Int64N(int64(whole))), func() { _ = p.cmd.Process.Kill() })
					out := p.wait(t)
					killed := !timer.Stop() && out.code == -1
					if !killed && out.code != 0 {
						t.Fatalf("seed %d, after %d kills: exit %d: %s", n, kills, out.code, out.stderr)
					}
					if !killed {
						break
					}
					if kills++; kills == most {
						mustRun(t, resumeArgs(s, dir, append(flags, "--resume")...)...)
						break
					}
				}
				t.Logf("%v: %d kills, taken up %d times", flags, kills, len(manifest(t, dir).Resumed))
				if d := cmp.Diff(want, dumpFacts(t, dir)); d != "" {
					t.Errorf("%v: tables of the source (-) and of the dump (+):\n%s", flags, d)
				}
				checkLikeNew(t, dir)
				if n == 0 {
					loadAndCompare(t, s, dir)
				}
			}
		})
	}
}

// chunkFacts is what each table of the source has to come to: rows and their checksum, from a dump that nothing interrupts.
func chunkFacts(t *testing.T, s *testdb.Server) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "whole")
	mustRun(t, resumeArgs(s, dir)...)
	return dumpFacts(t, dir)
}

// dumpFacts reads a whole dump: rows and the sum of the rows' checksums by table, or that they do not agree with the table's line.
func dumpFacts(t *testing.T, dir string) map[string]string {
	t.Helper()
	r := openDump(t, dir)
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for c, err := range r.Chunks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := r.CheckStored(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	sums := dumpedSums(t, dir)
	out := map[string]string{}
	for o, err := range r.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if sum := sums[o.Name]; o.Kind == dump.KindTable && o.Rows != sum.Rows {
			t.Errorf("table %s has %d rows, its chunks %d", o.Name, o.Rows, sum.Rows)
		}
		out[string(o.Kind)+" "+o.Name] = fmt.Sprint(o.Rows, " ", sums[o.Name].Sum)
	}
	return out
}

func manifest(t *testing.T, dir string) *dump.Manifest {
	t.Helper()
	return openDump(t, dir).Manifest()
}

// checkLikeNew looks for what a dump made in one go would not hold: files without a record.
func checkLikeNew(t *testing.T, dir string) {
	t.Helper()
	known := []string{"metadata", "gomove.json", "tables.jsonl", "chunks.jsonl", "restore.mysql"}
	chunks, err := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !slices.Contains(known, name) && !strings.Contains(name, "-schema") && strings.Count(string(chunks), `"`+name+`"`) != 1 {
			t.Errorf("%s is no file of the dump", name)
		}
	}
}

// loadAndCompare loads a dump and compares every row with the source.
func loadAndCompare(t *testing.T, s *testdb.Server, dir string) {
	t.Helper()
	target := testdb.StartOwn(t, s.Kind)
	mustRun(t, loadArgs(target, dir)...)
	var sums [2][]testdb.TableSum
	for i, server := range []*testdb.Server{s, target} {
		var err error
		if sums[i], err = testdb.TableSums(t.Context(), server.DB(t), "r"); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(fmt.Sprint(sums[0]), fmt.Sprint(sums[1])); d != "" {
		t.Errorf("source (-) and target (+):\n%s", d)
	}
}

// interrupted dumps into dir and kills the run with signal 9 once it has kept some chunks.
func interrupted(t *testing.T, s *testdb.Server, dir string, more ...string) {
	t.Helper()
	p := startBinary(t, resumeArgs(s, dir, more...)...)
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
		if strings.Count(string(text), `"table":"k"`) > 20 {
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatal("no chunks within a minute")
		}
	}
	_ = p.cmd.Process.Kill()
	if out := p.wait(t); out.code == 0 {
		t.Fatal("the dump was whole before it could be killed")
	}
}

func TestResumeDump(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := resumable(t, kind)
			dir := filepath.Join(t.TempDir(), "dump")
			interrupted(t, s, dir)
			before := keptLines(t, dir, `"table":"k"`)
			if len(before) == 0 {
				t.Fatal("no chunk of table k was kept")
			}
			// What a crash of the machine leaves: a line that is cut off, a file without a line, a file that lost its end.
			appendTo(t, filepath.Join(dir, "chunks.jsonl"), `{"schema":"r","table":"k","fi`)
			appendTo(t, filepath.Join(dir, "r.k.99999.csv.zst"), "rows")
			appendTo(t, filepath.Join(dir, ".gomove-tmp-r.k.99998.csv.zst"), "rows")
			damaged := chunkFile(t, before[0])
			if err := os.Truncate(filepath.Join(dir, damaged), 10); err != nil {
				t.Fatal(err)
			}
			wantFailure(t, 1, runBinary(t, resumeArgs(s, dir)...), "unfinished dump; add --resume")
			wantFailure(t, 1, runBinary(t, loadArgs(s, dir)...), "--resume")
			wantFailure(t, 1, runBinary(t, resumeArgs(s, dir, "--resume", "--compress", "gzip")...), "--compress was zstd in the interrupted run and is gzip now")
			wantFailure(t, 1, runBinary(t, resumeArgs(s, dir, "--resume", "--no-views")...), "--no-views was false")
			wantFailure(t, 1, runBinary(t, resumeArgs(s, dir, "--resume", "--consistency", "none")...), "keeps no state")
			r := mustRun(t, resumeArgs(s, dir, "--resume", "--summary", "json")...)
			sum := jsonSummary(t, r)
			if kept := sum["resumed"].(map[string]any)["kept_chunks"].(float64); int(kept) < len(before)-1 {
				t.Errorf("%v chunks were kept, of table k alone there were %d", kept, len(before))
			}
			after := keptLines(t, dir, `"table":"k"`)
			for _, line := range before {
				if slices.Contains(after, line) == (chunkFile(t, line) == damaged) {
					t.Errorf("chunk of table k read again: %v: %s", !slices.Contains(after, line), line)
				}
			}
			if d := cmp.Diff(chunkFacts(t, s), dumpFacts(t, dir)); d != "" {
				t.Errorf("tables of the source (-) and of the dump (+):\n%s", d)
			}
			checkLikeNew(t, dir)
			if n := len(manifest(t, dir).Resumed); n != 1 {
				t.Errorf("the manifest says that the dump was resumed %d times", n)
			}
			if r := mustRun(t, resumeArgs(s, dir, "--resume")...); !strings.Contains(r.stdout, "is whole") {
				t.Errorf("a whole dump is resumed: %s", r.stdout)
			}
		})
	}
}

// TestResumeDumpRefused changes the source between two runs.
func TestResumeDumpRefused(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := resumable(t, kind)
			root := t.TempDir()
			first, second, third := filepath.Join(root, "first"), filepath.Join(root, "second"), filepath.Join(root, "third")
			interrupted(t, s, first)
			s.Exec(t, "SET GLOBAL read_only=0", "DELETE FROM r.k WHERE id=7")
			wantFailure(t, 1, runBinary(t, resumeArgs(s, first, "--resume")...), "the binary log is at ")
			interrupted(t, s, second)
			// A restart begins another file: only GTIDs show that nothing was written.
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			out := runBinary(t, resumeArgs(s, second, "--resume")...)
			if kind == testdb.MariaDB || kind == testdb.MySQL97 && s.Query(t, "SELECT @@gtid_mode")[0][0] == "ON" {
				if out.code != 0 {
					t.Errorf("exit %d after a restart: %s", out.code, out.stderr)
				}
			} else {
				wantFailure(t, 1, out, "the binary log is at ")
			}
			interrupted(t, s, third)
			s.Exec(t, "SET sql_log_bin=0; ALTER TABLE r.k ADD COLUMN more INT")
			wantFailure(t, 1, runBinary(t, resumeArgs(s, third, "--resume")...), "r.k altered")
		})
	}
	t.Run("no binary log", func(t *testing.T) {
		s := resumable(t, testdb.MariaDB, "--skip-log-bin")
		dir := filepath.Join(t.TempDir(), "dump")
		interrupted(t, s, dir)
		wantFailure(t, 1, runBinary(t, resumeArgs(s, dir, "--resume")...), "writes no binary log and is no replica")
	})
}

// TestResumeDumpOnS3 kills a dump that goes to S3, where no file can be appended to.
func TestResumeDumpOnS3(t *testing.T) {
	s3 := testdb.StartS3(t)
	s := resumable(t, testdb.MariaDB)
	want := chunkFacts(t, s)
	args := resumeArgs(s, "s3://"+s3.Bucket+"/r", "--resume")
	for i := range 4 {
		p := startChanged(t, func(c *exec.Cmd) { c.Env = append(c.Env, s3.Env()...) }, args...)
		timer := time.AfterFunc(time.Duration(i+1)*400*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
		if out := p.wait(t); timer.Stop() && out.code != 0 {
			t.Fatalf("exit %d: %s", out.code, out.stderr)
		}
	}
	onS3(t, s3, 0, args...)
	onS3(t, s3, 0, "inspect", "s3://"+s3.Bucket+"/r", "--deep", "--progress", "none")
	if d := cmp.Diff(want, dumpFacts(t, filepath.Join(s3.Dir, "r"))); d != "" {
		t.Errorf("tables of the source (-) and of the dump (+):\n%s", d)
	}
}

func wantFailure(t *testing.T, code int, r result, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if r.code != code || !strings.Contains(r.stderr, text) {
			t.Errorf("exit %d in place of %d, without %q: %s", r.code, code, text, r.stderr)
		}
	}
}

// keptLines returns the whole lines of chunks.jsonl that hold a text.
func keptLines(t *testing.T, dir, with string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, l := range lines[:len(lines)-1] {
		if strings.Contains(l, with) {
			out = append(out, l)
		}
	}
	return out
}

func chunkFile(t *testing.T, line string) string {
	t.Helper()
	_, rest, _ := strings.Cut(line, `"file":"`)
	name, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no file in %s", line)
	}
	return name
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
