package dump

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/store"
)

var update = flag.Bool("update", false, "write the golden files")

func TestOptionsValidate(t *testing.T) {
	for _, c := range []struct {
		o    WriterOptions
		want string
	}{
		{WriterOptions{}, ""},
		{WriterOptions{For: ForMyloader, Compression: Zstd}, "--compress zstd: myloader 0.10 loads nothing from .zst files and says nothing; use --compress gzip or none"},
		{WriterOptions{For: ForMyloader, Rows: CSV, Compression: Gzip}, "--compress gzip: LOAD DATA of --for myloader --format csv reads uncompressed files only; use --compress none"},
		{WriterOptions{For: ForMySQL, Compression: Gzip}, "--compress gzip: the mysql client of --for mysql reads uncompressed files only; use --compress none"},
		{WriterOptions{Compression: "lz4"}, "--compress lz4: want zstd, gzip or none"},
		{WriterOptions{Rows: "tsv"}, "--format tsv: want csv or sql"},
		{WriterOptions{For: "x"}, "--for x: want gomove, myloader, mysql or aurora"},
	} {
		got := ""
		if err := c.o.Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.o, got, c.want)
		}
	}
}

func TestNewWriterRefuses(t *testing.T) {
	s := newStore(t)
	check(t, os.WriteFile(s.String()+"/photo.jpg", nil, 0o600))
	if _, err := NewWriter(t.Context(), s, WriterOptions{}); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "photo.jpg") {
		t.Errorf("a directory with a file: %v", err)
	}
	if _, err := NewWriter(t.Context(), newStore(t), WriterOptions{Rows: SQL, Compression: Gzip, Level: 99}); err == nil {
		t.Error("gzip level 99: no error")
	}
}

// TestMetadataGolden compares whole files with testdata; go test -update writes them.
func TestMetadataGolden(t *testing.T) {
	for _, preset := range []Preset{ForGomove, ForMyloader, ForMySQL} {
		t.Run(string(preset), func(t *testing.T) {
			s := newStore(t)
			writeGoldenDump(t, s, preset)
			names := []string{MetadataName, ManifestName, TablesName, ChunksName}
			if preset == ForMySQL {
				names = append(names, RestoreName)
			}
			for _, name := range names {
				got, err := os.ReadFile(s.String() + "/" + name)
				check(t, err)
				got = regexp.MustCompile(`(?m)^# Finished dump at: .*$`).ReplaceAll(got, []byte("# Finished dump at: NOW"))
				got = regexp.MustCompile(`(?m)^# metadata xxh128 [0-9a-f]{32}$`).ReplaceAll(got, []byte("# metadata xxh128 SUM"))
				golden := filepath.Join("testdata", string(preset)+"."+name)
				if *update {
					check(t, os.WriteFile(golden, got, 0o644))
				}
				want, err := os.ReadFile(golden)
				check(t, err)
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			for info, err := range s.List(t.Context(), "") {
				check(t, err)
				if strings.Contains(info.Name, "partial") {
					t.Errorf("left over: %s", info.Name)
				}
			}
		})
	}
}

func writeGoldenDump(t *testing.T, s *store.Dir, preset Preset) {
	t.Helper()
	w, err := NewWriter(t.Context(), s, WriterOptions{For: preset})
	check(t, err)
	m := &Manifest{ID: "5f0c8d6e-0000-4000-8000-000000000000", Tool: "gomove 0.1.0", Started: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Charset: "source",
		Server: ServerFacts{Flavor: "mysql", Version: "9.7.4", Number: 90704, SQLMode: "", TimeZone: "SYSTEM"},
		Snapshot: SnapshotFacts{Mode: "lock", Plan: []string{"lock: FTWRL"}, Coordinates: Coordinates{State: Recorded, File: "binlog.000017", Position: 241149225, GTIDSet: "uuid:1-5,\nother:1"},
			Source: &Coordinates{State: Recorded, Host: "db0", Port: 3306, File: "bin.000001", Position: 4, Channel: "ch"}}}
	check(t, w.WriteManifest(t.Context(), m))
	for _, schema := range []string{"shop", "été"} {
		writeObject(t, w, &Object{Kind: KindSchema, Schema: schema, Base: w.Base(schema, "")}, map[string]string{"-schema-create.sql": "CREATE DATABASE x;\n", "-schema-post.sql": "CREATE FUNCTION f() RETURNS INT RETURN 1;\n"})
	}
	writeObject(t, w, &Object{Kind: KindSequence, Schema: "shop", Name: "seq", Base: w.Base("shop", "seq")}, map[string]string{"-schema.sql": "CREATE SEQUENCE seq;\n"})
	for _, name := range []string{"orders", " odd\nname\\"} {
		table := &Object{Kind: KindTable, Schema: "shop", Name: name, Base: w.Base("shop", name), Columns: []Column{{Name: "id", Type: "int", Encoding: Plain}, {Name: "d<o>c", Type: "json", Encoding: UTF8}}}
		c, err := w.CreateChunk(t.Context(), table, 0)
		check(t, err)
		for i := range 3 {
			check(t, c.WriteRow(Row{fmt.Append(nil, i), nil}))
		}
		chunk, err := c.Close(t.Context(), Range{Upper: []string{"34"}})
		check(t, err)
		table.Rows = chunk.Rows
		writeObject(t, w, table, map[string]string{"-schema.sql": "CREATE TABLE t (id int);\n", "-schema-triggers.sql": "CREATE TRIGGER ...;\n"})
	}
	writeView(t, w, "shop", "v", "SELECT 1")
	check(t, w.Finish(t.Context(), m))
}

func TestAbortAndAbandon(t *testing.T) {
	s := newStore(t)
	w, err := NewWriter(t.Context(), s, WriterOptions{})
	check(t, err)
	c, err := w.CreateChunk(t.Context(), ordersTable(w), 0)
	check(t, err)
	check(t, c.WriteRow(Row{[]byte("1"), nil, nil}))
	if err := w.Finish(t.Context(), &Manifest{}); err == nil || !strings.Contains(err.Error(), "1 chunk files are still open") {
		t.Errorf("Finish beside an open chunk: %v", err)
	}
	c.Abort()
	c.Abort()
	if _, err := c.Close(t.Context(), Range{}); err == nil {
		t.Error("Close after Abort: no error")
	}
	w.Abandon()
	if _, err := Open(t.Context(), s); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), s.String()) {
		t.Errorf("Open of an abandoned dump: %v", err)
	}
	if _, err := os.Stat(s.String() + "/shop.orders.00000.csv.zst"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the aborted chunk is there")
	}
}

