package dumper

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// definitions writes the SQL files of a dump. It is not safe for concurrent use.
type definitions struct {
	show     *showReader
	writer   *dump.Writer
	myloader bool
	warn     func(format string, args ...any)
	schemas  map[string]*schema
}

// write writes a file and notes it in its object.
func (d *definitions) write(ctx context.Context, o *dump.Object, suffix string, text []byte) error {
	name := o.Base + suffix
	if err := d.writer.WriteSQL(ctx, name, text); err != nil {
		return fmt.Errorf("dump %s: %w", name, err)
	}
	o.Files = append(o.Files, name)
	return nil
}

// schema writes <schema>-schema-create.sql. sequences are written into it for myloader, which knows no files of theirs.
func (d *definitions) schema(ctx context.Context, o *dump.Object, sequences []*table) error {
	row, err := d.show.row(ctx, "SHOW CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(o.Schema))
	if err != nil {
		return fmt.Errorf("dump schema %s: %w", o.Schema, err)
	}
	s := newScript(d.myloader)
	s.statement(row["create database"])
	for _, q := range sequences {
		if err := d.addSequence(ctx, s, q); err != nil {
			return fmt.Errorf("dump sequence %s: %w", q, err)
		}
	}
	return d.write(ctx, o, "-schema-create.sql", s.bytes())
}

// sequence writes <schema>.<sequence>-schema-sequence.sql.
func (d *definitions) sequence(ctx context.Context, o *dump.Object, q *table) error {
	s := newScript(d.myloader)
	if err := d.addSequence(ctx, s, q); err != nil {
		return fmt.Errorf("dump sequence %s: %w", q, err)
	}
	return d.write(ctx, o, "-schema-sequence.sql", s.bytes())
}

// addSequence adds a MariaDB sequence and where it stands (https://mariadb.com/kb/en/setval/).
func (d *definitions) addSequence(ctx context.Context, s *script, q *table) error {
	row, err := d.show.show(ctx, "SEQUENCE", q.schema, q.name)
	if err != nil {
		return err
	}
	state, err := d.show.row(ctx, "SELECT next_not_cached_value AS next, cycle_count AS round FROM "+q.quoted())
	if err != nil {
		return err
	}
	name := mysql.QuoteName(q.name)
	create := row["create table"]
	if create == nil {
		create = row["create sequence"]
	}
	if s.myloader {
		name = q.quoted()
		create = []byte(strings.Replace(string(create), mysql.QuoteName(q.name), name, 1))
	}
	s.statement(create)
	s.statement([]byte("DO SETVAL(" + name + ", " + state.text("next") + ", 0, " + state.text("round") + ")"))
	return nil
}

// table writes <schema>.<table>-schema.sql, indexes and foreign keys inside, as any client restores it.
func (d *definitions) table(ctx context.Context, o *dump.Object, t *table) error {
	row, err := d.show.show(ctx, "TABLE", t.schema, t.name)
	if err != nil {
		return fmt.Errorf("dump %w", err)
	}
	create := hexDefaults(row["create table"], t.columns)
	if create, err = d.restoreDefaults(ctx, create, t); err != nil {
		return fmt.Errorf("dump table %s: %w", t, err)
	}
	if create, err = d.restoreMembers(ctx, create, t); err != nil {
		return fmt.Errorf("dump table %s: %w", t, err)
	}
	s := newScript(d.myloader)
	s.statement(create)
	return d.write(ctx, o, "-schema.sql", s.bytes())
}

// restoreDefaults writes the defaults that the server printed with ? for what its dictionary cannot say.
func (d *definitions) restoreDefaults(ctx context.Context, create []byte, t *table) ([]byte, error) {
	lost := lostDefaults(create, t.columns)
	if len(lost) == 0 {
		return create, nil
	}
	charsets := map[string]string{}
	for _, c := range t.columns {
		charsets[c.name] = c.charset
	}
	literals := map[string]string{}
	for _, c := range lost {
		var b []byte
		err := d.show.conn.QueryRowContext(ctx, "SELECT DEFAULT("+mysql.QuoteName(c)+") FROM "+t.quoted()+" LIMIT 1").Scan(&b)
		if errors.Is(err, sql.ErrNoRows) {
			d.warn("table %s: the default of column %s may hold characters that this server prints as ?, and the table has no row to tell", t, c)
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

// triggers writes <schema>.<table>-schema-triggers.sql, in the order in which they fire.
func (d *definitions) triggers(ctx context.Context, o *dump.Object, t *table) error {
	if len(t.triggers) == 0 {
		return nil
	}
	s := newScript(d.myloader)
	for _, name := range t.triggers {
		row, err := d.show.show(ctx, "TRIGGER", t.schema, name)
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		if err := d.addStored(ctx, s, row, "SQL Original Statement", "TRIGGER", t.schema, name, t.name); err != nil {
			return fmt.Errorf("dump %w", err)
		}
	}
	o.Triggers = t.triggers
	return d.writeStored(ctx, o, "-schema-triggers.sql", s)
}

// post writes <schema>-schema-post.sql: routines and events.
func (d *definitions) post(ctx context.Context, o *dump.Object, sc *schema) error {
	if len(sc.routines)+len(sc.events) == 0 {
		return nil
	}
	s := newScript(d.myloader)
	for _, r := range sc.routines {
		row, err := d.show.show(ctx, r.kind, sc.name, r.name)
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		if err := d.addStored(ctx, s, row, "Create "+r.kind, r.kind, sc.name, r.name, ""); err != nil {
			return fmt.Errorf("dump %w", err)
		}
		o.Routines = append(o.Routines, strings.ToLower(r.kind)+" "+r.name)
	}
	for _, name := range sc.events {
		row, err := d.show.show(ctx, "EVENT", sc.name, name)
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		if err := d.addStored(ctx, s, row, "Create Event", "EVENT", sc.name, name, ""); err != nil {
			return fmt.Errorf("dump %w", err)
		}
	}
	o.Events = sc.events
	return d.writeStored(ctx, o, "-schema-post.sql", s)
}

// addStored adds what SHOW CREATE gave of a trigger, routine or event. on is the table of a trigger.
func (d *definitions) addStored(ctx context.Context, s *script, row shown, column, kind, schema, name, on string) error {
	body, err := d.show.body(row, strings.ToLower(column), kind, schema, name)
	if err != nil {
		return err
	}
	o := stored{
		sql: body, client: row.text("character_set_client"), collation: row.text("collation_connection"),
		mode: row.text("sql_mode"), hasMode: true, timeZone: row.text("time_zone"),
		dbName: schema, dbNow: d.schemas[schema].collation, dbThen: row.text("database collation"), compound: true,
	}
	if o.sql, err = d.recodeHeader(ctx, o, kind, schema, name, on); err != nil {
		return fmt.Errorf("%s %s.%s: %w", strings.ToLower(kind), schema, name, err)
	}
	s.add(o)
	return nil
}

func (d *definitions) writeStored(ctx context.Context, o *dump.Object, suffix string, s *script) error {
	if s.altered {
		d.warn("%s%s: myloader ends a statement at a semicolon before a line end: a space stands between them, within strings too", o.Base, suffix)
	}
	return d.write(ctx, o, suffix, s.end())
}
