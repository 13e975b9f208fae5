package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"golang.org/x/sync/errgroup"
)

// readyTables is how many tables of a feed may wait for their indexes before the rows wait for them.
const readyTables = 1000

// loadData loads the chunks of all tables over the run's sessions. A table whose last chunk is in gets its indexes while
// the next ones load.
func (l *load) loadData(ctx context.Context) error {
	l.counters.SetPhase("data")
	ready := make(chan *table, len(l.order)+readyTables)
	for _, t := range l.order {
		if l.fed == nil && t.pending == 0 && !t.left {
			if err := l.finished(ctx, t, ready); err != nil {
				return err
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	chunks, arriving, crowd := make(chan work), make(chan work), newCrowd(l)
	var running atomic.Int64 // what tables come from
	running.Store(int64(l.o.Threads) + 1)
	var writing sync.WaitGroup
	writing.Add(l.o.Threads)
	done := func() {
		if running.Add(-1) == 0 {
			close(ready)
		}
	}
	g.Go(func() error {
		defer done()
		if l.fed == nil {
			return l.feed(ctx, crowd, chunks)
		}
		l.fed.narrow(l.wanted)
		err := l.receive(ctx, arriving, ready)
		writing.Wait() // what has come whole is committed, also when the rest of it will not come
		return err
	})
	if l.fed != nil {
		g.Go(func() error { return l.bundle(ctx, crowd, arriving, chunks) })
	}
	l.counters.Threads.Store(int64(l.o.Threads))
	for range l.o.Threads {
		g.Go(func() error {
			w := &writer{load: l, crowd: crowd}
			defer func() {
				w.drop()
				writing.Done()
				done()
			}()
			return w.run(ctx, chunks, ready)
		})
		g.Go(func() error { return l.buildIndexes(ctx, ready) })
	}
	return g.Wait()
}

// finished counts a table whose rows are in and hands it on to its indexes.
func (l *load) finished(ctx context.Context, t *table, ready chan<- *table) error {
	l.counters.Tables.Add(1)
	if !t.deferred || t.kept {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case ready <- t: // it has room for every table of a directory
		return nil
	}
}

// writer loads chunks on one session, which it replaces when it is lost.
type writer struct {
	*load
	crowd *crowd
	s     *session
	lost  []slot // of sessions that the server may still know

	sharing    bool // its transaction holds several chunks
	wentInBulk bool // the chunk's rows, last time
}

func (w *writer) run(ctx context.Context, chunks <-chan work, ready chan<- *table) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case one, ok := <-chunks:
			if !ok {
				return nil
			}
			if err := w.loadAll(ctx, one, ready); err != nil {
				return err
			}
			w.crowd.leave(ctx, one)
		}
	}
}

// loadAll loads a chunk and those that go with it.
func (w *writer) loadAll(ctx context.Context, one work, ready chan<- *table) error {
	together := len(one.with) > 0 && w.together(ctx, one.all())
	for _, one := range one.all() {
		var err error
		if !together {
			err = w.load1(ctx, one)
		}
		if w.fed != nil {
			w.fed.release(one.c)
		}
		if err != nil {
			return &ChunkError{Table: one.t.String(), File: one.c.File, Err: err}
		}
		if one.t.committed(one.c.Rows) {
			if err := w.complete(ctx, one.t, ready); err != nil {
				return err
			}
		}
	}
	return nil
}

