package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
)

// head reads the settings at the start of a pipe, which say what made it.
func (f *Feed) head() error {
	if err := f.open(); err != nil {
		return err
	}
	for {
		it, err := f.session.script.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if tokens := significantStart(it.text, it.mode); it.insert != nil || len(tokens) == 0 || !tokens[0].Is("SET") {
			f.first = &it
			break
		}
		if err := f.session.statement(&it); err != nil {
			return err
		}
	}
	f.manifest = f.facts.manifest(uuid.NewString())
	return nil
}

// pass reads a pipe: an object comes before its rows, and one table is open at a time. What is made of several statements comes last.
func (f *Feed) pass(ctx context.Context) error {
	given := map[*dump.FedObject]bool{}
	for ctx.Err() == nil {
		it, err := item{}, error(nil)
		if f.first != nil {
			it, f.first = *f.first, nil
		} else {
			it, err = f.session.script.next()
		}
		if errors.Is(err, io.EOF) {
			return f.passEnd(ctx, given)
		}
		if err == nil {
			err = f.passItem(ctx, &it, given)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (f *Feed) passItem(ctx context.Context, it *item, given map[*dump.FedObject]bool) error {
	if it.insert == nil {
		return f.session.statement(it)
	}
	t, err := f.objects.rowsOf(ctx, f.session, it)
	if err == nil && t != nil && t.complete {
		err = fmt.Errorf("%w: more rows of table %s, behind those of another one: load the file by its path, not from a pipe",
			foreign.ErrStatement, mysql.QuoteTable(t.object.Schema, t.object.Name))
	}
	if err != nil {
		return f.session.script.at(it.line, err)
	}
	if t == nil {
		return f.session.script.rows(func([]byte, int) error { return nil })
	}
	if f.table != nil && f.table != t {
		if err := f.finish(ctx, f.table); err != nil {
			return err
		}
	}
	if err := f.give(ctx, given); err != nil {
		return err
	}
	return f.fill(ctx, t)
}

// give gives the schemas, tables and sequences that came since the last rows.
func (f *Feed) give(ctx context.Context, given map[*dump.FedObject]bool) error {
	for _, o := range f.objects.order {
		if given[o] {
			continue
		}
		switch o.Kind {
		case dump.KindTable:
			t := f.objects.tables[[2]string{o.Schema, o.Name}]
			if t.standIn {
				continue
			}
			if t.columns == nil {
				if err := t.chooseAll(f.session.script.charset()); err != nil {
					return fmt.Errorf("%s: %w", f.o.Name, err)
				}
			}
			o.Rows, o.Estimated, t.given = -1, -1, true
		case dump.KindSchema:
			// What the schema's routines, triggers and events are comes in an object of its own.
			f.objects.schemas[o.Schema] = &dump.FedObject{Object: dump.Object{Kind: dump.KindSchema, Schema: o.Schema, Base: o.Base, Rows: -1}}
		case dump.KindView, dump.KindSequence, dump.KindUsers:
		}
		given[o] = true
		if err := f.emit(ctx, dump.Event{Object: o}); err != nil {
			return err
		}
	}
	return nil
}

// passEnd gives what is left at the end of a pipe.
func (f *Feed) passEnd(ctx context.Context, given map[*dump.FedObject]bool) error {
	if err := f.checkEnd(); err != nil {
		return err
	}
	if err := f.give(ctx, given); err != nil {
		return err
	}
	for _, o := range f.objects.order {
		if t := f.objects.tables[[2]string{o.Schema, o.Name}]; o.Kind == dump.KindTable && !t.complete {
			if err := f.finish(ctx, t); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.objects.schemas)) {
		if s := f.objects.schemas[name]; len(s.Files) > 0 && !given[s] {
			if err := f.emit(ctx, dump.Event{Object: s}); err != nil {
				return err
			}
		}
	}
	for _, v := range f.objects.views {
		if err := f.emit(ctx, dump.Event{Object: v.object}); err != nil {
			return err
		}
	}
	return nil
}
