// Package mysqldump reads a file of mysqldump or mariadb-dump as a dump.Feed: definitions with the settings that they were written
// under, and rows, which become format 1's CSV. No statement of the file is run as it stands.
//
// A file that can be read twice is surveyed first: all that it defines is known, and that it is whole, before anything changes on
// the target; its id is made of its content, so that an interrupted load carries on. A pipe is read once, table by table.
package mysqldump

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
)

// Options of reading a file.
type Options struct {
	Name string // of the file, for messages: "dump.sql.gz"
	// Open reads the file from its start, compressed or not; with Once it is called a single time.
	Open func() (io.ReadCloser, error)
	Once bool
	Into string // schema of what stands before the first USE; default none
	// Define gives the target's CREATE TABLE, for rows of a table that the file does not create; nil refuses them.
	Define     func(ctx context.Context, schema, table string) ([]byte, error)
	Unsafe     Unsafe // default RefuseUnsafe
	NotRun     string // why such statements cannot be run on this target; default they can
	ChunkBytes int64  // of a chunk of rows; default foreign.DefaultChunkBytes
	Chunks     int    // in memory at once; default 5

	warnings *warnings
}

// warnings may be read while they are gathered.
type warnings struct {
	mu   sync.Mutex
	list []string
}

// defaultChunks are two that are written, one that is filled, and two between.
const defaultChunks = 5

// warn notes what people should know.
func (o *Options) warn(text string) {
	o.warnings.mu.Lock()
	defer o.warnings.mu.Unlock()
	o.warnings.list = append(o.warnings.list, text)
}

// Feed is the events of a file.
type Feed struct {
	o        Options
	manifest *dump.Manifest
	objects  *objects
	facts    *facts
	memory   *foreign.Memory
	want     xxh3.Uint128 // of what was surveyed
	rowBytes int64        // likewise

	file    io.ReadCloser
	hash    *xxh3.Hasher128 // of what was read
	session *session
	first   *item // of a pipe: read before the first event was asked for

	filling  *foreign.Chunk
	line     int    // in which it begins
	table    *table // whose rows it holds
	literals []foreign.Literal

	events chan dump.Event
	stop   context.CancelFunc
	ended  chan struct{} // closed when reading has ended
	err    error         // why, once it has
}

var (
	_ dump.Feed         = (*Feed)(nil)
	_ dump.ObjectsFirst = (*Feed)(nil)
	_ dump.Warned       = (*Feed)(nil)
	_ dump.Ordered      = (*Feed)(nil)
)

// Open surveys a file, or reads the head of a pipe. The caller closes the Feed.
func Open(ctx context.Context, o Options) (*Feed, error) {
	if o.Chunks == 0 {
		o.Chunks = defaultChunks
	}
	f := &Feed{o: o, events: make(chan dump.Event), ended: make(chan struct{})}
	f.o.warnings = &warnings{}
	f.memory = foreign.NewMemory(o.ChunkBytes, o.Chunks)
	f.objects = newObjects(&f.o)
	var err error
	if o.Once {
		err = f.head()
	} else {
		err = f.survey(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.closeFile())
	}
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	go f.run(ctx)
	return f, nil
}

// run gives the events; it ends with the file, with an error, or when the Feed is closed.
func (f *Feed) run(ctx context.Context) {
	defer close(f.ended)
	if f.o.Once {
		f.err = f.pass(ctx)
	} else {
		f.err = f.replay(ctx)
	}
	if f.err == nil {
		f.err = io.EOF
	}
}

// Manifest describes the dump, as far as the file tells.
func (f *Feed) Manifest() *dump.Manifest { return f.manifest }

// Learned is the manifest with all that the file tells of its source; a pipe must have been read to its end for that.
func (f *Feed) Learned() *dump.Manifest {
	if f.o.Once {
		return f.facts.manifest(f.manifest.ID)
	}
	return f.manifest
}

// ObjectsFirst is true for a file that was surveyed.
func (f *Feed) ObjectsFirst() bool { return !f.o.Once }

