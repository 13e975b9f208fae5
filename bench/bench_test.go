package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestMain lets the test binary stand in for the program where that starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == measureCommand || os.Args[1] == readCommand) {
		if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	testdb.Main(m)
}

// TestQuick runs everything with tiny data: each job must work on each set, on each server, and its results must be kept.
func TestQuick(t *testing.T) {
	gomove := filepath.Join(t.TempDir(), "gomove")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", gomove, "../cmd/gomove").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range []struct {
		kind testdb.Kind
		only string
		want int
	}{
		{testdb.MariaDB, "", len(pairs())},
		{testdb.MySQL56, "load:mixed", 1},
		{testdb.MySQL97, "load:mixed", 1},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			testdb.Require(t, tt.kind)
			dir := t.TempDir()
			var out strings.Builder
			err := run(t.Context(), []string{"-quick", "-save", "-slow", "0", "-servers", string(tt.kind), "-only", tt.only, "-gomove", gomove, "-out", dir, "-dir", dir}, &out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			entries, err := readResults(filepath.Join(dir, "results.json"))
			if err != nil || len(entries) != tt.want {
				t.Fatalf("%d entries, want %d, error %v\n%s", len(entries), tt.want, err, out.String())
			}
			for _, e := range entries {
				checkEntry(t, &e)
			}
			for _, name := range []string{"RESULTS.md", "ratios.svg"} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || !strings.Contains(string(text), "mixed") {
					t.Errorf("%s: error %v, or nothing of the set mixed in\n%s", name, err, text)
				}
			}
		})
	}
}

// checkEntry looks for numbers that a run cannot have.
func checkEntry(t *testing.T, e *entry) {
	t.Helper()
	if e.Bytes == 0 || e.fastest(subject) == nil {
		t.Errorf("%s %s: %d bytes, gomove: %v", e.Job, e.Set, e.Bytes, e.fastest(subject))
	}
	for _, r := range e.Results {
		if r.Role == rival {
			continue // it may not work on this server
		}
		if len(r.Runs) != 1 || r.Runs[0].Wall <= 0 || r.Runs[0].RSS < 1<<20 || strings.Contains(r.Command, "{out}") != (r.Runs[0].Stored > 0) {
			t.Errorf("%s %s, %s: %+v", e.Job, e.Set, r.Name, r)
		}
	}
}

// TestContenderThatFails: a load that loses rows must not count as a fast one, and gomove's failure ends the run.
func TestContenderThatFails(t *testing.T) {
	testdb.Require(t, testdb.MariaDB)
	dir := t.TempDir()
	gomove := filepath.Join(dir, "gomove")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", gomove, "../cmd/gomove").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var out strings.Builder
	args := []string{"-quick", "-save", "-servers", "mariadb", "-only", "load:integers", "-out", dir, "-dir", dir}
	err := run(t.Context(), append(args, "-gomove", gomove, "-peer", "nothing=mariadb --no-defaults -h {host} -P {port} -u {user} -e 'CREATE DATABASE {schema}' # {in}"), &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	entries, err := readResults(filepath.Join(dir, "results.json"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, error %v", len(entries), err)
	}
	found := false
	for _, r := range entries[0].Results {
		if r.Name == "nothing" {
			found = true
			if len(r.Runs) > 0 || !strings.Contains(r.Failed, "0 tables with 0 rows") {
				t.Errorf("a load that loads nothing: %+v", r)
			}
		}
	}
	if !found {
		t.Error("the peer did not run")
	}
	if err := run(t.Context(), append(args, "-gomove", "/bin/false"), &out); err == nil {
		t.Error("no error though gomove fails")
	}
}
