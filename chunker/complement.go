package chunker

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gomove/gomove/internal/mysql"
)

// Complement returns ranges that hold the rows of the table that are in none of the given ranges, which are disjoint, hold at
// least a row each, and stem from Ranges, Cut or Halve. The ends of neighbours are equal byte for byte; the server says which
// of the others comes first. ok is false when that cannot be told: around ENUM and SET parts, or after a part of a partition.
func Complement(ctx context.Context, q Querier, t *Table, have []Range) (rest []Range, ok bool, err error) {
	if slices.ContainsFunc(have, func(r Range) bool { return r.Whole() }) {
		return nil, len(have) == 1, nil
	}
	if t.Key == nil {
		rest, ok = t.missingPartitions(have)
		return rest, ok, nil
	}
	var keyed []Range
	nulls := 0
	for _, r := range have {
		switch {
		case r.Null:
			nulls++
		case len(r.Equal) > 0 || r.LowerOpen || r.Partition != "":
			return nil, false, nil
		default:
			keyed = append(keyed, r)
		}
	}
	if nulls > 1 || len(keyed) == 0 {
		return nil, false, nil
	}
	runs, ok := joined(keyed)
	if !ok {
		return nil, false, nil
	}
	c := comparer{prober: &prober{q: q, key: t.Key, table: mysql.QuoteTable(t.Schema, t.Name)}}
	if ok, err = c.sort(ctx, runs); err != nil || !ok {
		if err != nil {
			err = fmt.Errorf("order the ranges of %s.%s: %w", t.Schema, t.Name, err)
		}
		return nil, false, err
	}
	if t.Key.Nullable() && nulls == 0 {
		rest = append(rest, Range{Null: true})
	}
	return append(rest, gaps(runs)...), true, nil
}

// missingPartitions are the ranges of a table without a key.
func (t *Table) missingPartitions(have []Range) (rest []Range, ok bool) {
	var names []string
	for _, r := range have {
		if !slices.Contains(t.Partitions, r.Partition) || slices.Contains(names, r.Partition) {
			return nil, false
		}
		names = append(names, r.Partition)
	}
	for _, p := range t.Partitions {
		if !slices.Contains(names, p) {
			rest = append(rest, Range{Partition: p})
		}
	}
	return rest, true
}

// joined joins ranges whose ends are the same bytes.
func joined(ranges []Range) (runs []Range, ok bool) {
	byLower := map[string]Range{}
	uppers := map[string]bool{}
	for _, r := range ranges {
		if len(r.Upper) > 0 {
			uppers[r.Upper.bytes()] = true
		}
		if _, twice := byLower[r.Lower.bytes()]; twice {
			return nil, false
		}
		byLower[r.Lower.bytes()] = r
	}
	left := len(ranges)
	for _, r := range ranges {
		if len(r.Lower) > 0 && uppers[r.Lower.bytes()] {
			continue // the middle of a run
		}
		for left--; len(r.Upper) > 0; left-- {
			next, found := byLower[r.Upper.bytes()]
			if !found || left == 0 {
				break
			}
			r.Upper = next.Upper
		}
		runs = append(runs, Range{Lower: r.Lower, Upper: r.Upper})
	}
	return runs, left == 0
}

// bytes tells one tuple from another.
func (t Tuple) bytes() string {
	var b []byte
	for _, v := range t {
		b = append(binary.AppendUvarint(b, uint64(len(v))), v...)
	}
	return string(b)
}

// comparer orders ranges by asking whether there are rows between keys that exist.
type comparer struct {
	*prober
	err error
}

// between reports whether there is a row from lower on and before upper.
func (c *comparer) between(ctx context.Context, lower, upper Tuple) bool {
	if c.err != nil {
		return false
	}
	v, err := c.value(ctx, "SELECT 1"+c.from("FORCE")+" WHERE "+Range{Lower: lower, Upper: upper}.Where(c.key)+" LIMIT 1")
	c.err = err
	return v != nil
}

// sort orders runs by their lower ends and checks that they do not overlap.
func (c *comparer) sort(ctx context.Context, runs []Range) (ok bool, err error) {
	// A run that comes before another has its rows between the two lower ends.
	slices.SortFunc(runs, func(a, b Range) int {
		switch {
		case len(a.Lower) == 0 && len(b.Lower) == 0:
			return 0
		case len(a.Lower) == 0, len(b.Lower) > 0 && c.between(ctx, a.Lower, b.Lower):
			return -1
		}
		return 1
	})
	for i := 1; i < len(runs) && c.err == nil; i++ {
		a, b := runs[i-1], runs[i]
		if len(a.Upper) == 0 || len(b.Lower) == 0 || c.between(ctx, b.Lower, a.Upper) ||
			len(a.Lower) > 0 && !c.between(ctx, a.Lower, b.Lower) {
			return false, c.err
		}
	}
	return c.err == nil, c.err
}

// gaps are the ranges before, between and after sorted runs.
func gaps(runs []Range) (out []Range) {
	if first := runs[0]; len(first.Lower) > 0 {
		out = append(out, Range{Upper: first.Lower})
	}
	for i := 1; i < len(runs); i++ {
		out = append(out, Range{Lower: runs[i-1].Upper, Upper: runs[i].Lower})
	}
	if last := runs[len(runs)-1]; len(last.Upper) > 0 {
		out = append(out, Range{Lower: last.Upper})
	}
	return out
}
