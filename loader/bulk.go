package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// errNotInBulk is a chunk of which the target says anything but that its rows are in: it goes again by the route that is there for every
// table and every server, which finds out what that means and says it in its own words.
var errNotInBulk = errors.New("rows do not go in bulk")

// Errors of servers that take no rows in bulk at all: ER_UNSUPPORTED_PS, and ER_BINLOG_NON_SUPPORTED_BULK of those that log statements.
const (
	errUnsupportedPS = 1295
	errBulkAndBinlog = 4033
)

// maxBulkRow is how large a row may be in the dump to go in bulk, where it is gathered in memory: a larger one goes by LOAD DATA, as a stream.
const maxBulkRow = 4 << 20

// bulks reports whether a chunk goes by MariaDB's bulk protocol.
func (w *writer) bulks(one work) bool {
	if w.sharing || one.clean != nil || one.c.LargestRow > maxBulkRow || !w.goesInBulk(one.t) || one.t.converts() {
		return false
	}
	if !w.s.CanBulk() {
		w.noBulk.Store(true)
		return false
	}
	return true
}

// goesInBulk reports whether a table's rows go by MariaDB's bulk protocol: the values of all its columns are made of text as LOAD DATA makes
// them, or are integers, and the table is the dump's own.
func (l *load) goesInBulk(t *table) bool {
	return l.o.Via == ViaAuto && l.server.Facts.Flavor == mysql.MariaDB && !l.noBulk.Load() &&
		t.bulkable && !t.notInBulk.Load() && !t.bare && !t.kept && !t.plainEngine
}

// bulkKinds says how the columns' values travel; nil: some do not.
func (t *table) bulkKinds() []mysql.BulkKind {
	cols := t.unpack()
	kinds := make([]mysql.BulkKind, len(cols))
	for i, c := range cols {
		switch c.kind {
		case columnSigned:
			kinds[i] = mysql.BulkSigned
		case columnUnsigned:
			kinds[i] = mysql.BulkUnsigned
		case columnText, columnEnum:
			kinds[i] = mysql.BulkText
		default:
			return nil
		}
	}
	return kinds
}

// The kinds of columns that packColumns tells apart.
const (
	columnOther    = "-"
	columnEnum     = "e"
	columnSigned   = "i"
	columnUnsigned = "u"
	columnText     = "t"
)

// columnKind is the kind of a column of this COLUMN_TYPE.
func columnKind(columnType string) string {
	name := strings.ToLower(columnType)
	if end := strings.IndexAny(name, " ("); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		if strings.Contains(strings.ToLower(columnType), "unsigned") {
			return columnUnsigned
		}
		return columnSigned
	case "decimal", "float", "double", "date", "datetime", "timestamp", "time", "year", "bit", "enum", "set", "char", "varchar", "tinytext", "text", "mediumtext", "longtext",
		"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return columnText
	}
	return columnOther
}

// bulkRows sends a chunk by the bulk protocol. Whatever is odd about it is errNotInBulk.
func (w *writer) bulkRows(ctx context.Context, one work, r io.Reader) (got result, err error) {
	if err := w.s.strict(ctx, true); err != nil {
		return result{}, err
	}
	cols := one.t.unpack()
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = mysql.QuoteName(c.name)
	}
	insert := "INSERT INTO " + one.t.String() + " (" + strings.Join(names, ",") + ") VALUES (?" + strings.Repeat(",?", len(cols)-1) + ")"
	b, err := mysql.OpenBulk(context.WithoutCancel(ctx), w.s.Conn, insert, one.t.bulkKinds())
	if err != nil {
		return result{}, w.notInBulk(ctx, err)
	}
	defer func() {
		switch closeErr := b.Close(); {
		case err == nil:
			err = closeErr
		case errors.Is(err, errNotInBulk) && closeErr != nil:
			err = fmt.Errorf("%w: %w", err, closeErr) // which ends the session
		}
	}()
	rows := w.rowReaderUpTo(one, r, maxBulkRow)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, dump.ErrRowTooLong) {
			return result{}, fmt.Errorf("%w: %w", errNotInBulk, err)
		}
		if err != nil {
			return result{}, err
		}
		if err := b.Add(row); err != nil {
			return result{}, w.notInBulk(ctx, err)
		}
	}
	if err := b.Flush(); err != nil {
		return result{}, w.notInBulk(ctx, err)
	}
	said := b.Total()
	if said.Affected != uint64(one.c.Rows) || said.Warnings > 0 {
		return result{}, fmt.Errorf("%w: %d of %d, %d warnings", errNotInBulk, said.Affected, one.c.Rows, said.Warnings)
	}
	w.wentInBulk = true
	return result{rows: one.c.Rows}, nil
}

// notInBulk tells the errors that may be the route's from those that may pass.
func (w *writer) notInBulk(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case mysql.Number(err) == errUnsupportedPS, mysql.Number(err) == errBulkAndBinlog:
		w.noBulk.Store(true)
	case errors.Is(err, mysql.ErrNoBulk), errors.Is(err, mysql.ErrBulkRow):
	case mysql.Number(err) == 0 || mysql.Classify(err) != mysql.Fatal || noRoom(err):
		return err
	}
	return fmt.Errorf("%w: %w", errNotInBulk, err)
}

// leavesBulk sends a table's rows by another route from now on, where a chunk of it did not go in bulk.
func (w *writer) leavesBulk(one work, err error) bool {
	if !errors.Is(err, errNotInBulk) {
		return false
	}
	one.t.notInBulk.Store(true)
	w.log.Debug("rows do not go in bulk", "table", one.t.String(), "chunk", one.c.File, "error", err)
	return true
}
