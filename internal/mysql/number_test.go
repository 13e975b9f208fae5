package mysql

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestAppendCounted prints numbers of every length, those beside a power of ten or of two, and any.
func TestAppendCounted(t *testing.T) {
	var numbers []uint64
	for _, p := range powers {
		numbers = append(numbers, p-1, p, p+1)
	}
	for shift := range 64 {
		numbers = append(numbers, 1<<shift-1, 1<<shift, 1<<shift+1)
	}
	numbers = append(numbers, math.MaxUint64, math.MaxInt64)
	r := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		numbers = append(numbers, r.Uint64()>>r.IntN(64))
	}
	for _, n := range numbers {
		for _, negative := range []bool{false, true} {
			want := strconv.FormatUint(n, 10)
			if negative {
				want = "-" + want
			}
			for _, room := range []int{0, countedBytes - 1, 100} {
				got := appendCounted(make([]byte, 2, 2+room), n, negative)
				if string(got) != "\x00\x00"+string(rune(len(want)))+want {
					t.Fatalf("%q for %s, %d bytes of room", got, want, room)
				}
			}
		}
	}
}
