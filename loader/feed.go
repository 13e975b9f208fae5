package loader

import (
	"context"
	"fmt"
	"math"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// phase names a phase in the progress table: each batch of a feed has its own of those that are before the rows.
func (l *load) phase(name string) string {
	if l.fed == nil || l.fed.nth == 0 {
		return name
	}
	return fmt.Sprintf("%s %d", name, l.fed.nth)
}

// arrange plans and creates the objects that the feed has given until now.
func (l *load) arrange(ctx context.Context) error {
	if len(l.fed.batch) == 0 {
		return nil
	}
	l.fed.nth++
	l.batch = nil
	if err := l.plan(ctx); err != nil {
		return err
	}
	if err := l.create(ctx); err != nil {
		return err
	}
	l.counters.SetPhase("data")
	return nil
}

// asks reports whether a later phase reads a table's definition again.
func (l *load) asks(o *dump.Object) bool {
	t := l.tables[[2]string{o.Schema, o.Name}]
	return t != nil && !t.left && (t.deferred && !t.kept || t.foreignKeys || len(o.Triggers) > 0)
}

// receive hands the feed's chunks to the writers as they come, and each table whose end has come to its indexes.
func (l *load) receive(ctx context.Context, out chan<- work, ready chan<- *table) error {
	defer close(out)
	f := l.fed
	for {
		if err := f.gather(ctx); err != nil {
			return err
		}
		if err := l.arrange(ctx); err != nil {
			return err
		}
		if f.ahead == nil {
			return l.received(ctx)
		}
		e := *f.ahead
		f.ahead = nil
		var err error
		switch {
		case e.Chunk != nil:
			err = l.arrived(ctx, e.Chunk, out)
		case e.Finished != nil:
			err = l.endOf(ctx, e.Finished, ready)
		case e.Statement != nil:
			f.statement = e.Statement // what came before it is done first
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// received is called at the end of a feed.
func (l *load) received(ctx context.Context) error {
	var open []string
	for _, t := range l.order {
		if !t.left && !t.closed && l.picker.rows(t.from[0], t.from[1]) {
			open = append(open, t.String())
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%w: %s ends before these tables do: %s", ErrDamaged, l.fed.feed, shorten(open))
	}
	if l.picker.checked {
		return nil
	}
	if err := l.checkNamed(); err != nil {
		return err
	}
	return l.lonely(ctx)
}

// expect notes what is known of a table's rows before they come.
func (l *load) expect(t *table, o *dump.Object) {
	if l.fed == nil {
		return
	}
	t.rows, t.estimated = -1, o.Estimated
	if l.picker.rows(o.Schema, o.Name) {
		t.pending = 1 // its end
		l.counters.RowsTotal.Add(max(0, o.Estimated))
		if c := l.fed.ahead; c != nil && c.Chunk != nil && c.Chunk.Schema == o.Schema && c.Chunk.Table == o.Name {
			t.estimated = max(t.estimated, c.Chunk.Rows)
		}
	}
	t.anew = l.fed.anew[t.from]
}

// hasRows reports whether rows of a table may come.
func (l *load) hasRows(o *dump.Object) bool {
	if l.fed != nil {
		return l.picker.rows(o.Schema, o.Name)
	}
	return o.Rows > 0
}

// arrived gives a chunk to the writers, unless it is in or is not to be loaded.
func (l *load) arrived(ctx context.Context, c *dump.FedChunk, out chan<- work) error {
	t, ok := l.chunkTable(&c.Chunk)
	if !ok {
		c.Release()
		return nil
	}
	if t == nil || t.closed || c.Number < 0 || c.Number > math.MaxInt32 || c.Rows < 0 {
		return fmt.Errorf("%w: chunk %d of %s in %s belongs to no table of it", ErrDamaged, c.Number, mysql.QuoteTable(c.Schema, c.Table), l.fed.feed)
	}
	if t.seen == nil {
		t.seen = numbers{}
	}
	if !t.seen.add(c.Number) {
		return fmt.Errorf("%w: table %s has two chunks with number %d", ErrDamaged, t, c.Number)
	}
	t.bytes += c.Bytes
	t.chunks++
	t.zeros += c.NegativeZeros
	l.counters.ChunksTotal.Add(1)
	if t.done.has(c.Number) {
		l.counters.Bytes.Add(c.Bytes)
		c.Release()
		return nil
	}
	t.announce()
	l.fed.take(c)
	if !send(ctx, out, work{t: t, c: &c.Chunk}) {
		return ctx.Err()
	}
	return nil
}

// endOf takes note that no more chunks of a table come.
func (l *load) endOf(ctx context.Context, f *dump.Finished, ready chan<- *table) error {
	t, ok := l.chunkTable(&dump.Chunk{Schema: f.Schema, Table: f.Table})
	if !ok {
		if t = l.tables[[2]string{f.Schema, f.Table}]; t != nil && !t.left {
			t.closed = true
			return l.finished(ctx, t, ready) // its rows are not asked for
		}
		return nil
	}
	if t == nil || t.closed {
		return fmt.Errorf("%w: %s ends table %s, which it does not hold", ErrDamaged, l.fed.feed, mysql.QuoteTable(f.Schema, f.Table))
	}
	t.closed = true
	t.seen = nil
	t.rows = f.Rows
	l.counters.RowsTotal.Add(f.Rows - max(0, t.estimated))
	l.negativeZeros(t, t.zeros)
	if t.committed(0) {
		return l.complete(ctx, t, ready)
	}
	return nil
}

// complete is called when all of a table is in.
func (l *load) complete(ctx context.Context, t *table, ready chan<- *table) error {
	if l.fed != nil && t.rows >= 0 && t.loaded != t.rows {
		return fmt.Errorf("%w: table %s has %d rows, its chunks hold %d", ErrDamaged, t, t.rows, t.loaded)
	}
	return l.finished(ctx, t, ready)
}

// negativeZeros tells of what MariaDB does not store.
func (l *load) negativeZeros(t *table, n int64) {
	if n > 0 && l.server.Facts.Flavor == mysql.MariaDB {
		l.summary.differs(fmt.Sprintf("table %s: %d times -0 in FLOAT or DOUBLE columns becomes 0: MariaDB stores no negative zero", t, n))
	}
}

// broken says what stays of a load whose feed failed.
func (l *load) broken(err error) error {
	if l.o.Copy.Open != nil {
		return err // the summary says it, and the same command carries on
	}
	tables := 0
	for _, t := range l.order {
		if t.closed && t.pending == 0 && !t.left {
			tables++
		}
	}
	return fmt.Errorf("%w; %d of the tables that had come are whole on the target: the same input again carries on, another one of the same data needs --restart and --if-exists drop or truncate",
		err, tables)
}