// load1 loads one chunk, again and again where that may help: the whole chunk, never a statement of it.
func (w *writer) load1(ctx context.Context, one work) error {
	w.counters.Busy.Add(1)
	defer w.counters.Busy.Add(-1)
	if w.o.Session.InvalidText == Replace && one.t.plainEngine {
		// Its rows cannot be taken back once the target has refused one.
		var err error
		if one.clean, err = w.newCleaner(ctx, one.t); err != nil {
			return err
		}
	}
	for attempt := 0; ; attempt++ {
		err := w.attempt(ctx, one)
		if err == nil {
			if one.clean != nil {
				one.clean.report(w.summary, one)
			}
			w.summary.chunk(one.c)
			if w.wentInBulk {
				w.summary.count(&w.summary.ChunksInBulk, 1)
			}
			w.counters.Chunks.Add(1)
			w.counters.Rows.Add(one.c.Rows)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case w.routeRefused(err), w.leavesBulk(one, err):
			continue
		case w.replaces(one) && isInvalidText(err):
			if one.clean, err = w.newCleaner(ctx, one.t); err != nil {
				return err
			}
			continue
		case mysql.Classify(err) == mysql.Fatal && !noRoom(err) && !passingS3(err), one.t.plainEngine, attempt+1 >= maxAttempts:
			return plainEngine(one.t, w.nameRow(ctx, one, err))
		}
		w.summary.retried(one.t.String(), one.c.File, err)
		w.counters.Retries.Add(1)
		w.log.Warn("chunk is repeated", "table", one.t.String(), "chunk", one.c.File, "attempt", attempt+1, "error", err)
		sleep(ctx, backoff(attempt))
	}
}

// plainEngine says what stays of a failed chunk in a table whose engine cannot roll back.
func plainEngine(t *table, err error) error {
	if !t.plainEngine {
		return err
	}
	return fmt.Errorf("%w (this table's engine has no transactions, rows of the chunk may have stayed; run the load again: this table starts anew)", err)
}

// errDone is a chunk that another session has committed.
var errDone = errors.New("chunk is in already")

// attempt loads a chunk in one transaction, on a session that is in order. Whatever fails, nothing of the chunk is open
// on the target afterwards.
func (w *writer) attempt(ctx context.Context, one work) (err error) {
	if err := w.ready(ctx, one); err != nil {
		return err
	}
	stop := w.s.KillOnDone(ctx)
	w.wentInBulk = false
	var read atomic.Int64
	err = w.transaction(ctx, one, &read)
	stop()
	w.s.used = time.Now()
	if err == nil || errors.Is(err, errDone) {
		w.counters.Bytes.Add(one.c.Bytes - read.Load())
		return nil
	}
	w.counters.Bytes.Add(-read.Load())
	w.undo(ctx, err)
	return err
}

// ready has a session that is in order, and knows the columns of the tables.
func (w *writer) ready(ctx context.Context, all ...work) (err error) {
	if len(w.lost) > 0 {
		if err := w.bury(ctx, w.lost...); err != nil {
			return err
		}
		w.lost = nil
	}
	if w.s.stale() {
		w.drop()
	}
	if w.s == nil {
		if w.s, err = w.openForRows(ctx); err != nil {
			return err
		}
	}
	for _, one := range all {
		if err := w.probe(ctx, one.t); err != nil {
			w.abandon(ctx)
			return err
		}
	}
	return nil
}

// undo ends a transaction that has failed: it is rolled back, or its session is gone.
func (w *writer) undo(ctx context.Context, err error) {
	if mysql.IsConnectionLost(err) || ctx.Err() != nil || !w.s.rollback(ctx) {
		w.abandon(ctx)
	}
}

// abandon throws the session away. The server must do so too before the chunk is tried again; when the run ends, there
// is some time for it.
func (w *writer) abandon(ctx context.Context) {
	w.lost = append(w.lost, w.s.lose())
	w.s = nil
	if ctx.Err() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTime)
	defer cancel()
	_ = w.bury(ctx, w.lost...) // the next run does it if this one cannot
}

func (w *writer) drop() {
	w.s.discard()
	w.s = nil
}

const (
	errDuplicate = 1062
	errNoTable   = 1146
	errNoSchema  = 1049
)

