package main

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gomove/gomove/internal/testdb"
)

// fromFile runs gomove with a file as its standard input.
func fromFile(t *testing.T, file string, args ...string) result {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return startChanged(t, func(cmd *exec.Cmd) { cmd.Stdin = in }, args...).wait(t)
}

// compressTo writes a file through a compressor.
func compressTo(t *testing.T, file, out string, compressor func(io.Writer) io.WriteCloser) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := compressor(f)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func gzipTo(t *testing.T, file string) string {
	t.Helper()
	return compressTo(t, file, file+".gz", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func zstdTo(t *testing.T, file string) string {
	t.Helper()
	return compressTo(t, file, file+".zst", func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			t.Fatal(err)
		}
		return z
	})
}

// dumpForms are options of mysqldump that change what its files look like. only names the kind that has the option.
var dumpForms = []struct {
	only testdb.Kind
	args []string
}{
	{"", []string{"--skip-extended-insert", "--complete-insert", "--hex-blob", "--order-by-primary"}},
	{"", []string{"--skip-comments", "--skip-add-drop-table", "--skip-add-locks", "--skip-disable-keys"}},
	{"", []string{"--skip-quote-names", "--compact", worldOnly}},
	{"", []string{"--replace", "--no-autocommit", "--add-drop-database"}},
	{"", []string{"--insert-ignore", "--skip-set-charset", "--add-drop-trigger"}},
	{testdb.MySQL97, []string{"--compatible=ansi", worldOnly}},  // it quotes names in triggers as their sql_mode does not
	{"", []string{"--default-character-set=latin1", worldOnly}}, // what latin1 cannot say is lost in the file
	{testdb.MariaDB, []string{"--default-character-set=binary", worldOnly}},
}

// worldOnly marks a form that cannot bring the shop's objects or characters.
const worldOnly = "world only"

// TestMysqldumpForms loads the forms that mysqldump's files can have, from a path and from standard input. Reference is what the
// server's own client made of the plain form.
func TestMysqldumpForms(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, reference, target := testdb.StartOwn(t, k), testdb.StartOwn(t, k), testdb.StartOwn(t, k)
			loadSamples(t, source)
			createShopDefiner(t, reference)
			dir := t.TempDir()
			objects := []string{"--routines", "--triggers", "--events", "--databases", "world", "shop"}
			plain := filepath.Join(dir, "plain.sql")
			mysqldumpTo(t, source, plain, objects...)
			clientLoad(t, reference, plain)
			world, shop := readSchema(t, reference, "world"), readSchema(t, reference, "shop")
			check := func(t *testing.T, r result) {
				t.Helper()
				defer target.Exec(t, "DROP DATABASE IF EXISTS world", "DROP DATABASE IF EXISTS shop")
				if r.code != 0 {
					t.Fatalf("exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
				}
				world.requireIn(t, target, "world")
				shop.requireIn(t, target, "shop")
				requireSameObjects(t, source, target, "shop", "shop")
			}
			t.Run("path", func(t *testing.T) { check(t, runBinary(t, loadArgs(target, plain, "-t", "3")...)) })
			t.Run("stdin", func(t *testing.T) { check(t, fromFile(t, plain, loadArgs(target, "-", "-t", "3")...)) })
			t.Run("gzip", func(t *testing.T) { check(t, runBinary(t, loadArgs(target, gzipTo(t, plain))...)) })
			t.Run("zstd-stdin", func(t *testing.T) { check(t, fromFile(t, zstdTo(t, plain), loadArgs(target, "-")...)) })
			t.Run("insert", func(t *testing.T) { check(t, runBinary(t, loadArgs(target, plain, "--via", "insert")...)) })
			t.Run("all-databases", func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "all.sql")
				mysqldumpTo(t, source, file, "--all-databases", "--routines", "--triggers", "--events")
				check(t, runBinary(t, loadArgs(target, file)...))
			})
			t.Run("rows-apart", func(t *testing.T) {
				for _, in := range []func(file string) result{
					func(file string) result { return runBinary(t, loadArgs(target, file)...) },
					func(file string) result { return fromFile(t, file, loadArgs(target, "-")...) },
				} {
					schema, rows := filepath.Join(t.TempDir(), "schema.sql"), filepath.Join(t.TempDir(), "rows.sql")
					mysqldumpTo(t, source, schema, "--no-data", "--skip-triggers", "--databases", "world", "shop") // triggers would fire
					mysqldumpTo(t, source, rows, append([]string{"--no-create-info", "--no-create-db", "--skip-triggers"}, objects[3:]...)...)
					if r := in(schema); r.code != 0 {
						t.Fatalf("schema: exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
					}
					if r := in(rows); r.code != 0 {
						t.Fatalf("rows: exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
					}
					world.requireIn(t, target, "world")
					shop.requireIn(t, target, "shop")
					target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
				}
			})
			for i, form := range dumpForms {
				if form.only != "" && form.only != k {
					continue
				}
				t.Run(strings.Join(form.args, ""), func(t *testing.T) {
					file := filepath.Join(t.TempDir(), "form.sql")
					args := slices.DeleteFunc(slices.Clone(form.args), func(a string) bool { return a == worldOnly })
					if len(args) < len(form.args) {
						if k == testdb.MySQL97 {
							args = append(args, "--set-gtid-purged=OFF")
						}
						mysqldumpTo(t, source, file, append(args, "--databases", "world")...)
						defer target.Exec(t, "DROP DATABASE IF EXISTS world")
						if r := runBinary(t, loadArgs(target, file)...); r.code != 0 {
							t.Fatalf("exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
						}
						reference.Exec(t, "DROP DATABASE IF EXISTS world")
						clientLoad(t, reference, file)
						requireSameRows(t, reference, target, "world", "world")
						return
					}
					mysqldumpTo(t, source, file, append(args, objects...)...)
					if i%2 == 0 {
						check(t, runBinary(t, loadArgs(target, file)...))
					} else {
						check(t, fromFile(t, file, loadArgs(target, "-")...))
					}
				})
			}
		})
	}
}
