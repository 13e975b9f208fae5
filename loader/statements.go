package loader

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// markStatement is the kind of the progress table's rows of statements, whose states follow.
const (
	markStatement  = "script"
	statementBegun = "begun"
	statementDone  = "done"
)

// part is lines of a file: behind after, and before the line before, where that is not 0.
type part struct{ after, before int }

// inPart reports whether an object stands in the part of the file that is being made. Events that are to run come last of all.
func (l *load) inPart(st *statement) bool {
	if st.kind == "event" && l.o.After.EnableEvents {
		return true
	}
	return st.line > l.part.after && (l.part.before == 0 || st.line < l.part.before)
}

// loadInOrder loads the rows, and runs each statement between them when all that stands before it is on the target.
func (l *load) loadInOrder(ctx context.Context) error {
	for {
		if err := l.loadData(ctx); err != nil {
			return err
		}
		if l.fed == nil || l.fed.statement == nil {
			return nil
		}
		st := l.fed.statement
		l.fed.statement = nil
		if err := l.runStatement(ctx, st); err != nil {
			return &StatementError{Phase: "statements", Object: "a statement", File: st.File, Line: st.Line, Statement: st.Shown, Err: err}
		}
	}
}

// runStatement makes what stands before a statement and runs it, unless an earlier run has.
func (l *load) runStatement(ctx context.Context, st *dump.FedStatement) error {
	key := strconv.FormatInt(st.Offset, 10)
	state := ""
	if l.past != nil {
		state = l.past.statements[key]
	}
	if state == statementDone {
		l.part.after = st.Line
		return nil
	}
	undoable, err := l.undoable(ctx, st)
	if err != nil {
		return err
	}
	if state == statementBegun && !undoable {
		return ErrMayHaveRun
	}
	if err := l.before(ctx, st); err != nil {
		return err
	}
	if err := l.journal.mark(ctx, l.server, mark{kind: markStatement, table: key, state: statementBegun}); err != nil {
		return err
	}
	l.counters.SetPhase("statements")
	var s *session
	defer func() { s.discard() }()
	return l.steadily(ctx, &s, st.File, func(s *session, again bool) error {
		if !undoable {
			return l.runOnce(ctx, s, st, key)
		}
		if again {
			if done, err := l.journal.statementDone(ctx, l.server, key); err != nil || done {
				return err
			}
		}
		return retry(ctx, maxAttempts, undone, func() error { return l.runUndoable(ctx, s, st, key) })
	})
}

// before makes the foreign keys, views, routines and triggers that stand before a statement.
func (l *load) before(ctx context.Context, st *dump.FedStatement) error {
	if err := l.addForeignKeys(ctx); err != nil {
		return err
	}
	for _, t := range l.order {
		t.unsure = true // they are looked for when this is done again
	}
	l.part.before = st.Line
	if err := l.createObjects(ctx); err != nil {
		return err
	}
	l.part = part{after: st.Line}
	return nil
}

// undoable reports a statement that a transaction undoes: it changes rows, and no table is there whose engine has no transactions,
// which it could reach by a view, a trigger or a function too.
func (l *load) undoable(ctx context.Context, st *dump.FedStatement) (bool, error) {
	if !st.RowsOnly {
		return false, nil
	}
	names, err := column(ctx, l.server, "SELECT table_name FROM information_schema.tables WHERE table_type='BASE TABLE' AND table_schema NOT IN ('mysql','sys','performance_schema','information_schema') "+
		"AND engine NOT IN (SELECT engine FROM information_schema.engines WHERE transactions='YES') LIMIT 1")
	return len(names) == 0, err
}

// runUndoable runs a statement in one transaction with its row of progress.
func (l *load) runUndoable(ctx context.Context, s *session, st *dump.FedStatement, key string) (err error) {
	defer s.KillOnDone(ctx)()
	if err := s.plain(ctx, l.target); err != nil {
		return err
	}
	for _, q := range []string{"START TRANSACTION", l.journal.statementQuery(key)} {
		if _, err := s.watched(ctx, q); err != nil {
			return l.taken(ctx, s, err)
		}
	}
	if err := l.reach(atClaimed, s, st.File); err != nil {
		return err
	}
	if err := l.execute1(ctx, s, st); err != nil {
		return l.taken(ctx, s, err)
	}
	if err := l.reach(atStatement, s, st.File); err != nil {
		return err
	}
	_, err = s.watched(ctx, "COMMIT")
	return err
}

// taken takes a failed transaction back.
func (l *load) taken(ctx context.Context, s *session, err error) error {
	if !mysql.IsConnectionLost(err) {
		s.schema, s.applied = "", ""
		s.rollback(ctx)
	}
	return err
}

// runOnce runs a statement that cannot be undone: where it is not known whether it has run, nobody runs it again.
func (l *load) runOnce(ctx context.Context, s *session, st *dump.FedStatement, key string) error {
	defer s.KillOnDone(ctx)()
	err := l.execute1(ctx, s, st)
	switch {
	case mysql.IsConnectionLost(err), err != nil && ctx.Err() != nil:
		return fmt.Errorf("%w: %v", ErrMayHaveRun, err) //nolint:errorlint // a lost connection would have it run again
	case err != nil:
		return err
	}
	if err := l.reach(atStatement, s, st.File); err != nil {
		return err
	}
	return l.journal.mark(ctx, l.server, mark{kind: markStatement, table: key, state: statementDone})
}

// execute1 runs a statement under the settings that the file has there.
func (l *load) execute1(ctx context.Context, s *session, st *dump.FedStatement) error {
	checks := "1"
	switch strings.ToLower(st.Settings[transform.VarForeign]) {
	case "0", "off", "false":
		checks = "0"
	}
	if _, err := s.watched(ctx, "SET unique_checks=1, foreign_key_checks="+checks); err != nil {
		return err
	}
	err := error(nil)
	if st.Schema != "" {
		err = s.use(ctx, st.Schema, st.Settings, true, l.target)
	} else {
		err = s.apply(ctx, st.Settings, true, l.target)
	}
	if err != nil {
		return err
	}
	_, err = s.watched(ctx, string(st.Text))
	return err
}

// statementQuery notes that a statement is done.
func (j *journal) statementQuery(key string) string {
	return "UPDATE " + j.name() + " SET state='" + statementDone + "' WHERE dump_id=" + mysql.QuoteString(j.id) + " AND kind='" + markStatement +
		"' AND schema_name='' AND table_name=" + mysql.QuoteString(key) + " AND number=0"
}

// statementDone asks whether a statement is in.
func (j *journal) statementDone(ctx context.Context, s *mysql.Server, key string) (bool, error) {
	p, err := j.read(ctx, s)
	if err != nil || p == nil {
		return false, err
	}
	return p.statements[key] == statementDone, nil
}
