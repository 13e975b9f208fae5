package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/store"
)

func newStore(t testing.TB) *store.Dir {
	t.Helper()
	d, err := store.NewDir(filepath.Join(t.TempDir(), "dump"), store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ordersTable is a table with a column of each encoding.
func ordersTable(w *Writer) *Object {
	return &Object{
		Kind: KindTable, Schema: "shop", Name: "orders", Base: w.Base("shop", "orders"), Engine: "InnoDB",
		Columns: []Column{
			{Name: "id", Type: "int(11)", Encoding: Plain},
			{Name: "note", Type: "text", Charset: "latin1", Encoding: Bytes, Nullable: true},
			{Name: "doc", Type: "json", Encoding: UTF8, Nullable: true},
		},
		Key:   &Key{Name: "PRIMARY", Columns: []string{"id"}},
		Files: []string{"shop.orders-schema.sql"},
	}
}

func randomRow(rnd *rand.Rand, id, maxCell int) Row {
	row := Row{fmt.Append(nil, id), nil, nil}
	for i := 1; i < 3; i++ {
		if rnd.IntN(5) == 0 {
			continue
		}
		row[i] = make([]byte, rnd.IntN(maxCell))
		for k := range row[i] {
			row[i][k] = byte(rnd.Uint32())
		}
	}
	return row
}

// writeDump writes one table in chunks of 100 rows and returns its rows.
func writeDump(t testing.TB, s store.Store, o WriterOptions, rows int) []Row {
	t.Helper()
	ctx := t.Context()
	w, err := NewWriter(ctx, s, o)
	if err != nil {
		t.Fatal(err)
	}
	m := &Manifest{ID: "00000000-0000-4000-8000-000000000000", Tool: "gomove test", Snapshot: SnapshotFacts{
		Coordinates: Coordinates{State: Recorded, File: "binlog.000002", Position: 157, GTIDSet: "a:1-5,\nb:1"}}}
	check(t, w.WriteManifest(ctx, m))
	check(t, w.WriteSQL(ctx, "shop-schema-create.sql", []byte("CREATE DATABASE shop;\n")))
	check(t, w.WriteSQL(ctx, "shop.orders-schema.sql", []byte("CREATE TABLE orders (id int primary key, note text, doc json);\n")))
	check(t, w.WriteObject(ctx, &Object{Kind: KindSchema, Schema: "shop", Base: w.Base("shop", ""), Files: []string{"shop-schema-create.sql"}}))
	table := ordersTable(w)
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []Row
	for n := 0; len(all) < rows; n++ {
		c, err := w.CreateChunk(ctx, table, n)
		if err != nil {
			t.Fatal(err)
		}
		for k := 0; k < 100 && len(all) < rows; k++ {
			row := randomRow(rnd, len(all), 300)
			all = append(all, row)
			check(t, c.WriteRow(row))
		}
		chunk, err := c.Close(ctx, Range{Lower: []string{"31"}, Piece: n})
		check(t, err)
		table.Rows += chunk.Rows
	}
	check(t, w.WriteObject(ctx, table))
	check(t, w.Finish(ctx, m))
	return all
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readDump checks the dump and returns its rows.
func readDump(ctx context.Context, s store.Store) ([]Row, error) {
	r, err := Open(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := r.Check(ctx); err != nil {
		return nil, err
	}
	var table *Object
	for o, err := range r.Objects(ctx) {
		if err != nil {
			return nil, err
		}
		if o.Kind == KindTable {
			table = o
		}
	}
	var all []Row
	for c, err := range r.Chunks(ctx) {
		if err != nil {
			return nil, err
		}
		rows, err := readChunk(ctx, r, table, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

func readChunk(ctx context.Context, r *Reader, table *Object, c *Chunk) ([]Row, error) {
	in, err := r.OpenChunk(ctx, c)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var next func() (Row, error)
	if c.Format() == CSV {
		next = NewCSVReader(in, len(table.Columns), 1<<20).Read
	} else {
		next = newInsertReader(in, table)
	}
	var sum RowHasher
	var all []Row
	for {
		row, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		sum.Add(row)
		kept := make(Row, len(row))
		for i := range row {
			kept[i] = bytes.Clone(row[i])
		}
		all = append(all, kept)
	}
	if sum.Sum.String() != c.RowSum || int64(len(all)) != c.Rows {
		return nil, fmt.Errorf("%d rows of sum %s, want %d of %s", len(all), sum.Sum, c.Rows, c.RowSum)
	}
	return all, nil
}

func TestDumpRoundTrip(t *testing.T) {
	for _, o := range []WriterOptions{
		{},
		{Rows: CSV, Compression: Gzip},
		{Rows: CSV, Compression: None},
		{Rows: SQL, Compression: Zstd, Level: 3},
		{Rows: SQL, Compression: None},
		{For: ForMySQL},
		{For: ForMySQL, Rows: SQL},
		{For: ForMyloader},
		{For: ForMyloader, Rows: CSV},
	} {
		o = o.WithDefaults()
		t.Run(fmt.Sprintf("%s %s %s", o.For, o.Rows, o.Compression), func(t *testing.T) {
			s := newStore(t)
			want := writeDump(t, s, o, 1234)
			got, err := readDump(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			for i := range want {
				if !slices.EqualFunc(want[i], got[i], sameCell) {
					t.Fatalf("row %d: %s", i, cmp.Diff(want[i], got[i]))
				}
			}
		})
	}
}

func sameCell(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// TestDamage alters one thing of a good dump: each must be found, with the file's name.
func TestDamage(t *testing.T) {
	chunk := "shop.orders.00001.csv.zst"
	for _, c := range []struct {
		name   string
		damage func(path string) error
		want   error
		file   string
	}{
		{"chunk missing", func(p string) error { return os.Remove(p + chunk) }, ErrCorrupt, chunk},
		{"chunk cut", func(p string) error { return os.Truncate(p+chunk, 1000) }, ErrCorrupt, chunk},
		{"chunk empty", func(p string) error { return os.Truncate(p+chunk, 0) }, ErrCorrupt, chunk},
		{"bit flipped", func(p string) error { return flip(p+chunk, 900) }, ErrCorrupt, chunk},
		{"frame header flipped", func(p string) error { return flip(p+chunk, 1) }, ErrCorrupt, chunk},
		{"last byte flipped", func(p string) error { return flip(p+chunk, -1) }, ErrCorrupt, chunk},
		{"two chunks swapped", func(p string) error {
			other := p + "shop.orders.00000.csv.zst"
			return errors.Join(os.Rename(p+chunk, p+"x"), os.Rename(other, p+chunk), os.Rename(p+"x", other))
		}, ErrCorrupt, "shop.orders.00000.csv.zst"},
		{"sql file missing", func(p string) error { return os.Remove(p + "shop.orders-schema.sql") }, ErrCorrupt, "shop.orders-schema.sql"},
		{"sql file flipped", func(p string) error { return flip(p+"shop.orders-schema.sql", 5) }, ErrCorrupt, "shop.orders-schema.sql"},
		{"chunks.jsonl without its last line", func(p string) error { return cutLine(p + ChunksName) }, ErrCorrupt, ChunksName},
		{"chunks.jsonl cut inside a line", func(p string) error { return os.Truncate(p+ChunksName, 700) }, ErrCorrupt, ChunksName},
		{"chunks.jsonl missing", func(p string) error { return os.Remove(p + ChunksName) }, ErrCorrupt, ChunksName},
		{"tables.jsonl without its last line", func(p string) error { return cutLine(p + TablesName) }, ErrCorrupt, TablesName},
		{"gomove.json missing", func(p string) error { return os.Remove(p + ManifestName) }, ErrFormat, ManifestName},
		{"gomove.json flipped", func(p string) error { return flip(p+ManifestName, 60) }, ErrCorrupt, ManifestName},
		{"no metadata", func(p string) error { return os.Remove(p + MetadataName) }, ErrIncomplete, "did not finish"},
		{"metadata without its end", func(p string) error { return cutLine(p + MetadataName) }, ErrIncomplete, "metadata is cut off"},
		{"metadata empty", func(p string) error { return os.Truncate(p+MetadataName, 0) }, ErrIncomplete, "metadata is cut off"},
		{"a link for a chunk", func(p string) error {
			return errors.Join(os.Rename(p+chunk, p+"x"), os.Symlink(p+"x", p+chunk))
		}, store.ErrNotRegular, chunk},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			writeDump(t, s, WriterOptions{}, 300)
			check(t, c.damage(s.String()+"/"))
			_, err := readDump(t.Context(), s)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.file) || !strings.Contains(err.Error(), s.String()) {
				t.Errorf("%v: does not name %s and %s", err, c.file, s)
			}
		})
	}
}

func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1 << (uint(at) % 8)
	return os.WriteFile(path, b, 0o600)
}

func cutLine(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b = b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1]
	return os.WriteFile(path, b, 0o600)
}
