package verify

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// canHold reports whether the rows may be locked on the source for a moment: few, and by their keys.
func (a *agreement) canHold() bool {
	return a.o.MaxLockHold > 0 && a.keys != nil && len(a.wanted) <= maxHeld && !a.notHeld && !a.unheld
}

// hold has the last word on rows that still differ: it locks them on the source against writers, waits until the target has applied
// what the source had, and compares. What could not be held in time is looked at again.
func (a *agreement) hold(ctx context.Context) error {
	if !a.canHold() {
		return nil
	}
	late := false
	for _, keys := range a.keyBatches(heldAtOnce) {
		held := false
		for try := range holdTries {
			if time.Now().After(a.until) {
				break
			}
			if err := a.followed.catchUp(ctx, a.o.MaxWait); err != nil {
				return err
			}
			done, err := a.holdBatch(ctx, keys)
			if err != nil {
				return err
			}
			if held = done; done || a.notHeld {
				break
			}
			if err := rest(ctx, try); err != nil {
				return err
			}
		}
		late = late || !held
	}
	a.unheld = late
	return nil
}

// Server error numbers of a lock that was not had.
const (
	errLockWait = 1205
	errDeadlock = 1213
)

// holdBatch reports false when the rows could not be locked, or not for as long as it took.
func (a *agreement) holdBatch(ctx context.Context, keys []dump.RowSum) (done bool, err error) {
	w := &worker{comparison: a.comparison, side: source}
	if w.conn, err = a.servers[source].Session(ctx); err != nil {
		return false, err
	}
	defer w.close() // with its transaction
	for _, q := range []string{"SET SESSION innodb_lock_wait_timeout=1", "START TRANSACTION"} {
		if _, err := w.conn.ExecContext(ctx, q); err != nil {
			return false, err
		}
	}
	until := time.Now().Add(a.o.MaxLockHold)
	held, release := context.WithDeadline(ctx, until)
	defer release()
	of, on, err := a.heldRows(held, w, keys)
	switch n := mysql.Number(err); {
	case n == errLockWait || n == errDeadlock:
		return false, nil
	case mysql.IsDenied(err):
		a.notHeld = true
		a.o.Log.Warn("the account may not lock rows of the source for a moment", "table", a.pair.name(source), "error", err)
		return false, nil
	case ctx.Err() == nil && (held.Err() != nil || errors.Is(err, errBehind)):
		return false, nil // longer than the rows may be held
	case err != nil:
		return false, err
	}
	a.settle(keys, of, on)
	return true, nil
}

// heldRows locks rows on the source and reads them there and on the target, which has applied them.
func (a *agreement) heldRows(ctx context.Context, w *worker, keys []dump.RowSum) (of, on collection, err error) {
	t := a.pair.sides[source]
	rows, err := t.Query(ctx, w.conn, t.SelectWhere(chunker.Range{}, t.Plan.Exprs, a.where(keys))+" LOCK IN SHARE MODE")
	if err != nil {
		return of, on, err
	}
	got := &collector{wanted: a.wanted, keyAt: a.pair.keyAt}
	err = w.visit(a.pair, t, rows, got)
	if err = errors.Join(err, rows.Close()); err != nil {
		return of, on, err
	}
	if err := a.followed.catchUp(ctx, a.o.MaxLockHold); err != nil {
		return of, on, err
	}
	only := &agreement{comparison: a.comparison, pair: a.pair, keys: a.keys, wanted: map[dump.RowSum]bool{}}
	for _, k := range keys {
		only.wanted[k] = true
	}
	on, err = only.read(ctx, target)
	return got.found, on, err
}

// settle takes over what was found while rows were held.
func (a *agreement) settle(keys []dump.RowSum, of, on collection) {
	was, is := hashes(&of), hashes(&on)
	for _, k := range keys {
		delete(a.moved, k)
		a.still[k] = surelyLooks
		if slices.Equal(was[k], is[k]) {
			delete(a.wanted, k)
		}
		gone := func(r candidate) bool { return r.key == k }
		for side, got := range []*collection{&of, &on} {
			a.last[side].rows = slices.DeleteFunc(a.last[side].rows, gone)
			for _, r := range got.rows {
				if gone(r) {
					a.last[side].rows = append(a.last[side].rows, r)
				}
			}
		}
	}
}
