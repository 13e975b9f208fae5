package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ColumnFix says what the server's own text of a column has that the driver's value of it lacks.
type ColumnFix struct {
	Width int // digits at least, zeros in front: the display width of a ZEROFILL column, 4 for YEAR; 0 for none
}

// RowReader reads the rows of one SELECT as the server's own text.
type RowReader struct {
	rows  *sql.Rows
	ended func() error // why the query's context ended, nil while it has not
	kill  func() error // ends the statement on the server and leaves the session fit for another
	stop  func()       // forgets the query's context; nil once called
	cells []cell
	dest  []any
	row   [][]byte
	done  bool
}

// Rows runs query on conn and returns its rows. cols has an entry for each column, or is nil when none needs a fix.
// FLOAT columns must be selected as `f`+0e0, which is DOUBLE: the server's text of a FLOAT has six digits only.
// When ctx ends the statement is killed on the server and the session is lost.
func Rows(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (*RowReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stop := conn.KillOnDone(ctx)
	// Cancelling is ours: database/sql would read on in a buffer that cells still point into.
	rows, err := conn.QueryContext(context.WithoutCancel(ctx), query) //nolint:rowserrcheck // Next checks it
	if err != nil {
		stop()
		return nil, cancelled(ctx.Err, err)
	}
	kill := func() error { return killAndDrain(context.WithoutCancel(ctx), conn, rows) }
	r := &RowReader{rows: rows, ended: ctx.Err, kill: kill, stop: stop}
	conn.rows = r
	names, err := rows.Columns()
	if err == nil && cols != nil && len(cols) != len(names) {
		err = fmt.Errorf("query has %d columns, not %d", len(names), len(cols))
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.cells = make([]cell, len(names))
	r.dest = make([]any, len(names))
	r.row = make([][]byte, len(names))
	for i := range r.cells {
		r.dest[i] = &r.cells[i]
		if cols != nil {
			r.cells[i].width = cols[i].Width
		}
	}
	return r, nil
}

// Next returns the next row, or io.EOF at the end. Its cells are valid until the next call; nil is NULL.
func (r *RowReader) Next() ([][]byte, error) {
	if r.done {
		return nil, io.EOF
	}
	if !r.rows.Next() {
		if err := errors.Join(r.rows.Err(), r.ended()); err != nil {
			return nil, cancelled(r.ended, err)
		}
		r.done = true
		r.forget()
		return nil, io.EOF
	}
	if err := r.rows.Scan(r.dest...); err != nil {
		return nil, cancelled(r.ended, err)
	}
	for i := range r.cells {
		r.row[i] = r.cells[i].text
	}
	return r.row, nil
}

// Close ends the result set; it may be called twice. Before the end of the rows it kills the statement
// and reads what is still on its way: the session and its transaction live on.
func (r *RowReader) Close() error {
	r.forget()
	if r.done {
		return r.rows.Close()
	}
	r.done = true
	if r.rows.Err() == nil && r.ended() == nil {
		return r.kill()
	}
	_ = r.rows.Close() // Next has returned the error
	return nil
}

// errInterrupted is ER_QUERY_INTERRUPTED.
const errInterrupted = 1317

// killAndDrain ends the statement of rows. A kill that came after its end would hit the next statement (MySQL 5.6):
// a first one that does nothing takes it.
func killAndDrain(ctx context.Context, conn *Conn, rows *sql.Rows) error {
	if err := conn.server.KillQuery(ctx, conn.ID); err != nil {
		return errors.Join(err, conn.net.Close(), rows.Close())
	}
	_ = rows.Close() // ends with the error of the kill, or with the last row before it
	if _, err := conn.ExecContext(ctx, "DO 0"); err != nil && Number(err) != errInterrupted {
		return fmt.Errorf("session after its statement was ended: %w", err)
	}
	return nil
}

func (r *RowReader) forget() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// cancelled is err, with the end of the query's context in front where that caused it.
func cancelled(ended func() error, err error) error {
	cause := ended()
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// cell receives one column of a row without a copy; numbers, which the driver parses, become the server's text again.
type cell struct {
	text  []byte
	buf   []byte
	width int
}

var _ sql.Scanner = (*cell)(nil)

// Scan takes the driver's value. Bytes stay in the driver's buffer, which holds them until the next row.
func (c *cell) Scan(src any) error {
	switch v := src.(type) {
	case []byte:
		c.text = v
		return nil
	case nil:
		c.text = nil
		return nil
	case int64:
		c.buf = strconv.AppendInt(c.buf[:0], v, 10)
	case uint64:
		c.buf = strconv.AppendUint(c.buf[:0], v, 10)
	case float64:
		c.buf = AppendDouble(c.buf[:0], v)
	case float32:
		c.buf = appendFloat(c.buf[:0], v)
	default:
		return fmt.Errorf("driver value of type %T", src)
	}
	if len(c.buf) < c.width {
		c.buf = pad(c.buf, c.width)
	}
	c.text = c.buf
	return nil
}

// pad puts zeros in front of a number up to a width.
func pad(b []byte, width int) []byte {
	n := width - len(b)
	b = appendZeros(b, n)
	copy(b[n:], b)
	for i := range n {
		b[i] = '0'
	}
	return b
}