func TestWriteRowOfAnotherWidth(t *testing.T) {
	w, err := NewWriter(t.Context(), newStore(t), WriterOptions{})
	check(t, err)
	defer w.Abandon()
	c, err := w.CreateChunk(t.Context(), ordersTable(w), 0)
	check(t, err)
	if err := c.WriteRow(Row{nil, nil}); err == nil {
		t.Fatal("2 cells in a table of 3 columns: no error")
	}
	if _, err := c.Close(t.Context(), Range{}); err == nil {
		t.Error("Close after the error: no error")
	}
}

func TestOpenNoDump(t *testing.T) {
	s := newStore(t)
	if _, err := Open(t.Context(), s); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "is this the dump's directory") {
		t.Errorf("an empty directory: %v", err)
	}
	check(t, os.WriteFile(s.String()+"/metadata", []byte("Started dump at: x\nFinished dump at: y\n"), 0o600))
	if _, err := Open(t.Context(), s); err == nil {
		t.Error("mydumper's old metadata: no error")
	}
}

// TestRowsDoNotAllocate holds for rows that are written at once.
func TestRowsDoNotAllocate(t *testing.T) {
	for _, o := range []WriterOptions{{}, {Rows: SQL, Compression: Gzip}, {Compression: None}} {
		w, err := NewWriter(t.Context(), newStore(t), o)
		check(t, err)
		c, err := w.CreateChunk(t.Context(), ordersTable(w), 0)
		check(t, err)
		row := Row{[]byte("12345"), []byte("it's a note"), []byte(`{"a": 1}`)}
		for range 10000 {
			check(t, c.WriteRow(row))
		}
		if n := testing.AllocsPerRun(20000, func() { check(t, c.WriteRow(row)) }); n != 0 {
			t.Errorf("%+v: %v allocations per row", o, n)
		}
		c.Abort()
		w.Abandon()
	}
}

