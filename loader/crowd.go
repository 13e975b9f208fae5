package loader

import (
	"container/heap"
	"context"

	"github.com/gomove/gomove/internal/dump"
)

// crowd knows which tables are being loaded, so that a writer gets a chunk of another one where it would wait for the first: see
// Facts.LocksNumbers. Who hands out the chunks calls its methods, writers only leave.
type crowd struct {
	load *load
	at   map[*table]int
	left chan *table   // by writers that are done with a chunk of it
	gone chan struct{} // closed when all chunks are handed out
}

func newCrowd(l *load) *crowd {
	return &crowd{load: l, at: map[*table]int{}, left: make(chan *table), gone: make(chan struct{})}
}

// blocks reports whether a chunk would wait for one that is being loaded.
func (c *crowd) blocks(one work) bool {
	l := c.load
	return c.at[one.t] > 0 && one.t.autoInc > 0 && l.server.Facts.LocksNumbers() && !l.viaInsert.Load() && l.format != dump.SQL && !l.isSmall(one) &&
		!l.goesInBulk(one.t)
}

// leave tells that a writer is done with a chunk, before it asks for the next one.
func (c *crowd) leave(ctx context.Context, one work) {
	select {
	case c.left <- one.t:
	case <-c.gone:
	case <-ctx.Done():
	}
}

// enter notes that a writer has a chunk.
func (c *crowd) enter(one work) { c.at[one.t]++ }

// free notes that a writer is done with a chunk of a table.
func (c *crowd) free(t *table) {
	if c.at[t]--; c.at[t] == 0 {
		delete(c.at, t)
	}
}

// first is the first chunk that waits for none, or the first of all.
func (c *crowd) first(all []work) (at int, free bool) {
	for i := range all {
		if !c.blocks(all[i]) {
			return i, true
		}
	}
	return 0, false
}

// best is the chunk of a heap that comes first of those that wait for none, or the first of all.
func (c *crowd) best(h chunkHeap) (at int, free bool) {
	if len(h) == 0 || !c.blocks(h[0]) {
		return 0, true
	}
	for i := range h {
		if !c.blocks(h[i]) && (!free || h.Less(i, at)) {
			at, free = i, true
		}
	}
	return at, free
}

// give hands the next chunk of a heap to a writer, the one that is the best when the writer asks.
func (c *crowd) give(ctx context.Context, h *chunkHeap, out chan<- work) error {
	for {
		at, free := c.best(*h)
		one := c.load.pop(h, at)
		given, err := c.offer(ctx, one, free, out)
		if given || err != nil {
			return err
		}
		heap.Push(h, one)
	}
}

// offer waits for a writer that takes a chunk. One that is not free is offered until another writer is done.
func (c *crowd) offer(ctx context.Context, one work, free bool, out chan<- work) (given bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case out <- one:
			c.enter(one)
			return true, nil
		case t := <-c.left:
			if c.free(t); !free {
				return false, nil
			}
		}
	}
}
