package dumper

import (
	"context"
	"errors"
	"strconv"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// A small table may be a large one whose statistics are old or were never made. Its reader asks for no more rows than there can
// be by any sane estimate. Where there are more, the rest is taken apart by halves, without statistics, for all readers.

const (
	// A table may have estimateFactor times the rows that the server states, and a row for each bytesPerRow of a chunk beside
	// them: what fits a few files is not worth the trouble.
	estimateFactor = 4
	bytesPerRow    = 64
	// spreadPerReader is how many ranges the rest makes for each reader: half of the values may hold most of the rows.
	spreadPerReader = 8
)

// looksSmall returns the limit for a table that is read as one range, 0 where its rest could not be told from what was read.
func looksSmall(t *tableState, chunkBytes int64) int64 {
	var whole chunker.Range
	if !t.Ordered(whole) || t.Key.Nullable() || t.Key.Tiled() {
		return 0
	}
	return estimateFactor*t.Rows + chunkBytes/bytesPerRow
}

// limited returns the rows that may be read for this job; below zero for any number. What was read before a session was lost
// is not counted again, so a job that is taken up has none.
func (j *job) limited() int64 {
	if j.limit == 0 || j.skip > 0 || j.rng.Lower != nil {
		return -1
	}
	return j.limit
}

// selectSQL reads a job's range, and one row more than its limit.
func (j *job) selectSQL(rng chunker.Range) string {
	q := j.table.SelectSQL(rng)
	if n := j.limited(); n >= 0 {
		q += " LIMIT " + strconv.FormatInt(n+1, 10)
	}
	return q
}

// errUncut is a key at which the range cannot be cut after all: it is read again without a limit.
var errUncut = errors.New("range cannot be cut")

// stop ends the job before the row that rows have come to, and leaves the rest to others.
func (rd *reading) stop(ctx context.Context, rows *mysql.RowReader) error {
	cells, err := rows.Cells()
	if err != nil {
		return lost(err)
	}
	if _, err := rd.table.Plan.FixRow(cells); err != nil {
		return err
	}
	before, after, ok := rd.rng.Cut(rd.table.Key, rd.table.Plan.Key(cells))
	if !ok || rd.piece > 0 {
		return errUncut
	}
	if rd.file != nil {
		if err := rd.close(ctx, before); err != nil {
			return err
		}
	}
	whole := *rd.whole
	whole.Upper = before.Upper
	rd.rng, rd.whole, rd.beyond = before, &whole, &after
	return nil
}

// spread hands the rest of a job to all readers.
func (r *run) spread(ctx context.Context, rd *reader, q *queue, j *job) error {
	if j.beyond == nil {
		return nil
	}
	ranges, err := chunker.Spread(ctx, rd.conn, j.table.Tiled(), *j.beyond, spreadPerReader*r.o.Threads)
	if err != nil {
		if !mysql.IsConnectionLost(err) {
			return err
		}
		ranges = []chunker.Range{*j.beyond} // the session shows it at its next job
	}
	r.o.Log.Debug("table is larger than its statistics", "table", j.table.String(), "limit", j.limit, "ranges", len(ranges))
	for _, rng := range ranges {
		j.table.add()
		r.o.Progress.ChunksTotal.Add(1)
		q.add(&job{table: j.table, rng: rng})
	}
	return nil
}

// spread cuts a range whose rows are not known for all readers.
func (p *planner) spread(ctx context.Context, t *tableState, r chunker.Range, n int) ([]chunker.Range, error) {
	if t.Key == nil || r.Null || r.Partition != "" {
		return []chunker.Range{r}, nil
	}
	return chunker.Spread(ctx, p.querier, t.Tiled(), r, n)
}

// spreadGap cuts what an earlier run has left between its chunks by the server's estimate.
func (p *planner) spreadGap(ctx context.Context, t *tableState, r chunker.Range) ([]chunker.Range, error) {
	if t.Key == nil || t.Rows == 0 || t.Bytes <= p.chunkBytes {
		return []chunker.Range{r}, nil
	}
	rows, err := chunker.Estimate(ctx, p.querier, t.Tiled(), r)
	if err != nil {
		return nil, err
	}
	n := min(rows*(t.Bytes/t.Rows)/p.chunkBytes+1, int64(spreadPerReader*p.readers))
	return p.spread(ctx, t, r, int(n))
}
