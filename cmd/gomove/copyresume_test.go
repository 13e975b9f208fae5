package main

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// resumeCopy puts together a copy in small transactions.
func resumeCopy(from, to *testdb.Server, more ...string) []string {
	return copyArgs(from, to, append([]string{"-B", "r", "-t", "2", "--chunk-size", resumeChunk}, more...)...)
}

// otherKind is a target of another kind than the source, which differs for each source.
func otherKind(k testdb.Kind) testdb.Kind {
	kinds := testdb.All()
	for i := range kinds {
		if kinds[i] == k {
			return kinds[(i+1)%len(kinds)]
		}
	}
	return k
}

// requireEqualCopy has verify compare source and target, and finds nothing left of the copy but its record.
func requireEqualCopy(t *testing.T, source, target *testdb.Server) {
	t.Helper()
	if r := runBinary(t, "verify", "--source", uriOf(source), "--target", uriOf(target), "-B", "r", "--progress", "none"); r.code != 0 {
		t.Errorf("verify: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if left := target.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_schema='gomove'"); len(left) != 1 || left[0][0] != "copies" {
		t.Errorf("schema gomove holds %v, want the table copies alone", left)
	}
}

// TestCopyKilled kills a copy at random moments, again and again, until a run comes to its end.
func TestCopyKilled(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			source, target := resumable(t, kind), testdb.StartOwn(t, otherKind(kind))
			start := time.Now()
			mustRun(t, resumeCopy(source, target)...)
			whole := time.Since(start)
			target.Exec(t, "DROP DATABASE r", "DROP DATABASE gomove")
			rng := rand.New(rand.NewPCG(11, uint64(len(kind))))
			kills, resumed := 0, 0
			for {
				p := startBinary(t, resumeCopy(source, target, "--summary", "json")...)
				limit := time.Duration(float64(whole) * (0.1 + 0.4*rng.Float64()) * (1 + float64(kills)/8))
				how := syscall.SIGKILL
				if kills%3 == 2 {
					how = syscall.SIGINT
				}
				timer := time.AfterFunc(limit, func() { _ = p.cmd.Process.Signal(how) })
				r := p.wait(t)
				timer.Stop()
				if r.code == 0 {
					if jsonSummary(t, r)["target"].(map[string]any)["resumed"] == true {
						resumed++
					}
					break
				}
				if r.code != -1 && r.code != exitInterrupted {
					t.Fatalf("exit %d after %d kills\n%s%s", r.code, kills, r.stdout, r.stderr)
				}
				if loadDone(t, target, "r", "k") { // it was killed after its last statement, and did not tell
					break
				}
				if kills++; kills > 60 {
					t.Fatal("the copy is never done")
				}
			}
			t.Logf("%d kills, %v for a whole run, %d of the last runs resumed", kills, whole, resumed)
			requireEqualCopy(t, source, target)
		})
	}
}

// stoppedCopy kills a copy once some chunks of table k are on the target.
func stoppedCopy(t *testing.T, source, target *testdb.Server, more ...string) {
	t.Helper()
	p := startBinary(t, resumeCopy(source, target, more...)...)
	waitFor(t, target, "SELECT COUNT(*) FROM gomove.progress WHERE kind='chunk' AND table_name='k'", 5)
	_ = p.cmd.Process.Kill()
	if r := p.wait(t); r.code == 0 {
		t.Fatal("the copy was whole before it could be killed")
	}
}

func TestCopyResumes(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			source, target := resumable(t, kind), testdb.StartOwn(t, otherKind(kind))
			stoppedCopy(t, source, target)
			marked := target.Query(t, "SELECT MIN(id) FROM r.k")[0][0] // of a chunk that is in
			target.Exec(t, "UPDATE r.k SET pad='a mark' WHERE id="+marked)
			wantFailure(t, 1, runBinary(t, resumeCopy(source, target, "--no-views")...), "another load is half done")
			sum := jsonSummary(t, mustRun(t, resumeCopy(source, target, "--summary", "json")...))
			if skipped := sum["target"].(map[string]any)["chunks_skipped"].(float64); skipped < 5 {
				t.Errorf("%v chunks were not copied again, at least 5 were in", skipped)
			}
			if kept := sum["source"].(map[string]any)["resumed"].(map[string]any)["kept_chunks"].(float64); kept < 5 {
				t.Errorf("%v chunks were not read again, at least 5 were in", kept)
			}
			if n := target.Query(t, "SELECT COUNT(*) FROM r.k WHERE pad='a mark'")[0][0]; n != "1" {
				t.Errorf("%s rows with the mark, want 1", n)
			}
			target.Exec(t, "UPDATE r.k SET pad='"+source.Query(t, "SELECT pad FROM r.k WHERE id="+marked)[0][0]+"' WHERE id="+marked)
			requireEqualCopy(t, source, target)
		})
	}
}

