package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var errBroken = errors.New("broken")

func pipeManifest() *Manifest {
	return &Manifest{ID: "11111111-2222-3333-4444-555555555555", Tool: "gomove test", Charset: "source"}
}

func pipeTable() *Object {
	return &Object{
		Kind: KindTable, Schema: "s", Name: "t", Base: "s.t", Files: []string{"s.t-schema.sql"},
		Columns: []Column{{Name: "id", Encoding: Plain}, {Name: "v", Encoding: Bytes}},
	}
}

// newPipeWriter begins a dump with one table, and reads up to its object.
func newPipeWriter(t *testing.T, p *Pipe, o WriterOptions) (*PipeWriter, Feed) {
	t.Helper()
	w, err := NewPipeWriter(p, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteManifest(t.Context(), pipeManifest()); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteSQL(t.Context(), "s.t-schema.sql", []byte("CREATE TABLE t")); err != nil {
		t.Fatal(err)
	}
	if err := w.Announce(t.Context(), &FedObject{Object: *pipeTable()}); err != nil {
		t.Fatal(err)
	}
	feed, err := p.Feed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := feed.Next(t.Context())
	if err != nil || e.Object == nil || e.Object.Rows != -1 || string(e.Object.Texts[0]) != "CREATE TABLE t" {
		t.Fatalf("first event: %+v, %v", e, err)
	}
	return w, feed
}

// putChunk writes a chunk of one row of n bytes.
func putChunk(ctx context.Context, w *PipeWriter, number, n int) error {
	c, err := w.CreateChunk(ctx, pipeTable(), number)
	if err != nil {
		return err
	}
	if err := c.WriteRow(Row{fmt.Append(nil, number), bytes.Repeat([]byte{'x'}, n)}); err != nil {
		c.Abort()
		return err
	}
	_, err = c.Close(ctx, Range{})
	return err
}

func TestPipe(t *testing.T) {
	for _, compression := range []Compression{None, Zstd, Gzip} {
		t.Run(string(compression), func(t *testing.T) {
			p := NewPipe("a test", 0)
			w, feed := newPipeWriter(t, p, WriterOptions{Compression: compression})
			const chunks, size = 40, 600_000
			var g errgroup.Group
			g.Go(func() error {
				for i := range chunks {
					if err := putChunk(t.Context(), w, i, size); err != nil {
						return err
					}
				}
				end := *pipeTable()
				end.Rows = chunks
				return errors.Join(w.WriteObject(t.Context(), &end), w.Finish(t.Context(), nil))
			})
			for i := range chunks {
				e, err := feed.Next(t.Context())
				if err != nil || e.Chunk == nil || e.Chunk.Number != i || e.Chunk.Rows != 1 {
					t.Fatalf("chunk %d: %+v, %v", i, e, err)
				}
				want := fmt.Sprintf("%d,\"%s\"\n", i, bytes.Repeat([]byte{'x'}, size))
				for range 2 {
					if got := readFed(t, e.Chunk); got != want {
						t.Fatalf("chunk %d holds %.80q of %d bytes", i, got, len(got))
					}
				}
				e.Chunk.Release()
				e.Chunk.Release()
			}
			e, err := feed.Next(t.Context())
			if err != nil || e.Finished == nil || *e.Finished != (Finished{Schema: "s", Table: "t", Rows: chunks}) {
				t.Fatalf("end of the table: %+v, %v", e, err)
			}
			if _, err := feed.Next(t.Context()); !errors.Is(err, io.EOF) {
				t.Fatalf("the end: %v", err)
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			if p.room.used != 0 || p.large.used != 0 {
				t.Errorf("%d bytes and %d large chunks were not given back", p.room.used, p.large.used)
			}
		})
	}
}

func readFed(t *testing.T, c *FedChunk) string {
	t.Helper()
	in, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPipeIsBounded: chunks that are not released hold the dump back, whatever their number.
func TestPipeIsBounded(t *testing.T) {
	p := NewPipe("a test", 0)
	w, feed := newPipeWriter(t, p, WriterOptions{Compression: None})
	put := make(chan error, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer close(put)
		for i := range 100 {
			put <- putChunk(ctx, w, i, 1<<20)
		}
	}()
	var held []*FedChunk
	for {
		wait, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		e, err := feed.Next(wait)
		stop()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, e.Chunk)
	}
	if len(held) < 4 || len(held) > 2*PipeChunkBytes>>20 {
		cancel()
		t.Fatalf("%d chunks of 1 MiB in a pipe of %d bytes", len(held), 2*PipeChunkBytes)
	}
	held[0].Release()
	if e, err := feed.Next(t.Context()); err != nil || e.Chunk == nil {
		t.Errorf("after a release: %+v, %v", e, err)
	}
	cancel()
	var last error
	for last = range put { //nolint:revive // the last one counts
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the dump's end after it was cancelled: %v", last)
	}
}

// TestPipeLargeRows: of chunks that a large row makes larger than the pipe there is one at a time, and each gets through.
func TestPipeLargeRows(t *testing.T) {
	p := NewPipe("a test", 0)
	w, feed := newPipeWriter(t, p, WriterOptions{Compression: None})
	var g errgroup.Group
	for i := range 4 {
		g.Go(func() error { return putChunk(t.Context(), w, i, 3*largeMemory) })
	}
	for range 4 {
		e, err := feed.Next(t.Context())
		if err != nil || e.Chunk.Bytes < 3*largeMemory {
			t.Fatalf("%+v, %v", e, err)
		}
		wait, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := feed.Next(wait); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a second large chunk beside the first: %v", err)
		}
		stop()
		e.Chunk.Release()
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestPipeLargeRowsGrowAlone: a second large chunk does not grow before the first is released.
func TestPipeLargeRowsGrowAlone(t *testing.T) {
	p := NewPipe("a test", 0)
	w, feed := newPipeWriter(t, p, WriterOptions{Compression: None})
	if err := putChunk(t.Context(), w, 0, 2*largeMemory); err != nil {
		t.Fatal(err)
	}
	second, err := w.CreateChunk(t.Context(), pipeTable(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Abort()
	written := make(chan error, 1)
	go func() { written <- second.WriteRow(Row{[]byte("1"), bytes.Repeat([]byte{'x'}, 2*largeMemory)}) }()
	e, err := feed.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-written:
		t.Errorf("it has grown beside the first: %v", err)
	case <-time.After(100 * time.Millisecond):
		e.Chunk.Release()
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

// TestPipeFails: either end that fails ends the other one, wherever it waits.
func TestPipeFails(t *testing.T) {
	t.Run("the taking end, while the dump waits for room", func(t *testing.T) {
		p := NewPipe("a test", 0)
		w, _ := newPipeWriter(t, p, WriterOptions{Compression: None})
		var g errgroup.Group
		for i := range 20 {
			g.Go(func() error { return putChunk(t.Context(), w, i, 1<<20) })
		}
		time.Sleep(50 * time.Millisecond)
		p.Close(errBroken)
		if err := g.Wait(); !errors.Is(err, errBroken) {
			t.Errorf("the dump's end: %v", err)
		}
	})
	t.Run("the taking end, while a large row waits", func(t *testing.T) {
		p := NewPipe("a test", 0)
		w, _ := newPipeWriter(t, p, WriterOptions{Compression: None})
		var g errgroup.Group
		for i := range 2 {
			g.Go(func() error { return putChunk(t.Context(), w, i, 2*largeMemory) })
		}
		time.Sleep(50 * time.Millisecond)
		p.Close(nil)
		if err := g.Wait(); !errors.Is(err, ErrPipeClosed) {
			t.Errorf("the dump's end: %v", err)
		}
	})
	t.Run("the dump", func(t *testing.T) {
		p := NewPipe("a test", 0)
		w, feed := newPipeWriter(t, p, WriterOptions{})
		time.AfterFunc(20*time.Millisecond, w.Abandon)
		if _, err := feed.Next(t.Context()); !errors.Is(err, errAbandoned) {
			t.Errorf("the taking end: %v", err)
		}
	})
	t.Run("before the dump begins", func(t *testing.T) {
		p := NewPipe("a test", 0)
		time.AfterFunc(20*time.Millisecond, func() { p.Close(errBroken) })
		if _, err := p.Feed(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("the taking end: %v", err)
		}
	})
	t.Run("after the end of a whole dump", func(t *testing.T) {
		p := NewPipe("a test", 0)
		w, feed := newPipeWriter(t, p, WriterOptions{})
		if err := w.Finish(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := feed.Next(t.Context()); !errors.Is(err, io.EOF) {
				t.Errorf("the taking end: %v", err)
			}
		}
	})
}
