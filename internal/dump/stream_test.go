package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/store"
)

// streamOf writes a dump of a schema without files, two tables, one of them with an ENUM of that many members, and a view.
func streamOf(t testing.TB, o WriterOptions, members int) []byte {
	t.Helper()
	var out bytes.Buffer
	p := NewPipe("a test", 0)
	g, ctx := errgroup.WithContext(t.Context())
	g.Go(func() error { return p.WriteTar(ctx, &out) })
	g.Go(func() (err error) {
		defer func() {
			if err != nil {
				p.Close(err)
			}
		}()
		return writeStreamed(ctx, p, o, members)
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// manyMembers make a record that is longer than a header holds.
const manyMembers = recordPart / 2

// streamedRows are the rows of the first table's chunks.
const streamedRows = 3

func streamedObjects(members int) []*Object {
	return []*Object{
		{Kind: KindSchema, Schema: "s", Base: "s"},
		{
			Kind: KindTable, Schema: "s", Name: "t", Base: "s.t", Rows: 2 * streamedRows, Files: []string{"s.t-schema.sql", "s.t-schema-triggers.sql"},
			Columns: []Column{{Name: "id", Encoding: Plain}, {Name: "v", Encoding: Bytes}},
		},
		{
			Kind: KindTable, Schema: "s", Name: "ä", Base: "s.gomove_000001", Files: []string{"s.gomove_000001-schema.sql"},
			Columns: []Column{{Name: "e", Type: "enum(" + strings.Repeat("'é',", members) + ")", Encoding: Bytes}},
		},
		{Kind: KindView, Schema: "s", Name: "w", Base: "s.w", Files: []string{"s.w-schema-view.sql"}},
	}
}

func writeStreamed(ctx context.Context, p *Pipe, o WriterOptions, members int) error {
	w, err := NewPipeWriter(p, o)
	if err != nil {
		return err
	}
	if err := w.WriteManifest(ctx, pipeManifest()); err != nil {
		return err
	}
	objects := streamedObjects(members)
	for _, o := range objects {
		for _, name := range o.Files {
			if err := w.WriteSQL(ctx, name, []byte("CREATE "+name)); err != nil {
				return err
			}
		}
		fed := &FedObject{Object: *o}
		if err := w.Announce(ctx, fed); err != nil {
			return err
		}
		o.FileSums = fed.FileSums
	}
	for n := range 2 {
		c, err := w.CreateChunk(ctx, objects[1], n)
		if err != nil {
			return err
		}
		for i := range streamedRows {
			if err := c.WriteRow(Row{fmt.Append(nil, n*streamedRows+i), []byte("text")}); err != nil {
				return err
			}
		}
		if _, err := c.Close(ctx, Range{Lower: []string{fmt.Sprintf("%02x", n)}}); err != nil {
			return err
		}
	}
	for _, o := range objects[1:3] {
		if err := w.WriteObject(ctx, o); err != nil {
			return err
		}
	}
	return w.Finish(ctx, nil)
}

// readStream reads all of a stream, as lines.
func readStream(ctx context.Context, in io.Reader) (events []string, err error) {
	feed, err := OpenStream(ctx, in, 0)
	if err != nil {
		return nil, err
	}
	for {
		e, err := feed.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return events, nil
		case err != nil:
			return events, err
		case e.Object != nil:
			words := []string{fmt.Sprintf("%s %s.%s rows %d", e.Object.Kind, e.Object.Schema, e.Object.Name, e.Object.Rows)}
			for i, name := range e.Object.Files {
				words = append(words, fmt.Sprintf("%s: %s", name, e.Object.Texts[i]))
			}
			events = append(events, strings.Join(words, ", "))
		case e.Chunk != nil:
			text, err := readOpened(e.Chunk)
			if err != nil {
				return events, err
			}
			events = append(events, fmt.Sprintf("chunk %s %v: %s", e.Chunk.File, e.Chunk.Range.Lower, text))
			e.Chunk.Release()
		default:
			events = append(events, fmt.Sprintf("end %s.%s %d", e.Finished.Schema, e.Finished.Table, e.Finished.Rows))
		}
	}
}

func readOpened(c *FedChunk) (string, error) {
	in, err := c.Open()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(in)
	return string(text), errors.Join(err, in.Close())
}

func TestStream(t *testing.T) {
	for _, compression := range []Compression{None, Zstd, Gzip} {
		t.Run(string(compression), func(t *testing.T) {
			data := streamOf(t, WriterOptions{Compression: compression}, manyMembers)
			if !IsStream(data[:512]) || IsStream(data[1:513]) {
				t.Error("the stream's beginning does not tell what it is")
			}
			want := []string{
				"schema s. rows 0",
				"table s.t rows -1, s.t-schema.sql: CREATE s.t-schema.sql, s.t-schema-triggers.sql: CREATE s.t-schema-triggers.sql",
				"table s.ä rows -1, s.gomove_000001-schema.sql: CREATE s.gomove_000001-schema.sql",
				"view s.w rows 0, s.w-schema-view.sql: CREATE s.w-schema-view.sql",
				"chunk s.t.00000.csv" + compression.suffix() + " [00]: 0,\"text\"\n1,\"text\"\n2,\"text\"\n",
				"chunk s.t.00001.csv" + compression.suffix() + " [01]: 3,\"text\"\n4,\"text\"\n5,\"text\"\n",
				"end s.t 6", "end s.ä 0",
			}
			got, err := readStream(t.Context(), iotest.DataErrReader(bytes.NewReader(data)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			padded := append(bytes.Clone(data), make([]byte, 10240)...)
			if _, err := readStream(t.Context(), bytes.NewReader(padded)); err != nil {
				t.Errorf("padded as tar does: %v", err)
			}
		})
	}
}

// TestStreamExtracted: GNU tar makes a dump directory of it and has nothing to say.
func TestStreamExtracted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dump")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir)
	cmd.Stdin = bytes.NewReader(streamOf(t, WriterOptions{}, manyMembers))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("tar: %v: %s", err, out)
	}
	s, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
	want := map[string]int64{"s.": 0, "s.t": 6, "s.ä": 0, "s.w": 0}
	got := map[string]int64{}
	for o, err := range r.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[o.Schema+"."+o.Name] = o.Rows
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}

// TestStreamCutOff: wherever it is cut, it is incomplete.
func TestStreamCutOff(t *testing.T) {
	data := streamOf(t, WriterOptions{}, 1)
	for n := 0; n < len(data); n += 97 {
		if _, err := readStream(t.Context(), bytes.NewReader(data[:n])); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("cut off after %d of %d bytes: %v", n, len(data), err)
		}
	}
	for _, n := range []int{512, 1024, len(data) - 1024, len(data) - 512, len(data) - 1} {
		if _, err := readStream(t.Context(), bytes.NewReader(data[:n])); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("cut off after %d of %d bytes: %v", n, len(data), err)
		}
	}
}

