package chunker

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/gomove/gomove/internal/mysql"
)

// Table is a table to cut.
type Table struct {
	Schema, Name string
	Key          *Key     // nil: no usable key
	Partitions   []string // names, of sub-partitions where there are some
	Rows         int64    // the server's estimate
	Bytes        int64    // the server's estimate of its data
	Where        string   // --where; the table is cut as if whole
}

// Options of a cut.
type Options struct {
	TargetBytes int64                         // bytes of rows in a range; default 64 MiB
	Log         func(msg string, args ...any) // debug messages with slog's key-value pairs; nil for none
}

const (
	defaultTargetBytes = 64 << 20
	smallShare         = 8  // a table of less than this share of the target is not looked at
	leastRowBytes      = 16 // a row takes more than that on disk; less shows statistics that lie
	piecesPerRange     = 4
	fewRows            = 1000
)

// Ranges yields ranges that tile the table, in key order, found lazily. Small tables are one range and cost no query.
// Its queries go through q between the ranges: q should be a session of its own that sees the data as the readers do,
// with character_set_results=binary and time_zone +00:00.
//
// Where the statistics say nothing of a table's size a range may hold any number of rows (its Rows are 0): the caller reads
// some of them, cuts the range there, and takes the rest apart by Halve.
func Ranges(ctx context.Context, q Querier, t *Table, o Options) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		if o.TargetBytes <= 0 {
			o.TargetBytes = defaultTargetBytes
		}
		if t.Key == nil || len(t.Key.Parts) == 0 {
			whole(t, yield)
			return
		}
		if t.small(o.TargetBytes) {
			yield(Range{Rows: t.Rows}, nil)
			return
		}
		if err := t.cut(ctx, q, o, yield); err != nil && !errors.Is(err, errStop) {
			yield(Range{}, fmt.Errorf("cut %s.%s into key ranges: %w", t.Schema, t.Name, err))
		}
	}
}

// whole yields a table without a key: by partitions, or as one range.
func whole(t *Table, yield func(Range, error) bool) {
	if len(t.Partitions) == 0 {
		yield(Range{}, nil)
		return
	}
	for _, p := range t.Partitions {
		if !yield(Range{Partition: p}, nil) {
			return
		}
	}
}

// small reports a table that needs no cut for sure, by statistics that look sane.
func (t *Table) small(target int64) bool {
	return t.Rows > 0 && t.Bytes < target/smallShare && t.Rows < target/smallShare/leastRowBytes &&
		(t.Rows < fewRows || t.Bytes/t.Rows >= leastRowBytes)
}

// cut finds the ranges of a table that may be large.
func (t *Table) cut(ctx context.Context, q Querier, o Options, yield func(Range, error) bool) error {
	key := *t.Key
	key.Parts = append([]Part(nil), key.Parts...)
	pr := &prober{q: q, key: &key, table: mysql.QuoteTable(t.Schema, t.Name), partitions: t.Partitions}
	m := newMeter(ctx, pr, o.Log)
	ranges := 0
	p := &planner{prober: pr, alphabets: make([]*alphabet, len(key.Parts))}
	p.yield = func(r Range) error {
		if ranges == 0 && key.Nullable() && !r.Whole() {
			ranges++
			if !yield(Range{Null: true}, nil) {
				return errStop
			}
		}
		ranges++
		m.pause(ctx)
		if !yield(r, nil) {
			return errStop
		}
		m.resume(ctx)
		return nil
	}
	err := p.measure(ctx, t, o.TargetBytes)
	if err == nil && p.rows > 0 {
		err = p.group(ctx, nil, p.rows)
	}
	if err := p.uncut(err); err != nil {
		return err
	}
	if len(p.base) > 0 {
		return fmt.Errorf("range of %d equal parts is left open: %w", len(p.base), err)
	}
	if err := p.finish(); err != nil {
		return err
	}
	m.log(ctx, t, ranges, p)
	return nil
}

// measure finds the table's rows, and how many of them make a range.
func (p *planner) measure(ctx context.Context, t *Table, targetBytes int64) error {
	all, err := p.explain(ctx, []string{"SELECT 1 FROM " + p.table})
	if err != nil {
		return err
	}
	p.rows = all[0]
	if p.rows <= fewRows && t.Rows <= fewRows {
		// Statistics that were never made look like this, and so does an empty table. They bound every estimate as well.
		v, err := p.skip(ctx, interval{}, 2*fewRows)
		if err != nil {
			return err
		}
		if v != nil {
			p.misled = true
			return errUncut
		}
		if t.Bytes < targetBytes {
			p.rows = 0
			return nil
		}
		p.rows = max(p.rows, 1)
	}
	rowBytes, err := p.rowBytes(ctx, t)
	if err != nil {
		return err
	}
	p.rowSize, p.target = rowBytes, max(targetBytes/rowBytes, 1)
	p.piece = max(p.target/piecesPerRange, min(p.target, 100))
	return nil
}

// rowBytes returns the mean size of a row: the server's, held against a sample, since statistics may be far off.
func (p *planner) rowBytes(ctx context.Context, t *Table) (int64, error) {
	const most, bytes, factor = 16, 64 << 10, 4
	stated := t.Bytes / max(t.Rows, 1)
	limit := max(min(bytes/max(stated, 1), most), 2)
	var s sample
	for _, order := range []string{"ASC", "DESC"} {
		if err := p.sampleRows(ctx, &s, order, limit); err != nil {
			return 0, err
		}
	}
	if s.rows == 0 {
		return max(stated, leastRowBytes), nil
	}
	seen := max(s.bytes/s.rows, 1)
	return max(min(stated, seen*factor), seen), nil
}
