package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// streamedShop is a server with a shop, and a stream of it in a file.
func streamedShop(t *testing.T, rows int) (server *testdb.Server, stream []byte) {
	t.Helper()
	server = testdb.StartOwn(t, testdb.MariaDB)
	if err := testdb.LoadShop(t.Context(), server.DB(t), "shop", rows); err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, dumpArgs(server, "-", "-B", "shop", "-t", "2", "--chunk-size", "1KiB")...)
	if !strings.Contains(r.stderr, "dumped ") {
		t.Errorf("the summary is not on stderr: %s", r.stderr)
	}
	return server, []byte(r.stdout)
}

// TestStreamCutOff: a stream that was cut off fails the load, which says so. The same stream carries on, as it is the same dump;
// another dump of the same tables does not.
func TestStreamCutOff(t *testing.T) {
	t.Parallel()
	server, stream := streamedShop(t, 3_000)
	for _, part := range []float64{0, 0.01, 0.5, 0.9, 0.999, 1} {
		cut := stream[:int(part*float64(len(stream)))]
		if part == 1 {
			cut = stream[:len(stream)-1]
		}
		r := feedTo(t, cut, loadArgs(server, "-", "--schema-map", "shop=cut", "--if-exists", "drop")...)
		if r.code != exitFailed || !strings.Contains(r.stderr, "incomplete") {
			t.Errorf("cut off after %d of %d bytes: exit %d, %s", len(cut), len(stream), r.code, r.stderr)
		}
	}
	other := mustRun(t, dumpArgs(server, "-", "-B", "shop")...)
	r := feedTo(t, []byte(other.stdout), loadArgs(server, "-", "--schema-map", "shop=cut")...)
	if r.code != exitFailed || !strings.Contains(r.stderr, "another load is half done there") {
		t.Errorf("another stream over what was cut off: exit %d, %s", r.code, r.stderr)
	}
	r = feedTo(t, stream, loadArgs(server, "-", "--schema-map", "shop=cut")...)
	if r.code != exitOK || !strings.Contains(r.stdout, "were in already") {
		t.Errorf("the same stream: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	requireSameRows(t, server, server, "shop", "cut")
}

// TestStreamDamaged: a flipped bit fails the load.
func TestStreamDamaged(t *testing.T) {
	t.Parallel()
	server, stream := streamedShop(t, 1_000)
	chunk := bytes.Index(stream, []byte("\x28\xb5\x2f\xfd")) // of zstd
	for what, at := range map[string]int{
		"gomove.json":  bytes.Index(stream, []byte("lower_case_table_names")),
		"a definition": bytes.Index(stream, []byte("CREATE TABLE")),
		"a record":     bytes.Index(stream, []byte(`"row_sum"`)) + 12,
		"rows":         chunk + 100,
		"a name":       bytes.LastIndex(stream, []byte("metadata\x00")),
		"metadata":     bytes.LastIndex(stream, []byte("real_table_name")),
	} {
		damaged := bytes.Clone(stream)
		damaged[at] ^= 2
		r := feedTo(t, damaged, loadArgs(server, "-", "--schema-map", "shop=damaged", "--if-exists", "drop")...)
		if r.code != exitFailed || !strings.Contains(r.stderr, "the stream") {
			t.Errorf("a flipped bit in %s: exit %d, %s", what, r.code, r.stderr)
		}
	}
}

// feedTo runs gomove with this on its stdin.
func feedTo(t *testing.T, in []byte, args ...string) result {
	t.Helper()
	return startChanged(t, func(cmd *exec.Cmd) { cmd.Stdin = bytes.NewReader(in) }, args...).wait(t)
}

// TestStreamBrokenPipe: what reads a dump's stream ends too early, and the dump tells of it.
func TestStreamBrokenPipe(t *testing.T) {
	t.Parallel()
	server := testdb.StartOwn(t, testdb.MariaDB)
	// Some 4 MB: a load has taken half a megabyte of the stream by the time that it is refused.
	if err := testdb.LoadShop(t.Context(), server.DB(t), "shop", 60_000); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	dump := command(dumpArgs(server, "-", "-B", "shop", "--compress", "none")...)
	if _, stderr, err := tryShell(t, dir, dump+" >/dev/full"); err == nil || !strings.Contains(stderr, "dump to standard output: write /dev/stdout: no space left on device") {
		t.Errorf("a full disk: %v %s", err, stderr)
	}
	dump += " 2>dump.err; echo $? >dump.code"
	for _, reader := range []string{"head -c 100000 >/dev/null", "true", command(loadArgs(server, "-", "--password=wrong")...)} {
		_, _, _ = tryShell(t, dir, "("+dump+") | "+reader)
		code, err := os.ReadFile(filepath.Join(dir, "dump.code"))
		if err != nil {
			t.Fatal(err)
		}
		stderr, err := os.ReadFile(filepath.Join(dir, "dump.err"))
		if err != nil {
			t.Fatal(err)
		}
		if string(code) != "1\n" || !strings.Contains(string(stderr), "the command that reads the stream has ended") {
			t.Errorf("into %s: exit %s, %s", reader, code, stderr)
		}
	}
}

// TestStreamInterrupted: Ctrl-C ends a dump whose stream nobody takes.
func TestStreamInterrupted(t *testing.T) {
	t.Parallel()
	server, _ := streamedShop(t, 6_000)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	run := startChanged(t, func(cmd *exec.Cmd) { cmd.Stdout = w }, dumpArgs(server, "-", "-B", "shop", "--compress", "none")...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil { // it has begun
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	if err := run.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := run.wait(t); got.code != exitFailed || !strings.Contains(got.stderr, "interrupted: the stream has no end") {
		t.Errorf("exit %d, %s", got.code, got.stderr)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
