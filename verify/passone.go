package verify

import (
	"cmp"
	"context"
	"slices"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
)

// compareRows reads every table once on each side and returns those whose checksums differ.
func (c *comparison) compareRows(ctx context.Context) (differing []*pair, err error) {
	slices.SortStableFunc(c.pairs, func(a, b *pair) int { return cmp.Compare(b.size(), a.size()) })
	c.announce()
	c.finished = func(p *pair) {
		c.o.Progress.Tables.Add(1)
		if p.settle() {
			differing = append(differing, p)
		}
	}
	var producers []func(context.Context, emit) error
	if c.dump == nil {
		producers = append(producers, func(ctx context.Context, put emit) error { return c.ranges(ctx, put, source) })
	}
	producers = append(producers, func(ctx context.Context, put emit) error { return c.ranges(ctx, put, target) })
	if err := c.scan(ctx, producers...); err != nil {
		return nil, err
	}
	slices.SortFunc(differing, func(a, b *pair) int { return cmp.Compare(a.name(source), b.name(source)) })
	return differing, nil
}

func (c *comparison) announce() {
	p := c.o.Progress
	p.TablesTotal.Store(int64(len(c.pairs)))
	p.Threads.Store(2 * int64(c.o.Threads))
	for _, pr := range c.pairs {
		for side, s := range pr.sides {
			pr.open[side] = 1
			if s == nil {
				pr.open[side] = 0
				continue
			}
			p.RowsTotal.Add(s.Rows)
			p.BytesTotal.Add(s.Bytes)
		}
		if pr.shared {
			pr.open[target] = 0
		}
	}
}

// ranges hands out the ranges of every table of a side: of both sides, by the source's, where they have the same order.
func (c *comparison) ranges(ctx context.Context, put emit, side sideOf) error {
	probes := &catalog.Prober{Server: c.servers[side]}
	defer probes.Close()
	for _, p := range c.pairs {
		if p.shared && side == target {
			continue
		}
		if err := c.tableRanges(ctx, put, p, side, probes); err != nil {
			return err
		}
		c.closeRange(p, side)
	}
	return nil
}

func (c *comparison) tableRanges(ctx context.Context, put emit, p *pair, side sideOf, probes *catalog.Prober) error {
	for r, err := range chunker.Ranges(ctx, probes, p.sides[side].Tiled(), chunker.Options{TargetBytes: c.o.RangeBytes}) {
		if err != nil {
			return err
		}
		sides := []sideOf{side}
		var both *rangeTotal
		if p.shared {
			sides = []sideOf{source, target}
			both = &rangeTotal{rng: r}
		}
		p.mu.Lock()
		if both != nil {
			p.ranges = append(p.ranges, both)
		}
		for _, s := range sides {
			p.open[s]++
		}
		p.mu.Unlock()
		for _, s := range sides {
			c.o.Progress.ChunksTotal.Add(1)
			if err := put(ctx, &job{pair: p, side: s, rng: r, visitor: func() visitor { return c.newTally(p, s, both) }}); err != nil {
				return err
			}
		}
	}
	return nil
}

// newTally adds up one range of the first reading.
func (c *comparison) newTally(p *pair, side sideOf, both *rangeTotal) *tally {
	t := &tally{}
	if p.large && c.dump == nil {
		t.by = c.buckets()
	}
	t.into = func(t *tally) {
		p.mu.Lock()
		p.total[side].add(t.total)
		if t.by != nil {
			if p.by[side] == nil {
				p.by[side] = c.buckets()
			}
			for i := range t.by {
				p.by[side][i].add(t.by[i])
			}
			c.giveBack(t.by)
		}
		if both != nil {
			both.total[side], both.read[side] = t.total, true
			if both.read[source] && both.read[target] && both.total[source] == both.total[target] {
				p.ranges = slices.DeleteFunc(p.ranges, func(r *rangeTotal) bool { return r == both })
			}
		}
		p.mu.Unlock()
		c.closeRange(p, side)
	}
	return t
}

// closeRange ends one range, or the finding of ranges. Whoever is last has the table looked at.
func (c *comparison) closeRange(p *pair, side sideOf) {
	p.mu.Lock()
	p.open[side]--
	last := p.open == [2]int{}
	p.mu.Unlock()
	if last {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.finished(p)
		for side, by := range p.by {
			if by != nil {
				c.giveBack(by)
				p.by[side] = nil
			}
		}
	}
}

// settle reports whether the sides of a table that was read differ, and notes the buckets that do.
func (p *pair) settle() bool {
	if p.total[source] == p.total[target] {
		p.ranges = nil
		return false
	}
	if p.by[source] != nil || p.by[target] != nil {
		p.level, p.in = differingBuckets(p.by[source], p.by[target])
	}
	return true
}

// differingBuckets notes the buckets whose rows differ. Either side may have none at all.
func differingBuckets(a, b []total) (*level, int64) {
	var l level
	var rows [2]int64
	empty := make([]total, buckets)
	if a == nil {
		a = empty
	}
	if b == nil {
		b = empty
	}
	for i := range a {
		if a[i] != b[i] {
			l.set(i)
			rows[0] += a[i].rows
			rows[1] += b[i].rows
		}
	}
	return &l, max(rows[0], rows[1])
}

// buckets is an empty array of sums.
func (c *comparison) buckets() []total {
	if b, ok := c.pool.Get().(*[]total); ok {
		clear(*b)
		return *b
	}
	return make([]total, buckets)
}

func (c *comparison) giveBack(b []total) { c.pool.Put(&b) }
