package dumper

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// ErrSnapshotGone is the end of the last session of a snapshot: no other can see the same state.
var ErrSnapshotGone = errors.New("every session of the snapshot was lost: the dump cannot go on with the same state of the server")

// errSkipped is a table that does not read the same twice, so that its lost range cannot be taken up in the middle.
var errSkipped = errors.New("rows came in another order than before the session was lost: run the dump again")

// reader reads ranges on one session.
type reader struct {
	conn        *mysql.Conn
	writer      output
	counters    *progress.Counters
	chunkBytes  int64
	differences *differences
	unloader    *unloader   // nil: gomove writes all files
	last        *tableState // the table that the session's transaction has open
}

// savepoint marks the start of a reader's transaction. Going back to it lets go of the tables that were read, which DDL of others
// would otherwise wait for until the end of the dump.
const savepoint = "gomove"

// letGoOfTables prepares a session before its transaction: with a binary log, MariaDB keeps the tables locked when it goes
// back to a savepoint, unless the session writes nothing to that log. An account that may not say so keeps them.
func letGoOfTables(ctx context.Context, s *mysql.Server, c *mysql.Conn) error {
	if s.Facts.Flavor != mysql.MariaDB || !s.Facts.LogBin {
		return nil
	}
	_, err := c.ExecContext(ctx, "SET SESSION sql_log_bin=0")
	if mysql.IsDenied(err) {
		return nil
	}
	return err
}

// start sets the savepoint.
func (r *reader) start(ctx context.Context) error {
	_, err := r.conn.ExecContext(ctx, "SAVEPOINT "+savepoint)
	return err
}

// leave lets go of the last table when the next one is another.
func (r *reader) leave(ctx context.Context, next *tableState) error {
	last := r.last
	r.last = next
	if last == nil || last == next {
		return nil
	}
	if _, err := r.conn.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+savepoint); err != nil {
		return fmt.Errorf("leave the table read last: %w", lost(err))
	}
	return nil
}

// idle lets go of the last table while there is nothing to read. A session that is lost here shows it at its next job, which
// another session can then take.
func (r *reader) idle(ctx context.Context) error {
	if err := r.leave(ctx, nil); err != nil && !errors.Is(err, errLost) {
		return err
	}
	return nil
}

// read dumps the rest of a job. After a lost session j is what is left to read.
func (r *reader) read(ctx context.Context, j *job) error {
	j.begin()
	if !j.written {
		if err := r.write(ctx, j); err != nil {
			return err
		}
		j.written = true
	}
	return r.explain(j, -1, r.checkSuspects(ctx, j))
}

// write reads the rows of a job into files.
func (r *reader) write(ctx context.Context, j *job) error {
	t := j.table
	if r.unloader.takes(t) {
		return r.unload(ctx, j)
	}
	rng, err := r.closed(ctx, j)
	if err != nil {
		return r.explain(j, -1, lost(err))
	}
	rows, err := t.Query(ctx, r.conn, j.selectSQL(rng))
	if err != nil {
		return r.explain(j, -1, lost(err))
	}
	rd := reading{reader: r, job: j, number: -1, key: t.Ordered(j.rng), room: j.limited()}
	err = rd.copy(ctx, rows)
	// All rows are in files by now, or the error is known: a session that is lost in Close shows that to its next user.
	_ = rows.Close()
	if err != nil {
		rd.abort()
	}
	if errors.Is(err, errUncut) {
		j.limit = 0
		return r.write(ctx, j)
	}
	return r.explain(j, rd.number, err)
}

// closed returns the job's range with its highest key where the server then compares each row once in place of twice: it is the same rows
// to a session with a snapshot; without one, rows that come in between are rows that came too late. For the query alone: the range that is
// written has its own end.
func (r *reader) closed(ctx context.Context, j *job) (chunker.Range, error) {
	query, ok := j.table.Tiled().LastKeySQL(j.rng)
	if !ok {
		return j.rng, nil
	}
	var last sql.NullString
	if err := r.conn.QueryRowContext(ctx, query).Scan(&last); err != nil || !last.Valid {
		return j.rng, err
	}
	key, err := hex.DecodeString(last.String)
	if err != nil {
		return j.rng, fmt.Errorf("highest key of a range: %w", err)
	}
	return j.rng.WithLast(j.table.Key, key), nil
}

// errLost marks an error of the session, as opposed to one of the place where the dump is written.
var errLost = errors.New("session lost")

