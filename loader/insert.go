package loader

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

const (
	insertBytes = 1 << 20 // of one multi-row statement
	maxRowBytes = 5 << 30 // of one row in a chunk: a LONGBLOB of which every byte is escaped would be 8 GiB
	packetSlack = 1 << 10 // of max_allowed_packet, for what is around the statement
	// largeBytes is the size from which a row travels alone, in pieces: as text of a statement it would be in memory
	// several times.
	largeBytes = 8 << 20
	// maxPacketBytes is above what escapes make of a row that is not large.
	maxPacketBytes = 32 << 20
)

// inserter gathers rows into statements below the target's max_allowed_packet.
type inserter struct {
	w       *writer
	t       *table
	cols    []tableColumn
	enc     []dump.Encoding
	zeros   []string // see warnedZeros
	head    int      // length of the INSERT's header at the start of buf
	buf     []byte
	rows    int64 // in buf
	sent    int64 // rows in statements before
	got     result
	limit   int
	maximum int
	large   largeStatement
}

// insertRows sends a chunk by multi-row INSERT statements.
func (w *writer) insertRows(ctx context.Context, one work, r io.Reader) (got result, err error) {
	in := newInserter(w, one.t)
	if err := w.s.strict(ctx, !one.t.enums); err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, in.large.close()) }()
	reader := w.rowReader(one, r)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			err = in.flush(ctx)
			return in.got, err
		}
		if err != nil {
			return in.got, tooLong(err)
		}
		if err := in.add(ctx, row); err != nil {
			return in.got, err
		}
	}
}

func newInserter(w *writer, t *table) *inserter {
	in := &inserter{w: w, t: t, cols: t.unpack(), maximum: min(w.server.Facts.MaxAllowedPacket, maxPacketBytes) - packetSlack}
	in.limit = min(insertBytes, in.maximum)
	in.zeros = t.warnedZeros(w.warnsOfZero())
	names := make([]string, len(in.cols))
	for i, c := range in.cols {
		names[i] = mysql.QuoteName(c.name)
		in.enc = append(in.enc, c.encoding)
	}
	in.buf = append(in.buf, "INSERT INTO "+t.String()+" ("+strings.Join(names, ",")+") VALUES "...)
	in.head = len(in.buf)
	return in
}

func (in *inserter) add(ctx context.Context, row dump.Row) error {
	if rowBytes(row) > largeBytes {
		if err := in.flush(ctx); err != nil {
			return err
		}
		in.got.expected += countZeros(row, in.zeros)
		return in.addLarge(ctx, row)
	}
	start := len(in.buf)
	if in.rows > 0 {
		in.buf = append(in.buf, ',')
	}
	from := len(in.buf)
	in.buf = in.append(in.buf, row)
	in.got.expected += countZeros(row, in.zeros)
	if len(in.buf) > in.limit && in.rows > 0 {
		// The row starts the next statement.
		next := bytes.Clone(in.buf[from:])
		in.buf = in.buf[:start]
		if err := in.flush(ctx); err != nil {
			return err
		}
		in.buf = append(in.buf, next...)
	}
	in.rows++
	if len(in.buf) > in.maximum {
		in.buf, in.rows = in.buf[:in.head], 0
		return in.addLarge(ctx, row)
	}
	if len(in.buf) > in.limit {
		return in.flush(ctx)
	}
	return nil
}

func rowBytes(row dump.Row) int {
	n := 0
	for _, cell := range row {
		n += len(cell)
	}
	return n
}

// append writes a row as values. Columns of another charset on the target are converted from the dump's.
func (in *inserter) append(dst []byte, row dump.Row) []byte {
	if len(in.t.convert) == 0 {
		return dump.AppendValues(dst, row, in.enc)
	}
	dst = append(dst, '(')
	for i := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		charset := in.t.convert[in.cols[i].name]
		if charset == "" || row[i] == nil {
			start := len(dst)
			dst = dump.AppendValues(dst, row[i:i+1], in.enc[i:i+1])
			dst = append(dst[:start], dst[start+1:len(dst)-1]...) // without the parentheses
			continue
		}
		dst = append(dst, "CONVERT"...)
		dst = dump.AppendValues(dst, row[i:i+1], in.enc[i:i+1])
		dst = append(dst[:len(dst)-1], " USING "+charset+")"...)
	}
	return append(dst, ')')
}

// flush sends what was gathered and adds up what the target says of it.
func (in *inserter) flush(ctx context.Context) error {
	if in.rows == 0 {
		return nil
	}
	res, err := in.w.s.watched(ctx, string(in.buf))
	if err != nil {
		return in.failed(err)
	}
	n := in.rows
	in.buf, in.rows = in.buf[:in.head], 0
	if cap(in.buf) > 4*insertBytes {
		in.buf = append(make([]byte, 0, insertBytes+insertBytes/4), in.buf...)
	}
	return in.count(ctx, res, n)
}

func (in *inserter) failed(err error) error {
	return inRow(fmt.Errorf("rows %d to %d of the chunk: %w", in.sent+1, in.sent+max(in.rows, 1), err), in.sent)
}

// count adds up what the target says of a statement of n rows.
func (in *inserter) count(ctx context.Context, res sql.Result, n int64) error {
	affected, err := res.RowsAffected()
	if err != nil {
		return err
	}
	count, warnings, err := in.w.s.warnings(ctx)
	if err != nil {
		return err
	}
	in.got.add(affected, count, warnings, in.sent)
	in.sent += n
	return nil
}

// add sums the statements of a chunk; offset is the rows before this one's.
func (r *result) add(affected, count int64, warnings []warning, offset int64) {
	r.rows += affected
	r.count += count
	for _, w := range warnings {
		if len(r.warnings) >= shownWarnings {
			break
		}
		if w.row = rowOf(w.message); w.row > 0 {
			w.row += offset
		}
		if offset > 0 {
			w.message += fmt.Sprintf(" (after row %d of the chunk)", offset)
		}
		r.warnings = append(r.warnings, w)
	}
}

// strict sets whether a value that does not fit is an error or a warning; either way it is found. ENUM's index 0 must
// be a warning: strict mode refuses it on MariaDB.
func (s *session) strict(ctx context.Context, on bool) error {
	mode := s.baseMode
	if !on {
		mode = withoutStrict(mode)
	}
	if s.applied == mode {
		return nil
	}
	if _, err := s.ExecContext(ctx, "SET sql_mode="+mysql.QuoteString(mode)); err != nil {
		return err
	}
	s.applied = mode
	return nil
}

func withoutStrict(mode string) string {
	var keep []string
	for m := range strings.SplitSeq(mode, ",") {
		if m != "STRICT_ALL_TABLES" && m != "STRICT_TRANS_TABLES" {
			keep = append(keep, m)
		}
	}
	return strings.Join(keep, ",")
}
