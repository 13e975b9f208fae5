package dumper

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
)

// job is one key range of one table, to be read by one session.
type job struct {
	table *tableState
	rng   chunker.Range
	whole *chunker.Range // as it was handed out; rng is what is left of it
	// suspect are the inspected columns that the server has to look at again, by their place in the plan.
	suspect map[int]bool
	written bool // all rows are in files
	// limit is how many rows the server seems to have at most in the range; 0 is any number. Where there are more, beyond is the
	// range of those that were not read.
	limit  int64
	beyond *chunker.Range
	piece  int // number of the next file of the range where its files are not told apart by key

	// Rows that are already in earlier pieces: a session that takes over reads past them, and their checksum must be the same.
	skip    int64
	skipped dump.RowSum

	with  []*job // small tables that are read by the same statements
	alone bool   // it has turned out to be none of them
}

// begin keeps the range as it was handed out.
func (j *job) begin() {
	if j.whole == nil {
		whole := j.rng
		j.whole = &whole
	}
}

// queue hands ranges to the sessions: those of large tables first, as they are found, small tables in between.
type queue struct {
	large, small chan *job
	again        chan *job    // ranges whose session was lost
	open         atomic.Int64 // jobs that are waiting or being read, and producers
	empty        chan struct{}

	mu    sync.Mutex
	found []*job        // ranges that readers came upon
	wake  chan struct{} // there are some
}

func newQueue(threads, producers int) *queue {
	q := &queue{
		large: make(chan *job, 2*threads), small: make(chan *job, 2*threads),
		again: make(chan *job, threads), empty: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	q.open.Store(int64(producers))
	return q
}

// put adds a job, waiting for room.
func (q *queue) put(ctx context.Context, ch chan<- *job, j *job) error {
	q.open.Add(int64(1 + len(j.with)))
	select {
	case ch <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// add takes a job from a reader. It never waits.
func (q *queue) add(j *job) {
	q.open.Add(1)
	q.mu.Lock()
	q.found = append(q.found, j)
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// takeFound returns a job that a reader has added, nil when there is none.
func (q *queue) takeFound() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.found) == 0 {
		return nil
	}
	j := q.found[0]
	q.found = q.found[1:]
	if len(q.found) > 0 {
		q.signal()
	}
	return j
}

// giveBack returns a job that could not be finished. It never waits: a session gives back one job and ends.
func (q *queue) giveBack(j *job) { q.again <- j }

// done tells that a job is read, or that a producer has no more.
func (q *queue) done() {
	if q.open.Add(-1) == 0 {
		close(q.empty)
	}
}

// idleGrace is how long a session without a job keeps the table that it read last. The next range of the same table comes sooner,
// unless its finding waits for DDL of another client, which waits for this session.
const idleGrace = time.Second

// next returns the next job, nil when all is done. idle is called when there is none for a while.
func (q *queue) next(ctx context.Context, idle func(context.Context) error) (*job, error) {
	select {
	case j := <-q.again:
		return j, nil
	default:
	}
	if j := q.takeFound(); j != nil {
		return j, nil
	}
	select {
	case j := <-q.large:
		return j, nil
	default:
	}
	grace := time.NewTimer(idleGrace)
	defer grace.Stop()
	for {
		select {
		case j := <-q.again:
			return j, nil
		case j := <-q.large:
			return j, nil
		case j := <-q.small:
			return j, nil
		case <-q.wake:
			if j := q.takeFound(); j != nil {
				return j, nil
			}
		case <-q.empty:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-grace.C:
			if err := idle(ctx); err != nil {
				return nil, err
			}
		}
	}
}