// lost marks an error that ends the session and nothing else.
func lost(err error) error {
	if mysql.IsConnectionLost(err) {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}

// explain says what was being read, and what the error means for a dump.
func (r *reader) explain(j *job, chunk int64, err error) error {
	if err == nil {
		return nil
	}
	if j.table.Where == "" || mysql.Number(err) != errUnknownColumn {
		err = catalog.ExplainDDL(err)
	}
	if chunk < 0 {
		return fmt.Errorf("dump %s: %w", j.table, err)
	}
	return fmt.Errorf("dump %s chunk %d: %w", j.table, chunk, err)
}

// errUnknownColumn is what a wrong --where gives as well.
const errUnknownColumn = 1054

// countEvery is how many rows are counted at once: the counters are shared.
const countEvery = 256

// reading is one job on its way into chunk files.
type reading struct {
	*reader
	*job
	key    bool // rows come in key order
	file   *dump.ChunkFile
	number int64 // of file
	counts struct{ rows, bytes int64 }
	hasher dump.RowHasher
	left   int64 // rows to read past
	room   int64 // rows until the job's limit; below zero without one
	byCell bool  // every row is looked at cell by cell
	among  bool  // it is one of several that are read together
}

func (rd *reading) copy(ctx context.Context, rows *mysql.RowReader) error {
	rd.left = rd.skip
	rd.byCell = rd.table.Plan.Rewrites() || len(rd.table.Plan.Inspected) > 0
	for {
		packet, err := rows.NextPacket()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return lost(err)
		}
		if rd.room == 0 {
			if rd.among {
				return errTooMany
			}
			return rd.stop(ctx, rows)
		}
		rd.room--
		if rd.isPlain(packet) {
			err = rd.file.WritePacket(packet)
		} else {
			err = rd.copyRow(ctx, rows)
		}
		if err != nil {
			return err
		}
		if rd.file != nil && rd.file.Rows()%countEvery == 0 {
			rd.count()
		}
	}
	if rd.left > 0 {
		return errSkipped
	}
	if rd.file == nil {
		return nil
	}
	return rd.close(ctx, rd.rng)
}

// isPlain reports whether a row can go into the open file as it came.
func (rd *reading) isPlain(packet []byte) bool {
	return packet != nil && rd.file != nil && !rd.byCell && rd.file.Bytes() < rd.chunkBytes && rd.file.TakesPacket(packet)
}

// copyRow writes the row that rows have come to, or reads past it.
func (rd *reading) copyRow(ctx context.Context, rows *mysql.RowReader) error {
	cells, err := rows.Cells()
	if err != nil {
		return lost(err)
	}
	width := len(rd.table.Plan.Columns)
	changed, err := rd.table.Plan.FixRow(cells)
	if err != nil {
		return err
	}
	if rd.left > 0 {
		rd.hasher.Add(cells[:width])
		if rd.left--; rd.left == 0 && rd.hasher.Sum != rd.skipped {
			return errSkipped
		}
		return nil
	}
	if err := rd.makeRoom(ctx, cells); err != nil {
		return err
	}
	if len(rd.table.Plan.Inspected) > 0 {
		rd.inspect(cells)
	}
	if packet := rows.Packet(); packet != nil && !changed && rd.file.TakesPacket(packet) {
		return rd.file.WritePacket(packet)
	}
	return rd.file.WriteRow(cells[:width])
}

// makeRoom opens a file for the first row, and ends a full one at the next row's key.
func (rd *reading) makeRoom(ctx context.Context, cells [][]byte) error {
	if rd.file != nil && rd.file.Bytes() < rd.chunkBytes {
		return nil
	}
	if rd.file != nil {
		if err := rd.rollOver(ctx, cells); err != nil {
			return err
		}
	}
	rd.number = rd.table.numbers.Add(1) - 1
	var err error
	rd.file, err = rd.writer.CreateChunk(ctx, rd.table.object, int(rd.number))
	return err
}

func (rd *reading) rollOver(ctx context.Context, cells [][]byte) error {
	if rd.key {
		if before, after, ok := rd.rng.Cut(rd.table.Key, rd.table.Plan.Key(cells)); ok && rd.piece == 0 {
			if err := rd.close(ctx, before); err != nil {
				return err
			}
			rd.rng = after
			return nil
		}
	}
	return rd.closePiece(ctx, rd.rng)
}

// closePiece ends a file whose range goes on in another without a key between them.
func (rd *reading) closePiece(ctx context.Context, r chunker.Range) error {
	chunk, err := rd.closeFile(ctx, r, true)
	if err != nil {
		return err
	}
	sum, err := dump.ParseRowSum(chunk.RowSum)
	if err != nil {
		return err
	}
	rd.piece++
	rd.skip += chunk.Rows
	rd.skipped.Merge(sum)
	return nil
}

func (rd *reading) close(ctx context.Context, r chunker.Range) error {
	_, err := rd.closeFile(ctx, r, false)
	return err
}

func (rd *reading) closeFile(ctx context.Context, r chunker.Range, more bool) (dump.Chunk, error) {
	rd.count()
	chunk, err := rd.file.Close(ctx, dumpRange(r, rd.piece, more))
	if err != nil {
		return chunk, err
	}
	rd.file = nil
	rd.counters.Bytes.Add(chunk.Bytes - rd.counts.bytes)
	rd.counts.rows, rd.counts.bytes = 0, 0
	rd.counters.Stored.Add(chunk.Stored)
	rd.counters.Chunks.Add(1)
	rd.table.count(chunk.Rows)
	return chunk, nil
}

// count shows what was written since the last time.
func (rd *reading) count() {
	rows, bytes := rd.file.Rows(), rd.file.Bytes()
	rd.counters.Rows.Add(rows - rd.counts.rows)
	rd.counters.Bytes.Add(bytes - rd.counts.bytes)
	rd.counts.rows, rd.counts.bytes = rows, bytes
}

// abort throws away the open file.
func (rd *reading) abort() {
	if rd.file == nil {
		return
	}
	rd.file.Abort()
	rd.file = nil
	rd.counters.Rows.Add(-rd.counts.rows)
	rd.counters.Bytes.Add(-rd.counts.bytes)
}
