package dump

import (
	"context"
	"errors"
	"io"
	"sync"
)

// PipeChunkBytes is the size of a chunk, before compression, from which a dump into a pipe begins the next one. A chunk ends at a
// row: it is larger by its last row.
const PipeChunkBytes = 4 << 20

// ErrPipeClosed is a pipe whose other end has gone without an error of its own.
var ErrPipeClosed = errors.New("the other end of the pipe was closed")

// Pipe joins a dump and what takes it in one process. The dump's end is a PipeWriter (dumper.Options.Pipe), the other end a
// Feed: WriteTar, or the loader.
//
//	p := dump.NewPipe("mysql://source", 64<<20)
//	g.Go(func() error { _, err := dumper.Run(ctx, dumper.Options{Pipe: p, ...}); return err })    // it closes its end
//	g.Go(func() error { feed, err := p.Feed(ctx); ...; err = loader.Run(...); p.Close(err); ... })
//
// All objects come first, then chunks of PipeChunkBytes and each table's end. Chunks are in memory, in the compression of
// PipeWriter's options: none costs least where nothing is stored. An end that closes with an error fails the other one with it.
type Pipe struct {
	name   string
	room   *budget
	large  *budget // of one
	blocks *blockPool

	begun  chan struct{} // closed once manifest is set
	events chan pipeEvent
	ended  chan struct{} // closed once err is set

	manifest  *Manifest
	selection pipeSelection

	mu  sync.Mutex
	err error // why it ended: io.EOF is a whole dump
}

// pipeEvent is an event on its way.
type pipeEvent struct {
	Event
	room   int64   // what it holds until it is taken, or released
	stored *memory // of a chunk
	object *Object // of a table's end
}

// pipeEvents is how many events may wait, beside the bound of their bytes.
const pipeEvents = 256

// NewPipe makes a pipe that holds at most about maxBytes of chunks, from their handing over to their Release, and one chunk of
// any size. To keep N readers and N writers at work it takes 2*N*PipeChunkBytes. Each reader fills one more chunk. name is what messages
// call the source.
func NewPipe(name string, maxBytes int64) *Pipe {
	maxBytes = max(maxBytes, 2*PipeChunkBytes)
	return &Pipe{
		name: name, room: &budget{limit: maxBytes}, large: &budget{limit: 1}, blocks: &blockPool{keep: int(maxBytes / memoryBlock)},
		begun: make(chan struct{}), events: make(chan pipeEvent, pipeEvents), ended: make(chan struct{}),
	}
}

// String names the source.
func (p *Pipe) String() string { return p.name }

// Close ends the pipe for both ends, which fail with err; nil is ErrPipeClosed. After the first end it does nothing.
func (p *Pipe) Close(err error) {
	if err == nil {
		err = ErrPipeClosed
	}
	p.end(err)
}

func (p *Pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		close(p.ended)
	}
}

// cause is why the pipe ended.
func (p *Pipe) cause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Feed waits for the dump to begin and gives the other end.
func (p *Pipe) Feed(ctx context.Context) (Feed, error) {
	select {
	case <-p.begun:
		return &pipeFeed{p}, nil
	case <-p.ended:
		return nil, p.cause()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin gives the manifest.
func (p *Pipe) begin(m *Manifest) {
	p.manifest = m
	close(p.begun)
}

// put gives an event, of which size bytes are in memory until it is taken or, for a chunk, released.
func (p *Pipe) put(ctx context.Context, e pipeEvent, size int64) error {
	if !p.room.take(ctx, p.ended, size) {
		return p.failed(ctx)
	}
	e.room = size
	return p.send(ctx, e)
}

// send gives an event that has its room.
func (p *Pipe) send(ctx context.Context, e pipeEvent) error {
	select {
	case p.events <- e:
		return nil
	case <-p.ended:
	case <-ctx.Done():
	}
	p.room.give(e.room)
	return p.failed(ctx)
}

// failed is why an end cannot go on.
func (p *Pipe) failed(ctx context.Context) error {
	if err := p.cause(); err != nil {
		return err
	}
	return ctx.Err()
}

// finish gives what says that the dump is whole.
func (p *Pipe) finish(ctx context.Context) error {
	return p.put(ctx, pipeEvent{}, 0)
}

// pipeFeed is the end of a pipe that takes.
type pipeFeed struct{ *Pipe }

var _ ObjectsFirst = (*pipeFeed)(nil)

// Manifest is the dump's.
func (f *pipeFeed) Manifest() *Manifest { return f.manifest }

// ObjectsFirst is true: a dump knows all its definitions before it reads a row.
func (f *pipeFeed) ObjectsFirst() bool { return true }

// Next takes the next event.
func (f *pipeFeed) Next(ctx context.Context) (Event, error) {
	e, err := f.next(ctx)
	return e.Event, err
}

func (f *pipeFeed) next(ctx context.Context) (pipeEvent, error) {
	select { // an end that failed is told of at once
	case <-f.ended:
		return pipeEvent{}, f.cause()
	default:
	}
	select {
	case e := <-f.events:
		return f.taken(e)
	case <-f.ended:
		return pipeEvent{}, f.cause()
	case <-ctx.Done():
		return pipeEvent{}, ctx.Err()
	}
}

func (f *pipeFeed) taken(e pipeEvent) (pipeEvent, error) {
	switch {
	case e.Chunk != nil:
		give, room := e.Chunk.Release, e.room
		e.Chunk.Release = once(func() {
			give()
			f.room.give(room)
		})
	case e.Event == (Event{}):
		f.end(io.EOF)
		return e, io.EOF
	default:
		f.room.give(e.room)
	}
	return e, nil
}
