package verify

import (
	"context"
	"sync"
	"time"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
)

// finding is what is known of a table whose sides differ.
type finding struct {
	mismatches []mismatch
	partial    bool                 // there are more than could be looked at
	moving     map[dump.RowSum]bool // those whose rows did not hold still while the target followed the source
}

// narrow finds the rows that differ in a table whose checksums do.
func (c *comparison) narrow(ctx context.Context, p *pair) (*finding, error) {
	f := filter{}
	rows := max(p.total[source].rows, p.total[target].rows)
	if p.level != nil {
		f, rows = append(f, p.level), p.in
	}
	partial := false
	for rows > maxCandidates {
		l, in, err := c.refine(ctx, p, f)
		if err != nil {
			return nil, err
		}
		f = append(f, l)
		shrunk := in < rows/2
		if rows = in; rows <= maxCandidates || shrunk && len(f) < maxLevels {
			continue
		}
		partial = true
		thin(l, rows)
		break
	}
	both, err := c.collect(ctx, p, f, nil)
	if err != nil {
		return nil, err
	}
	out := &finding{mismatches: match(&both[source], &both[target]), partial: partial || both[source].over || both[target].over}
	if c.followed != nil {
		err = c.agree(ctx, p, f, out)
	} else {
		err = c.recheck(ctx, p, f, out)
	}
	if err != nil {
		return nil, err
	}
	return out, c.keepShown(ctx, p, f, out)
}

// thin leaves so many buckets that their rows can be compared.
func thin(l *level, rows int64) {
	var set []int
	for i := range buckets {
		if l.has(i) {
			set = append(set, i)
		}
	}
	for _, i := range set[max(1, int64(len(set))*maxCandidates/rows):] {
		l.clear(i)
	}
}

// refine adds up the rows that pass a filter by the next level's buckets.
func (c *comparison) refine(ctx context.Context, p *pair, f filter) (*level, int64, error) {
	var mu sync.Mutex
	by := [2][]total{c.buckets(), c.buckets()}
	err := c.again(ctx, p, "", func(side sideOf) visitor {
		return &tally{filter: f, by: c.buckets(), into: func(t *tally) {
			mu.Lock()
			defer mu.Unlock()
			for i := range t.by {
				by[side][i].add(t.by[i])
			}
			c.giveBack(t.by)
		}}
	})
	l, in := differingBuckets(by[source], by[target])
	c.giveBack(by[source])
	c.giveBack(by[target])
	return l, in, err
}

// collect reads the rows that pass a filter, or of the wanted keys.
func (c *comparison) collect(ctx context.Context, p *pair, f filter, wanted map[dump.RowSum]bool) (*[2]collection, error) {
	return c.collectWhere(ctx, p, "", f, wanted)
}

func (c *comparison) collectWhere(ctx context.Context, p *pair, where string, f filter, wanted map[dump.RowSum]bool) (*[2]collection, error) {
	var mu sync.Mutex
	var both [2]collection
	err := c.again(ctx, p, where, func(side sideOf) visitor {
		return &collector{filter: f, wanted: wanted, keyAt: p.keyAt, into: func(got *collector) {
			mu.Lock()
			defer mu.Unlock()
			both[side].add(got.found)
		}}
	})
	return &both, err
}

// again reads a table once more: the ranges that differ, or all of it where the sides are not read in the same ranges.
// With a condition it reads the rows that meet it.
func (c *comparison) again(ctx context.Context, p *pair, where string, visitor func(side sideOf) visitor) error {
	give := func(s sideOf, r chunker.Range) *job {
		c.o.Progress.ChunksTotal.Add(1)
		return &job{pair: p, side: s, rng: r, where: where, visitor: visitorOf(visitor, s)}
	}
	if where != "" || p.shared {
		return c.scan(ctx, func(ctx context.Context, put emit) error {
			ranges := p.ranges
			if where != "" {
				ranges = []*rangeTotal{{}}
			}
			for _, r := range ranges {
				for _, s := range []sideOf{source, target} {
					if err := put(ctx, give(s, r.rng)); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	one := func(side sideOf) func(context.Context, emit) error {
		return func(ctx context.Context, put emit) error {
			return c.allRanges(ctx, p, side, func(r chunker.Range) error { return put(ctx, give(side, r)) })
		}
	}
	first := one(source)
	if c.dump != nil {
		first = func(ctx context.Context, put emit) error { return c.dump.jobs(ctx, put, p, visitorOf(visitor, source)) }
	}
	return c.scan(ctx, first, one(target))
}

func visitorOf(f func(side sideOf) visitor, s sideOf) func() visitor {
	return func() visitor { return f(s) }
}

// recheckPause is the first pause before rows that differ are read again; each next one is twice as long.
const recheckPause = 150 * time.Millisecond

const maxPauses = time.Minute

// recheck reads the rows that differ again while writers may still be at work, and drops those that have come to agree.
func (c *comparison) recheck(ctx context.Context, p *pair, f filter, found *finding) error {
	if c.dump != nil {
		return nil
	}
	for round := range c.o.Recheck {
		if len(found.mismatches) == 0 || found.partial {
			return nil
		}
		if err := c.pause(ctx, recheckPause<<min(round, 10)); err != nil {
			return err
		}
		if err := c.lookAgain(ctx, p, f, found); err != nil {
			return err
		}
	}
	return nil
}

// pause waits for what is on its way to the target, for a minute in a run: a thousand tables that differ are not waited for one by one.
func (c *comparison) pause(ctx context.Context, d time.Duration) error {
	d = min(d, maxPauses-c.paused)
	if d <= 0 {
		return ctx.Err()
	}
	c.paused += d
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (c *comparison) lookAgain(ctx context.Context, p *pair, f filter, found *finding) error {
	wanted := make(map[dump.RowSum]bool, len(found.mismatches))
	for _, m := range found.mismatches {
		wanted[m.key()] = true
	}
	both, err := c.readKeys(ctx, p, found.mismatches, wanted)
	if err != nil {
		return err
	}
	if both == nil {
		if both, err = c.collect(ctx, p, f, wanted); err != nil {
			return err
		}
	}
	found.mismatches = match(&both[source], &both[target])
	return nil
}

// keepShown reads what is shown of the rows for which there was no room before.
func (c *comparison) keepShown(ctx context.Context, p *pair, f filter, found *finding) error {
	wanted := map[dump.RowSum]bool{}
	lacking := false
	for i := range min(len(found.mismatches), c.o.MaxDifferences) {
		m := found.mismatches[i]
		wanted[m.key()] = true
		lacking = lacking || m.source != nil && m.source.kept == nil || m.target != nil && m.target.kept == nil
	}
	if !lacking {
		return nil
	}
	both, err := c.collect(ctx, p, f, wanted)
	if err != nil {
		return err
	}
	for side := range both {
		rows := map[[2]dump.RowSum]*keptRow{}
		for _, r := range both[side].rows {
			rows[[2]dump.RowSum{r.key, r.hash}] = r.kept
		}
		for i := range min(len(found.mismatches), c.o.MaxDifferences) {
			m := &found.mismatches[i]
			for _, r := range []*candidate{m.source, m.target}[side : side+1] {
				if r != nil && r.kept == nil {
					r.kept = rows[[2]dump.RowSum{r.key, r.hash}]
				}
			}
		}
	}
	return nil
}
