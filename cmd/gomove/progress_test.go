package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// withProgress replaces --progress none.
func withProgress(args []string, mode string) []string {
	for i, a := range args {
		if a == "--progress" {
			args[i+1] = mode
		}
	}
	return args
}

// TestProgress reads what a run shows on stderr in each form; stdout has the summary alone.
func TestProgress(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	if err := testdb.LoadShop(t.Context(), server.DB(t), schema, 12_000); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dump")
	dumped := mustRun(t, withProgress(dumpArgs(server, dir, "-B", schema, "--summary", "json"), "json")...)
	to := server.Schema(t)
	loaded := mustRun(t, withProgress(loadArgs(server, dir, "--schema-map", schema+"="+to, "--summary", "json"), "json")...)
	for what, r := range map[string]result{"dump": dumped, "load": loaded} {
		t.Run(what, func(t *testing.T) {
			s := jsonSummary(t, r)
			last := lastEvent(t, r.stderr)
			for _, figure := range []string{"rows", "bytes", "stored_bytes", "chunks", "tables"} {
				if n, _ := s[figure].(float64); n <= 0 {
					t.Errorf("summary: %s is %v", figure, s[figure])
				}
			}
			for _, figure := range []string{"rows", "bytes", "tables"} {
				if last[figure] != s[figure] {
					t.Errorf("%s: last event %v, summary %v", figure, last[figure], s[figure])
				}
			}
			for _, figure := range []string{"seconds", "mb_per_second"} {
				if n, _ := s[figure].(float64); n <= 0 {
					t.Errorf("summary: %s is %v", figure, s[figure])
				}
			}
		})
	}
	s := jsonSummary(t, dumped)
	if _, ok := s["warnings"]; !ok {
		t.Error("no warnings in the summary")
	}
	if facts, _ := s["snapshot"].(map[string]any); facts["lock_hold_ns"] == nil || facts["coordinates"] == nil {
		t.Errorf("snapshot in the summary: %v", s["snapshot"])
	}
	t.Run("plain", func(t *testing.T) {
		r := mustRun(t, withProgress(dumpArgs(server, filepath.Join(t.TempDir(), "dump"), "-B", schema, "--consistency", "lock"), "auto")...)
		if line := regexp.MustCompile(`(?m)^\d+\.\d+s  check  .*[\d,]+ rows  [\d.]+ KB  [\d.]+ MB/s  chunks \d+/\d+`); !line.MatchString(r.stderr) {
			t.Errorf("stderr: %s", r.stderr)
		}
		if !strings.Contains(r.stdout, "held it ") || !strings.Contains(r.stdout, "MB/s") || strings.ContainsAny(r.stderr, "\r\x1b") {
			t.Errorf("stdout: %s\nstderr: %q", r.stdout, r.stderr)
		}
	})
}

// lastEvent parses every line of --progress json.
func lastEvent(t *testing.T, text string) map[string]any {
	t.Helper()
	var e map[string]any
	for line := range strings.Lines(text) {
		e = nil
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("event %q: %v", line, err)
		}
		for _, key := range []string{"event", "time", "phase", "elapsed_seconds", "rows", "bytes", "bytes_per_second", "chunks", "busy_threads", "threads"} {
			if _, ok := e[key]; !ok {
				t.Errorf("event without %s: %s", key, line)
			}
		}
	}
	if e["event"] != "progress_end" {
		t.Errorf("last event: %v", e)
	}
	return e
}

// TestBarOnTerminal runs on a pseudo-terminal, where --progress auto is one live line.
func TestBarOnTerminal(t *testing.T) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: script(1), which makes a terminal, is not installed")
	}
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_1000")
	args := withProgress(dumpArgs(server, filepath.Join(t.TempDir(), "dump"), "-B", schema), "auto")
	command := "stty cols 100; exec " + gomove + " " + strings.Join(args, " ") + " >/dev/null"
	out, err := exec.CommandContext(t.Context(), script, "-qec", command, "/dev/null").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if bar := regexp.MustCompile(`\r[^\r\n]*1,000 rows[^\r\n]*\x1b\[K\r?\n$`); !bar.Match(out) {
		t.Errorf("terminal: %q", out)
	}
}

