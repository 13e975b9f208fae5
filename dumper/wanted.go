package dumper

import (
	"context"

	"github.com/gomove/gomove/internal/dump"
)

// wanting is an output whose other end may leave tables as they are.
type wanting interface {
	Wanted(ctx context.Context) (func(schema, table string) bool, error)
}

var _ wanting = (*dump.PipeWriter)(nil)

// leave ends the tables whose rows nobody wants, and gives the others.
func (r *run) leave(ctx context.Context, tables []*tableState) ([]*tableState, error) {
	w, ok := r.writer.(wanting)
	if !ok || r.o.Selection.NoData {
		return tables, nil
	}
	wanted, err := w.Wanted(ctx)
	if wanted == nil || err != nil {
		return tables, err
	}
	var rest []*tableState
	for _, t := range tables {
		if wanted(t.object.Schema, t.object.Name) {
			rest = append(rest, t)
			continue
		}
		t.left = true
		r.o.Progress.RowsTotal.Add(-t.Rows)
		r.o.Progress.BytesTotal.Add(-t.Bytes)
		if err := r.planned(ctx, t); err != nil {
			return nil, err
		}
	}
	return rest, nil
}
