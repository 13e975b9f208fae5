package inspect_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gomove/gomove/inspect"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes a dump of two tables with two chunks each; one that is not finished has no line for the second table.
func write(t *testing.T, o dump.WriterOptions, finish bool) *store.Dir {
	t.Helper()
	ctx := t.Context()
	s, err := store.NewDir(filepath.Join(t.TempDir(), "dump"), store.ReadWrite)
	must(t, err)
	w, err := dump.NewWriter(ctx, s, o)
	must(t, err)
	m := &dump.Manifest{ID: "0000", Tool: "gomove test", Server: dump.ServerFacts{Flavor: "mysql", Version: "9.7.4"},
		Snapshot: dump.SnapshotFacts{Mode: "lock", Coordinates: dump.Coordinates{State: dump.Recorded, File: "binlog.000002", Position: 157}}}
	must(t, w.WriteManifest(ctx, m))
	must(t, w.WriteSQL(ctx, "shop-schema-create.sql", []byte("CREATE DATABASE shop;\n")))
	must(t, w.WriteObject(ctx, &dump.Object{Kind: dump.KindSchema, Schema: "shop", Base: w.Base("shop", ""), Files: []string{"shop-schema-create.sql"}, Routines: []string{"procedure p\x1b[31m"}}))
	for _, name := range []string{"a", "b"} {
		table := &dump.Object{Kind: dump.KindTable, Schema: "shop", Name: name, Base: w.Base("shop", name), Engine: "InnoDB", Files: []string{"shop." + name + "-schema.sql"},
			Columns: []dump.Column{{Name: "id", Type: "int", Encoding: dump.Plain}, {Name: "v", Type: "text", Encoding: dump.Bytes}}}
		must(t, w.WriteSQL(ctx, table.Files[0], []byte("CREATE TABLE "+name+" (id int);\n")))
		for n := range 2 {
			c, err := w.CreateChunk(ctx, table, n)
			must(t, err)
			must(t, c.WriteRow(dump.Row{[]byte{'1' + byte(n)}, []byte("text of " + name + "'s")}))
			chunk, err := c.Close(ctx, dump.Range{})
			must(t, err)
			table.Rows += chunk.Rows
		}
		if finish || name == "a" {
			must(t, w.WriteObject(ctx, table))
		}
	}
	if !finish {
		w.Abandon()
		return s
	}
	must(t, w.Finish(ctx, m))
	return s
}

func swap(t *testing.T, a, b string) {
	t.Helper()
	must(t, errors.Join(os.Rename(a, a+".x"), os.Rename(b, a), os.Rename(a+".x", b)))
}

func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(b), 0o600))
}

func flip(b []byte) []byte { b[len(b)/2] ^= 4; return b }

