package dumper

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// definitions writes the SQL files of a dump. It is not safe for concurrent use.
type definitions struct {
	*catalog.DefinitionReader
	writer   output
	run      *run
	myloader bool
}

// stored writes a view, trigger, routine or event of a schema as the dump has it.
func (d *definitions) stored(st catalog.Stored, schema string) catalog.Stored {
	if !d.run.alters() {
		return st
	}
	st.SQL, _ = d.run.alter(st.SQL, transform.ModeOf(st.Client, st.Mode), schema, "", "")
	st.DbName = d.run.o.Transform.Names.Schema(st.DbName)
	return st
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

// schema writes <schema>-schema-create.sql, of a schema of the source. sequences are written into it for myloader, which knows no files of theirs.
func (d *definitions) schema(ctx context.Context, o *dump.Object, from string, sequences []*catalog.Table) error {
	create, err := d.ReadSchema(ctx, from)
	if err != nil {
		return fmt.Errorf("dump schema %s: %w", from, err)
	}
	s := newScript(d.myloader)
	s.statement(d.run.alterSchema(create, from, o.Schema))
	for _, q := range sequences {
		if err := d.addSequence(ctx, s, q); err != nil {
			return fmt.Errorf("dump sequence %s: %w", q, err)
		}
	}
	return d.write(ctx, o, "-schema-create.sql", s.bytes())
}

// sequence writes <schema>.<sequence>-schema-sequence.sql.
func (d *definitions) sequence(ctx context.Context, o *dump.Object, q *catalog.Table) error {
	s := newScript(d.myloader)
	if err := d.addSequence(ctx, s, q); err != nil {
		return fmt.Errorf("dump sequence %s: %w", q, err)
	}
	return d.write(ctx, o, "-schema-sequence.sql", s.bytes())
}

// addSequence adds a MariaDB sequence and where it stands (https://mariadb.com/kb/en/setval/).
func (d *definitions) addSequence(ctx context.Context, s *script, q *catalog.Table) error {
	create, state, err := d.ReadSequence(ctx, q)
	if err != nil {
		return err
	}
	schema, own := d.run.named(q.Schema, q.Name)
	name := mysql.QuoteName(own)
	if s.myloader {
		name = mysql.QuoteTable(schema, own)
	}
	create = []byte(strings.Replace(string(create), mysql.QuoteName(q.Name), name, 1))
	s.statement(create)
	s.statement([]byte("DO SETVAL(" + name + ", " + state.Next + ", 0, " + state.Round + ")"))
	return nil
}

// table writes <schema>.<table>-schema.sql, indexes and foreign keys inside, as any client restores it.
func (d *definitions) table(ctx context.Context, o *dump.Object, t *catalog.Table) error {
	create, err := d.ReadTable(ctx, t)
	if err != nil {
		return fmt.Errorf("dump %w", err)
	}
	if d.run.alters() {
		create, _ = d.run.alter(create, tableText, t.Schema, t.Name, "")
	}
	s := newScript(d.myloader)
	s.statement(create)
	return d.write(ctx, o, "-schema.sql", s.bytes())
}

// triggers writes <schema>.<table>-schema-triggers.sql, in the order in which they fire.
func (d *definitions) triggers(ctx context.Context, o *dump.Object, t *catalog.Table) error {
	if len(t.Triggers) == 0 {
		return nil
	}
	s := newScript(d.myloader)
	for _, name := range t.Triggers {
		st, err := d.ReadTrigger(ctx, t, name)
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		s.add(d.stored(st, t.Schema))
	}
	o.Triggers = t.Triggers
	return d.writeStored(ctx, o, "-schema-triggers.sql", s)
}

const errUnknownEvent = 1539

// post writes <schema>-schema-post.sql: routines and events.
func (d *definitions) post(ctx context.Context, o *dump.Object, sc *catalog.Schema) error {
	if len(sc.Routines)+len(sc.Events) == 0 {
		return nil
	}
	s := newScript(d.myloader)
	for _, r := range sc.Routines {
		st, err := d.ReadRoutine(ctx, sc, r)
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		s.add(d.stored(st, sc.Name))
		o.Routines = append(o.Routines, strings.ToLower(r.Kind)+" "+r.Name)
	}
	for _, name := range sc.Events {
		st, err := d.ReadEvent(ctx, sc, name)
		if mysql.Number(err) == errUnknownEvent {
			// Its time has come. Should somebody have dropped it, the comparison at the end fails the dump.
			d.Warn("event %s.%s is gone since the dump began: it is not in it", sc.Name, name)
			continue
		}
		if err != nil {
			return fmt.Errorf("dump %w", err)
		}
		s.add(d.stored(st, sc.Name))
		o.Events = append(o.Events, name)
	}
	return d.writeStored(ctx, o, "-schema-post.sql", s)
}

func (d *definitions) writeStored(ctx context.Context, o *dump.Object, suffix string, s *script) error {
	if s.altered {
		d.Warn("%s%s: myloader ends a statement at a semicolon before a line end: a space stands between them, within strings too", o.Base, suffix)
	}
	return d.write(ctx, o, suffix, s.end())
}

const (
	fewDefinitions   = 64 // tables of which one session reads the definitions
	definitionsAhead = 16 // definitions that are read in one round trip
)

// writeAllTables writes the definitions of tables by several sessions, of which d is one.
func (r *run) writeAllTables(ctx context.Context, d *definitions, tables []*tableState) error {
	sessions := min(max(len(tables)/fewDefinitions, 1), r.o.Threads, 4)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	write := func(d *definitions) error {
		for at := next.Add(definitionsAhead); int(at)-definitionsAhead < len(tables); at = next.Add(definitionsAhead) {
			if err := r.writeTables(ctx, d, tables[at-definitionsAhead:min(int(at), len(tables))]); err != nil {
				return err
			}
		}
		return nil
	}
	g.Go(func() error { return write(d) })
	for range sessions - 1 {
		g.Go(func() error { return r.withDefinitions(ctx, write) })
	}
	return g.Wait()
}
