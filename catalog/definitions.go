package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
)

// DefinitionReader reads the definitions of objects as they can be replayed. It is not safe for concurrent use.
type DefinitionReader struct {
	show    *ShowReader
	Warn    func(format string, args ...any)
	schemas map[string]*Schema
}

// NewDefinitionReader reads on a session, as the account named. warn hears of what cannot be read exactly.
func NewDefinitionReader(conn *mysql.Conn, account string, schemas []*Schema, warn func(format string, args ...any)) *DefinitionReader {
	d := &DefinitionReader{show: &ShowReader{Conn: conn, account: account}, Warn: warn, schemas: map[string]*Schema{}}
	for _, s := range schemas {
		d.schemas[s.Name] = s
	}
	return d
}

// ReopenBy gives the reader a new session by open when its own is lost. open ends the lost one, and the caller the last one.
func (d *DefinitionReader) ReopenBy(open func(ctx context.Context) (*mysql.Conn, error)) {
	d.show.reopen = open
}

// ReadSchema reads CREATE DATABASE IF NOT EXISTS.
func (d *DefinitionReader) ReadSchema(ctx context.Context, name string) ([]byte, error) {
	row, err := d.show.row(ctx, "SHOW CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(name))
	return row["create database"], err
}

// SequenceState is where a sequence stands, as SETVAL takes it.
type SequenceState struct {
	Next, Round string
}

// ReadSequence reads a MariaDB sequence.
func (d *DefinitionReader) ReadSequence(ctx context.Context, q *Table) (create []byte, at SequenceState, err error) {
	row, err := d.show.Show(ctx, "SEQUENCE", q.Schema, q.Name)
	if err != nil {
		return nil, at, err
	}
	state, err := d.show.row(ctx, "SELECT next_not_cached_value AS next, cycle_count AS round FROM "+q.Quoted())
	if err != nil {
		return nil, at, err
	}
	create = row["create table"]
	if create == nil {
		create = row["create sequence"]
	}
	return create, SequenceState{Next: state.Text("next"), Round: state.Text("round")}, nil
}

// ReadTable reads CREATE TABLE, with what the server prints wrong put right.
func (d *DefinitionReader) ReadTable(ctx context.Context, t *Table) ([]byte, error) {
	create, err := d.show.take(t), error(nil)
	if create == nil {
		row, err := d.show.Show(ctx, "TABLE", t.Schema, t.Name)
		if err != nil {
			return nil, err
		}
		create = row["create table"]
	}
	create = hexDefaults(create, t.Columns)
	if create, err = d.restoreDefaults(ctx, create, t); err != nil {
		return nil, fmt.Errorf("table %s: %w", t, err)
	}
	if create, err = d.restoreMembers(ctx, create, t); err != nil {
		return nil, fmt.Errorf("table %s: %w", t, err)
	}
	return create, nil
}

// restoreDefaults writes the defaults that the server printed with ? for what its dictionary cannot say.
func (d *DefinitionReader) restoreDefaults(ctx context.Context, create []byte, t *Table) ([]byte, error) {
	lost := lostDefaults(create, t.Columns)
	if len(lost) == 0 {
		return create, nil
	}
	charsets := map[string]string{}
	for _, c := range t.Columns {
		charsets[c.Name] = c.Charset
	}
	literals := map[string]string{}
	for _, c := range lost {
		var b []byte
		err := d.show.Conn.QueryRowContext(ctx, "SELECT DEFAULT("+mysql.QuoteName(c)+") FROM "+t.Quoted()+" LIMIT 1").Scan(&b)
		if errors.Is(err, sql.ErrNoRows) {
			d.Warn("table %s: the default of column %s may hold characters that this server prints as ?, and the table has no row to tell", t, c)
			continue
		}
		if err != nil {
			return nil, err
		}
		literals[c] = mysql.HexLiteral(charsets[c], b)
	}
	return rewriteDefaults(create, func(column, text string) (string, bool) {
		l, ok := literals[column]
		return l, ok
	}), nil
}