// TestCopyMoved: a copy is not carried on once its source has changed, and begins anew when it is told to.
func TestCopyMoved(t *testing.T) {
	t.Parallel()
	source, target := resumable(t, testdb.MySQL97), testdb.StartOwn(t, testdb.MySQL56)
	source.Exec(t, "SET GLOBAL read_only=0")
	stoppedCopy(t, source, target)
	source.Exec(t, "DELETE FROM r.k WHERE id=3", "INSERT INTO r.none VALUES (1,'new')")
	wantFailure(t, 1, runBinary(t, resumeCopy(source, target)...), "the interrupted copy cannot be carried on", "--restart")
	mustRun(t, resumeCopy(source, target, "--restart")...)
	requireEqualCopy(t, source, target)
	wantFailure(t, 1, runBinary(t, resumeCopy(source, target)...), "--if-exists skip, truncate or drop")
	stoppedCopy(t, source, target, "--if-exists", "drop")
	source.Exec(t, "ALTER TABLE r.seq ADD COLUMN more INT")
	wantFailure(t, 1, runBinary(t, resumeCopy(source, target, "--if-exists", "drop")...), "cannot be carried on")
	mustRun(t, resumeCopy(source, target, "--if-exists", "drop", "--restart")...)
	requireEqualCopy(t, source, target)
	if n := target.Query(t, "SELECT COUNT(*) FROM gomove.copies")[0][0]; n != "2" {
		t.Errorf("%s copies are recorded, want 2", n)
	}
}

func TestCopySameServer(t *testing.T) {
	server := testdb.StartOwn(t, testdb.MariaDB)
	server.Exec(t, "CREATE DATABASE r", "USE r", "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1),(2)", "CREATE VIEW v AS SELECT * FROM a")
	for _, more := range [][]string{nil, {"--if-exists", "drop"}, {"--table-map", "r.a=r.v"}} {
		wantFailure(t, 1, runBinary(t, copyArgs(server, server, append(more, "-B", "r")...)...), "source and target are the same server")
	}
	if n := server.Query(t, "SELECT COUNT(*) FROM r.a")[0][0]; n != "2" {
		t.Errorf("table a has %s rows", n)
	}
	r := mustRun(t, copyArgs(server, server, "-B", "r", "--schema-map", "r=beside", "--verify")...)
	if n := server.Query(t, "SELECT COUNT(*) FROM beside.v")[0][0]; n != "2" {
		t.Errorf("view v has %s rows", n)
	}
	if !strings.Contains(r.stdout, "no difference") {
		t.Errorf("summary: %s", r.stdout)
	}
}

// TestCopySameServerResumes kills a copy within one server: its own writes are in the binary log, unless they are kept out of it.
func TestCopySameServerResumes(t *testing.T) {
	t.Parallel()
	server := resumable(t, testdb.MariaDB)
	server.Exec(t, "SET GLOBAL read_only=OFF")
	beside := []string{"--schema-map", "r=beside"}
	stoppedCopy(t, server, server, beside...)
	wantFailure(t, 1, runBinary(t, resumeCopy(server, server, beside...)...), "--restart --skip-binlog")
	server.Exec(t, "DROP DATABASE beside", "DROP DATABASE gomove")
	beside = append(beside, "--skip-binlog")
	stoppedCopy(t, server, server, beside...)
	mustRun(t, resumeCopy(server, server, beside...)...)
	mustRun(t, "verify", "--source", uriOf(server), "--target", uriOf(server), "-B", "r", "--schema-map", "r=beside", "--progress", "none")
}

// TestCopyBeside: the lock that keeps DDL off a source must not keep the copy from making its tables, also when more rows are under way
// than memory holds.
func TestCopyBeside(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			server := testdb.StartOwn(t, k)
			server.Exec(t, "CREATE DATABASE r", "USE r", "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)",
				"INSERT INTO a (v) VALUES (REPEAT('x', 3000000)), (REPEAT('y', 3000000))",
				"INSERT INTO a (v) SELECT v FROM a", "INSERT INTO a (v) SELECT v FROM a", "INSERT INTO a (v) SELECT v FROM a")
			mustRun(t, copyArgs(server, server, "-B", "r", "--schema-map", "r=beside", "-t", "1", "--consistency", "lock")...)
			if sums := server.Query(t, "CHECKSUM TABLE r.a, beside.a"); sums[0][1] != sums[1][1] {
				t.Errorf("checksums differ: %v", sums)
			}
		})
	}
}

// TestCopyDryRun changes nothing and tells what would be done.
func TestCopyDryRun(t *testing.T) {
	source, target := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL97)
	schema := source.Schema(t)
	source.Exec(t, "USE "+schema, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1),(2)", "ANALYZE TABLE a")
	r := mustRun(t, copyArgs(source, target, "-B", schema, "--dry-run")...)
	for _, want := range []string{"would copy", "create   table `" + schema + "`.`a`: about 2 rows"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("summary lacks %q:\n%s", want, r.stdout)
		}
	}
	if left := target.Query(t, "SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('gomove','"+schema+"')"); len(left) > 0 {
		t.Errorf("schemas on the target: %v", left)
	}
}
