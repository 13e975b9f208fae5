package verify

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomove/gomove/internal/dump"
)

// hashed is a row as it is compared.
func hashed(keyAt []int, cells ...string) *row {
	r := &row{}
	for _, c := range cells {
		r.cells = append(r.cells, []byte(c))
	}
	h := rowReader{keyAt: keyAt}
	h.read(r)
	return r
}

// Two random bags of rows differ by exactly what was put into only one of them, with how often.
func TestMatch(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var sides [2]collection
		want := map[string]int{}
		for range rng.IntN(60) {
			key, a := fmt.Sprint(rng.IntN(20)), fmt.Sprint(rng.IntN(3))
			r := hashed(nil, key, a)
			for side := range sides {
				for range rng.IntN(3) {
					sides[side].rows = append(sides[side].rows, candidate{key: r.key, hash: r.hash})
					want[key+" "+a] += 1 - 2*side
				}
			}
		}
		missing, extra := 0, 0
		for _, n := range want {
			missing += max(n, 0)
			extra += max(-n, 0)
		}
		gotMissing, gotExtra := 0, 0
		for _, m := range match(&sides[0], &sides[1]) {
			if m.target == nil {
				gotMissing++
			}
			if m.source == nil {
				gotExtra++
			}
		}
		if missing != gotMissing || extra != gotExtra {
			t.Fatalf("%d missing and %d extra, want %d and %d", gotMissing, gotExtra, missing, extra)
		}
	}
}

// A row of the same key differs; NULL is not the empty text, and cells do not run into each other.
func TestRowHashes(t *testing.T) {
	key := []int{0}
	if a, b := hashed(key, "1", "x"), hashed(key, "1", "x "); a.key != b.key || a.hash == b.hash {
		t.Error("a trailing blank is lost")
	}
	if a, b := hashed([]int{0, 1}, "a", "bc"), hashed([]int{0, 1}, "ab", "c"); a.key == b.key || a.hash == b.hash {
		t.Error("cells run into each other")
	}
	null, empty := &row{cells: [][]byte{nil}}, &row{cells: [][]byte{{}}}
	h := rowReader{keyAt: key}
	h.read(null)
	h.read(empty)
	if null.key == empty.key || null.hash == empty.hash {
		t.Error("NULL is the empty text")
	}
}

// Each level of buckets uses other bits of a key.
func TestBuckets(t *testing.T) {
	key := dump.RowSum{Hi: 0x0123456789abcdef, Lo: 0xfedcba9876543210}
	seen := map[int]bool{}
	for l := range maxLevels {
		seen[bucketOf(key, l)] = true
	}
	if len(seen) != maxLevels {
		t.Errorf("%d different buckets at %d levels", len(seen), maxLevels)
	}
	a, b := make([]total, buckets), make([]total, buckets)
	for i := range 1000 {
		r := hashed([]int{0}, fmt.Sprint(i), "x")
		for _, by := range [][]total{a, b} {
			v := &tally{by: by}
			v.visit(r)
		}
	}
	extra := hashed([]int{0}, "5000", "x")
	(&tally{by: b}).visit(extra)
	l, in := differingBuckets(a, b)
	if f := (filter{l}); !f.passes(extra.key) || in < 1 || in > 10 {
		t.Errorf("%d rows in the buckets that differ", in)
	}
}

// A row in any bucket of any level is found by that bucket, whichever side has it.
func TestEveryBucket(t *testing.T) {
	for l := range maxLevels {
		empty, by := make([]total, buckets), make([]total, buckets)
		v := &tally{by: by}
		for range l { // levels before, that let all pass
			all := &level{}
			for i := range buckets {
				all.set(i)
			}
			v.filter = append(v.filter, all)
		}
		for i := range buckets {
			at := dump.RowSum{Lo: uint64(i) << (l * bucketBits)}
			if l >= maxLevels/2 {
				at = dump.RowSum{Hi: uint64(i) << ((l - maxLevels/2) * bucketBits)}
			}
			v.visit(&row{key: at, hash: dump.RowSum{Lo: 1}})
			if by[i] != (total{1, dump.RowSum{Lo: 1}}) {
				t.Fatalf("level %d: the row of bucket %d is not in it", l, i)
			}
		}
		for _, sides := range [][2][]total{{by, empty}, {empty, by}, {by, nil}, {nil, by}} {
			found, in := differingBuckets(sides[0], sides[1])
			for i := range buckets {
				if !found.has(i) {
					t.Fatalf("level %d: bucket %d is lost", l, i)
				}
			}
			if in != buckets {
				t.Errorf("level %d: %d rows in them, want %d", l, in, buckets)
			}
		}
	}
}
