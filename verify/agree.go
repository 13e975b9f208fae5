package verify

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// Rows that differ while the target follows the source are looked at in turns: source, target, source. Before the target is read it
// has applied what the source had at the first look. So a row that both looks at the source find the same was that on the target too:
// otherwise it differs, unless it was changed and changed back in between, which more looks and a lock for a moment rule out.
const (
	enoughLooks  = 3    // at a row that stands still
	surelyLooks  = 6    // where no row may be held
	mostLooks    = 12   // at rows that move
	maxHeld      = 1000 // rows of a table that are held on the source
	heldAtOnce   = 100
	holdTries    = 8
	longestPause = 500 * time.Millisecond
)

// agreement is the work on the rows of one table that differ.
type agreement struct {
	*comparison
	pair   *pair
	filter filter
	keys   map[dump.RowSum]string // conditions by which the rows are read; nil: whole ranges are read
	wanted map[dump.RowSum]bool   // rows that do not agree yet
	still  map[dump.RowSum]int    // looks in a row at which one did not move
	moved  map[dump.RowSum]bool
	last   [2]collection // of both sides
	until  time.Time     // end of all waiting for the table
	unheld bool          // some row could not be held for as long as the target took
}

// agree drops the rows that agree once the target has applied them, and tells those that did not hold still.
func (c *comparison) agree(ctx context.Context, p *pair, f filter, found *finding) error {
	if len(found.mismatches) == 0 {
		return nil
	}
	a := &agreement{comparison: c, pair: p, filter: f, wanted: map[dump.RowSum]bool{}, still: map[dump.RowSum]int{}, moved: map[dump.RowSum]bool{}, until: time.Now().Add(c.o.MaxWait)}
	for _, m := range found.mismatches {
		a.wanted[m.key()] = true
	}
	begun := len(a.wanted)
	a.keys = a.conditions(found.mismatches)
	if err := a.look(ctx); err != nil {
		return err
	}
	if err := a.hold(ctx); err != nil {
		return err
	}
	if a.unheld && time.Now().Before(a.until) { // as with a target that is always late: what a lock would have told, more looks do
		if err := a.look(ctx); err != nil {
			return err
		}
	}
	c.agreed += int64(begun - len(a.wanted))
	for side := range a.last {
		a.last[side].rows = slices.DeleteFunc(a.last[side].rows, func(r candidate) bool { return !a.wanted[r.key] })
	}
	found.mismatches = match(&a.last[source], &a.last[target])
	found.moving = a.moved
	return nil
}

// conditions are how rows are read by their keys; nil where not every row can be found so.
func (a *agreement) conditions(rows []mismatch) map[dump.RowSum]string {
	if !a.pair.findable() || len(rows) > maxKeys {
		return nil
	}
	out := make(map[dump.RowSum]string, len(rows))
	for _, m := range rows {
		r := m.source
		if r == nil || r.kept == nil {
			r = m.target
		}
		if r == nil || r.kept == nil || slices.ContainsFunc(r.kept.key, func(v []byte) bool { return v == nil }) {
			return nil
		}
		one := chunker.Range{Equal: r.kept.key}
		out[m.key()] = "(" + one.Where(a.pair.key) + ")"
	}
	return out
}

// look looks until every row agrees, has stood still for long enough, or has moved too often.
func (a *agreement) look(ctx context.Context) error {
	before, err := a.read(ctx, source)
	if err != nil {
		return err
	}
	for round := 0; len(a.wanted) > 0 && round < mostLooks && !a.settled(); round++ {
		if round > 0 {
			if err := rest(ctx, round); err != nil {
				return err
			}
		}
		if err := a.followed.catchUp(ctx, a.o.MaxWait); err != nil {
			return err
		}
		on, err := a.read(ctx, target)
		if err != nil {
			return err
		}
		after, err := a.read(ctx, source)
		if err != nil {
			return err
		}
		if a.unsure(&before, &on, &after) {
			a.keys = nil
			if before, err = a.read(ctx, source); err != nil {
				return err
			}
			continue
		}
		a.judge(&before, &on, &after)
		before = after
		a.last = [2]collection{after, on}
		if time.Now().After(a.until) {
			break
		}
	}
	for k := range a.wanted {
		if a.still[k] < enoughLooks {
			a.moved[k] = true
		}
	}
	return nil
}