// String is the file's name.
func (f *Feed) String() string { return f.o.Name }

// RowBytes is about how many bytes the chunks of a file have that was surveyed; 0 where it is not known.
func (f *Feed) RowBytes() int64 { return f.rowBytes }

// Warnings are what people should know of the file, once it was read.
func (f *Feed) Warnings() []string {
	f.o.warnings.mu.Lock()
	defer f.o.warnings.mu.Unlock()
	return slices.Clone(f.o.warnings.list)
}

// Next gives the next event, io.EOF after the last.
func (f *Feed) Next(ctx context.Context) (dump.Event, error) {
	select {
	case e := <-f.events:
		return e, nil
	case <-f.ended:
		return dump.Event{}, f.err
	case <-ctx.Done():
		return dump.Event{}, ctx.Err()
	}
}

// Close ends the reading.
func (f *Feed) Close() error {
	f.stop()
	<-f.ended
	return f.closeFile()
}

func (f *Feed) closeFile() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// open starts reading the file.
func (f *Feed) open() error {
	raw, err := f.o.Open()
	if err != nil {
		return err
	}
	if f.file, err = foreign.Decompress(raw); err != nil {
		return fmt.Errorf("%s: %w", f.o.Name, errors.Join(err, raw.Close()))
	}
	f.hash = xxh3.New128()
	in := bufio.NewReaderSize(f.file, 4<<10)
	start, _ := in.Peek(64) // an error comes again
	f.facts = &facts{mariadb: bytes.Contains(start, sandbox)}
	s := newScript(io.TeeReader(in, f.hash), f.o.Name, f.facts.comment)
	f.session = &session{script: s, schema: f.o.Into, collation: map[string]string{}, o: &f.o, facts: f.facts, objects: f.objects}
	return nil
}

// emit gives an event.
func (f *Feed) emit(ctx context.Context, e dump.Event) error {
	select {
	case f.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fill brings the rows of an INSERT into chunks.
func (f *Feed) fill(ctx context.Context, t *table) error {
	if f.table != t {
		if err := f.flush(ctx); err != nil {
			return err
		}
		f.table = t
	}
	s := f.session.script
	var row []byte
	decode := func(dst []byte) (_ []byte, err error) {
		if f.literals, err = s.dialect.DecodeRow(row, f.literals); err == nil {
			err = t.zone.toUTC(f.literals)
		}
		if err != nil {
			return dst, err
		}
		return t.columns.AppendRow(dst, f.literals)
	}
	return s.rows(func(raw []byte, line int) (err error) {
		if f.filling == nil {
			if f.filling, err = f.memory.Begin(ctx); err != nil {
				return err
			}
			f.line = line
		}
		row = raw
		full, err := f.filling.Add(decode)
		if errors.Is(err, foreign.ErrStatement) {
			return fmt.Errorf("row of %s: %w; a row must have a literal value for each column: correct this one in the file", t.columns, err)
		}
		if err != nil {
			return fmt.Errorf("row of %s: %w", t.columns, err)
		}
		t.rows++
		if !full {
			return nil
		}
		if len(raw) > largeRow { // its memory is free before the target gets it from the chunk
			row = nil
			clear(f.literals)
			s.scan.Reserve(scanBuffer)
			runtime.GC()
		}
		return f.flush(ctx)
	})
}

// flush gives the chunk that is being filled.
func (f *Feed) flush(ctx context.Context) error {
	if f.filling == nil {
		return nil
	}
	o := f.table.object
	c := f.filling.Finish(o.Schema, o.Name, f.table.chunks, f.o.Name, int64(f.line))
	f.table.chunks++
	f.filling = nil
	return f.emit(ctx, dump.Event{Chunk: c})
}

// finish tells the end of a table.
func (f *Feed) finish(ctx context.Context, t *table) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	t.complete = true
	return f.emit(ctx, dump.Event{Finished: &dump.Finished{Schema: t.object.Schema, Table: t.object.Name, Rows: t.rows}})
}
