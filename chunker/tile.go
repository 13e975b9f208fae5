package chunker

import (
	"context"
	"errors"
	"slices"
	"strings"
)

const (
	maxEnumMembers = 1024 // more are not tiled: each is a range
	maxSetMembers  = 8    // and 256 ranges
)

// boundary ends the range at hand before at when it is large enough, and adds rows to the one at hand.
func (p *planner) boundary(at Tuple, rows int64) error {
	if p.pending > 0 && p.pending+rows > p.target && len(at) > len(p.base) {
		if err := p.flush(at); err != nil {
			return err
		}
		p.lower, p.open = at, false
	}
	p.pending += max(rows, 1)
	p.found += max(rows, 1)
	return nil
}

// flush yields the range at hand, up to upper; nil is the end of base.
func (p *planner) flush(upper Tuple) error {
	r := Range{Equal: p.base.clone(), LowerOpen: p.open}
	if len(p.base) == 0 {
		r.Equal = nil
	}
	if p.lower != nil {
		r.Lower = p.lower[len(p.base):].clone()
	}
	if upper != nil {
		r.Upper = upper[len(p.base):].clone()
	}
	p.pending = 0
	return p.yield(r)
}

// finish yields the last range of base, unless tiles have covered all of base.
func (p *planner) finish() error {
	if p.covered {
		p.covered = false
		return nil
	}
	return p.flush(nil)
}

// tile cuts the rows that begin with prefix by the members of the ENUM or SET that is the next part: all members that
// the column can hold, so that the ranges tile the key space whatever the table holds.
func (p *planner) tile(ctx context.Context, prefix Tuple, rows int64) error {
	members, err := p.members(ctx, &p.key.Parts[len(prefix)])
	if err != nil {
		return err
	}
	if members == nil {
		return p.boundary(prefix, rows)
	}
	if len(prefix) > len(p.base) { // rows before the prefix
		if err := p.flush(prefix); err != nil {
			return err
		}
	}
	outer := p.base
	for _, m := range members {
		p.base = prefix.with(m)
		p.lower, p.open, p.pending, p.covered = nil, false, 0, false
		n, err := p.estimate(ctx, interval{prefix: p.base})
		if err == nil {
			err = p.group(ctx, p.base, n[0])
		}
		if err != nil && !errors.Is(err, errUncut) && !refused(err) {
			return err
		}
		if err := p.finish(); err != nil {
			return err
		}
	}
	p.base, p.lower, p.open, p.pending = outer, prefix, true, 0
	p.covered = len(prefix) == len(outer)
	return nil
}

// members returns every value that an ENUM or SET can hold, in the order of its index, in its own charset. Nil when
// there are too many, or when an equality would not select one value: two members compare equal, or one is empty, like
// the value of index 0.
func (p *planner) members(ctx context.Context, part *Part) ([][]byte, error) {
	n := len(part.Members)
	if n == 0 || part.Kind == Enum && n > maxEnumMembers || part.Kind == Set && n > maxSetMembers ||
		slices.Contains(part.Members, "") {
		return nil, nil
	}
	own, err := p.convert(ctx, part, part.Members)
	if err != nil {
		return nil, err
	}
	weights, err := p.weights(ctx, part, own)
	if err != nil {
		return nil, err
	}
	slices.Sort(weights)
	if len(slices.Compact(weights)) < n {
		return nil, nil
	}
	values := [][]byte{{}}
	if part.Kind == Enum {
		for _, m := range own {
			values = append(values, []byte(m))
		}
		return values, nil
	}
	comma, err := p.convert(ctx, part, []string{","})
	if err != nil {
		return nil, err
	}
	for bits := 1; bits < 1<<n; bits++ {
		var in []string
		for i, m := range own {
			if bits>>i&1 == 1 {
				in = append(in, m)
			}
		}
		values = append(values, []byte(strings.Join(in, comma[0])))
	}
	return values, nil
}
