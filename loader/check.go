package loader

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
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
	if l.summary.Resumed {
		whole := func(t *table) bool { return !t.left && !t.bare && t.rows >= 0 }
		if err := l.eachTable(ctx, whole, l.checkCount); err != nil {
			return err
		}
	}
	return l.eachTable(ctx, func(t *table) bool { return t.autoInc > 0 && !t.left }, l.checkAutoIncrement)
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

// checkAutoIncrement sets the counter that the source had where loading left another one.
func (l *load) checkAutoIncrement(ctx context.Context, s *session, t *table) error {
	got, err := s.autoIncrement(ctx, t)
	if err != nil || got == t.autoInc {
		return err
	}
	if t.kept {
		if numbers, err := column(ctx, l.server, numberedQuery(t)); err != nil || len(numbers) == 0 {
			return err // the table that stays numbers no rows
		}
	}
	if err := l.retryDDL(ctx, s, fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT=%d", t, t.autoInc)); err != nil {
		return fmt.Errorf("table %s: %w", t, err)
	}
	if got, err = s.autoIncrement(ctx, t); err != nil || got == t.autoInc || usedUp(got, t.autoInc) {
		return err
	}
	l.summary.differs(fmt.Sprintf("table %s: AUTO_INCREMENT is %d, the source had %d", t, got, t.autoInc))
	return nil
}

// numberedQuery finds the AUTO_INCREMENT column of a table.
func numberedQuery(t *table) string {
	return "SELECT column_name FROM information_schema.columns WHERE extra LIKE '%auto_increment%' AND table_schema=" +
		mysql.QuoteString(t.schema) + " AND table_name=" + mysql.QuoteString(t.name)
}

// usedUp reports two counters at the end of the column's type: some servers print its last number, others the one after it.
func usedUp(a, b uint64) bool {
	last := min(a, b)
	if max(a, b) != last+1 {
		return false
	}
	for bits := 8; bits <= 64; bits += 8 {
		if top := uint64(1) << (bits - 1); bits != 40 && bits != 48 && bits != 56 && (last == top-1 || last == top-1+top) {
			return true
		}
	}
	return false
}

// autoIncrement is taken from SHOW CREATE TABLE: information_schema has NULL on MySQL 9 until the table is analysed.
func (s *session) autoIncrement(ctx context.Context, t *table) (uint64, error) {
	var name string
	var create []byte
	if err := s.QueryRowContext(ctx, "SHOW CREATE TABLE "+t.String()).Scan(&name, &create); err != nil {
		return 0, fmt.Errorf("table %s: %w", t, err)
	}
	next, _ := transform.AutoIncrement(create, transform.Mode{Charset: "utf8mb4"})
	return max(1, next), nil
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
