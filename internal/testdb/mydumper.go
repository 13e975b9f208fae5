package testdb

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// toolLimit ends a mydumper or myloader that hangs: 0.10.1 does so about once in a thousand runs, when a thread tells that it is ready by a
// queue which the main thread has given back already.
const toolLimit = time.Minute

// Mydumper dumps a server into dir by mydumper, with two threads. It skips the test where there is none.
func Mydumper(t testing.TB, s *Server, dir string, args ...string) {
	t.Helper()
	again := func() []string {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		return nil
	}
	if out, err := runTool(t, "", again, "mydumper", append(s.toolArgs(), append([]string{"-o", dir}, args...)...)); err != nil {
		t.Fatalf("mydumper %q: %v\n%s", args, err, out)
	}
}

// Myloader loads dir into a server by myloader, with two threads, and returns what it printed. It skips the test where there is none.
// A deadlock, whose statement myloader does not repeat, has it load all again: without the schemas that it is to make, where they are given,
// else over what is there, of which it drops no table that its file has under another name.
func Myloader(t testing.TB, s *Server, dir string, schemas ...string) ([]byte, error) {
	t.Helper()
	over := func() []string {
		for _, schema := range schemas {
			s.Exec(t, "DROP DATABASE IF EXISTS `"+schema+"`")
		}
		if len(schemas) > 0 {
			return nil
		}
		return []string{"-o"}
	}
	return runTool(t, dir, over, "myloader", append(s.toolArgs(), "-d", dir, "-v", "3"))
}

func (s *Server) toolArgs() []string {
	return []string{"-h", s.Host, "-P", fmt.Sprint(s.Port), "-u", s.User, "-t", "2"}
}

// runTool runs a tool in a directory, as LOAD DATA names its file without one; one that hangs is run again, with the arguments that again gives.
func runTool(t testing.TB, dir string, again func() []string, name string, args []string) (out []byte, err error) {
	t.Helper()
	tool, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %s is not installed: run `make setup`", name)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), toolLimit)
		cmd := exec.CommandContext(ctx, tool, args...)
		cmd.Dir = dir
		out, err = cmd.CombinedOutput()
		hung := ctx.Err() != nil && t.Context().Err() == nil
		cancel()
		switch {
		case hung:
			t.Logf("%s hung for %s and is run again", name, toolLimit)
		case bytes.Contains(out, []byte("Deadlock found")):
			t.Logf("%s met a deadlock and is run again", name)
		default:
			return out, err
		}
		args = append(args, again()...)
	}
	return out, err
}
