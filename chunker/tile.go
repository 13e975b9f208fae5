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
	maxParts       = 3    // of a boundary: MySQL 5.6 bounds its index range by the first two parts of longer conditions
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
	r := Range{Equal: p.base.clone(), LowerOpen: p.open, Rows: p.pending}
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
	return p.enclose(prefix, func() error {
		for _, m := range members {
			base := prefix.with(m)
			err := p.within(base, func() error {
				n, err := p.estimate(ctx, interval{prefix: base})
				if err != nil {
					return err
				}
				return p.group(ctx, base, n[0])
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// enclose ends the range at hand before prefix, lets cut yield ranges for all rows that begin with prefix, and begins a
// range after them.
func (p *planner) enclose(prefix Tuple, cut func() error) error {
	if len(prefix) > len(p.base) {
		if err := p.flush(prefix); err != nil {
			return err
		}
	}
	outer := p.base
	if err := cut(); err != nil {
		return err
	}
	p.base, p.lower, p.open, p.pending = outer, prefix, true, 0
	p.covered = len(prefix) == len(outer)
	return nil
}

// within yields ranges for all rows whose first parts are base: those that cut finds, and one for what is left.
func (p *planner) within(base Tuple, cut func() error) error {
	p.base, p.lower, p.open, p.pending, p.covered = base, nil, false, 0, false
	if err := p.uncut(cut()); err != nil {
		return err
	}
	p.base = base
	return p.finish()
}

// uncut takes the errors that leave the range at hand to end where its base does, with rows that nobody has estimated.
func (p *planner) uncut(err error) error {
	if errors.Is(err, errUncut) || refused(err) {
		p.pending = 0
		return nil
	}
	return err
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
