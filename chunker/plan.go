package chunker

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/gomove/gomove/internal/mysql"
)

// errStop ends the walk: the caller wants no more ranges.
var errStop = errors.New("stopped")

// errUncut says that a key's values cannot be told apart any further; what is left becomes one range.
var errUncut = errors.New("cannot be cut")

// planner walks the key space from its lower end to its upper one, cutting it until the server's estimates are small,
// and joins the pieces to ranges.
type planner struct {
	*prober
	yield     func(Range) error
	rows      int64 // the server's estimate of the table
	target    int64 // rows of a range
	piece     int64 // rows of the pieces that ranges are joined from
	rowSize   int64 // bytes
	doubles   bool  // the server's estimates of large intervals are twice what is there
	alphabets []*alphabet

	base    Tuple // Equal of the ranges at hand
	lower   Tuple // where the range at hand begins, base included; nil is base's own beginning
	open    bool
	pending int64 // rows of the range at hand
	covered bool  // the ranges so far hold all of base

	found   int64 // rows of all pieces so far
	doubted int64 // spans that were halved only because their estimate was not credible
	misled  bool  // the doubts have led nowhere: estimates are of no use
}

// span is an interval of part len(prefix) whose first and last values exist and are known.
type span struct {
	prefix      Tuple
	first, last []byte
	hi          []byte // exclusive; nil is the end of the prefix
	rows        int64
}

// group cuts all rows whose key begins with prefix. Their range at hand has begun.
func (p *planner) group(ctx context.Context, prefix Tuple, rows int64) error {
	i := len(prefix)
	if i == len(p.key.Parts) || rows <= p.piece && p.credible(rows) {
		return p.boundary(prefix, rows)
	}
	part := &p.key.Parts[i]
	if part.tiled() {
		return p.tile(ctx, prefix, rows)
	}
	if p.key.backwards(i) && part.Nullable {
		return p.boundary(prefix, rows) // IS NOT NULL is a range, which MySQL sorts to find its lowest value
	}
	if i-len(p.base) >= maxParts {
		if rows <= p.target && p.credible(rows) {
			return p.boundary(prefix, rows)
		}
		return p.enclose(prefix, func() error {
			return p.within(prefix, func() error { return p.group(ctx, prefix, rows) })
		})
	}
	s := span{prefix: prefix, rows: rows}
	var err error
	if s.first, err = p.end(ctx, interval{prefix: prefix}, first); err != nil {
		return err
	}
	if s.last, err = p.end(ctx, interval{prefix: prefix}, last); err != nil {
		return err
	}
	if s.first == nil || s.last == nil {
		return p.boundary(prefix, 0)
	}
	return p.walk(ctx, s)
}

// walk cuts a span at several places at once, or in halves, until each is a piece or one value.
func (p *planner) walk(ctx context.Context, s span) error {
	for again := false; ; again = true {
		if whole, err := p.whole(ctx, &s); whole || err != nil {
			return err
		}
		if !again {
			if done, err := p.spread(ctx, &s); done || err != nil {
				return err
			}
		}
		left, err := p.split(ctx, s)
		if err != nil {
			return err
		}
		if left.hi == nil { // all values compare equal
			return p.group(ctx, s.prefix.with(s.first), s.rows)
		}
		s.first = left.hi
		if err := p.size(ctx, &left, &s); err != nil {
			return err
		}
		if err := p.walk(ctx, left); err != nil {
			return err
		}
	}
}

// whole takes a span that is not to be cut: one value, or a piece.
func (p *planner) whole(ctx context.Context, s *span) (bool, error) {
	at := s.prefix.with(s.first)
	if bytes.Equal(s.first, s.last) {
		return true, p.group(ctx, at, s.rows)
	}
	if s.rows <= p.piece {
		if p.credible(s.rows) {
			return true, p.boundary(at, s.rows)
		}
		p.doubt()
	}
	if p.misled {
		return false, errUncut
	}
	return false, nil
}

// size estimates the rows of spans.
func (p *planner) size(ctx context.Context, spans ...*span) error {
	intervals := make([]interval, len(spans))
	for i, s := range spans {
		intervals[i] = interval{prefix: s.prefix, lo: s.first, hi: s.hi}
		if bytes.Equal(s.first, s.last) {
			intervals[i] = interval{prefix: s.prefix.with(s.first)}
		}
	}
	estimates, err := p.estimate(ctx, intervals...)
	if err != nil {
		return err
	}
	for i, s := range spans {
		s.rows = estimates[i]
	}
	return nil
}

// credible tells an estimate from the value that InnoDB gives when its dive spans more than a few pages: never more
// than half of what it believes the table to hold, be that belief right or wrong.
func (p *planner) credible(rows int64) bool {
	return rows*10 < p.rows*4-10 || rows > p.rows+p.rows/20+1
}