func TestRun(t *testing.T) {
	const a0, a1, b0 = "shop.a.00000.csv", "shop.a.00001.csv", "shop.b.00000.csv"
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, p string)
		want   []string // "file kind"
		says   string
	}{
		{"whole", func(*testing.T, string) {}, nil, "whole and right"},
		{"flipped", func(t *testing.T, p string) { edit(t, p+a0, flip) }, []string{a0 + " altered"}, "checksum"},
		{"cut", func(t *testing.T, p string) { edit(t, p+a0, func(b []byte) []byte { return b[:3] }) }, []string{a0 + " altered"}, "it has 3 bytes in place of"},
		{"missing", func(t *testing.T, p string) { must(t, os.Remove(p+a0)) }, []string{a0 + " missing"}, "missing"},
		{"a link", func(t *testing.T, p string) {
			must(t, errors.Join(os.Rename(p+a0, p+"../x"), os.Symlink("../x", p+a0)))
		}, []string{a0 + " altered"}, "a link"},
		{"extra", func(t *testing.T, p string) { must(t, os.WriteFile(p+"shop.c.00000.csv", nil, 0o600)) }, []string{"shop.c.00000.csv extra"}, "no file of this dump"},
		{"another kind's script", func(t *testing.T, p string) { must(t, os.WriteFile(p+"restore.mysql", nil, 0o600)) }, []string{"restore.mysql extra"}, ""},
		{"chunks of a table swapped", func(t *testing.T, p string) { swap(t, p+a0, p+a1) }, []string{a0 + " altered", a1 + " altered"}, "it holds what " + a1 + " should hold"},
		{"chunks of two tables swapped", func(t *testing.T, p string) { swap(t, p+a0, p+b0) }, []string{a0 + " altered", b0 + " altered"}, "it holds what " + b0 + " should hold"},
		{"definitions swapped", func(t *testing.T, p string) { swap(t, p+"shop.a-schema.sql", p+"shop.b-schema.sql") },
			[]string{"shop.a-schema.sql altered", "shop.b-schema.sql altered"}, "it holds what shop.b-schema.sql should hold"},
		{"two files", func(t *testing.T, p string) { edit(t, p+a0, flip); edit(t, p+"shop-schema-create.sql", flip) }, []string{"shop-schema-create.sql altered", a0 + " altered"}, ""},
		{"listing", func(t *testing.T, p string) {
			edit(t, p+"chunks.jsonl", func(b []byte) []byte { return bytes.Replace(b, []byte(`"negative`), []byte(`"Negative`), 1)[:len(b)] })
			edit(t, p+"chunks.jsonl", func(b []byte) []byte { return bytes.Replace(b, []byte(`"range":{}`), []byte(`"range":{ }`), 1) })
		}, []string{"chunks.jsonl altered"}, "checksum"},
		{"listing that is no JSON", func(t *testing.T, p string) {
			edit(t, p+"chunks.jsonl", func(b []byte) []byte { return append(b[:len(b)-9], "#########\n"...) })
			edit(t, p+a0, flip)
		}, []string{"chunks.jsonl altered", a0 + " altered"}, "line 4"},
		{"metadata", func(t *testing.T, p string) { edit(t, p+"metadata", flip) }, []string{"metadata altered"}, ""},
		{"metadata cut", func(t *testing.T, p string) { edit(t, p+"metadata", func(b []byte) []byte { return b[:len(b)-5] }) }, []string{"metadata altered"}, "cut off"},
		{"gomove.json", func(t *testing.T, p string) { edit(t, p+"gomove.json", flip) }, []string{"gomove.json altered"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := write(t, dump.WriterOptions{Compression: dump.None}, true)
			c.damage(t, s.String()+"/")
			r, err := inspect.Run(t.Context(), inspect.Options{Store: s, Deep: true})
			if (c.want == nil) != (err == nil) || err != nil && !errors.Is(err, inspect.ErrDiffers) {
				t.Fatalf("error %v", err)
			}
			found := map[string]bool{}
			for _, p := range r.Problems {
				found[p.File+" "+string(p.Kind)] = true
			}
			for _, w := range c.want {
				if !found[w] {
					t.Errorf("not found: %s among %v", w, r.Problems)
				}
				delete(found, w)
			}
			if len(found) > 0 {
				t.Errorf("found too: %v", found)
			}
			var text strings.Builder
			must(t, r.WriteText(&text))
			if !strings.Contains(text.String(), c.says) {
				t.Errorf("no %q in:\n%s", c.says, text.String())
			}
			if strings.Contains(text.String(), "interrupted") {
				t.Errorf("a damaged dump is called interrupted:\n%s", text.String())
			}
			if strings.Contains(text.String(), "\x1b") {
				t.Errorf("an escape sequence of the dump reaches the terminal:\n%q", text.String())
			}
		})
	}
}

// TestDeep alters the checksum of rows in the listing.
func TestDeep(t *testing.T) {
	for _, o := range []dump.WriterOptions{{}, {Compression: dump.Gzip}, {Rows: dump.SQL}, {For: dump.ForMyloader, Rows: dump.SQL}, {For: dump.ForMyloader, Rows: dump.CSV}, {For: dump.ForMySQL}} {
		s := write(t, o, true)
		r, err := inspect.Run(t.Context(), inspect.Options{Store: s, Deep: true, Threads: 1})
		if err != nil || !r.OK || r.Rows != 4 || r.Tables != 2 || r.Chunks != 4 {
			t.Errorf("%+v: %+v, %v", o, r, err)
		}
		edit(t, s.String()+"/chunks.jsonl", func(b []byte) []byte {
			b[bytes.Index(b, []byte(`"row_sum":"`))+len(`"row_sum":"`)] ^= 1
			return b
		})
		r, err = inspect.Run(t.Context(), inspect.Options{Store: s, Deep: true})
		if !errors.Is(err, inspect.ErrDiffers) || r.ProblemCount != 2 { // the listing's own checksum, and the rows of its first chunk
			t.Errorf("%+v: %+v, %v", o, r.Problems, err)
		}
		if r, _ = inspect.Run(t.Context(), inspect.Options{Store: s}); r.ProblemCount != 1 {
			t.Errorf("%+v, not deep: %+v", o, r.Problems)
		}
	}
}

// TestUnfinished inspects a dump that was interrupted: cut off within a line, then with a chunk damaged.
func TestUnfinished(t *testing.T) {
	s := write(t, dump.WriterOptions{}, false)
	edit(t, s.String()+"/chunks.jsonl", func(b []byte) []byte { return b[:len(b)-20] })
	r, err := inspect.Run(t.Context(), inspect.Options{Store: s, Deep: true})
	if !errors.Is(err, inspect.ErrDiffers) || r.Complete || r.OK || r.ProblemCount != 0 || r.Chunks != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	edit(t, s.String()+"/shop.a.00000.csv.zst", flip)
	r, err = inspect.Run(t.Context(), inspect.Options{Store: s})
	if !errors.Is(err, inspect.ErrDiffers) || r.ProblemCount != 1 || r.Problems[0].File != "shop.a.00000.csv.zst" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNoDump(t *testing.T) {
	s, err := store.NewDir(t.TempDir(), store.ReadOnly)
	must(t, err)
	if r, err := inspect.Run(t.Context(), inspect.Options{Store: s}); r != nil || !errors.Is(err, dump.ErrIncomplete) {
		t.Errorf("%+v, %v", r, err)
	}
}
