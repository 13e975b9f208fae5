package chunker

import (
	"bytes"
	"context"
	"math/big"
)

const (
	leastPieces = 8  // of a span, so that they can be joined to ranges of about the size that is wanted
	mostPieces  = 64 // that one EXPLAIN estimates
)

// even reports whether spans of part i are cut into intervals of equal width: any integer is a place to cut, whether a row has
// it or not.
func (p *planner) even(s *span) bool {
	i := len(s.prefix)
	return p.key.Parts[i].Kind == Integer && !p.key.backwards(i) && isNumber(string(s.first), true, false) && isNumber(string(s.last), true, false)
}

// spread cuts a span of integers into intervals of equal width, and one of text at keys, whose rows one EXPLAIN estimates. What is
// too large is cut again, between its own first and last value: dense keys, which most are, cost one statement for up to mostPieces
// ranges. It is not done where it has found no place to cut.
func (p *planner) spread(ctx context.Context, s *span) (done bool, err error) {
	var pieces []*span
	switch {
	case p.even(s):
		pieces = s.evenly(p.pieces(s.rows))
		err = p.size(ctx, pieces...)
	case p.snaps(s):
		pieces, err = p.snapped(ctx, s)
		if refused(err) {
			return false, nil
		}
	}
	if err != nil || len(pieces) == 0 {
		return false, err
	}
	if len(s.prefix) == 0 && s.hi == nil && len(pieces) >= leastPieces {
		p.calibrate(pieces)
	}
	for _, piece := range pieces {
		if err := p.spreadPiece(ctx, piece); err != nil {
			return true, err
		}
	}
	return true, nil
}

// spreadPiece ends a range before a piece that is small enough, and cuts any other one.
func (p *planner) spreadPiece(ctx context.Context, s *span) error {
	at := s.prefix.with(s.first)
	believed := p.credible(s.rows)
	s.rows = p.corrected(s.rows)
	switch {
	case believed && s.rows <= p.target+p.target/4:
		return p.boundary(at, s.rows)
	case bytes.Equal(s.first, s.last):
		return p.group(ctx, at, s.rows)
	case p.snaps(s):
		return p.walk(ctx, *s)
	}
	iv := interval{prefix: s.prefix, lo: s.first, hi: s.hi}
	var err error
	if s.first, err = p.end(ctx, iv, first); err != nil || s.first == nil {
		return err
	}
	if s.last, err = p.end(ctx, iv, last); err != nil || s.last == nil {
		return err
	}
	return p.walk(ctx, *s)
}

// pieces is into how many intervals so many rows are cut.
func (p *planner) pieces(rows int64) int {
	n := min(max((rows+p.target-1)/p.target, leastPieces), mostPieces)
	if parts := len(p.partitions); parts > 1 && parts <= maxPartitions {
		n = min(n, max(mostPieces/int64(parts), leastPieces))
	}
	return int(n)
}

// evenly cuts the span into up to n intervals whose values span equal distances.
func (s *span) evenly(n int) []*span {
	lo, hi := unscaled(string(s.first), 0), unscaled(string(s.last), 0)
	width := new(big.Int).Sub(hi, lo)
	width.Add(width, big.NewInt(1))
	if width.IsInt64() && width.Int64() < int64(n) {
		n = int(width.Int64())
	}
	pieces := make([]*span, 0, n)
	from := s.first
	for i := 1; i <= n; i++ {
		piece := &span{prefix: s.prefix, first: from, last: s.last, hi: s.hi}
		if i < n {
			next := new(big.Int).Mul(width, big.NewInt(int64(i)))
			next.Div(next, big.NewInt(int64(n)))
			next.Add(next, lo)
			piece.hi = []byte(next.String())
			piece.last = []byte(next.Sub(next, big.NewInt(1)).String())
			from = piece.hi
			if bytes.Equal(unpadded(piece.first), piece.last) {
				piece.last = piece.first
			}
		} else if bytes.Equal(unpadded(piece.first), unpadded(piece.last)) {
			piece.first = piece.last
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// unpadded is an integer without the zeros of ZEROFILL.
func unpadded(v []byte) []byte { return []byte(unscaled(string(v), 0).String()) }

// calibrate learns whether the server doubles its estimates. InnoDB does for all that its dive does not count page by page
// (btr_estimate_n_rows_in_range: "our algorithm tends to underestimate"); together they then are twice what the table's
// statistics say. Where these are stale nothing is learnt.
func (p *planner) calibrate(pieces []*span) {
	if len(p.partitions) > 0 {
		return
	}
	var sum int64
	for _, s := range pieces {
		if !p.credible(s.rows) {
			return
		}
		sum += s.rows
	}
	p.doubles = sum*10 > p.rows*16 && sum*10 < p.rows*26
}

// corrected is an estimate without InnoDB's doubling, which begins where a dive spans more than some ten pages.
func (p *planner) corrected(rows int64) int64 {
	const countedBytes = 512 << 10
	if p.doubles && rows*p.rowSize > countedBytes {
		return rows / 2
	}
	return rows
}
