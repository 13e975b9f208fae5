package loader

import (
	"container/heap"
	"context"

	"github.com/gomove/gomove/internal/dump"
)

// window is how many chunks are looked at to find one of the largest table: 1,000,000 chunks do not fit the memory bound.
const window = 20_000

// work is one chunk to load.
type work struct {
	t   *table
	c   *dump.Chunk
	seq int
	// clean replaces invalid text, when the target has refused some.
	clean *cleaner
	// with are chunks that may be loaded in the same transaction.
	with []work
}

// all is the chunk and those that go with it.
func (one work) all() []work {
	return append([]work{{t: one.t, c: one.c, seq: one.seq, clean: one.clean}}, one.with...)
}

// chunkHeap has chunks of the largest table first, those of one table in their order.
type chunkHeap []work

func (h chunkHeap) Len() int { return len(h) }
func (h chunkHeap) Less(i, j int) bool {
	if h[i].t.bytes != h[j].t.bytes {
		return h[i].t.bytes > h[j].t.bytes
	}
	return h[i].seq < h[j].seq
}
func (h chunkHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is container/heap's.
func (h *chunkHeap) Push(x any) { *h = append(*h, x.(work)) }

// Pop is container/heap's.
func (h *chunkHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = work{}
	*h = old[:len(old)-1]
	return last
}

var _ heap.Interface = (*chunkHeap)(nil)

// feed sends the chunks that are left to out, those of the largest tables first as far as the window sees, and closes it.
func (l *load) feed(ctx context.Context, crowd *crowd, out chan<- work) error {
	defer close(out)
	defer close(crowd.gone)
	var h chunkHeap
	seq := 0
	for c, err := range l.from.Chunks(ctx) {
		if err != nil {
			return err
		}
		t, ok := l.chunkTable(c)
		if !ok || t == nil {
			continue
		}
		if t.done.has(c.Number) {
			l.counters.Chunks.Add(1)
			l.counters.Rows.Add(c.Rows)
			l.counters.Bytes.Add(c.Bytes)
			continue
		}
		seq++
		heap.Push(&h, work{t: t, c: c, seq: seq})
		if h.Len() >= window {
			if err := crowd.give(ctx, &h, out); err != nil {
				return err
			}
		}
	}
	for h.Len() > 0 {
		if err := crowd.give(ctx, &h, out); err != nil {
			return err
		}
	}
	return nil
}

func send(ctx context.Context, out chan<- work, w work) bool {
	select {
	case <-ctx.Done():
		return false
	case out <- w:
		return true
	}
}