// doubt notes an estimate that is not credible. Halving on must lead to pieces of more than a few rows.
func (p *planner) doubt() {
	const patience, fewRowsEach = 64, 20
	p.doubted++
	p.misled = p.misled || p.doubted > patience && p.found < p.doubted*fewRowsEach
}

// split returns the lower part of the span, up to a value about halfway that exists; its hi is nil when all values of
// the span compare equal.
func (p *planner) split(ctx context.Context, s span) (span, error) {
	part := &p.key.Parts[len(s.prefix)]
	a, err := p.alphabet(ctx, len(s.prefix), s.first, s.last)
	if err != nil {
		return span{}, err
	}
	if p.key.backwards(len(s.prefix)) {
		return p.splitBackwards(ctx, s, a)
	}
	for _, g := range guess(part, a, s.first, s.last) {
		cut, err := p.end(ctx, interval{prefix: s.prefix, lo: g, hi: s.hi}, first)
		left, err := p.splitAt(ctx, s, cut, err)
		if left.hi != nil || err != nil && !refused(err) {
			return left, err
		}
	}
	rest := interval{prefix: s.prefix, lo: s.first, hi: s.hi, open: true}
	cut, err := p.skip(ctx, rest, p.piece) // a walk along the keys
	left, err := p.splitAt(ctx, s, cut, err)
	if left.hi != nil || err != nil {
		return left, err
	}
	next, err := p.end(ctx, rest, first)
	if left, err = p.splitAt(ctx, s, next, err); err == nil && left.hi == nil && next != nil {
		err = errUncut
	}
	return left, err
}

// splitBackwards splits a span of a part whose values are found from the last to the first: at the last one before a guess.
// Where there is none the guess moves up.
func (p *planner) splitBackwards(ctx context.Context, s span, a *alphabet) (span, error) {
	const tries = 64
	lo := s.first
	for range tries {
		guesses := guess(&p.key.Parts[len(s.prefix)], a, lo, s.last)
		if len(guesses) == 0 || bytes.Equal(guesses[0], lo) {
			break
		}
		lo = guesses[0]
		cut, err := p.end(ctx, interval{prefix: s.prefix, lo: s.first, hi: lo, open: true}, last)
		left, err := p.splitAt(ctx, s, cut, err)
		if refused(err) {
			break
		}
		if left.hi != nil || err != nil {
			return left, err
		}
	}
	return p.splitAt(ctx, s, s.last, nil)
}

// splitAt splits a span at a value that a probe has found. The lower part's hi is nil when that is no place to split.
func (p *planner) splitAt(ctx context.Context, s span, cut []byte, err error) (span, error) {
	if err != nil || cut == nil || bytes.Equal(cut, s.first) || !validValue(&p.key.Parts[len(s.prefix)], cut) {
		return span{}, err
	}
	end, err := p.end(ctx, interval{prefix: s.prefix, lo: s.first, hi: cut}, last)
	if err != nil || end == nil { // cut and s.first compare equal
		return span{}, err
	}
	return span{prefix: s.prefix, first: s.first, last: end, hi: cut}, nil
}

// alphabet returns the alphabet of a text part, after it has learned the characters of the given values.
func (p *planner) alphabet(ctx context.Context, i int, values ...[]byte) (*alphabet, error) {
	part := &p.key.Parts[i]
	if part.Kind != Text && part.Kind != Binary {
		return nil, nil
	}
	a := p.alphabets[i]
	if a == nil {
		a = newAlphabet(part)
		p.alphabets[i] = a
	}
	for _, v := range values {
		if !validValue(part, v) {
			return nil, errUncut
		}
		a.see(v)
	}
	if len(a.unknown) == 0 {
		return a, nil
	}
	chars := make([]string, 0, len(a.unknown))
	for c := range a.unknown {
		chars = append(chars, c)
	}
	weights, err := p.weights(ctx, part, chars)
	if err != nil {
		return nil, err
	}
	a.learn(chars, weights)
	return a, nil
}

// weights returns what the texts compare as under the part's collation.
func (p *planner) weights(ctx context.Context, part *Part, texts []string) ([]string, error) {
	if part.Collation == "" {
		got, err := p.row(ctx, "SELECT COLLATION("+mysql.QuoteName(part.Column)+")"+p.from("FORCE")+" LIMIT 1", 1)
		if err != nil {
			return nil, err
		}
		part.Collation = got[0]
	}
	coded, err := p.weigh(ctx, part, texts)
	if err != nil {
		return nil, err
	}
	for i, h := range coded {
		b, err := hex.DecodeString(h)
		if err != nil {
			return nil, err
		}
		coded[i] = string(b)
	}
	return coded, nil
}
