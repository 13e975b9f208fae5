package loader

import (
	"container/heap"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gomove/gomove/internal/dump"
)

// Small chunks are loaded several to a transaction and by INSERT: a claim, START TRANSACTION, COMMIT and the two answers of a LOAD DATA
// for each would cost more than their rows.
const (
	smallChunk   = 64 << 10 // bytes
	mostTogether = 32
	fewChunks    = 64 // so many gain nothing
)

// errAlone is a chunk of which the target says anything but that its rows are in: what that means is found out without others.
var errAlone = errors.New("chunk does not load without a word")

// isSmall reports whether a chunk may share its transaction with others.
func (l *load) isSmall(one work) bool {
	return one.c.Bytes <= smallChunk && !one.t.plainEngine
}

// shares reports whether small chunks of this load go together.
func (l *load) shares() bool {
	return l.format != dump.SQL && l.o.Session.InvalidText != Replace && !l.viaS3.Load()
}

// pop takes a chunk off the heap, and with a small one those that come next: as many as leave each writer its share.
func (l *load) pop(h *chunkHeap, at int) work {
	one := heap.Remove(h, at).(work)
	if h.Len() < fewChunks || !l.shares() || !l.isSmall(one) {
		return one
	}
	for n := min(mostTogether, h.Len()/(2*l.o.Threads)); len(one.with)+1 < n && l.isSmall((*h)[0]); {
		one.with = append(one.with, heap.Pop(h).(work))
	}
	return one
}

// together loads small chunks in one transaction: their progress rows, their rows with the checks of each, COMMIT. Where that fails
// nothing of them is open on the target, and the caller loads each alone, which also finds out whether a lost COMMIT has passed.
func (w *writer) together(ctx context.Context, all []work) bool {
	w.counters.Busy.Add(1)
	defer w.counters.Busy.Add(-1)
	if w.ready(ctx, all...) != nil {
		return false
	}
	stop := w.s.KillOnDone(ctx)
	var read atomic.Int64
	w.sharing = true
	err := w.shared(ctx, all, &read)
	w.sharing = false
	stop()
	w.s.used = time.Now()
	w.counters.Bytes.Add(-read.Load())
	if err != nil {
		w.log.Debug("chunks are loaded one by one", "chunks", len(all), "first", all[0].c.File, "error", err)
		w.undo(ctx, err)
		return false
	}
	for _, one := range all {
		w.summary.chunk(one.c)
		w.counters.Chunks.Add(1)
		w.counters.Rows.Add(one.c.Rows)
		w.counters.Bytes.Add(one.c.Bytes)
	}
	return true
}

// shared is the transaction of several chunks.
func (w *writer) shared(ctx context.Context, all []work, read *atomic.Int64) error {
	first := all[0].t.name
	if sent, err := w.atOnce(ctx, all, read); err != nil {
		return err
	} else if sent {
		return w.between(ctx, first, atChecked, "COMMIT", atCommitted)
	}
	if _, err := w.s.watched(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := w.between(ctx, first, atBegun, w.journal.claim(all...), atClaimed); err != nil {
		return err
	}
	for _, one := range all {
		if err := w.rows(ctx, one, read); err != nil {
			return err
		}
	}
	return w.between(ctx, first, atChecked, "COMMIT", atCommitted)
}

// bundle hands a feed's chunks on to the writers in their order, but for one that would wait for another's. Small ones that come while
// every writer is at work go together.
func (l *load) bundle(ctx context.Context, crowd *crowd, in <-chan work, out chan<- work) error {
	defer close(out)
	defer close(crowd.gone)
	var held []work // what no writer has taken: a chunk with those that go with it, and perhaps one that does not; more where all wait
	hold := func(one work, ok bool) {
		switch {
		case !ok:
			in = nil
		case len(held) == 1 && len(held[0].with)+1 < mostTogether && l.shares() && l.isSmall(held[0]) && l.isSmall(one):
			held[0].with = append(held[0].with, one)
		default:
			held = append(held, one)
		}
	}
	for in != nil || len(held) > 0 {
		var take <-chan work
		var give chan<- work
		var next work
		at, free := crowd.first(held)
		if len(held) < 2 || !free && len(held) < l.o.Threads+2 {
			take = in
		}
		if len(held) > 0 {
			next, give = held[at], out
		}
		if !free {
			select {
			case one, ok := <-take: // it may be free
				hold(one, ok)
				continue
			default:
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t := <-crowd.left:
			crowd.free(t)
		case give <- next:
			crowd.enter(next)
			held = slices.Delete(held, at, at+1)
		case one, ok := <-take:
			hold(one, ok)
		}
	}
	return nil
}
