package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// sideOf tells the two sides apart.
type sideOf int

const (
	source sideOf = iota
	target
)

func (s sideOf) String() string { return [...]string{"source", "target"}[s] }

// job is some rows of one side of a table.
type job struct {
	pair    *pair
	side    sideOf
	rng     chunker.Range
	where   string      // a condition on top
	chunk   *dump.Chunk // of a dump, in place of a range
	visitor func() visitor
}

// jobTries bounds how often a job is read: a lost session, or DDL since its snapshot, ends only that read.
const jobTries = 4

// emit hands a job to a session of its side.
type emit func(ctx context.Context, j *job) error

// scan reads jobs in parallel on both sides, as the producers hand them out.
func (c *comparison) scan(ctx context.Context, producers ...func(ctx context.Context, put emit) error) error {
	queues := [2]chan *job{make(chan *job, 2*c.o.Threads), make(chan *job, 2*c.o.Threads)}
	put := func(ctx context.Context, j *job) error {
		select {
		case queues[j.side] <- j:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queues[source])
		defer close(queues[target])
		produce, pctx := errgroup.WithContext(ctx)
		for _, p := range producers {
			produce.Go(func() error { return p(pctx, put) })
		}
		return produce.Wait()
	})
	for side, q := range queues {
		for range c.o.Threads {
			g.Go(func() error {
				w := &worker{comparison: c, side: sideOf(side)}
				defer w.close()
				for j := range q {
					if err := w.do(ctx, j); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	return g.Wait()
}

// worker reads jobs of one side on one session.
type worker struct {
	*comparison
	side sideOf
	conn *mysql.Conn
	last *pair // the table that the session's snapshot was taken for
	rows rowReader
}

func (w *worker) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing was written
		w.conn = nil
	}
}

// do reads a job, again where its session was lost or its snapshot is older than a change of the table.
func (w *worker) do(ctx context.Context, j *job) error {
	w.o.Progress.Busy.Add(1)
	defer w.o.Progress.Busy.Add(-1)
	for try := 1; ; try++ {
		v := j.visitor()
		err := w.read(ctx, j, v)
		if err == nil {
			v.merge()
			w.o.Progress.Chunks.Add(1)
			return nil
		}
		w.close()
		if try == jobTries || ctx.Err() != nil || !mysql.IsConnectionLost(err) && mysql.Number(err) != errTableChanged {
			return fmt.Errorf("read %s of the %s: %w", j.pair.name(j.side), j.side, err)
		}
		w.o.Progress.Retries.Add(1)
		w.o.Log.Warn("read again", "side", j.side.String(), "table", j.pair.name(j.side), "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		}
	}
}

// errTableChanged is ER_TABLE_DEF_CHANGED: the table was rebuilt after the snapshot was taken.
const errTableChanged = 1412

func (w *worker) read(ctx context.Context, j *job, v visitor) error {
	if j.side == source && w.dump != nil {
		return w.dump.read(ctx, j, &w.rows, v)
	}
	if err := w.snapshot(ctx, j.pair); err != nil {
		return err
	}
	t := j.pair.sides[j.side]
	rows, err := t.Query(ctx, w.conn, t.SelectWhere(j.rng, t.Plan.Exprs, j.where))
	if err != nil {
		return err
	}
	err = w.visit(j.pair, t, rows, v)
	return errors.Join(err, rows.Close())
}

// snapshot opens a session, and a snapshot for each table, so that none is kept for longer than it is read: for each range where the
// target follows the source, so that both sides are read at nearly the same time.
func (w *worker) snapshot(ctx context.Context, p *pair) error {
	if w.conn != nil && w.last == p && w.followed == nil {
		return nil
	}
	if w.conn == nil {
		var err error
		if w.conn, err = w.servers[w.side].Session(ctx); err != nil {
			return err
		}
	} else if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		return err
	}
	w.last = p
	_, err := w.conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
	return err
}

// countEvery is how many rows are counted at once: the counters are shared.
const countEvery = 1024

func (w *worker) visit(p *pair, t *catalog.TableReader, rows *mysql.RowReader, v visitor) error {
	width := len(t.Plan.Columns)
	w.rows.keyAt = p.keyAt
	var r row
	var n, bytes int64
	defer func() { w.count(n, bytes) }()
	for {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		changed, err := t.Plan.FixRow(cells)
		if err != nil {
			return err
		}
		r.packet = nil
		if !changed && len(cells) == width {
			r.packet = rows.Packet()
		}
		r.cells = cells[:width]
		for i := range t.Plan.Inspected {
			if c := &t.Plan.Inspected[i]; cells[c.At] != nil && string(cells[c.Back]) != "1" {
				r.cells[c.At] = append(append([]byte{}, r.cells[c.At]...), lostInCharset...)
			}
		}
		w.rows.read(&r)
		v.visit(&r)
		bytes += r.size()
		if n++; n == countEvery {
			w.count(n, bytes)
			n, bytes = 0, 0
		}
	}
}

// lostInCharset marks text of one side that the charset in which it is compared does not hold: it is never the other side's.
const lostInCharset = "\x00has characters that the other side's charset lacks"

func (w *worker) count(rows, bytes int64) {
	w.o.Progress.Rows.Add(rows)
	w.o.Progress.Bytes.Add(bytes)
}