// transaction is BEGIN, the progress row, the rows, their check, COMMIT. Tables without transactions get their progress
// row afterwards, on its own: MySQL with GTIDs refuses both in one transaction (error 1785).
func (w *writer) transaction(ctx context.Context, one work, read *atomic.Int64) error {
	claim := w.journal.claim(one)
	if one.t.plainEngine {
		if err := w.rows(ctx, one, read); err != nil {
			return err
		}
		return w.between(ctx, one.t.name, atBegun, claim, atClaimed)
	}
	if _, err := w.s.watched(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := w.reach(atBegun, w.s, one.t.name); err != nil {
		return err
	}
	if _, err := w.s.watched(ctx, claim); err != nil {
		switch mysql.Number(err) {
		case errDuplicate:
			return w.already(ctx, one)
		case errNoTable, errNoSchema:
			return fmt.Errorf("%w, or ran until a moment ago: the progress table is gone: %w", ErrBusy, err)
		}
		return fmt.Errorf("progress table: %w", err)
	}
	if err := w.reach(atClaimed, w.s, one.t.name); err != nil {
		return err
	}
	if err := w.rows(ctx, one, read); err != nil {
		return err
	}
	return w.between(ctx, one.t.name, atChecked, "COMMIT", atCommitted)
}

// between runs a statement between two moments.
func (w *writer) between(ctx context.Context, of string, before moment, query string, after moment) error {
	if err := w.reach(before, w.s, of); err != nil {
		return err
	}
	if _, err := w.s.watched(ctx, query); err != nil {
		return err
	}
	return w.reach(after, w.s, of)
}

// already looks at the progress row that was there first: the chunk's COMMIT had passed, though its answer was lost.
func (w *writer) already(ctx context.Context, one work) error {
	if _, err := w.s.ExecContext(ctx, "ROLLBACK"); err != nil {
		return err
	}
	var rows int64
	err := w.s.QueryRowContext(ctx, fmt.Sprintf("SELECT row_count FROM %s WHERE dump_id=%s AND kind='chunk' AND schema_name=%s AND table_name=%s AND number=%d",
		w.journal.name(), mysql.QuoteString(w.journal.id), mysql.QuoteString(one.t.schema), mysql.QuoteString(one.t.name), one.c.Number)).Scan(&rows)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("progress table: the row of chunk %d came and went", one.c.Number)
	case err != nil:
		return err
	case rows != one.c.Rows:
		return fmt.Errorf("%w: chunk %d is in with %d rows, the dump says %d", ErrDamaged, one.c.Number, rows, one.c.Rows)
	}
	return errDone
}

// rows sends a chunk's rows by the route of the run and checks that the target took each as it is.
func (w *writer) rows(ctx context.Context, one work, read *atomic.Int64) (err error) {
	if w.pulls(one) {
		return w.pull(ctx, one)
	}
	file, err := w.from.OpenChunk(ctx, one.c)
	if err != nil {
		return err
	}
	r := &chunkReader{r: file, read: read, bytes: &w.counters.Bytes}
	if w.onMoment != nil {
		r.r = &halvedReader{Reader: file, half: one.c.Bytes / 2, reach: func() error { return w.reach(atMiddle, w.s, one.t.name) }}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var got result
	switch {
	case one.clean != nil:
		got, err = w.cleanRows(ctx, one, r)
	case w.bulks(one):
		got, err = w.bulkRows(ctx, one, r)
	case w.viaInsert.Load() || w.format == dump.SQL || w.sharing && w.o.Via != ViaLocalInfile:
		got, err = w.insertRows(ctx, one, r)
	default:
		got, err = w.infile(ctx, one, r)
	}
	if err != nil && ctx.Err() == nil && mysql.Classify(err) == mysql.Fatal {
		_, _ = io.Copy(io.Discard, r) // rows that do not fit may be those of a damaged file: its end tells
	}
	if r.err != nil {
		return r.err // what ended the stream, and not what the server or the driver made of it
	}
	if err != nil {
		return err
	}
	if !r.ended {
		return fmt.Errorf("%w: the target did not read all of the chunk", ErrRows)
	}
	if err := w.reach(atLoaded, w.s, one.t.name); err != nil {
		return err
	}
	return w.check(ctx, one, got)
}

// result is what the target said of a chunk's rows.
type result struct {
	rows     int64     // affected
	count    int64     // of warnings
	warnings []warning // the first of them
	expected int64     // warnings that are no problem; -1: not counted yet
}
