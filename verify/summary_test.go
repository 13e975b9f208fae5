package verify

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestSummaryOrder finds the same differences in another order: the summary is the same.
func TestSummaryOrder(t *testing.T) {
	text := func(seed uint64) string {
		s := &Summary{
			Differing:   []*Table{{Source: "`a`.`b`", Target: "`a`.`b`"}, {Target: "`a`.`c`"}, {Source: "`a`.`d`"}, {Source: "`a`.`b`", Target: "`x`.`b`"}},
			Differences: []Object{{Object: "view `a`.`v`", What: "definition"}, {Object: "table `a`.`b`", What: "option"}, {Object: "table `a`.`b`", What: "column", Source: "1"}, {Object: "table `a`.`b`", What: "column", Source: "2"}},
			Notes:       []string{"one", "two", "three"}, Warnings: []string{"x", "y"},
		}
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(s.Differing), func(i, j int) { s.Differing[i], s.Differing[j] = s.Differing[j], s.Differing[i] })
		r.Shuffle(len(s.Differences), func(i, j int) { s.Differences[i], s.Differences[j] = s.Differences[j], s.Differences[i] })
		r.Shuffle(len(s.Notes), func(i, j int) { s.Notes[i], s.Notes[j] = s.Notes[j], s.Notes[i] })
		r.Shuffle(len(s.Warnings), func(i, j int) { s.Warnings[i], s.Warnings[j] = s.Warnings[j], s.Warnings[i] })
		s.sort()
		var b strings.Builder
		if err := s.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := text(0)
	for seed := range uint64(20) {
		if got := text(seed); got != want {
			t.Fatalf("one order:\n%sanother:\n%s", want, got)
		}
	}
}

// TestSummaryUndecided tells rows that moved all the while apart from rows that differ.
func TestSummaryUndecided(t *testing.T) {
	moving, differs := &Table{Source: "`a`.`b`", Target: "`a`.`b`", Undecided: 2}, &Table{Source: "`a`.`c`", Target: "`a`.`c`", Undecided: 1, Missing: 1}
	if !moving.undecided() || differs.undecided() || (&Table{Undecided: 1, Partial: true}).undecided() {
		t.Error("a table is undecided where no row is known to differ, and all were looked at")
	}
	s := &Summary{Undecided: []*Table{moving}}
	err := s.verdict(time.Second)
	if !errors.Is(err, ErrUndecided) || errors.Is(err, ErrDiffers) || !NotEqual(err) || !strings.Contains(err.Error(), "2 rows of `a`.`b` changed on the source") {
		t.Errorf("undecided: %v", err)
	}
	var b strings.Builder
	if err := s.WriteText(&b); err != nil || strings.Contains(b.String(), "DIFFERS") || !strings.Contains(b.String(), "no difference, 1 table not decided") {
		t.Errorf("error %v, summary\n%s", err, b.String())
	}
	s.Differing = []*Table{differs}
	if err := s.verdict(time.Second); !errors.Is(err, ErrDiffers) || errors.Is(err, ErrUndecided) {
		t.Errorf("differing: %v", err)
	}
	if err := (&Summary{}).verdict(time.Second); err != nil || NotEqual(err) {
		t.Errorf("equal: %v", err)
	}
}