// TestStreamDamaged: a flipped bit is found, or changes nothing: fill bytes, owners and times of entries.
func TestStreamDamaged(t *testing.T) {
	data := streamOf(t, WriterOptions{}, 1)
	want, err := readStream(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := 0; i < len(data); i += 61 {
		flipped := bytes.Clone(data)
		flipped[i] ^= 1 << (i % 8)
		got, err := readStream(t.Context(), bytes.NewReader(flipped))
		if err != nil {
			found++
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("byte %d flipped, and no error (-want +got):\n%s", i, d)
		}
	}
	if found < len(data)/61/2 {
		t.Errorf("%d of %d flipped bits were found", found, len(data)/61)
	}
}

func TestStreamRefused(t *testing.T) {
	data := streamOf(t, WriterOptions{}, 1)
	for name, in := range map[string][]byte{
		"text":           bytes.Repeat([]byte("-- a dump of SQL\n"), 100),
		"something more": append(bytes.Clone(data), "more"...),
		"another stream": append(bytes.Clone(data), data...),
	} {
		if _, err := readStream(t.Context(), bytes.NewReader(in)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := iotest.TimeoutReader(bytes.NewReader(data))
	if _, err := readStream(t.Context(), broken); !errors.Is(err, iotest.ErrTimeout) || errors.Is(err, ErrFormat) {
		t.Errorf("an input that fails: %v", err)
	}
}

// TestStreamOfFailedDump has no end.
func TestStreamOfFailedDump(t *testing.T) {
	var out bytes.Buffer
	p := NewPipe("a test", 0)
	var g errgroup.Group
	g.Go(func() error { return p.WriteTar(t.Context(), &out) })
	w, err := NewPipeWriter(p, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteManifest(t.Context(), pipeManifest()); err != nil {
		t.Fatal(err)
	}
	p.Close(errBroken)
	if err := g.Wait(); !errors.Is(err, errBroken) {
		t.Errorf("the writing end: %v", err)
	}
	if _, err := readStream(t.Context(), &out); !errors.Is(err, ErrIncomplete) {
		t.Errorf("the reading end: %v", err)
	}
}

func FuzzStream(f *testing.F) {
	data := streamOf(f, WriterOptions{Compression: None}, 1)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, in []byte) {
		_, _ = readStream(t.Context(), bytes.NewReader(in))
	})
}
