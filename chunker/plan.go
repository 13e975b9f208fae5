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

// planner walks the key space from its lower end to its upper one, halving it until the server's estimates are small,
// and joins the pieces to ranges.
type planner struct {
	*prober
	yield     func(Range) error
	rows      int64 // the server's estimate of the table
	target    int64 // rows of a range
	piece     int64 // rows of the pieces that ranges are joined from
	alphabets []*alphabet

	base    Tuple // Equal of the ranges at hand
	lower   Tuple // where the range at hand begins, base included; nil is base's own beginning
	open    bool
	pending int64 // rows of the range at hand
	covered bool  // the ranges so far hold all of base
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
	if part.Desc && i > 0 {
		return p.boundary(prefix, rows) // MySQL sorts to find the lowest value of a later descending part
	}
	first, err := p.end(ctx, interval{prefix: prefix}, "ASC", 0)
	if err != nil {
		return err
	}
	last, err := p.end(ctx, interval{prefix: prefix}, "DESC", 0)
	if err != nil {
		return err
	}
	if first == nil || last == nil {
		return p.boundary(prefix, 0)
	}
	return p.walk(ctx, span{prefix: prefix, first: first, last: last, rows: rows})
}

// walk cuts a span in halves until each is a piece or one value.
func (p *planner) walk(ctx context.Context, s span) error {
	for {
		at := s.prefix.with(s.first)
		if bytes.Equal(s.first, s.last) {
			return p.group(ctx, at, s.rows)
		}
		if s.rows <= p.piece && p.credible(s.rows) {
			return p.boundary(at, s.rows)
		}
		left, err := p.split(ctx, s)
		if err != nil {
			return err
		}
		if left.hi == nil { // all values compare equal
			return p.group(ctx, at, s.rows)
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

// split returns the lower part of the span, up to a value about halfway that exists; its hi is nil when all values of
// the span compare equal.
func (p *planner) split(ctx context.Context, s span) (span, error) {
	part := &p.key.Parts[len(s.prefix)]
	a, err := p.alphabet(ctx, len(s.prefix), s.first, s.last)
	if err != nil {
		return span{}, err
	}
	for _, g := range guess(part, a, s.first, s.last) {
		left, err := p.splitAt(ctx, s, interval{prefix: s.prefix, lo: g, hi: s.hi}, 0)
		if left.hi != nil || err != nil && !refused(err) {
			return left, err
		}
	}
	rest := interval{prefix: s.prefix, lo: s.first, hi: s.hi, open: true}
	for _, offset := range []int64{p.piece, 0} { // a walk along the keys
		left, err := p.splitAt(ctx, s, rest, offset)
		if left.hi != nil || err != nil {
			return left, err
		}
	}
	if next, err := p.end(ctx, rest, "ASC", 0); err != nil || next == nil {
		return span{}, err
	}
	return span{}, errUncut
}

// splitAt splits a span at the value that stands first in an interval of it, or offset rows later. The lower part's hi
// is nil when that is no place to split.
func (p *planner) splitAt(ctx context.Context, s span, iv interval, offset int64) (left span, err error) {
	cut, err := p.end(ctx, iv, "ASC", offset)
	if err != nil || cut == nil || bytes.Equal(cut, s.first) || !validValue(&p.key.Parts[len(s.prefix)], cut) {
		return left, err
	}
	last, err := p.end(ctx, interval{prefix: s.prefix, lo: s.first, hi: cut}, "DESC", 0)
	if err != nil || last == nil { // cut and s.first compare equal
		return left, err
	}
	return span{prefix: s.prefix, first: s.first, last: last, hi: cut}, nil
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
