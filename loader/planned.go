package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// Action is what a load would do with an object.
type Action string

// The actions of a plan.
const (
	Create   Action = "create"
	Recreate Action = "replace"  // dropped, then created
	Truncate Action = "truncate" // its definition stays
	Append   Action = "append"   // rows into a table that stays
	Keep     Action = "keep"     // it stays as it is
	Exists   Action = "exists"   // it is in the way, under --if-exists fail
	CarryOn  Action = "carry on" // an interrupted load made it
)

// Planned is one object of a dry run.
type Planned struct {
	Action Action `json:"action"`
	Object string `json:"object"` // "table `shop`.`orders`"
	Rows   int64  `json:"rows,omitempty"`
	About  int64  `json:"estimated_rows,omitempty"` // where the rows are not known
	Bytes  int64  `json:"bytes,omitempty"`
	Chunks int    `json:"chunks,omitempty"`
	Done   int    `json:"chunks_done,omitempty"` // that an interrupted load has committed
}

func (p Planned) detail() string {
	if p.About > 0 && p.Action != Keep {
		return ": about " + progress.Counted(p.About, "row")
	}
	if p.Chunks == 0 || p.Action == Keep {
		return ""
	}
	done := ""
	if p.Done > 0 {
		done = fmt.Sprintf(", %d of them in already", p.Done)
	}
	return fmt.Sprintf(": %s, %s in %s%s", progress.Counted(p.Rows, "row"), progress.Bytes(p.Bytes), progress.Counted(p.Chunks, "chunk"), done)
}

// listPlan fills in the summary what would be done, also where planErr says that the target does not allow it.
func (l *load) listPlan(ctx context.Context, planErr error) error {
	if planErr != nil && !errors.Is(planErr, ErrExists) && !errors.Is(planErr, ErrUnsupported) {
		return planErr
	}
	if planErr != nil && l.fed == nil && l.counters.ChunksTotal.Load() == 0 {
		if err := l.planChunks(ctx); err != nil {
			return errors.Join(planErr, err)
		}
	}
	for o, err := range l.current(ctx) {
		if err == nil {
			err = l.listObject(ctx, o)
		}
		if err != nil {
			return errors.Join(planErr, err)
		}
	}
	l.listAccounts()
	return planErr
}

func (l *load) listObject(ctx context.Context, o *dump.Object) error {
	schema, name := l.mapTable(o.Schema, o.Name)
	p, err := l.present(ctx, schema)
	if err != nil {
		return err
	}
	add := func(kind, name string, there bool) {
		l.summary.Plan = append(l.summary.Plan, Planned{Action: l.actionOn(there), Object: kind + " " + mysql.QuoteTable(schema, name)})
	}
	switch o.Kind {
	case dump.KindSchema:
		action := Create
		if p.schema {
			action = Keep
		}
		if len(o.Files) > 0 {
			l.summary.Plan = append(l.summary.Plan, Planned{Action: action, Object: "schema " + mysql.QuoteName(schema)})
		}
		for _, r := range o.Routines {
			kind, routine := cutKind(r)
			add(kind, routine, p.routines[strings.ToLower(r)])
		}
		for _, e := range o.Events {
			add("event", e, p.events[strings.ToLower(e)])
		}
		for _, t := range o.Triggers {
			add("trigger", t, false)
		}
	case dump.KindUsers: // listAccounts
	case dump.KindTable:
		l.listTable(o, l.tables[[2]string{o.Schema, o.Name}], p)
	case dump.KindView, dump.KindSequence:
		add(string(o.Kind), name, p.tables[l.fold(name)] != "")
	}
	return nil
}

func (l *load) listTable(o *dump.Object, t *table, p *presence) {
	there := p.tables[l.fold(t.name)] != ""
	one := Planned{Object: "table " + t.String(), Rows: max(0, t.rows), Bytes: t.bytes, Chunks: t.chunks, Done: t.chunks - t.pending}
	if l.fed != nil {
		one.About, one.Done = max(0, t.estimated), t.done.count()
	}
	switch {
	case t.left:
		one.Action = Keep
	case l.past != nil && l.past.phases[phaseTables]:
		one.Action = CarryOn
	case t.kept && l.o.IfExists == ExistsTruncate:
		one.Action = Truncate
	case t.kept:
		one.Action = Append
	default:
		one.Action = l.actionOn(there)
	}
	l.summary.Plan = append(l.summary.Plan, one)
	if t.left {
		return
	}
	for _, tr := range o.Triggers {
		l.summary.Plan = append(l.summary.Plan, Planned{Action: Create, Object: "trigger " + mysql.QuoteTable(t.schema, tr)})
	}
}

// actionOn is what happens to an object that is no table.
func (l *load) actionOn(there bool) Action {
	switch {
	case !there:
		return Create
	case l.o.IfExists == ExistsFail && l.past == nil:
		return Exists
	case l.o.IfExists == ExistsSkip, l.o.IfExists == ExistsTruncate:
		return Keep
	}
	return Recreate
}

// cutKind cuts "package body p".
func cutKind(routine string) (kind, name string) {
	for _, k := range []string{"package body ", "package ", "procedure ", "function "} {
		if rest, ok := strings.CutPrefix(routine, k); ok {
			return strings.TrimSpace(k), rest
		}
	}
	return "routine", routine
}
