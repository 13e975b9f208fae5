package dumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/gomove/gomove/internal/mysql"
)

// Small tables are read several to a round trip: for each of them alone, sending statements and waiting for answers takes longer than
// its rows do.
const (
	mostTogether    = 32
	togetherRows    = 1000    // by the server's estimate, of each table
	togetherBytes   = 1 << 20 // of them all
	togetherShare   = 8       // each reader has as many turns at least
	togetherSlack   = 1000    // rows that a table may have beyond estimateFactor times its estimate
	togetherMaxText = 256 << 10
)

// isTiny reports a table that is read with others: by statements that are gomove's own from end to end.
func isTiny(t *tableState) bool { return t.Where == "" && t.Rows < togetherRows && t.taken == nil }

// tiny puts tables that are read together into the queue, those that come next as one job.
func (p *planner) tiny(ctx context.Context, tables []*tableState) error {
	most := min(len(tables)/(togetherShare*p.readers)+1, mostTogether)
	for len(tables) > 0 {
		n, bytes := 0, int64(0)
		for n < min(most, len(tables)) && (n == 0 || bytes+tables[n].Bytes <= togetherBytes) {
			bytes += tables[n].Bytes
			n++
		}
		all := make([]*job, n)
		for i, t := range tables[:n] {
			t.add()
			all[i] = &job{table: t, limit: looksSmall(t, p.chunkBytes)}
		}
		all[0].with = all[1:]
		p.chunks(int64(n))
		if err := p.queue.put(ctx, p.queue.small, all[0]); err != nil {
			return err
		}
		for _, t := range tables[:n] {
			if err := p.done(ctx, t); err != nil {
				return err
			}
		}
		tables = tables[n:]
	}
	return nil
}

// all is the job and those that are read with it.
func (j *job) all() []*job { return append([]*job{j}, j.with...) }

// goesTogether reports a job that may be read with others.
func (r *reader) goesTogether(j *job) bool {
	t := j.table
	return !r.unloader.takes(t) && !j.written && j.skip == 0 && j.piece == 0
}

// togetherSQL reads a job of several, and one row more than its limit.
func (j *job) togetherSQL() (query string, limit int64) {
	limit = estimateFactor*j.table.Rows + togetherSlack
	return j.table.SelectSQL(j.rng) + " LIMIT " + strconv.FormatInt(limit+1, 10), limit
}

// together reads several jobs by statements that are sent at once. What it leaves is not written: the caller reads it as if nothing had
// been. An error is one of a job that was begun.
func (r *reader) together(ctx context.Context, jobs []*job) (err error) {
	var queries []string
	var limits []int64
	last, size := r.last, 0
	for _, j := range jobs {
		q, limit := j.togetherSQL()
		if size += len(q); !r.goesTogether(j) || size > togetherMaxText {
			break
		}
		if last != nil { // see leave
			queries = append(queries, "ROLLBACK TO SAVEPOINT "+savepoint)
		}
		last = j.table
		queries, limits = append(queries, q), append(limits, limit)
	}
	if len(limits) < 2 {
		return nil
	}
	rows, err := mysql.Several(ctx, r.conn, queries)
	if errors.Is(err, mysql.ErrOneByOne) {
		return nil
	}
	if err != nil {
		return r.explain(jobs[0], -1, lost(err))
	}
	for i, limit := range limits {
		if err = r.writeNext(ctx, rows, jobs[i], limit); err != nil {
			break
		}
	}
	// All rows are in files by now, or the error is known: a session that is lost in Close shows that to its next user.
	_ = rows.Close()
	return err
}

// writeNext writes the rows of a job of several. One that has more than its limit is left as it was.
func (r *reader) writeNext(ctx context.Context, rows *mysql.RowReader, j *job, limit int64) error {
	if r.last != nil {
		if _, err := rows.NextResult(); err != nil {
			return r.explain(j, -1, lost(notEOF(err)))
		}
	}
	r.last = j.table
	columns, err := rows.NextResult()
	if err != nil {
		return r.explain(j, -1, lost(notEOF(err)))
	}
	if want := len(j.table.Plan.Exprs); columns != want {
		return fmt.Errorf("dump %s: query has %d columns, not %d", j.table, columns, want)
	}
	j.begin()
	rd := reading{reader: r, job: j, number: -1, key: j.table.Ordered(j.rng), room: limit, among: true}
	err = rd.copy(ctx, rows)
	if errors.Is(err, errTooMany) && rd.file != nil {
		j.table.numbers.Store(rd.number) // nobody else reads the table
	}
	if err != nil {
		rd.abort()
	}
	if errors.Is(err, errTooMany) {
		j.alone = true
		return nil
	}
	j.written = err == nil
	return r.explain(j, rd.number, err)
}

// errTooMany is a table of more rows than are read among others.
var errTooMany = errors.New("table has more rows than its statistics")

// notEOF is an end of answers where one was to come.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
