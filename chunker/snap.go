package chunker

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
)

const (
	snapsPerRange = 2         // intervals of text that are made for each range: where a guess falls among the keys is not known
	snapText      = 256 << 10 // bytes of a statement, about: long keys are cut at fewer places
)

// snaps reports whether spans of part i are cut at several keys at once: text, whose guesses are snapped to keys by MIN.
func (p *planner) snaps(s *span) bool {
	part := &p.key.Parts[len(s.prefix)]
	return (part.Kind == Text || part.Kind == Binary) && !p.key.backwards(len(s.prefix)) && s.aggregates(p.key)
}

func (s *span) aggregates(k *Key) bool {
	return interval{prefix: s.prefix, lo: s.first, hi: s.hi}.aggregates(k)
}

// snapped cuts a span into intervals between keys that exist, at guesses of equal distance: three statements in place of three
// for each half. It returns none where the guesses lead nowhere, or the server sorts the keys in another way.
func (p *planner) snapped(ctx context.Context, s *span) ([]*span, error) {
	part := &p.key.Parts[len(s.prefix)]
	a, err := p.alphabet(ctx, len(s.prefix), s.first, s.last)
	if err != nil {
		return nil, err
	}
	var at []interval
	n := min(snapsPerRange*p.pieces(s.rows), snapText/(4*max(len(s.first), len(s.last))+256)) // each value twice, in hexadecimal
	for _, g := range between(part, a, s.first, s.last, n) {
		at = append(at, interval{prefix: s.prefix, lo: g, hi: s.hi})
	}
	cuts, err := p.ends(ctx, at, first)
	if err != nil {
		return nil, err
	}
	pieces := []*span{{prefix: s.prefix, first: s.first, last: s.last, hi: s.hi}}
	for _, cut := range cuts {
		open := pieces[len(pieces)-1]
		if cut == nil || bytes.Equal(cut, open.first) || !validValue(part, cut) {
			continue
		}
		open.hi = cut
		pieces = append(pieces, &span{prefix: s.prefix, first: cut, last: s.last, hi: s.hi})
		a.see(cut)
	}
	if len(pieces) == 1 {
		return nil, nil
	}
	return p.inOrder(ctx, pieces)
}

// inOrder finds the last value of each piece. That there is one shows that the piece's ends stand in the server's order.
func (p *planner) inOrder(ctx context.Context, pieces []*span) ([]*span, error) {
	closed := pieces[:len(pieces)-1]
	within := make([]interval, len(closed))
	for i, s := range closed {
		within[i] = interval{prefix: s.prefix, lo: s.first, hi: s.hi}
	}
	lasts, err := p.ends(ctx, within, last)
	if err != nil {
		return nil, err
	}
	for i, v := range lasts {
		if v == nil {
			return nil, nil
		}
		closed[i].last = v
	}
	return pieces, p.size(ctx, pieces...)
}

// between returns up to about n values between lo and hi, in the order in which they are guessed to stand.
func between(part *Part, a *alphabet, lo, hi []byte, n int) [][]byte {
	if n < 2 {
		return nil
	}
	g := guess(part, a, lo, hi)
	if len(g) == 0 || bytes.Equal(g[0], lo) || bytes.Equal(g[0], hi) {
		return nil
	}
	return append(append(between(part, a, lo, g[0], n/2), g[0]), between(part, a, g[0], hi, n-n/2)...)
}

// ends returns the first or last value of each interval by one statement, nil where there is none.
func (pr *prober) ends(ctx context.Context, intervals []interval, e edge) ([][]byte, error) {
	if len(intervals) == 0 {
		return nil, nil
	}
	dives := make([]string, len(intervals))
	for i, iv := range intervals {
		dives[i] = "(" + pr.endSQL(iv, e) + ")"
	}
	values, ptrs := make([][]byte, len(dives)), make([]any, len(dives))
	for i := range values {
		ptrs[i] = &values[i]
	}
	err := pr.each(ctx, "SELECT "+strings.Join(dives, ", "), func(rows *sql.Rows) error { return rows.Scan(ptrs...) })
	return values, err
}
