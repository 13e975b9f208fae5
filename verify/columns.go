package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
)

// comparable are the columns of a dump's table that are held against the target's: not those that were left out or masked by the same
// flags, nor floating numbers that the dump masked, whose text is not what a server prints. kept is nil where all of them are.
func comparable(o *dump.Object, rules *catalog.ColumnRules) (columns []dump.Column, kept []int) {
	for i, c := range o.Columns {
		_, masked := rules.Masked(c.Name)
		if !masked && !rules.Left(c.Name) && (c.Mask == "" || c.Mask == "fixed" || !isFloating(c.Type)) {
			columns = append(columns, c)
			kept = append(kept, i)
		}
	}
	if len(kept) == len(o.Columns) {
		kept = nil
	}
	return columns, kept
}

func columnNames(o *dump.Object) (names []string) {
	for _, c := range o.Columns {
		names = append(names, c.Name)
	}
	return names
}

func isFloating(columnType string) bool {
	return len(columnType) >= 5 && (columnType[:5] == "float" || columnType[:5] == "doubl")
}

// keep takes the cells that are compared out of a row of a dump, in place.
func (p *pair) keep(cells [][]byte) [][]byte {
	if p.kept == nil {
		return cells
	}
	for i, at := range p.kept {
		cells[i] = cells[at] // at is never before i
	}
	return cells[:len(p.kept)]
}

// narrowTotals adds up the tables of which some columns are not compared: the sums of their chunks say nothing of the others alone.
func (d *dumpSide) narrowTotals(ctx context.Context, pairs []*pair, threads int) (map[[2]string]total, error) {
	narrowed := map[[2]string]*pair{}
	for _, p := range pairs {
		if p.kept != nil {
			narrowed[p.names[source]] = p
		}
	}
	if len(narrowed) == 0 {
		return nil, nil
	}
	var mu sync.Mutex
	out := map[[2]string]total{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(threads)
	for ch, err := range d.reader.Chunks(ctx) {
		if err != nil {
			return nil, errors.Join(err, g.Wait())
		}
		p := narrowed[[2]string{ch.Schema, ch.Table}]
		if p == nil {
			continue
		}
		g.Go(func() error {
			sum, err := d.narrowSum(gctx, p, ch)
			mu.Lock()
			defer mu.Unlock()
			t := out[p.names[source]]
			t.add(sum)
			out[p.names[source]] = t
			return err
		})
	}
	return out, g.Wait()
}

// narrowSum reads a chunk.
func (d *dumpSide) narrowSum(ctx context.Context, p *pair, ch *dump.Chunk) (t total, err error) {
	f, err := d.reader.OpenChunk(ctx, ch)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in := dump.NewRowReader(f, ch, p.object.Columns, maxRowBytes)
	var h dump.RowHasher
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return total{rows: ch.Rows, sum: h.Sum}, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", ch.File, err)
		}
		h.Add(p.keep(cells))
	}
}