// waitFor asks until the query gives a number of at least want.
func waitFor(t *testing.T, s *testdb.Server, q string, want int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	db := s.DB(t)
	for time.Now().Before(deadline) {
		var n int
		if err := db.QueryRow(q).Scan(&n); err == nil && n >= want {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("%s: %s does not come to %d", s.Kind, q, want)
}

// TestInterruptedDump presses Ctrl-C while rows are read: a failure that says what is left, no metadata, no statement left on the server.
func TestInterruptedDump(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			server := testdb.Start(t, k)
			t.Parallel()
			schema := server.Schema(t)
			server.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9)")
			dir := filepath.Join(t.TempDir(), "dump")
			running := startBinary(t, dumpArgs(server, dir, "-B", schema, "--where", schema+".t=SLEEP(10)=0")...)
			sleeping := "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT%" + schema + "%SLEEP(10)%' AND info NOT LIKE '%processlist%'" // and not the EXPLAIN before it
			waitFor(t, server, sleeping, 1)
			pressed := time.Now()
			if err := running.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			r := running.wait(t)
			if took := time.Since(pressed); took > 5*time.Second {
				t.Errorf("it ended %s after Ctrl-C", took)
			}
			if r.code != exitFailed || !strings.Contains(r.stderr, "interrupted: the dump is not whole") {
				t.Errorf("exit %d: %s", r.code, r.stderr)
			}
			wantOneError(t, r)
			requireNoMetadata(t, dir)
			if n := server.Query(t, sleeping); n[0][0] != "0" {
				t.Errorf("%s statements still run on the server", n[0][0])
			}
			if r := runBinary(t, loadArgs(server, dir)...); r.code != exitFailed || !strings.Contains(r.stderr, "did not finish") {
				t.Errorf("load of it: exit %d: %s", r.code, r.stderr)
			}
		})
	}
}

// TestInterruptedLoad presses Ctrl-C while chunks are loaded, twice; the same command carries on and nothing is lost or doubled.
func TestInterruptedLoad(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			server := testdb.StartOwn(t, k)
			if err := testdb.LoadShop(t.Context(), server.DB(t), "shop", 30_000); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(server, dir, "-B", "shop", "--chunk-size", "8KiB")...)
			args := loadArgs(server, dir, "--schema-map", "shop=target", "--summary", "json")
			for again := range 2 {
				before := 0
				if again > 0 {
					before, _ = strconv.Atoi(server.Query(t, "SELECT COUNT(*) FROM gomove.progress WHERE kind='chunk'")[0][0])
				}
				running := startBinary(t, args...)
				waitFor(t, server, "SELECT COUNT(*) FROM gomove.progress WHERE kind='chunk'", before+5)
				if err := running.cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				r := running.wait(t)
				if r.code != exitInterrupted || !strings.Contains(r.stderr, "interrupted: the same command carries on") {
					t.Fatalf("exit %d: %s", r.code, r.stderr)
				}
				wantOneError(t, r)
				if s := jsonSummary(t, r); s["complete"] != false {
					t.Errorf("summary: complete is %v", s["complete"])
				}
			}
			s := jsonSummary(t, mustRun(t, args...))
			if skipped, _ := s["chunks_skipped"].(float64); s["resumed"] != true || s["complete"] != true || skipped < 25 {
				t.Errorf("summary: resumed %v, complete %v, %v chunks were in", s["resumed"], s["complete"], s["chunks_skipped"])
			}
			requireSameRows(t, server, server, "shop", "target")
			requireSameObjectNames(t, server, "shop", "target")
			if left := server.Query(t, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='gomove'"); left[0][0] != "0" {
				t.Error("the progress table is left")
			}
		})
	}
}
