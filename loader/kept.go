package loader

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// held is what planning found out about a table under --if-exists skip, until it is known whether the table is left alone.
type held struct {
	notes    []transform.Note
	definers []string
	refused  []string
}

// hold gives what is held of a table, nil when nothing has to be.
func (l *load) hold(t *table) *held {
	if t == nil || l.o.IfExists != ExistsSkip {
		return nil
	}
	if l.held[t] == nil {
		l.held[t] = &held{}
	}
	return l.held[t]
}

// found reports what the preparation of a statement gave. t is the table that it is about, or nil.
func (l *load) found(t *table, p prepared) {
	if len(p.notes) == 0 && p.definer == "" {
		return
	}
	if h := l.hold(t); h != nil {
		h.notes = append(h.notes, p.notes...)
		h.definers = append(h.definers, p.definer)
		return
	}
	l.note(p.notes)
	l.replaced(p.definer)
}

// replaced reports the account of a DEFINER clause that is not the target's.
func (l *load) replaced(account string) {
	if account != "" && l.o.Definer.Action != transform.KeepDefiner {
		l.summary.definer(account)
	}
}

// refuse reports what the target cannot hold of a table.
func (l *load) refuse(t *table, what []string) {
	if len(what) == 0 {
		return
	}
	if h := l.hold(t); h != nil {
		h.refused = append(h.refused, what...)
		return
	}
	l.refused = append(l.refused, what...)
}

// settleKept counts the tables that are left alone, and of the others reports what was held back.
func (l *load) settleKept() {
	for _, t := range l.batch {
		if t.left {
			l.counters.TablesTotal.Add(-1)
			l.summary.kept("table " + t.String())
			continue
		}
		if h := l.held[t]; h != nil {
			l.refused = append(l.refused, h.refused...)
			l.note(h.notes)
			for _, d := range h.definers {
				l.replaced(d)
			}
		}
	}
	for _, q := range slices.SortedFunc(maps.Keys(l.leftSequences), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		l.summary.kept("sequence " + mysql.QuoteTable(q[0], q[1]))
	}
	clear(l.held)
}

// keeps decides what becomes of a table that is on the target already. What an interrupted run decided stays: the tables
// that it made are not for this run to keep.
func (l *load) keeps(t *table, resumed bool) {
	switch {
	case resumed && !t.bare:
		state := l.past.tables[[2]string{t.schema, t.name}]
		t.left = state == markLeft
		t.kept = t.left || state == markKept
	case t.bare:
		t.kept = true
	default:
		t.left = l.o.IfExists == ExistsSkip
		t.kept = t.left || l.o.IfExists == ExistsTruncate
	}
}

// state is a table's mark in the progress table.
func (t *table) state() string {
	switch {
	case t.left:
		return markLeft
	case t.kept:
		return markKept
	}
	return markCreated
}

// checkHalf refuses to leave tables alone that a forgotten load had begun: they are not whole.
func (l *load) checkHalf(ctx context.Context) error {
	if len(l.forget) == 0 || l.o.IfExists != ExistsSkip {
		return nil
	}
	begun, err := l.journal.begun(ctx, l.server, l.forget)
	if err != nil {
		return err
	}
	var half []string
	for _, t := range l.batch {
		if t.left && begun[l.fold(t.schema)+"\x00"+l.fold(t.name)] {
			half = append(half, t.String())
		}
	}
	if len(half) > 0 {
		return fmt.Errorf("%w, nothing was changed: tables that an interrupted load had begun, and that --if-exists skip would take for whole: %s; choose --if-exists truncate or drop, or carry on without --restart",
			ErrExists, shorten(half))
	}
	return nil
}

// triggerLeft reports whether a trigger is one of a table that is left alone.
func (l *load) triggerLeft(o *dump.Object, st *statement) bool {
	t := l.triggerTable(o, st)
	return t != nil && t.left
}

// triggerTable is the table that a trigger is on.
func (l *load) triggerTable(o *dump.Object, st *statement) *table {
	name := o.Name
	if o.Kind == dump.KindSchema {
		name = st.on
	}
	if t := l.tables[[2]string{o.Schema, name}]; t != nil {
		return t
	}
	for _, t := range l.order {
		if t.from[0] == o.Schema && strings.EqualFold(t.from[1], name) {
			return t
		}
	}
	return nil
}

// clearTrigger makes room for a trigger that an earlier run may have made. On a table that was there before the load,
// one of its name stays as it is.
func (l *load) clearTrigger(ctx context.Context, s *session, o *dump.Object, st *statement, schema, name string) (skip bool, err error) {
	if l.past == nil {
		return false, nil
	}
	if t := l.triggerTable(o, st); t == nil || !t.kept {
		return false, l.run(ctx, s, o, "DROP TRIGGER IF EXISTS "+mysql.QuoteTable(schema, name))
	}
	there, err := column(ctx, l.server, "SELECT 1 FROM information_schema.triggers WHERE trigger_schema="+mysql.QuoteString(schema)+
		" AND trigger_name="+mysql.QuoteString(name))
	if err == nil && len(there) > 0 {
		l.summary.kept("trigger " + mysql.QuoteTable(schema, name))
	}
	return len(there) > 0, err
}

// begun gives the tables that some loads have created, emptied or begun to fill, in the form of folded.
func (j *journal) begun(ctx context.Context, s *mysql.Server, ids []string) (map[string]bool, error) {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = mysql.QuoteString(id)
	}
	names, err := column(ctx, s, "SELECT CONCAT(schema_name,CHAR(0),table_name) FROM "+j.name()+
		" WHERE kind='table' AND state<>'"+markLeft+"' AND dump_id IN ("+strings.Join(quoted, ",")+")")
	if err != nil {
		return nil, fmt.Errorf("progress table: %w", err)
	}
	begun := make(map[string]bool, len(names))
	for _, n := range names {
		begun[n] = true
		begun[strings.ToLower(n)] = true
	}
	return begun, nil
}
