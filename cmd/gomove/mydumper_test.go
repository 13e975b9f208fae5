package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/gomove/gomove/internal/testdb"
)

// forMydumper takes out of the shop what mydumper does not bring: it loses digits of a FLOAT and quotes no backtick in a name.
func forMydumper(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "ALTER TABLE shop.customers MODIFY score DOUBLE", "ALTER TABLE shop.order_lines MODIFY discount DOUBLE", "RENAME TABLE shop.`gift ``cards``, à la carte` TO shop.`gift cards, a.b`")
}

// requireSameSums compares the rows of tables and views, and the names of objects.
func requireSameSums(t *testing.T, source, target *testdb.Server, schemas ...string) {
	t.Helper()
	want, err := testdb.TableSums(t.Context(), source.DB(t), schemas...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := testdb.TableSums(t.Context(), target.DB(t), schemas...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("rows of %d tables (-source +target):\n%s", len(want), diff)
	}
	for _, schema := range schemas {
		if diff := cmp.Diff(objectNames(t, source, schema), objectNames(t, target, schema)); diff != "" {
			t.Errorf("objects of %s (-source +target):\n%s", schema, diff)
		}
	}
}

// requireOwnSettings looks for the server's own sql_mode and time zone in what a file made that names neither.
func requireOwnSettings(t *testing.T, s *testdb.Server, schema string) {
	t.Helper()
	in := "_schema='" + schema + "'"
	rows := s.Query(t, "SELECT sql_mode, @@global.time_zone FROM information_schema.routines WHERE routine"+in+
		" UNION SELECT sql_mode, @@global.time_zone FROM information_schema.triggers WHERE trigger"+in+
		" UNION SELECT sql_mode, time_zone FROM information_schema.events WHERE event"+in)
	if diff := cmp.Diff(s.Query(t, "SELECT @@global.sql_mode, @@global.time_zone"), rows); diff != "" {
		t.Errorf("settings of stored objects (-server +objects):\n%s", diff)
	}
}

// TestMydumperDirectory runs the handbook's mydumper example with gomove in the place of myloader: what mydumper has dumped, in
// several of its forms, is loaded whole.
func TestMydumperDirectory(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, target := testdb.StartOwn(t, k), testdb.StartOwn(t, k)
			loadSamples(t, source)
			forMydumper(t, source)
			createShopDefiner(t, target)
			position := source.Query(t, "SHOW MASTER STATUS")[0]
			for i, how := range [][]string{
				{"-B", "shop", "-t", "4"},
				{"-x", "^(shop|world)\\.", "-G", "-R", "-E", "-c", "-r", "700", "--trx-consistency-only"},
				{"-x", "^(shop|world)\\.", "-G", "-R", "-E", "-F", "1", "-s", "5000", "-N", "-e"},
			} {
				dir := filepath.Join(t.TempDir(), "dump")
				testdb.Mydumper(t, source, dir, how...)
				r := mustRun(t, loadArgs(target, dir, "--definer", "keep", "-t", "4", "--summary", "json", "--chunk-size", "100KiB")...)
				at := jsonSummary(t, r)["coordinates"].(map[string]any)
				if at["file"] != position[0] || fmt.Sprintf("%.0f", at["position"]) != position[1] {
					t.Errorf("coordinates %v, want %v", at, position)
				}
				if i == 0 { // without -G -R -E mydumper leaves these out
					requireSameRows(t, source, target, "shop", "shop")
					target.Exec(t, "DROP DATABASE shop")
					continue
				}
				requireSameSums(t, source, target, restoredSchemas...)
				requireOwnSettings(t, target, "shop")
				target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
			}
		})
	}
}

// TestMydumperValues loads what mydumper makes of the torture suite's tables: the stored bits are the source's, and where mydumper
// has lost them, what myloader makes of its files.
func TestMydumperValues(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source := tortureSource(t, k)
			byMyloader, byGomove := testdb.StartOwn(t, k), tortureTarget(t, k)
			m := mysqldumpMove{source: newExactTables(source), client: newExactTables(byMyloader)}
			source.Exec(t, "SET GLOBAL sql_mode=''") // under ANSI_QUOTES mydumper writes what no server reads back
			dir := filepath.Join(t.TempDir(), "dump")
			var names []string
			for _, c := range tortures(k) {
				if !slices.Contains(mysqldumpLoses, c.table) {
					names = append(names, regexp.QuoteMeta(c.schema()+"."+c.table))
					m.cases = append(m.cases, c)
				}
			}
			testdb.Mydumper(t, source, dir, "-x", "^("+strings.Join(names, "|")+")$")
			_, _ = testdb.Myloader(t, byMyloader, dir) // it cannot create each table
			mustRun(t, loadArgs(byGomove, dir, "--if-exists", "drop")...)
			m.require(t, newExactTables(byGomove))
		})
	}
}

// asMydumper10 makes a dump of --for myloader, which is laid out as mydumper 1.0 does, one of mydumper's own.
func asMydumper10(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"gomove.json", "tables.jsonl", "chunks.jsonl"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(t, filepath.Join(dir, "metadata"), func(text string) string {
		return regexp.MustCompile(`(?m)^# .*xxh128 .*\n`).ReplaceAllString(text, "")
	})
}

func rewrite(t *testing.T, file string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(change(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// recompress stores files that match in another form.
func recompress(t *testing.T, pattern, suffix string, to func(io.Writer) io.WriteCloser) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(name + suffix)
		if err != nil {
			t.Fatal(err)
		}
		w := to(out)
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMydumper10Directory loads directories in the layout of mydumper 1.0: sections in metadata, aliases of odd names, INSERT files in
// gzip and LOAD DATA files in zstd.
func TestMydumper10Directory(t *testing.T) {
	t.Parallel()
	source, target := testdb.StartOwn(t, testdb.MariaDB), testdb.StartOwn(t, testdb.MariaDB)
	loadSamples(t, source)
	source.Exec(t, "CREATE SEQUENCE shop.numbers START 7", "SELECT NEXTVAL(shop.numbers)")
	createShopDefiner(t, target)
	for _, form := range []string{"sql", "csv"} {
		dir := filepath.Join(t.TempDir(), form)
		mustRun(t, dumpArgs(source, dir, "--for", "myloader", "--format", form, "--chunk-size", "256KiB")...)
		mustRun(t, loadArgs(target, dir, "--definer", "keep")...) // it is a dump of gomove as well
		requireRestored(t, source, target)
		target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
		asMydumper10(t, dir)
		if form == "csv" {
			recompress(t, filepath.Join(dir, "*.dat"), ".zst", func(w io.Writer) io.WriteCloser {
				z, err := zstd.NewWriter(w)
				if err != nil {
					t.Fatal(err)
				}
				return z
			})
			recompress(t, filepath.Join(dir, "*-schema*.sql"), ".gz", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
		}
		r := mustRun(t, loadArgs(target, dir, "--definer", "keep", "-t", "2")...)
		if !strings.Contains(r.stdout, "binary log of the dumped server: ") {
			t.Errorf("no coordinates: %s", r.stdout)
		}
		requireRestored(t, source, target)
		for _, s := range []*testdb.Server{source, target} {
			if got := s.Query(t, "SELECT next_not_cached_value FROM shop.numbers"); got[0][0] != "1007" {
				t.Errorf("sequence at %v", got)
			}
		}
		target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
	}
}
