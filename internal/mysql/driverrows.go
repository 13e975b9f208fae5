package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// driverRows reads rows through the driver: of a login that needs the driver's own TLS (sha256_password), so that nobody else can
// read its connection, and of a statement that is larger than a packet.
type driverRows struct {
	rows  *sql.Rows
	texts []cell
	dest  []any
	row   [][]byte
}

var _ rowSource = (*driverRows)(nil)

func openDriver(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (rowSource, int, error) {
	// Cancelling is ours: database/sql would read on in a buffer that cells still point into.
	rows, err := conn.QueryContext(ctx, query) //nolint:rowserrcheck // next checks it
	if err != nil {
		return nil, 0, err
	}
	r := &driverRows{rows: rows}
	names, err := rows.Columns()
	if err != nil {
		return nil, 0, errors.Join(err, r.close())
	}
	n := len(names)
	r.texts, r.dest, r.row = make([]cell, n), make([]any, n), make([][]byte, n)
	for i := range r.texts {
		r.dest[i] = &r.texts[i]
		if i < len(cols) {
			r.texts[i].width = cols[i].Width
		}
	}
	return r, n, nil
}

func (r *driverRows) next() ([]byte, error) {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	if err := r.rows.Scan(r.dest...); err != nil {
		return nil, err
	}
	for i := range r.texts {
		r.row[i] = r.texts[i].text
	}
	return nil, nil
}

func (r *driverRows) cells() ([][]byte, error) { return r.row, nil }

func (r *driverRows) packet() []byte { return nil }

func (r *driverRows) killed(context.Context) error {
	_ = r.rows.Close() // ends with the error of the kill, or with the last row before it
	return nil
}

func (r *driverRows) close() error { return r.rows.Close() }

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
