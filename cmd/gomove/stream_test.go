package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// shell runs a command line of bash, with gomove on its PATH, that has to end well: in a pipe each command counts.
func shell(t *testing.T, dir, line string) (stdout string) {
	t.Helper()
	out, stderr, err := tryShell(t, dir, line)
	if err != nil {
		t.Fatalf("%s: %v\nstdout: %.2000s\nstderr: %s", line, err, out, stderr)
	}
	return out
}

func tryShell(t *testing.T, dir, line string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -o pipefail; "+line)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=" + filepath.Dir(gomove) + ":" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	cmd.WaitDelay = time.Minute
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// command is gomove with its arguments, for a shell.
func command(args ...string) string {
	words := []string{"gomove"}
	for _, a := range args {
		words = append(words, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
	}
	return strings.Join(words, " ")
}

// TestStream moves the zoo of values and objects through a pipe into a server of another kind. The same stream, that tee has kept,
// is extracted by tar: the directory is checked and loaded like any other.
func TestStream(t *testing.T) {
	t.Parallel()
	kinds := testdb.All()
	for i, from := range kinds {
		t.Run(string(from), func(t *testing.T) {
			t.Parallel()
			z := &zooMove{testdb.StartOwn(t, from), map[string]schemaRows{}, map[string]string{}}
			z.source.Exec(t, zoo(from)...)
			for _, schema := range []string{"zoo", "zoo2"} {
				z.want[schema] = readSchema(t, z.source, schema)
			}
			target := testdb.StartOwn(t, kinds[(i+1)%len(kinds)])
			dir := t.TempDir()
			shell(t, dir, command(dumpArgs(z.source, "-", "-B", "zoo", "-B", "zoo2", "--chunk-size", "16KiB")...)+
				" | tee kept.tar | "+command(loadArgs(target, "-")...))
			z.requireLoaded(t, target)

			shell(t, dir, "mkdir extracted && zstd -q < kept.tar > kept.tar.zst && tar -xf kept.tar -C extracted")
			z.dumps["extracted"] = filepath.Join(dir, "extracted")
			mustRun(t, "inspect", "--deep", z.dumps["extracted"])
			z.requireWhole(t, target, "extracted")

			target.Exec(t, "DROP DATABASE zoo", "DROP DATABASE zoo2")
			shell(t, dir, "zstd -dc kept.tar.zst | "+command(loadArgs(target, "-")...))
			z.requireLoaded(t, target)
		})
	}
}
