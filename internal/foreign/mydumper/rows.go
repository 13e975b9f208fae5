package mydumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// rowsOf settles how a table's rows are read: its first file tells which columns they have. All others must agree.
func (d *reading) rowsOf(ctx context.Context, schema, part string, t *tableFiles, st statement, o *dump.FedObject) (*foreign.Rows, error) {
	want, err := d.wanted(ctx, part, t)
	if err != nil {
		return nil, err
	}
	rows := &foreign.Rows{Want: want}
	columns, charset, about, err := d.columns(ctx, t)
	if err != nil {
		return nil, err
	}
	if rows.Table, err = tableOf(o, st, charset); err != nil {
		return nil, err
	}
	if about == 0 {
		if columns, err = allColumns(st); err != nil {
			return nil, err
		}
	}
	left, err := rows.Table.Choose(columns)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", rows.Table, err)
	}
	for _, name := range left {
		d.warnings = append(d.warnings, fmt.Sprintf("table %s: the dump has no values of column %s, which keeps its default: mydumper leaves out what SELECT * does not show",
			rows.Table, mysql.QuoteName(name)))
	}
	if o.Columns, o.Estimated = rows.Table.Columns(), want; want < 0 {
		o.Estimated = about
	}
	byName := map[string]dataFile{}
	for _, f := range t.data {
		name := f.sql
		if f.rows != "" {
			name = f.rows
		}
		byName[name] = f
		rows.Files = append(rows.Files, name)
	}
	rows.Open = func(ctx context.Context, name string) (foreign.RowFile, error) {
		return d.openRows(ctx, byName[name], rows.Table, charset)
	}
	return rows, nil
}

// wanted is how many rows the dump says that a table has, -1 where it does not say.
func (d *reading) wanted(ctx context.Context, part string, t *tableFiles) (int64, error) {
	if n, ok := d.metadata.rows[part+"."+t.part]; ok {
		return n, nil
	}
	if t.count == "" {
		return -1, nil
	}
	text, err := d.read(ctx, t.count)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s holds no number of rows", foreign.ErrDump, t.count)
	}
	return n, nil
}

// columns is what the first INSERT or LOAD DATA of a table says of its rows, and about how many there are; -1 is not known.
func (d *reading) columns(ctx context.Context, t *tableFiles) (columns []string, charset string, about int64, err error) {
	size := int64(0)
	for _, f := range t.data {
		size += f.size
	}
	for _, f := range t.data {
		if f.rows != "" {
			l, err := d.loadData(ctx, f)
			if err != nil {
				return nil, "", 0, err
			}
			return l.columns, "binary", -1, nil
		}
		if columns, charset, about, err = d.peek(ctx, f.sql, size); about > 0 || err != nil {
			return columns, charset, about, err
		}
	}
	return nil, "binary", 0, nil
}

// allColumns is every column that can have a value.
func allColumns(st statement) ([]string, error) {
	all, err := transform.Columns(st.text, st.mode)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range all {
		if !c.Generated {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// peek reads the start of a file of INSERT statements, one of those that have size bytes; without a statement about is 0.
func (d *reading) peek(ctx context.Context, name string, size int64) (columns []string, charset string, about int64, err error) {
	f, err := d.open(ctx, name)
	if err != nil {
		return nil, "", 0, err
	}
	d.reader.Reset(f, name, "binary")
	h, err := d.reader.Next()
	if errors.Is(err, io.EOF) {
		return nil, "", 0, f.Close()
	}
	if err == nil {
		columns, charset = h.Columns, d.reader.Charset()
		about = max(1, foreign.Estimate(size, name, d.anyRow, d.reader.Past))
	}
	return columns, charset, about, errors.Join(err, f.Close())
}

// anyRow reads the next row of any statement.
func (d *reading) anyRow() ([]foreign.Literal, error) {
	for {
		row, err := d.reader.Row()
		if !errors.Is(err, io.EOF) {
			return row, err
		}
		if _, err := d.reader.Next(); err != nil {
			return nil, err
		}
	}
}

// openRows begins a file of rows.
func (d *reading) openRows(ctx context.Context, f dataFile, t *foreign.Table, charset string) (foreign.RowFile, error) {
	if f.rows != "" {
		return d.openLoadData(ctx, f, t)
	}
	in, err := d.open(ctx, f.sql)
	if err != nil {
		return nil, err
	}
	check := func(r *foreign.InsertReader) error {
		if r.Charset() != charset {
			return fmt.Errorf("%w: rows in %s, those before are in %s", foreign.ErrStatement, r.Charset(), charset)
		}
		return checkZone(t, r.TimeZone())
	}
	return foreign.OpenInserts(in, f.sql, "binary", t, d.reader, check), nil
}

// checkZone refuses TIMESTAMP values whose time zone the dump does not tell (--skip-tz-utc).
func checkZone(t *foreign.Table, zone string) error {
	if zone == "+00:00" || !t.HasTimestamp() {
		return nil
	}
	return fmt.Errorf("%w: the TIMESTAMP values of %s stand in the time zone of the server that was dumped, which the dump does not tell: dump without --skip-tz-utc",
		foreign.ErrStatement, t)
}
