package verify

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
)

// dumpSide is a dump in the place of a source. Its rows are not read unless a table differs.
type dumpSide struct {
	reader *dump.Reader
}

// maxRowBytes bounds a row of a chunk file, as a server's largest packet does.
const maxRowBytes = 2 << 30

// totals adds up the checksums of the chunks by table.
func (d *dumpSide) totals(ctx context.Context) (map[[2]string]total, error) {
	out := map[[2]string]total{}
	for ch, err := range d.reader.Chunks(ctx) {
		if err != nil {
			return nil, err
		}
		sum, err := dump.ParseRowSum(ch.RowSum)
		if err != nil {
			return nil, fmt.Errorf("chunk %s: %w", ch.File, err)
		}
		name := [2]string{ch.Schema, ch.Table}
		t := out[name]
		t.add(total{rows: ch.Rows, sum: sum})
		out[name] = t
	}
	return out, nil
}

// jobs hands out the chunks of a table.
func (d *dumpSide) jobs(ctx context.Context, put emit, p *pair, visitor func() visitor) error {
	for ch, err := range d.reader.Chunks(ctx) {
		if err != nil {
			return err
		}
		if [2]string{ch.Schema, ch.Table} != p.names[source] {
			continue
		}
		if err := put(ctx, &job{pair: p, side: source, chunk: ch, visitor: visitor}); err != nil {
			return err
		}
	}
	return nil
}

// read visits the rows of a chunk.
func (d *dumpSide) read(ctx context.Context, j *job, h *rowReader, v visitor) error {
	f, err := d.reader.OpenChunk(ctx, j.chunk)
	if err != nil {
		return err
	}
	h.keyAt = j.pair.keyAt
	in := dump.NewRowReader(f, j.chunk, j.pair.object.Columns, maxRowBytes)
	var r row
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return f.Close()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", j.chunk.File, err), f.Close())
		}
		r.cells = j.pair.keep(cells)
		h.read(&r)
		v.visit(&r)
	}
}
