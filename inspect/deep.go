package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// maxRowBytes bounds one row of a chunk.
const maxRowBytes = 5 << 30

// decode reads the rows of a chunk and compares their number and checksum with its record.
func (i *inspection) decode(ctx context.Context, c *dump.Chunk) (err error) {
	t := i.tables[[2]string{c.Schema, c.Table}]
	if t == nil {
		return nil // it was reported
	}
	in, err := i.reader.OpenChunk(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return i.decodeRows(ctx, c, t, in)
}

// decodeRows is decode, of a chunk that is open.
func (i *inspection) decodeRows(ctx context.Context, c *dump.Chunk, t *tableState, in io.Reader) error {
	var rows dump.RowHasher
	var n int64
	reader := dump.NewRowReader(in, c, t.columns, min(maxRowBytes, c.Bytes))
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return i.undecodable(ctx, c, err)
		}
		rows.Add(row)
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	switch {
	case n != c.Rows:
		return i.wrong(c, fmt.Sprintf("it holds %s in place of %s", progress.Counted(n, "row"), progress.Count(c.Rows)))
	case rows.Sum.String() != c.RowSum:
		return i.wrong(c, fmt.Sprintf("the checksum of its rows is %s in place of %s", rows.Sum, c.RowSum))
	}
	return nil
}

// undecodable is a problem of the file, whose checksum was right, unless the store failed.
func (i *inspection) undecodable(ctx context.Context, c *dump.Chunk, err error) error {
	if ctx.Err() != nil || errors.Is(err, dump.ErrCorrupt) {
		return err
	}
	return i.wrong(c, err.Error())
}

func (i *inspection) wrong(c *dump.Chunk, what string) error {
	return &dump.Problem{File: c.File, Kind: dump.BadRecords, Place: i.report.Place, What: what}
}
