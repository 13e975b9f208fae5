package main

import (
	"math"
	"strings"
	"testing"
)

func runs(walls ...float64) []usage {
	out := make([]usage, len(walls))
	for i, w := range walls {
		out[i] = usage{Wall: w, User: 1, RSS: 20e6}
	}
	return out
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := median(tt.in); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.in, got, tt.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

func TestRatioIsPairedByRound(t *testing.T) {
	a, b := &result{Runs: runs(1, 20, 3)}, &result{Runs: runs(2, 10, 4)}
	if got, want := ratioOf(a, b, wall), (ratio{0.75, 0.5, 2, 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	once := &result{Runs: runs(10)}
	if got, want := ratioOf(a, once, wall), (ratio{0.3, 0.1, 2, 3}); got != want {
		t.Errorf("against one run: got %+v, want %+v", got, want)
	}
}

func TestJudge(t *testing.T) {
	e := entry{Server: "mariadb", Set: "integers", Job: jobLoad, Results: []result{
		{Name: "gomove", Role: subject, Runs: runs(8, 8)},
		{Name: "slow", Role: rival, Runs: runs(20, 20)},
		{Name: "fast", Role: rival, Runs: runs(9, 9)},
		{Name: "broken", Role: rival, Failed: "no"},
		{Name: "limit", Role: limit, Runs: runs(8, 8)},
	}}
	var got []string
	for _, v := range judge([]entry{e}) {
		word := "missed"
		if v.met() {
			word = "met"
		}
		got = append(got, v.peer+" "+word)
	}
	if want := "fast missed,limit met, met"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ","), want)
	}
}

func TestMerge(t *testing.T) {
	old := []entry{{Server: "mysql97", Set: "mixed", Job: jobLoad, Rows: 1}, {Server: "mariadb", Set: "mixed", Job: jobLoad, Rows: 1}}
	measured := []entry{{Server: "mariadb", Set: "mixed", Job: jobLoad, Rows: 2}, {Server: "mariadb", Set: "integers", Job: jobDump, Rows: 3}}
	all := merge(old, measured)
	var got []int
	for _, e := range all {
		got = append(got, e.Rows)
	}
	if len(got) != 3 || got[0] != 3 || got[1] != 2 || got[2] != 1 {
		t.Errorf("rows %v, want 3 2 1", got)
	}
}

// TestRoundsOf: a job runs all rounds that are asked for when there is time, and fewer when there is not.
func TestRoundsOf(t *testing.T) {
	warm, slow := []usage{{Wall: 1.7}, {Wall: 0.7}, {Wall: 50}, {}}, []bool{false, false, true, false} // a round of 3 s; one that is slow, one that failed
	for _, tt := range []struct {
		seconds float64
		rounds  int
		want    int
	}{{0, 5, 5}, {15, 5, 5}, {14, 5, 4}, {4, 5, 3}, {4, 2, 2}, {2, 5, 1}} {
		o := options{rounds: tt.rounds, seconds: tt.seconds}
		if got := o.roundsOf(warm, slow); got != tt.want {
			t.Errorf("%v s, %d rounds: %d, want %d", tt.seconds, tt.rounds, got, tt.want)
		}
	}
}
