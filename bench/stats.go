package main

import (
	"math"
	"slices"
)

// median of values; NaN of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// of is the median of one number of the runs.
func (r *result) of(what func(usage) float64) float64 {
	v := make([]float64, len(r.Runs))
	for i, u := range r.Runs {
		v[i] = what(u)
	}
	return median(v)
}

func wall(u usage) float64   { return u.Wall }
func stored(u usage) float64 { return float64(u.Stored) }
func rss(u usage) float64    { return float64(u.RSS) }

// ratio is one contender's number over another's: the median of the rounds' ratios, and the lowest and highest of them.
type ratio struct {
	Median, Low, High float64
	Rounds            int
}

// ratioOf pairs two contenders by round. One that ran once is compared with each of the other's runs.
func ratioOf(a, b *result, what func(usage) float64) ratio {
	n := max(len(a.Runs), len(b.Runs))
	var v []float64
	for i := range n {
		if len(a.Runs) == 0 || len(b.Runs) == 0 {
			break
		}
		if d := what(b.Runs[i%len(b.Runs)]); d > 0 {
			v = append(v, what(a.Runs[i%len(a.Runs)])/d)
		}
	}
	if len(v) == 0 {
		return ratio{Median: math.NaN()}
	}
	return ratio{median(v), slices.Min(v), slices.Max(v), len(v)}
}

// fastest is the result with the least wall time of a role; nil when there is none.
func (e *entry) fastest(r role) *result {
	var best *result
	for _, x := range e.find(r) {
		if best == nil || x.of(wall) < best.of(wall) {
			best = &x
		}
	}
	return best
}
