package loader

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"golang.org/x/sync/errgroup"
)

// eachTable calls do for tables of ours, over several sessions. It calls it again when its session was lost.
func (l *load) eachTable(ctx context.Context, want func(*table) bool, do func(context.Context, *session, *table) error) error {
	g, ctx := errgroup.WithContext(ctx)
	tables := make(chan *table)
	g.Go(func() error {
		defer close(tables)
		for _, t := range l.order {
			if !want(t) {
				continue
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case tables <- t:
			}
		}
		return nil
	})
	for range l.o.Threads {
		g.Go(func() error {
			var s *session
			defer func() { s.discard() }()
			for t := range tables {
				err := l.steadily(ctx, &s, t.String(), func(s *session, again bool) error {
					t.unsure = t.unsure || again
					return do(ctx, s, t)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// checkTables holds what is on the target against the dump.
func (l *load) checkTables(ctx context.Context) error {
	l.counters.SetPhase("check")
	for _, t := range l.order {
		if !t.left && t.rows >= 0 && t.loaded != t.rows {
			l.summary.differs(fmt.Sprintf("table %s: it got %s, the dump has %s", t, progress.Counted(t.loaded, "row"), progress.Count(t.rows)))
		}
	}
	if l.fed.statements() > 0 {
		l.warn("numbers of rows and AUTO_INCREMENT on the target were not held against the file, as statements of it change them")
		return nil
	}
	if l.summary.Resumed {
		whole := func(t *table) bool { return !t.left && !t.bare && t.rows >= 0 }
		if err := l.eachTable(ctx, whole, l.checkCount); err != nil {
			return err
		}
	}
	return l.checkCounters(ctx)
}

// checkCount counts the rows that are there. A run that was taken up again takes the word of the progress table for the
// chunks before it, and rows may have been deleted since.
func (l *load) checkCount(ctx context.Context, s *session, t *table) error {
	var rows int64
	if err := s.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.String()).Scan(&rows); err != nil {
		return fmt.Errorf("count the rows of table %s: %w", t, err)
	}
	if rows != t.rows {
		l.summary.differs(fmt.Sprintf("table %s: it has %s, the dump has %s; something else has changed it since this load began: load it again by --restart --if-exists drop", t, progress.Counted(rows, "row"), progress.Count(t.rows)))
	}
	return nil
}

// analyze refreshes the statistics of the optimizer.
func (l *load) analyze(ctx context.Context) error {
	l.counters.SetPhase("analyze")
	return l.eachTable(ctx, func(t *table) bool { return !t.left }, func(ctx context.Context, s *session, t *table) (err error) {
		rows, err := s.QueryContext(ctx, "ANALYZE TABLE "+t.String())
		if err != nil {
			return fmt.Errorf("analyze table %s: %w", t, err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var name, op, kind, text string
			if err := rows.Scan(&name, &op, &kind, &text); err != nil {
				return err
			}
			if kind == "Error" || kind == "error" {
				l.warn(fmt.Sprintf("analyze table %s: %s", t, text))
			}
		}
		return rows.Err()
	})
}

// finish takes the progress table away.
func (l *load) finish(ctx context.Context) error {
	if err := l.reach(atFinish, nil, ""); err != nil {
		return err
	}
	if err := l.still(ctx); err != nil {
		return err
	}
	if err := l.recordCopy(ctx); err != nil {
		return err
	}
	if l.o.After.KeepProgress {
		return l.journal.mark(ctx, l.server, mark{kind: "phase", table: phaseDone, state: markCreated})
	}
	left, err := l.journal.remove(ctx, l.server)
	switch {
	case mysql.IsDenied(err):
		left = "rows of this dump in table " + l.journal.name()
	case err != nil:
		return fmt.Errorf("progress table: %w", err)
	}
	if left != "" {
		l.warn("the account may not remove what gomove kept its progress in: " + left + " can be dropped")
	}
	return nil
}
