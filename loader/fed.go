package loader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/gomove/gomove/internal/dump"
)

// fed is a dump.Feed as a Source: it remembers the definitions that were read of it, as later phases need them again, and
// the chunks that are on their way to the target.
type fed struct {
	feed  dump.Feed
	ahead *dump.Event       // read, and not yet given: what ended a batch of objects
	ended bool              // io.EOF was read
	batch []*dump.FedObject // objects that the target does not have yet
	nth   int               // batches before this one
	// statement is to be run before the feed is read on.
	statement *dump.FedStatement
	anew      map[[2]string]bool // tables of the batch that a copy reads from their beginning

	mu      sync.Mutex
	objects []*dump.FedObject
	texts   map[textKey][]byte
	flying  map[*dump.Chunk]*dump.FedChunk
}

// textKey names a file of an object.
type textKey struct {
	kind               dump.Kind
	schema, name, file string
}

var _ Source = (*fed)(nil)

func newFed(f dump.Feed) *fed {
	return &fed{feed: f, anew: map[[2]string]bool{}, texts: map[textKey][]byte{}, flying: map[*dump.Chunk]*dump.FedChunk{}}
}

// Manifest is the feed's.
func (f *fed) Manifest() *dump.Manifest { return f.feed.Manifest() }

// Objects yields copies of all objects that were read.
func (f *fed) Objects(ctx context.Context) iter.Seq2[*dump.Object, error] {
	return func(yield func(*dump.Object, error) bool) {
		for i := 0; ; i++ {
			f.mu.Lock()
			if i >= len(f.objects) {
				f.mu.Unlock()
				return
			}
			one := f.objects[i].Object
			f.mu.Unlock()
			if !yield(&one, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}

// copies yields objects that may be altered.
func copies(ctx context.Context, objects []*dump.FedObject) iter.Seq2[*dump.Object, error] {
	return func(yield func(*dump.Object, error) bool) {
		for _, o := range objects {
			one := o.Object
			if !yield(&one, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}

// unplanned yields the batch for its plan, and lets go of the columns of each: a table keeps its own packed.
func (f *fed) unplanned(ctx context.Context) iter.Seq2[*dump.Object, error] {
	return func(yield func(*dump.Object, error) bool) {
		for _, o := range f.batch {
			one := o.Object
			if !yield(&one, ctx.Err()) || ctx.Err() != nil {
				return
			}
			f.mu.Lock()
			o.Columns = nil
			f.mu.Unlock()
		}
	}
}

// Chunks yields nothing: they come by the feed's events.
func (f *fed) Chunks(context.Context) iter.Seq2[*dump.Chunk, error] {
	return func(func(*dump.Chunk, error) bool) {}
}

// OpenSQL reads a file of an object from memory.
func (f *fed) OpenSQL(_ context.Context, o *dump.Object, file int) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.texts[textKey{o.Kind, o.Schema, o.Name, o.Files[file]}]
	if !ok {
		return nil, fmt.Errorf("%w: %s has no text of %s", ErrDamaged, f.feed, o.Files[file])
	}
	return io.NopCloser(bytes.NewReader(text)), nil
}

// OpenChunk reads a chunk that is on its way.
func (f *fed) OpenChunk(_ context.Context, c *dump.Chunk) (io.ReadCloser, error) {
	f.mu.Lock()
	one := f.flying[c]
	f.mu.Unlock()
	if one == nil {
		return nil, fmt.Errorf("%w: chunk %d of %s was released", ErrDamaged, c.Number, f.feed)
	}
	return one.Open()
}

// take has a chunk in flight.
func (f *fed) take(c *dump.FedChunk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flying[&c.Chunk] = c
}

// release gives a chunk's memory back.
func (f *fed) release(c *dump.Chunk) {
	f.mu.Lock()
	one := f.flying[c]
	delete(f.flying, c)
	f.mu.Unlock()
	if one != nil {
		one.Release()
	}
}

// gather reads objects up to what is none.
func (f *fed) gather(ctx context.Context) error {
	for f.ahead == nil && !f.ended {
		e, err := f.feed.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			f.ended = true
		case err != nil:
			return err
		case e.Object != nil:
			if err := f.add(e.Object); err != nil {
				return err
			}
		default:
			f.ahead = &e
		}
	}
	return nil
}

func (f *fed) add(o *dump.FedObject) error {
	if len(o.Texts) != len(o.Files) {
		return fmt.Errorf("%w: %s of %s has %d files and %d texts", ErrDamaged, objectName(&o.Object), f.feed, len(o.Files), len(o.Texts))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, file := range o.Files {
		key := textKey{o.Kind, o.Schema, o.Name, file}
		if _, twice := f.texts[key]; twice {
			return fmt.Errorf("%w: %s of %s comes twice", ErrDamaged, objectName(&o.Object), f.feed)
		}
		f.texts[key] = o.Texts[i]
	}
	if o.Anew {
		f.anew[[2]string{o.Schema, o.Name}] = true
	}
	f.objects = append(f.objects, o)
	f.batch = append(f.batch, o)
	return nil
}

// settle ends a batch that was created, and lets go of the definitions of tables that no later phase asks for: there may be many.
func (f *fed) settle(needed func(o *dump.Object) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.batch {
		if o.Kind != dump.KindTable || needed(&o.Object) {
			continue
		}
		for _, file := range o.Files {
			delete(f.texts, textKey{o.Kind, o.Schema, o.Name, file})
		}
		o.Columns, o.Texts = nil, nil
	}
	f.batch = nil
}

// recall puts the object of a schema into the batch again: nothing of it was selected when it came.
func (f *fed) recall(schema string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.objects {
		if o.Kind == dump.KindSchema && o.Schema == schema && !slices.Contains(f.batch, o) {
			f.batch = append([]*dump.FedObject{o}, f.batch...)
		}
	}
}

// statements is how many statements the feed gives.
func (f *fed) statements() int {
	if f == nil {
		return 0
	}
	o, ok := f.feed.(dump.Ordered)
	if !ok {
		return 0
	}
	return o.Statements()
}

// whole reports that no more objects come.
func (f *fed) whole() bool {
	first, ok := f.feed.(dump.ObjectsFirst)
	return f.ended || ok && first.ObjectsFirst()
}
