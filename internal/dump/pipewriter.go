package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/gomove/gomove/internal/store"
)

// PipeWriter writes a dump into a Pipe. It is safe for concurrent use, but for Finish.
type PipeWriter struct {
	chunkMaker
	pipe     *Pipe
	names    *names
	decoders decoders
	manifest *Manifest

	mu    sync.Mutex
	texts map[string][]byte // of SQL files that no object has named yet
}

// NewPipeWriter begins a dump into a pipe. The preset is ForGomove.
func NewPipeWriter(p *Pipe, o WriterOptions) (*PipeWriter, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	if o.For != ForGomove {
		return nil, fmt.Errorf("--for %s: its files need a directory", o.For)
	}
	w := &PipeWriter{pipe: p, names: newNames(o.For), texts: map[string][]byte{}}
	w.o, w.encoders.compression, w.encoders.level = o, o.Compression, o.Level
	w.create, w.record = w.createMemory, w.putChunk
	return w, w.checkLevel()
}

// WriteManifest lets the other end begin.
func (w *PipeWriter) WriteManifest(_ context.Context, m *Manifest) error {
	out := *m
	out.Format, out.For, out.Rows, out.Compression, out.Sealed = FormatVersion, w.o.For, w.o.Rows, w.o.Compression, true
	w.manifest = &out
	w.pipe.begin(&out)
	return nil
}

// WritePlan does nothing: what was read in one pass cannot be taken up.
func (w *PipeWriter) WritePlan(context.Context, iter.Seq[*PlanLine]) error { return nil }

// Keep does nothing: the other end has what an earlier run has written.
func (w *PipeWriter) Keep(context.Context, *Object, *Chunk) error { return nil }

// Base returns the start of the file names of an object.
func (w *PipeWriter) Base(schema, table string) string { return w.names.base(schema, table) }

// WriteSQL keeps a file for the object that names it in Files.
func (w *PipeWriter) WriteSQL(_ context.Context, name string, text []byte) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[name] = text
	return nil
}

// Announce gives an object, whose Texts and FileSums it fills in. Tables have to be announced before their chunks; WriteObject
// announces all else.
func (w *PipeWriter) Announce(ctx context.Context, o *FedObject) error {
	if o.Kind == KindTable {
		o.Rows = -1
		if w.pipe.selection.awaited {
			w.addTable(o)
		}
	}
	size := int64(0)
	w.mu.Lock()
	o.Texts, o.FileSums = make([][]byte, len(o.Files)), make([]string, len(o.Files))
	for i, name := range o.Files {
		text := w.texts[name]
		delete(w.texts, name)
		o.Texts[i], o.FileSums[i] = text, hashBytes(text)
		size += int64(len(text))
	}
	w.mu.Unlock()
	return w.pipe.put(ctx, pipeEvent{Event: Event{Object: o}}, size)
}

func (w *PipeWriter) addTable(o *FedObject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pipe.selection.tables = append(w.pipe.selection.tables, [2]string{o.Schema, o.Name})
}

// WriteObject gives the end of a table, with its rows, or any other object.
func (w *PipeWriter) WriteObject(ctx context.Context, o *Object) error {
	if o.Kind != KindTable {
		return w.Announce(ctx, &FedObject{Object: *o})
	}
	end := &Finished{Schema: o.Schema, Table: o.Name, Rows: o.Rows}
	return w.pipe.put(ctx, pipeEvent{Event: Event{Finished: end}, object: o}, 0)
}

// Finish says that the dump is whole.
func (w *PipeWriter) Finish(ctx context.Context, _ *Manifest) error {
	if n := w.open.Load(); n != 0 {
		return fmt.Errorf("finish dump %s: %d chunks are still open", w.pipe, n)
	}
	return w.pipe.finish(ctx)
}

// Abandon fails the other end.
func (w *PipeWriter) Abandon() { w.pipe.Close(errAbandoned) }

var errAbandoned = errors.New("the dump ended before it was whole")

// createMemory starts a chunk in memory.
func (w *PipeWriter) createMemory(ctx context.Context, _ string) (store.File, error) {
	return &pipeFile{memory: memory{pool: w.pipe.blocks}, ctx: ctx, pipe: w.pipe}, nil
}

// putChunk hands a whole chunk over, waiting for room.
func (w *PipeWriter) putChunk(ctx context.Context, _ *Object, c *Chunk, file store.File) error {
	f, ok := file.(*pipeFile)
	if !ok {
		return fmt.Errorf("chunk %s: not in memory", c.File)
	}
	f.pack()
	out := &FedChunk{Chunk: *c, Release: once(f.Abort)}
	out.Open = func() (io.ReadCloser, error) { return openStored(w.pipe.name, &w.decoders, &out.Chunk, f.open()) }
	if err := w.pipe.put(ctx, pipeEvent{Event: Event{Chunk: out}, stored: &f.memory}, f.held()); err != nil {
		out.Release()
		return err
	}
	return nil
}

// largeMemory is the size from which a chunk, which then is one with a large row, is the only one that grows or waits in a pipe.
const largeMemory = 2 * PipeChunkBytes

// pipeFile is a chunk in memory. Of large ones there is one at a time.
type pipeFile struct {
	memory
	ctx   context.Context //nolint:containedctx // Write has no other way to learn of its end
	pipe  *Pipe
	large bool
}

// Write waits for another large chunk to be released before this one becomes large.
func (f *pipeFile) Write(p []byte) (int, error) {
	if !f.large && f.size+int64(len(p)) > largeMemory {
		if !f.pipe.large.take(f.ctx, f.pipe.ended, 1) {
			return 0, f.pipe.failed(f.ctx)
		}
		f.large = true
	}
	return f.memory.Write(p)
}

// Abort gives the memory back.
func (f *pipeFile) Abort() {
	f.memory.Abort()
	if f.large {
		f.large = false
		f.pipe.large.give(1)
	}
}
