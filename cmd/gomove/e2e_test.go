package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// gomove is the path of the binary that these tests run, as a user would.
var gomove string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "gomove-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		gomove = filepath.Join(dir, "gomove")
		build := exec.Command("go", "build", "-o", gomove, ".") //nolint:noctx // before any test has a context
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build gomove: %v\n%s", err, out)
			return 1
		}
		code := m.Run()
		if err := testdb.StopShared(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

// result is what one run of the binary did.
type result struct {
	code           int
	stdout, stderr string
	maxRSS         int64 // bytes
}

// runBinary runs gomove with a clean environment: no option files, no variables of the user's.
func runBinary(t testing.TB, args ...string) result {
	t.Helper()
	return startBinary(t, args...).wait(t)
}

type running struct {
	cmd            *exec.Cmd
	args           []string
	stdout, stderr bytes.Buffer
	resident       *residency
}

func startBinary(t testing.TB, args ...string) *running {
	t.Helper()
	return startChanged(t, func(*exec.Cmd) {}, args...)
}

// startChanged starts gomove after change had its way with the command.
func startChanged(t testing.TB, change func(*exec.Cmd), args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	t.Cleanup(cancel)
	r := &running{cmd: exec.CommandContext(ctx, gomove, args...), args: args}
	r.cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	change(r.cmd)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.resident = watchRSS(r.cmd.Process)
	return r
}

func (r *running) wait(t testing.TB) result {
	t.Helper()
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	out := result{code: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String()}
	out.maxRSS = r.resident.peakRSS(r.cmd.ProcessState)
	return out
}

// mustRun runs gomove and fails the test unless it exits 0.
func mustRun(t testing.TB, args ...string) result {
	t.Helper()
	r := runBinary(t, args...)
	if r.code != 0 {
		t.Fatalf("gomove %q: exit %d\nstdout: %s\nstderr: %s", args, r.code, r.stdout, r.stderr)
	}
	return r
}

// at returns the connection flags of a server.
func at(s *testdb.Server) []string {
	args := []string{"-h", s.Host, "-P", strconv.Itoa(s.Port), "-u", s.User}
	if s.Password != "" {
		args = append(args, "-p"+s.Password)
	}
	return args
}

// dumpArgs and loadArgs put a command line together; progress stays quiet.
func dumpArgs(s *testdb.Server, dir string, more ...string) []string {
	args := append([]string{"dump"}, at(s)...)
	return append(append(args, "-o", dir, "--progress", "none"), more...)
}

func loadArgs(s *testdb.Server, dir string, more ...string) []string {
	args := append([]string{"load"}, at(s)...)
	return append(append(args, "-d", dir, "--progress", "none"), more...)
}

// jsonSummary reads what --summary json printed.
func jsonSummary(t testing.TB, r result) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
		t.Fatalf("summary: %v\n%s", err, r.stdout)
	}
	return m
}