// unsure reports text keys of which no side finds a row: it may be gone, or there under a key that SQL cannot name.
func (a *agreement) unsure(all ...*collection) bool {
	if a.keys == nil || !slices.ContainsFunc(a.pair.key.Parts, func(k chunker.Part) bool { return k.Kind == chunker.Text }) {
		return false
	}
	found := map[dump.RowSum]bool{}
	for _, c := range all {
		for _, r := range c.rows {
			found[r.key] = true
		}
	}
	for k := range a.wanted {
		if !found[k] {
			return true
		}
	}
	return false
}

// settled reports that more looks would tell no more.
func (a *agreement) settled() bool {
	enough := enoughLooks
	if !a.canHold() {
		enough = surelyLooks
	}
	for k := range a.wanted {
		if a.still[k] < enough {
			return false
		}
	}
	return true
}

// judge drops the rows that the target has as the source had them before or after.
func (a *agreement) judge(before, on, after *collection) {
	was, is, has := hashes(before), hashes(on), hashes(after)
	for k := range a.wanted {
		switch {
		case slices.Equal(is[k], was[k]), slices.Equal(is[k], has[k]):
			delete(a.wanted, k)
			delete(a.moved, k)
		case slices.Equal(was[k], has[k]):
			a.still[k]++
			if a.still[k] >= enoughLooks {
				delete(a.moved, k)
			}
		default:
			a.still[k] = 0
			a.moved[k] = true
		}
	}
}

// hashes are the rows of each key, in order.
func hashes(c *collection) map[dump.RowSum][]dump.RowSum {
	out := map[dump.RowSum][]dump.RowSum{}
	for _, r := range c.rows {
		out[r.key] = append(out[r.key], r.hash)
	}
	for _, h := range out {
		slices.SortFunc(h, compareSums)
	}
	return out
}

// rest pauses for a time that no writer's rhythm fits.
func rest(ctx context.Context, round int) error {
	d := min(10*time.Millisecond<<round, longestPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d/2 + rand.N(d)):
		return nil
	}
}

// read reads the wanted rows of one side.
func (a *agreement) read(ctx context.Context, side sideOf) (collection, error) {
	var mu sync.Mutex
	var out collection
	visit := func() visitor {
		return &collector{filter: a.filter, wanted: a.wanted, keyAt: a.pair.keyAt, into: func(got *collector) {
			mu.Lock()
			defer mu.Unlock()
			out.add(got.found)
		}}
	}
	give := func(ctx context.Context, put emit, r chunker.Range, where string) error {
		a.o.Progress.ChunksTotal.Add(1)
		return put(ctx, &job{pair: a.pair, side: side, rng: r, where: where, visitor: visit})
	}
	err := a.scan(ctx, func(ctx context.Context, put emit) error {
		if a.keys != nil {
			for _, where := range a.batches(keysInQuery) {
				if err := give(ctx, put, chunker.Range{}, where); err != nil {
					return err
				}
			}
			return nil
		}
		if !a.pair.shared {
			return a.allRanges(ctx, a.pair, side, func(r chunker.Range) error { return give(ctx, put, r, "") })
		}
		for _, r := range a.pair.ranges {
			if err := give(ctx, put, r.rng, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if a.keys != nil && mysql.Number(err) != 0 && !mysql.IsConnectionLost(err) {
		a.keys = nil // such as text that is not valid in its charset
		return a.read(ctx, side)
	}
	return out, err
}

// batches are conditions for so many of the wanted rows each.
func (a *agreement) batches(size int) []string {
	var out []string
	for _, batch := range a.keyBatches(size) {
		out = append(out, a.where(batch))
	}
	return out
}

func (a *agreement) keyBatches(size int) [][]dump.RowSum {
	keys := make([]dump.RowSum, 0, len(a.wanted))
	for k := range a.wanted {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareSums)
	return slices.Collect(slices.Chunk(keys, size))
}

func (a *agreement) where(keys []dump.RowSum) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = a.keys[k]
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}
