package dumper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
)

// planner finds the ranges of tables while the first of them are being read.
type planner struct {
	queue      *queue
	querier    chunker.Querier
	chunkBytes int64
	chunks     func(n int64) // counts ranges that were found
	debug      func(msg string, args ...any)
	done       func(ctx context.Context, t *tableState) error // a table's ranges are all known
}

// isSmall reports a table that is one range without asking: its estimate fits a chunk, and a larger one is cut as it is read.
func (p *planner) isSmall(t *tableState) bool {
	return t.bytes <= p.chunkBytes || t.key == nil && len(t.partitions) == 0
}

// large finds the ranges of the tables that need more than one, the largest table first.
func (p *planner) large(ctx context.Context, tables []*tableState) error {
	defer p.queue.done()
	for _, t := range tables {
		if err := p.table(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) table(ctx context.Context, t *tableState) error {
	ct := &chunker.Table{
		Schema: t.schema, Name: t.name, Key: t.key, Rows: t.rows, Bytes: t.bytes, Where: t.where,
	}
	if t.key == nil {
		ct.Partitions = t.partitions
	}
	first := true
	for r, err := range chunker.Ranges(ctx, p.querier, ct, chunker.Options{TargetBytes: p.chunkBytes, Log: p.debug}) {
		if err != nil {
			return fmt.Errorf("cut %s: %w", t, err)
		}
		if first && t.ordered(r) {
			if err := p.checkOrder(ctx, t, r); err != nil {
				return fmt.Errorf("cut %s: %w", t, err)
			}
		}
		first = false
		t.add()
		p.chunks(1)
		if err := p.queue.put(ctx, p.queue.large, &job{table: t, rng: r}); err != nil {
			return err
		}
	}
	return p.done(ctx, t)
}

// small hands out tables whole.
func (p *planner) small(ctx context.Context, tables []*tableState) error {
	defer p.queue.done()
	for _, t := range tables {
		t.add()
		p.chunks(1)
		if err := p.queue.put(ctx, p.queue.small, &job{table: t}); err != nil {
			return err
		}
		if err := p.done(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder asks whether the server would sort a range, as it does for an index with mixed directions: such ranges are
// read as they come, and a file that is too long is followed by another piece of the same range.
func (p *planner) checkOrder(ctx context.Context, t *tableState, r chunker.Range) error {
	rows, err := p.querier.QueryContext(ctx, "EXPLAIN FORMAT=TRADITIONAL "+t.selectSQL(r))
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	cells := make([]cellText, len(names))
	dest := make([]any, len(names))
	for i := range cells {
		dest[i] = &cells[i]
	}
	extra := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, "Extra") })
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if extra >= 0 && strings.Contains(cells[extra].s, "filesort") {
			t.unsorted.Store(true)
		}
	}
	return rows.Err()
}
