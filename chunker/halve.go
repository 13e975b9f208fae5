package chunker

import (
	"bytes"
	"context"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
)

// Halve splits a range at a key that exists, about halfway between the values of its first and last key, by a few dives into
// the index and without statistics. ok is false when the range cannot be cut so.
func Halve(ctx context.Context, q Querier, t *Table, r Range) (before, after Range, ok bool, err error) {
	if t.Key == nil || r.Null || r.Partition != "" || r.Whole() && t.Key.Nullable() {
		return r, Range{}, false, nil
	}
	key := *t.Key
	key.Parts = append([]Part(nil), key.Parts...)
	p := &planner{
		prober:    &prober{q: q, key: &key, table: mysql.QuoteTable(t.Schema, t.Name)},
		alphabets: make([]*alphabet, len(key.Parts)), piece: halveWalk,
	}
	at, err := p.middle(ctx, r)
	if err := p.uncut(err); err != nil {
		return r, Range{}, false, fmt.Errorf("halve a range of %s.%s: %w", t.Schema, t.Name, err)
	}
	if at == nil {
		return r, Range{}, false, nil
	}
	before, after, ok = r.Cut(&key, at)
	// Values that are written in two ways may compare as equal: a key is inside of the range when there are rows on both sides.
	for _, half := range []Range{before, after} {
		if !ok || !key.manySpellings() {
			break
		}
		v, err := p.value(ctx, "SELECT 1"+p.from("FORCE")+" WHERE "+half.Where(&key)+" LIMIT 1")
		if err != nil {
			return r, Range{}, false, fmt.Errorf("halve a range of %s.%s: %w", t.Schema, t.Name, err)
		}
		ok = v != nil
	}
	if !ok {
		return r, Range{}, false, nil
	}
	return before, after, true, nil
}

// manySpellings reports whether values of different bytes may be the same to the server. Only then it is worth a look, as MySQL
// scans the index for it where it has no statistics.
func (k *Key) manySpellings() bool {
	for i := range k.Parts {
		switch k.Parts[i].Kind {
		case Integer, Decimal, Temporal, Year, Bit, Binary:
		case Text, Float, Enum, Set, Other:
			return true
		}
	}
	return false
}

// halveWalk is how many rows are passed over where a key's values cannot be guessed.
const halveWalk = 100

// middle returns a key inside of a range, nil when there is none to be found.
func (p *planner) middle(ctx context.Context, r Range) (Tuple, error) {
	prefix := r.Equal.clone()
	for i := len(prefix); i < len(p.key.Parts) && i-len(r.Equal) < maxParts; i++ {
		if p.key.Parts[i].tiled() || p.key.backwards(i) {
			return nil, nil
		}
		iv, beyond := r.interval(prefix)
		if !iv.aggregates(p.key) {
			return nil, nil // ORDER BY may scan
		}
		low, err := p.end(ctx, iv, first)
		if err != nil {
			return nil, err
		}
		if low == nil && beyond == nil {
			return nil, nil
		}
		if low == nil {
			prefix = prefix.with(beyond)
			continue
		}
		high, err := p.end(ctx, iv, last)
		if err != nil {
			return nil, err
		}
		switch {
		case !bytes.Equal(low, high):
			left, err := p.split(ctx, span{prefix: prefix, first: low, last: high, hi: iv.hi})
			if err != nil || left.hi == nil {
				return nil, err
			}
			return prefix.with(left.hi), nil
		case beyond != nil:
			return prefix.with(beyond), nil
		}
		prefix = prefix.with(low)
	}
	return nil, nil
}

// interval returns what the range leaves of the part after prefix. The keys with the value beyond, when there is one, are
// partly in the range, and after the interval.
func (r *Range) interval(prefix Tuple) (iv interval, beyond []byte) {
	iv.prefix = prefix
	inner := prefix[len(r.Equal):]
	n := len(inner)
	if len(r.Lower) > n && equalTuples(r.Lower[:n], inner) {
		iv.lo, iv.open = r.Lower[n], r.LowerOpen && len(r.Lower) == n+1
	}
	if len(r.Upper) > n && equalTuples(r.Upper[:n], inner) {
		iv.hi = r.Upper[n]
		if len(r.Upper) > n+1 {
			beyond = r.Upper[n]
		}
	}
	return iv, beyond
}

func equalTuples(a, b Tuple) bool {
	for i := range b {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Spread cuts a range into about n ranges, in key order, by halving it again and again: fewer where it cannot be cut.
func Spread(ctx context.Context, q Querier, t *Table, r Range, n int) ([]Range, error) {
	if n < 2 {
		return []Range{r}, nil
	}
	before, after, ok, err := Halve(ctx, q, t, r)
	if err != nil || !ok {
		return []Range{r}, err
	}
	left, err := Spread(ctx, q, t, before, n/2)
	if err != nil {
		return nil, err
	}
	right, err := Spread(ctx, q, t, after, n-n/2)
	return append(left, right...), err
}

// Estimate returns the server's estimate of a range's rows. It is of little use where the statistics are.
func Estimate(ctx context.Context, q Querier, t *Table, r Range) (int64, error) {
	pr := &prober{q: q, key: t.Key, table: mysql.QuoteTable(t.Schema, t.Name)}
	where := ""
	if w := r.Where(t.Key); w != "" {
		where = " WHERE " + w
	}
	rows, err := pr.explain(ctx, []string{"SELECT 1" + pr.from("USE") + where})
	if err != nil {
		return 0, fmt.Errorf("estimate a range of %s.%s: %w", t.Schema, t.Name, err)
	}
	return rows[0], nil
}
