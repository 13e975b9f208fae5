package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// createObjects makes routines first, since views may call them, then views, triggers and, disabled, events. What the
// target refuses does not keep the others from being made; all refusals together are the error.
func (l *load) createObjects(ctx context.Context) error {
	l.counters.SetPhase("routines")
	s, err := l.openPatiently(ctx)
	if err != nil {
		return err
	}
	defer s.discard()
	var failed []error
	schema := func(o *dump.Object) bool { return o.Kind == dump.KindSchema && len(o.Routines) > 0 }
	if err := l.createKind(ctx, s, schema, &failed, "procedure", "function", "package", "package body"); err != nil {
		return err
	}
	if err := l.createViews(ctx, s, &failed); err != nil {
		return err
	}
	l.counters.SetPhase("triggers")
	hasTriggers := func(o *dump.Object) bool {
		if t := l.tables[[2]string{o.Schema, o.Name}]; o.Kind == dump.KindTable && t != nil && t.left {
			return false // a feed has let go of its text
		}
		return (o.Kind == dump.KindTable || o.Kind == dump.KindSchema) && len(o.Triggers) > 0
	}
	if err := l.createKind(ctx, s, hasTriggers, &failed, "trigger"); err != nil {
		return err
	}
	if !l.o.After.EnableEvents {
		if err := l.createEvents(ctx, s, &failed); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// createEvents comes last of all when the events are to run.
func (l *load) createEvents(ctx context.Context, s *session, failed *[]error) error {
	l.counters.SetPhase("events")
	hasEvents := func(o *dump.Object) bool { return o.Kind == dump.KindSchema && len(o.Events) > 0 }
	return l.createKind(ctx, s, hasEvents, failed, "event")
}

// createKind runs the statements of some kinds out of the objects' files. Refusals are gathered; a lost connection or an
// unreadable dump is the error.
func (l *load) createKind(ctx context.Context, s *session, want func(*dump.Object) bool, failed *[]error, kinds ...string) error {
	for o, err := range l.apart(ctx) {
		if err != nil {
			return err
		}
		if !want(o) {
			continue
		}
		for st, err := range l.statements(ctx, o) {
			if err != nil {
				return err
			}
			if !slices.Contains(kinds, st.kind) || !l.inPart(&st) || !l.picker.wants(o, &st) || st.kind == "trigger" && l.triggerLeft(o, &st) {
				continue
			}
			if err := l.createStored(ctx, s, o, &st); err != nil {
				if mysql.IsConnectionLost(err) || ctx.Err() != nil {
					return err
				}
				*failed = append(*failed, err)
			}
		}
	}
	return nil
}

const errTriggerExists = 1359

// createStored makes one view, routine, trigger or event.
func (l *load) createStored(ctx context.Context, s *session, o *dump.Object, st *statement) error {
	schema, name := l.mapSchema(o.Schema), st.name
	if o.Kind == dump.KindView {
		schema, name = l.mapTable(o.Schema, o.Name)
	}
	skip, err := l.clear(ctx, s, o, st, schema, name)
	if err != nil || skip {
		return err
	}
	p := l.prepare(o, st)
	text := p.text
	if st.kind != "view" && l.foreignComments(text, st.mode) {
		if text, err = l.convertComments(ctx, text, st.mode); err != nil {
			return &StatementError{Phase: l.counters.Phase(), Object: st.nameOf(o), File: st.file, Line: st.line, Err: err}
		}
	}
	disabled := false
	if st.kind == "event" && !l.o.After.EnableEvents {
		text, disabled = disableEvent(text, st.mode)
	}
	err = l.underCollation(ctx, s, schema, st, func() error { return l.exec(ctx, s, schema, o, st, text) })
	if err != nil {
		if t := l.tables[[2]string{o.Schema, o.Name}]; mysql.Number(err) == errTriggerExists && t != nil && t.kept {
			l.warn(fmt.Sprintf("trigger %s was there and is kept", mysql.QuoteTable(schema, name)))
			return nil
		}
		return err
	}
	if st.kind == "event" {
		gone, err := l.eventGone(ctx, schema, name)
		if err != nil || gone {
			return err
		}
	}
	l.summary.stored(st.kind)
	if disabled {
		l.summary.disabled(mysql.QuoteTable(schema, name))
	}
	return l.reach(atStored, s, name)
}

// eventGone reports an event that the target dropped as soon as it was created: its last time is past, and it is not one
// to be preserved.
func (l *load) eventGone(ctx context.Context, schema, name string) (bool, error) {
	there, err := column(ctx, l.server, "SELECT event_name FROM information_schema.events WHERE event_schema="+
		mysql.QuoteString(schema)+" AND event_name="+mysql.QuoteString(name))
	if err != nil || len(there) > 0 {
		return false, err
	}
	l.summary.differs(fmt.Sprintf("event %s: the target dropped it at once, as its time is past and it is ON COMPLETION NOT PRESERVE", mysql.QuoteTable(schema, name)))
	return true, nil
}

// clear drops what an object replaces, or says that what is there is kept.
func (l *load) clear(ctx context.Context, s *session, o *dump.Object, st *statement, schema, name string) (skip bool, err error) {
	kind := st.kind
	if kind == "trigger" {
		return l.clearTrigger(ctx, s, o, st, schema, name)
	}
	p, err := l.present(ctx, schema)
	if err != nil {
		return false, err
	}
	var there bool
	switch kind {
	case "view":
		there = p.tables[l.fold(name)] != ""
	case "event":
		there = p.events[strings.ToLower(name)]
	default:
		there = p.routines[kind+" "+strings.ToLower(name)]
	}
	if !there {
		return false, nil
	}
	if l.o.IfExists == ExistsSkip || l.o.IfExists == ExistsTruncate {
		l.summary.kept(kind + " " + mysql.QuoteTable(schema, name))
		return true, nil
	}
	drop := strings.ToUpper(kind)
	if kind == "view" {
		drop = dropKind(p.tables[l.fold(name)])
	}
	return false, l.run(ctx, s, o, "DROP "+drop+" IF EXISTS "+mysql.QuoteTable(schema, name))
}

// dropKind is what DROP calls an object of a TABLE_TYPE of information_schema.tables.
func dropKind(tableType string) string {
	switch strings.ToUpper(tableType) {
	case "VIEW", "SYSTEM VIEW":
		return "VIEW"
	case "SEQUENCE":
		return "SEQUENCE"
	}
	return "TABLE"
}

// createViews makes the views that can be made, again and again while that helps: a view needs those that it reads.
func (l *load) createViews(ctx context.Context, s *session, failed *[]error) error {
	l.counters.SetPhase("views")
	var todo []*dump.Object
	for o, err := range l.apart(ctx) {
		if err != nil {
			return err
		}
		if o.Kind == dump.KindView {
			todo = append(todo, &dump.Object{Kind: o.Kind, Schema: o.Schema, Name: o.Name, Files: o.Files, FileSums: o.FileSums})
		}
	}
	for len(todo) > 0 {
		var left []*dump.Object
		var errs []error
		for _, o := range todo {
			err := l.createView(ctx, s, o)
			if err == nil {
				continue
			}
			var refused *StatementError
			if mysql.IsConnectionLost(err) || ctx.Err() != nil || !errors.As(err, &refused) {
				return err
			}
			left, errs = append(left, o), append(errs, err)
		}
		if len(left) == len(todo) {
			l.viewsLeft(errs, failed)
			return nil
		}
		todo = left
	}
	return nil
}

// viewsLeft tells views that read what is not there, which the source had too, from those that the target refuses for
// another reason: only these make the load fail.
func (l *load) viewsLeft(errs []error, failed *[]error) {
	for _, err := range errs {
		if readsWhatIsGone(err) {
			l.summary.differs(fmt.Sprintf("not created, what it reads or who defined it is not there: %v", err))
			continue
		}
		*failed = append(*failed, err)
	}
}

// readsWhatIsGone reports the errors of a view whose table, column, function, schema or definer is missing.
func readsWhatIsGone(err error) bool {
	switch mysql.Number(err) {
	case 1049, 1054, 1146, 1305, 1356, 1449, 1630:
		return true
	}
	return false
}

func (l *load) createView(ctx context.Context, s *session, o *dump.Object) error {
	for st, err := range l.statements(ctx, o) {
		if err != nil {
			return err
		}
		if st.kind == "view" && l.inPart(&st) {
			if err := l.createStored(ctx, s, o, &st); err != nil {
				return err
			}
		}
	}
	return nil
}
