package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ColumnFix says what the server's own text of a column has that the driver's value of it lacks.
type ColumnFix struct {
	Width int // digits at least, zeros in front: the display width of a ZEROFILL column, 4 for YEAR; 0 for none
}

// RowReader reads the rows of one SELECT as the server's own text.
type RowReader struct {
	source rowSource
	conn   *Conn
	ended  func() error // why the query's context ended, nil while it has not
	stop   func()       // forgets the query's context; nil once called
	kill   func() error // ends the statement on the server and leaves the session fit for another
	done   bool
	failed bool // Next has returned an error
}

// rowSource is a result set on a session.
type rowSource interface {
	// next goes to the next row, or returns io.EOF after the last. packet is nil when the source has only cells.
	next() (packet []byte, err error)
	// packet is what next returned.
	packet() []byte
	// cells is the row that next came to, valid until its next call.
	cells() ([][]byte, error)
	// killed ends the result set after the statement was killed on the server.
	killed(ctx context.Context) error
	// close ends the result set after an error, or after its end; before that the session is lost.
	close() error
}

// Rows runs query on conn and returns its rows. cols has an entry for each column, or is nil when none needs a fix.
// FLOAT columns must be selected as `f`+0e0, which is DOUBLE: the server's text of a FLOAT has six digits only.
// When ctx ends the statement is killed on the server and the session is lost.
func Rows(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (*RowReader, error) {
	return rows(ctx, conn, query, cols, openPackets)
}

// BinaryRows is Rows by a prepared statement: numbers and times come as they are, and the text that the server would have made of them
// is made here. It costs a round trip more. Where rows cannot be read in that way it is the same as Rows.
func BinaryRows(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (*RowReader, error) {
	return rows(ctx, conn, query, cols, openBinary)
}

func rows(ctx context.Context, conn *Conn, query string, cols []ColumnFix, direct opener) (*RowReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !conn.net.plain || len(query) >= fullPacket-1 {
		direct = openDriver
	}
	return readRows(ctx, conn, query, cols, direct)
}

// drainTimeout bounds the reading of what a killed statement has on its way: the row that was being sent may be a large one.
const drainTimeout = 60 * time.Second

// opener runs a query and returns its result set, and how many columns that has.
type opener func(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (rowSource, int, error)

func readRows(ctx context.Context, conn *Conn, query string, cols []ColumnFix, open opener) (*RowReader, error) {
	stop := conn.KillOnDone(ctx)
	apart := context.WithoutCancel(ctx)
	source, columns, err := open(apart, conn, query, cols)
	if err != nil {
		stop()
		return nil, cancelled(ctx.Err, err)
	}
	r := &RowReader{source: source, conn: conn, ended: ctx.Err, stop: stop}
	r.kill = func() error {
		defer conn.closeOnDone(ctx, drainTimeout)()
		return killAndDrain(apart, conn, source)
	}
	conn.rows = r
	if cols != nil && len(cols) != columns {
		r.failed = true // no server does that
		return nil, errors.Join(fmt.Errorf("query has %d columns, not %d", columns, len(cols)), r.Close())
	}
	return r, nil
}

// Next returns the next row, or io.EOF at the end. Its cells are valid until the next call; nil is NULL.
func (r *RowReader) Next() ([][]byte, error) {
	if _, err := r.NextPacket(); err != nil {
		return nil, err
	}
	return r.Cells()
}

// NextPacket goes to the next row, or returns io.EOF at the end. packet is the row as a server sends it, valid until the next call:
// each cell a length-encoded string, NULL the byte 0xfb. It is nil where only Cells has the row.
func (r *RowReader) NextPacket() (packet []byte, err error) {
	if packet, err = r.source.next(); err == nil {
		return packet, nil
	}
	if errors.Is(err, io.EOF) && r.ended() == nil {
		if !r.goesOn() {
			r.done = true
			r.forget()
		}
		return nil, io.EOF
	}
	r.failed = true
	return nil, cancelled(r.ended, err)
}

// Cells is the row that NextPacket came to, in the same memory; nil is NULL.
func (r *RowReader) Cells() ([][]byte, error) {
	row, err := r.source.cells()
	if err != nil {
		r.failed = true
	}
	return row, err
}

// Packet is what NextPacket returned last.
func (r *RowReader) Packet() []byte { return r.source.packet() }

// Close ends the result set; it may be called twice. Before the end of the rows it kills the statement
// and reads what is still on its way: the session and its transaction live on.
func (r *RowReader) Close() error {
	r.forget()
	if r.done {
		return nil
	}
	r.done = true
	if !r.failed && r.ended() == nil {
		return r.kill()
	}
	_ = r.source.close() // Next has returned the error
	return nil
}

// errInterrupted is ER_QUERY_INTERRUPTED.
const errInterrupted = 1317

// killAndDrain ends the statement of a result set. A kill that came after its end would hit the next statement (MySQL 5.6):
// a first one that does nothing takes it.
func killAndDrain(ctx context.Context, conn *Conn, source rowSource) error {
	if err := conn.server.KillQuery(ctx, conn.ID); err != nil {
		return errors.Join(err, conn.net.Close(), source.close())
	}
	if err := source.killed(ctx); err != nil {
		return err
	}
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
	if errors.Is(err, io.EOF) { // which ends rows
		return cause
	}
	return fmt.Errorf("%w: %w", cause, err)
}
