package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// rowError is a row that the target did not take as it is.
type rowError struct {
	row  int64 // of the chunk, from 1
	code int   // the server's
	err  error
}

func (e *rowError) Error() string { return e.err.Error() }
func (e *rowError) Unwrap() error { return e.err }

// atRow is how every server ends a message on one row of a statement, in English.
var atRow = regexp.MustCompile(`at row (\d+)`)

// rowOf is the row of its statement that a server's message names, 0 when it names none.
func rowOf(message string) int64 {
	m := atRow.FindStringSubmatch(message)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// inRow tells which row of the chunk an error of a statement means, whose first row comes after so many others.
func inRow(err error, before int64) error {
	if n := rowOf(err.Error()); n > 0 {
		return &rowError{row: before + n, code: mysql.Number(err), err: err}
	}
	return err
}

// isInvalidText reports a row that was refused because its text is not valid in its charset.
func isInvalidText(err error) bool {
	var e *rowError
	return errors.As(err, &e) && (e.code == warnWrongString || e.code == warnInvalidText)
}

// nameRow adds the key of the row that an error is about: its number tells nothing once the dump is gone.
func (w *writer) nameRow(ctx context.Context, one work, err error) error {
	var e *rowError
	if !errors.As(err, &e) || e.row <= 0 {
		return err
	}
	key, keyErr := w.keyColumns(ctx, one.t)
	if keyErr != nil || len(key) == 0 {
		return err
	}
	file, openErr := w.from.OpenChunk(ctx, one.c)
	if openErr != nil {
		return err
	}
	defer file.Close()
	rows := w.rowReader(one, file)
	for n := int64(1); ; n++ {
		row, readErr := rows.Read()
		if readErr != nil {
			return err // the error at hand matters, and not that its row cannot be named
		}
		if n == e.row {
			return fmt.Errorf("%w; row %d is %s", err, n, keyText(one.t.unpack(), key, row))
		}
	}
}

// keyColumns are the key's places in a row; nil where the table has none, or one with a generated column.
func (l *load) keyColumns(ctx context.Context, t *table) (at []int, err error) {
	for o, err := range l.objects(ctx) {
		if err != nil {
			return nil, err
		}
		if o.Kind != dump.KindTable || [2]string{o.Schema, o.Name} != t.from {
			continue
		}
		if o.Key == nil {
			return nil, nil
		}
		for _, name := range o.Key.Columns {
			for i, c := range t.unpack() {
				if strings.EqualFold(c.name, name) {
					at = append(at, i)
				}
			}
		}
		if len(at) != len(o.Key.Columns) {
			return nil, nil
		}
		return at, nil
	}
	return nil, nil
}

// keyText is (`a`=1, `b`="x").
func keyText(cols []tableColumn, key []int, row dump.Row) string {
	parts := make([]string, len(key))
	for i, at := range key {
		cell := row[at]
		text := string(cell)
		switch {
		case cell == nil:
			text = "NULL"
		case cols[at].encoding == dump.Plain:
		case utf8.Valid(cell):
			text = strconv.Quote(text)
		default:
			text = fmt.Sprintf("x'%X'", cell)
		}
		parts[i] = mysql.QuoteName(cols[at].name) + "=" + text
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// rowReader reads the rows of a chunk in either format. INSERT statements are taken apart into literals: nothing of their
// text is ever sent.
func (w *writer) rowReader(one work, r io.Reader) interface{ Read() (dump.Row, error) } {
	return w.rowReaderUpTo(one, r, maxRowBytes)
}

// rowReaderUpTo is rowReader for rows of at most so many bytes in the dump: a longer one gives dump.ErrRowTooLong and is not read whole.
func (w *writer) rowReaderUpTo(one work, r io.Reader, most int64) interface{ Read() (dump.Row, error) } {
	if one.t.recast != nil {
		return recastRows{w.dumpRows(one, r, most), one.t.recast}
	}
	return w.dumpRows(one, r, most)
}

// dumpRows reads the rows of a chunk as the dump has them.
func (w *writer) dumpRows(one work, r io.Reader, most int64) interface{ Read() (dump.Row, error) } {
	cols := one.t.inDump()
	most = min(most, one.c.Bytes, w.largestRow(len(cols)))
	if w.format != dump.SQL {
		return dump.NewCSVReader(r, len(cols), most).Expect(one.c.LargestRow)
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.name
	}
	return dump.NewInsertReader(r, one.t.from[0], one.t.from[1], names, most)
}

// largestRow is above what a row of so many columns can have in a file when the target takes each of its values: a
// decompression bomb is not read further.
func (w *writer) largestRow(columns int) int64 {
	return max(2*int64(columns)*int64(w.server.Facts.MaxAllowedPacket), insertBytes)
}

// tooLong says of a row that no packet takes what decides.
func tooLong(err error) error {
	if errors.Is(err, dump.ErrRowTooLong) {
		return fmt.Errorf("%w: %w", err, mysqldriver.ErrPktTooLarge)
	}
	return err
}