// TestHugeRow writes a row of 64 MiB: it may not be copied.
func TestHugeRow(t *testing.T) {
	for _, format := range []Format{CSV, SQL} {
		s := newStore(t)
		w, err := NewWriter(t.Context(), s, WriterOptions{Rows: format})
		check(t, err)
		table := ordersTable(w)
		c, err := w.CreateChunk(t.Context(), table, 0)
		check(t, err)
		row := Row{[]byte("1"), bytes.Repeat([]byte("0123456789\n'\"\\\x00\xff"), 64<<20/16), []byte("x")}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		check(t, c.WriteRow(row))
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 4 {
			t.Errorf("%s: %d MiB allocated for a row of 64 MiB", format, n)
		}
		chunk, err := c.Close(t.Context(), Range{})
		check(t, err)
		check(t, w.WriteObject(t.Context(), table))
		check(t, w.Finish(t.Context(), &Manifest{ID: "x"}))
		if format == CSV {
			checkHugeRow(t, s, &chunk, row)
		}
	}
}

func checkHugeRow(t *testing.T, s *store.Dir, chunk *Chunk, row Row) {
	t.Helper()
	r, err := Open(t.Context(), s)
	check(t, err)
	in, err := r.OpenChunk(t.Context(), chunk)
	check(t, err)
	defer in.Close()
	got, err := NewCSVReader(in, 3, 1<<30).Read()
	check(t, err)
	if !bytes.Equal(got[1], row[1]) {
		t.Error("the huge cell differs")
	}
	var sum RowHasher
	sum.Add(got)
	if sum.Sum.String() != chunk.RowSum {
		t.Error("its checksum differs")
	}
}

// TestFullDisk needs a small file system, which only root can mount.
func TestFullDisk(t *testing.T) {
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("SKIPPED: no small tmpfs: %v", err)
	}
	t.Cleanup(func() { check(t, syscall.Unmount(path, 0)) })
	s, err := store.NewDir(path, store.ReadWrite)
	check(t, err)
	w, err := NewWriter(t.Context(), s, WriterOptions{Compression: None})
	check(t, err)
	c, err := w.CreateChunk(t.Context(), ordersTable(w), 0)
	check(t, err)
	row := Row{[]byte("1"), bytes.Repeat([]byte("x"), 5000), nil}
	for range 200 {
		if err = c.WriteRow(row); err != nil {
			break
		}
	}
	if err == nil {
		_, err = c.Close(t.Context(), Range{})
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "shop.orders.00000.csv") || !strings.Contains(err.Error(), "free of 512 KiB") {
		t.Errorf("got %v", err)
	}
	if _, again := c.Close(t.Context(), Range{}); again == nil {
		t.Error("Close after the error: no error")
	}
	w.Abandon()
	if _, err := Open(t.Context(), s); !errors.Is(err, ErrIncomplete) {
		t.Errorf("Open after a full disk: %v", err)
	}
}

func BenchmarkChunkFile(b *testing.B) {
	row, enc := benchRow()
	table := &Object{Schema: "s", Name: "t", Base: "s.t"}
	for _, e := range enc {
		table.Columns = append(table.Columns, Column{Name: "c", Encoding: e})
	}
	for _, o := range []WriterOptions{{Compression: None}, {Rows: SQL, Compression: None}, {}, {Compression: Gzip}} {
		o = o.WithDefaults()
		b.Run(fmt.Sprintf("%s/%s", o.Rows, o.Compression), func(b *testing.B) {
			w, err := NewWriter(b.Context(), newStore(b), o)
			check(b, err)
			defer w.Abandon()
			c, err := w.CreateChunk(b.Context(), table, 0)
			check(b, err)
			defer c.Abort()
			b.SetBytes(int64(len(AppendCSV(nil, row, enc))))
			b.ReportAllocs()
			for b.Loop() {
				check(b, c.WriteRow(row))
			}
		})
	}
}

func BenchmarkSmallChunks(b *testing.B) {
	w, err := NewWriter(b.Context(), newStore(b), WriterOptions{})
	check(b, err)
	defer w.Abandon()
	table := ordersTable(w)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c, err := w.CreateChunk(b.Context(), table, n)
		check(b, err)
		check(b, c.WriteRow(Row{[]byte("1"), nil, nil}))
		_, err = c.Close(b.Context(), Range{})
		check(b, err)
		n++
	}
}

// blind is a directory that says that it is empty, as it was for a dump that looked just before another began.
type blind struct{ *store.Dir }

func (blind) CheckEmpty(context.Context) error { return nil }

func TestTwoDumpsBeginInOnePlace(t *testing.T) {
	d, err := store.NewDir(t.TempDir(), store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	first, err := NewWriter(t.Context(), blind{d}, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Abandon()
	if _, err := NewWriter(t.Context(), blind{d}, WriterOptions{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("second dump: got %v, want ErrNotEmpty", err)
	}
}
