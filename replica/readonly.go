package replica

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// setGlobal sets a variable of a server, and notes what it was.
func setGlobal(ctx context.Context, s *mysql.Server, name, value string) error {
	return run(ctx, s, statement{sql: "SET GLOBAL " + name + "=" + value})
}

// superReadOnly keeps accounts with SUPER from writing too.
const superReadOnly = "super_read_only"

// readOnlyVariables are those that keep writers away, the strictest first.
func readOnlyVariables(f *mysql.Facts) []string {
	if _, ok := f.Variables[superReadOnly]; ok {
		return []string{superReadOnly, "read_only"}
	}
	return []string{"read_only"}
}

// closeSource sets the source read-only. Transactions that are open fail at their COMMIT.
func (c *cutover) closeSource() step {
	s := c.e.source
	names := readOnlyVariables(&s.Facts)
	return step{
		name: "the source is read-only",
		do: func(ctx context.Context) (string, error) {
			for _, n := range names {
				if !isOn(s.Facts.Variables[n]) {
					c.record.SourceReadOnly = append(c.record.SourceReadOnly, n)
				}
			}
			c.since = time.Now()
			// super_read_only sets read_only too.
			err := run(ctx, s, statement{
				before: []string{fmt.Sprintf("SET SESSION lock_wait_timeout=%d", max(1, int(c.o.MaxLockWait.Seconds())))},
				sql:    "SET GLOBAL " + names[0] + "=1",
			})
			if mysql.IsDenied(err) {
				return "", fmt.Errorf("%w: the account may not (on RDS set read_only=1 in the parameter group; or stop the applications), then use --writes-stopped: %w", ErrRefused, err)
			}
			return names[0] + "=1", err
		},
		undo: func(ctx context.Context) error { return c.e.openSource(ctx, c.record.SourceReadOnly) },
	}
}

func isOn(value string) bool {
	v := strings.ToUpper(value)
	return v == "1" || v == "ON" || strings.HasPrefix(v, "NO_LOCK")
}

// openSource takes these variables back. read_only goes last: MySQL switches super_read_only off with it.
func (e *ends) openSource(ctx context.Context, names []string) error {
	for _, n := range names {
		if err := setGlobal(ctx, e.source, n, "0"); err != nil {
			return err
		}
	}
	return nil
}

// openTarget lets the target take writes.
func (c *cutover) openTarget() step {
	t := c.e.target
	return step{
		name: "the target takes writes",
		do: func(ctx context.Context) (string, error) {
			for _, n := range readOnlyVariables(&t.Facts) {
				if !isOn(t.Facts.Variables[n]) || slices.Contains(c.record.TargetReadOnly, n) {
					continue
				}
				if err := setGlobal(ctx, t, n, "0"); err != nil {
					return "", err
				}
				c.record.TargetReadOnly = append(c.record.TargetReadOnly, n)
			}
			return strings.Join(c.record.TargetReadOnly, ", "), nil
		},
		undo: func(ctx context.Context) error {
			err := c.e.closeTarget(ctx, c.record.TargetReadOnly)
			if err == nil && c.o.NoEvents { // else admitSuper does it, after the events
				err = c.e.closeSuper(ctx, c.record.TargetReadOnly)
			}
			return err
		},
	}
}

// admitSuper has the target take statements about events, which super_read_only refuses to everybody. Applications still cannot write.
func (c *cutover) admitSuper() step {
	return step{
		name: "the target takes statements of accounts with SUPER",
		do: func(ctx context.Context) (string, error) {
			c.record.TargetReadOnly = append(c.record.TargetReadOnly, superReadOnly)
			return superReadOnly + "=0", setGlobal(ctx, c.e.target, superReadOnly, "0")
		},
		undo: func(ctx context.Context) error { return c.e.closeSuper(ctx, c.record.TargetReadOnly) },
	}
}

// closeTarget has the target refuse writes as before, but for super_read_only: events are disabled after it.
func (e *ends) closeTarget(ctx context.Context, names []string) error {
	for _, n := range names {
		if n == superReadOnly {
			n = "read_only" // goes with it
		}
		if err := setGlobal(ctx, e.target, n, "1"); err != nil {
			return err
		}
	}
	return nil
}

// closeSuper sets the target's super_read_only again, if it was on.
func (e *ends) closeSuper(ctx context.Context, names []string) error {
	if !slices.Contains(names, superReadOnly) {
		return nil
	}
	return setGlobal(ctx, e.target, superReadOnly, "1")
}
