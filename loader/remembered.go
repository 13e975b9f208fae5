package loader

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/gomove/gomove/internal/dump"
)

const (
	// maxApart and maxReadyBytes bound what is remembered: a dump may have any number of objects.
	maxApart      = 1000
	maxReadyBytes = 16 << 20
	maxReadyFed   = 4 << 20 // of a feed, whose texts are in memory already
	readyOverhead = 1 << 10 // of a statement beside its text
)

// remembered is what the plan has read and a later phase needs again: for thousands of small tables, reading it again is
// most of a load's own work.
type remembered struct {
	objects []*dump.Object // those that are no plain table
	tooMany bool
	whole   bool              // every object was seen
	bytes   int               // of statements
	fed     bool              // they are a feed's
	vars    map[string]string // of the last of them
}

// objectsOf yields objects of the dump.
type objectsOf func(context.Context) iter.Seq2[*dump.Object, error]

// add remembers an object that is no table, or a table with triggers.
func (r *remembered) add(o *dump.Object) {
	switch {
	case o.Kind == dump.KindTable && len(o.Triggers) == 0 || r.tooMany:
	case len(r.objects) == maxApart:
		r.objects, r.tooMany = nil, true
	default:
		r.objects = append(r.objects, o)
	}
}

// apart yields the objects that are no plain tables, and plain tables too where there are many of the others.
func (l *load) apart(ctx context.Context) iter.Seq2[*dump.Object, error] {
	if l.remembered.tooMany || !l.remembered.whole {
		return l.objects(ctx)
	}
	return func(yield func(*dump.Object, error) bool) {
		for _, o := range l.remembered.objects {
			if !yield(o, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}

// readyCreate is a statement as the target gets it.
type readyCreate struct {
	st   *statement
	text []byte
}

// create remembers a table's CREATE TABLE. A second one of the same table is for the target to refuse: both are read again.
func (r *remembered) create(t *table, st *statement, text []byte) {
	most := maxReadyBytes
	if r.fed {
		most = maxReadyFed
	}
	if !t.bare || r.bytes+len(text)+readyOverhead > most {
		t.ready = nil
		return
	}
	r.bytes += len(text) + readyOverhead
	kept := *st
	kept.text = nil // valid until the next statement is read
	if !maps.Equal(kept.vars, r.vars) {
		r.vars = kept.vars
	}
	kept.vars = r.vars // most files have the same: one copy of them is kept
	t.ready = &readyCreate{&kept, slices.Clone(text)}
}

// tableStatements yields what creates a table, as the target gets it.
func (l *load) tableStatements(ctx context.Context, o *dump.Object, t *table) iter.Seq2[readyCreate, error] {
	return func(yield func(readyCreate, error) bool) {
		if r := t.ready; r != nil {
			t.ready = nil
			yield(*r, nil)
			return
		}
		for st, err := range l.statements(ctx, o) {
			if err != nil {
				yield(readyCreate{}, err)
				return
			}
			if st.kind != "trigger" && !yield(readyCreate{&st, l.prepare(o, &st).text}, nil) {
				return
			}
		}
	}
}
