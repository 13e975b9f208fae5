package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// requireNoMetadata wants a place that nobody takes for a whole dump.
func requireNoMetadata(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(dir, "metadata")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s has metadata: %v", dir, err)
	}
}

// openDir is a directory that every account may enter, as t.TempDir is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gomove-open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // another account must enter it
		t.Fatal(err)
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // another account must run it
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestOutputNotOurs dumps into directories of another account.
func TestOutputNotOurs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT TESTED: only root can run gomove as another account")
	}
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)")
	dir := openDir(t)
	binary := filepath.Join(dir, "gomove")
	copyFile(t, gomove, binary)
	for name, mode := range map[string]fs.FileMode{"no entry": 0o700, "readable": 0o755, "writable alone": 0o733} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(dir, name)
			if err := os.Mkdir(out, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(out, mode); err != nil {
				t.Fatal(err)
			}
			for _, place := range []string{out, filepath.Join(dir, "new")} {
				asNobody := func(c *exec.Cmd) {
					c.Path = binary
					c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				}
				r := startChanged(t, asNobody, dumpArgs(server, place, "-B", schema)...).wait(t)
				if r.code != exitFailed || !strings.Contains(r.stderr, place) || !strings.Contains(r.stderr, "permission denied") {
					t.Errorf("exit %d: %s", r.code, r.stderr)
				}
				wantOneError(t, r)
				requireNoMetadata(t, place)
			}
		})
	}
}

// TestFullDisk dumps into a file system that is too small, in every way of filling it: rows, definitions, the last files.
func TestFullDisk(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	if err := testdb.LoadShop(t.Context(), server.DB(t), schema, 12_000); err != nil {
		t.Fatal(err)
	}
	for _, size := range []string{"0k", "8k", "64k"} {
		t.Run(size, func(t *testing.T) {
			dir := t.TempDir()
			option := "size=" + size
			if size == "0k" { // 0 is no bound: a directory and two files is
				option = "nr_inodes=3"
			}
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, option); err != nil {
				t.Skipf("SKIPPED, NOT TESTED: a small file system cannot be mounted: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			})
			for _, more := range [][]string{nil, {"--for", "mysql"}, {"--compress", "none", "--chunk-size", "64KiB"}} {
				r := runBinary(t, dumpArgs(server, dir, append(more, "-B", schema)...)...)
				wantRefusal(t, r, "no space left on device", dir, "free")
				requireNoMetadata(t, dir)
				entries, err := os.ReadDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// rights are what an account needs on a schema to load the shop into it, each with what fails without it: "" is the progress
// table or nothing. REFERENCES is asked for by new MySQL alone, INDEX by nobody who has ALTER.
var rights = []struct{ right, fails string }{
	{"CREATE", ""}, {"INSERT", ""}, {"SELECT", ""}, {"UPDATE", ""}, {"DELETE", ""}, {"DROP", ""}, {"INDEX", ""}, {"ALTER", "table"},
	{"REFERENCES", "foreign key"}, {"CREATE VIEW", "view"}, {"TRIGGER", "trigger"}, {"CREATE ROUTINE", "routine"}, {"EVENT", "event"},
	{"SHOW VIEW", ""}, {"ALTER ROUTINE", ""}, {"LOCK TABLES", ""},
}

// TestTargetWithoutRights loads with an account that lacks one right: the error names the object and what to grant, and with
// the right granted the same command ends the load.
func TestTargetWithoutRights(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			server := testdb.StartOwn(t, k, testdb.WithArgs("--log-bin-trust-function-creators=1"))
			if err := testdb.LoadShop(t.Context(), server.DB(t), "shop", 300); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(server, dir, "-B", "shop")...)
			server.Exec(t, "CREATE USER loader@'%'")
			for i, lacking := range rights {
				t.Run("no "+lacking.right, func(t *testing.T) { loadWithoutRight(t, server, dir, i) })
			}
		})
	}
}

func loadWithoutRight(t *testing.T, server *testdb.Server, dir string, i int) {
	lacking := rights[i]
	server.Exec(t, "CREATE DATABASE target")
	for j, r := range rights {
		if i != j {
			server.Exec(t, "GRANT "+r.right+" ON target.* TO loader@'%'")
		}
	}
	args := loadArgs(server, dir, "--schema-map", "shop=target", "-u", "loader")
	checked := runBinary(t, "check", "--source", uriOf(server), "--target", strings.Replace(uriOf(server), server.User+"@", "loader@", 1), "-B", "shop",
		"--schema-map", "shop=target", "--progress", "none")
	stopped := runBinary(t, args...)
	r := stopped
	if stopped.code != exitOK { // before anything was changed
		requireRefusedRight(t, stopped, lacking.right)
		r = runBinary(t, append(args, "--skip-check", "P20")...)
	}
	if says := strings.Contains(checked.stdout, "\nP20 ") && strings.Contains(checked.stdout, ": "+lacking.right); says != (r.code != exitOK) || says != (stopped.code != exitOK) || (checked.code == 1) != says {
		t.Errorf("load exits with %d, without the check with %d, and check %d says before: %s", stopped.code, r.code, checked.code, checked.stdout)
	}
	switch {
	case r.code != exitOK:
		wantRefusal(t, r, "denied", "grant", lacking.fails)
		server.Exec(t, "GRANT "+lacking.right+" ON target.* TO loader@'%'")
		mustRun(t, args...)
	case i == 0, lacking.fails != "" && lacking.right != "REFERENCES", lacking.right == "REFERENCES" && server.Kind == testdb.MySQL97:
		t.Errorf("the load passed without %s", lacking.right)
	case lacking.right == "DROP": // the progress table has to stay
		if !strings.Contains(r.stdout, "gomove_progress") {
			t.Errorf("the summary does not say that the progress table is left: %s", r.stdout)
		}
		server.Exec(t, "DROP TABLE target.gomove_progress")
	}
	requireSameRows(t, server, server, "shop", "target")
	requireSameObjectNames(t, server, "shop", "target")
	server.Exec(t, "DROP DATABASE target", "REVOKE ALL ON target.* FROM loader@'%'")
}

// requireRefusedRight wants the one statement that is missing.
func requireRefusedRight(t *testing.T, r result, right string) {
	t.Helper()
	if !strings.Contains(r.stderr, "P20 ") || !strings.Contains(r.stderr, "GRANT "+right+" ON `target`.*") {
		t.Errorf("a load without %s: %s", right, r.stderr)
	}
}

// TestLocalInfileOff asks for the route that the target has off.
func TestLocalInfileOff(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			server := testdb.StartOwn(t, k, testdb.WithArgs("--local-infile=0"))
			server.Exec(t, "CREATE DATABASE a", "CREATE TABLE a.t (id INT PRIMARY KEY)", "INSERT INTO a.t VALUES (1)")
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(server, dir, "-B", "a")...)
			wantRefusal(t, runBinary(t, loadArgs(server, dir, "--via", "local-infile", "--schema-map", "a=b")...), "`b`.`t`", "local_infile", "--via insert")
			if n := server.Query(t, "SELECT COUNT(*) FROM b.t"); n[0][0] != "0" {
				t.Errorf("%s rows came in", n[0][0])
			}
			mustRun(t, loadArgs(server, dir, "--schema-map", "a=b")...) // by the other route, on what is there
			requireSameRows(t, server, server, "a", "b")
		})
	}
}
