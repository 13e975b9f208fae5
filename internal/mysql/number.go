package mysql

import (
	"math/bits"
	"slices"
)

// pairs are the digits of the numbers below 100.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// powers are those of ten.
var powers = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// countedBytes is what appendCounted takes at most: a length, a sign and 20 digits; and countedRoom what it makes room for at once.
const (
	countedBytes = 1 + 1 + 20
	countedRoom  = 16 * countedBytes
)

// appendCounted appends a number with its length in front. What strconv prints it would copy, and count afterwards: a dump of narrow rows
// would spend half of its time there.
func appendCounted(dst []byte, magnitude uint64, negative bool) []byte {
	if cap(dst)-len(dst) < countedBytes {
		dst = slices.Grow(dst, countedRoom)
	}
	// The number of digits by that of bits: 1233/4096 is the logarithm of 2, a little less.
	size := bits.Len64(magnitude|1) * 1233 >> 12
	if magnitude >= powers[size] {
		size++
	}
	size = max(size, 1)
	at := len(dst)
	if negative {
		dst = dst[:at+2+size]
		dst[at], dst[at+1] = byte(1+size), '-'
	} else {
		dst = dst[:at+1+size]
		dst[at] = byte(size)
	}
	i := len(dst)
	for magnitude >= 1e4 { // by fours: each division waits for the one before
		four := uint32(magnitude % 1e4)
		magnitude /= 1e4
		high, low := four/100*2, four%100*2
		i -= 4
		dst[i], dst[i+1], dst[i+2], dst[i+3] = pairs[high], pairs[high+1], pairs[low], pairs[low+1]
	}
	if magnitude >= 100 {
		low := magnitude % 100 * 2
		magnitude /= 100
		i -= 2
		dst[i], dst[i+1] = pairs[low], pairs[low+1]
	}
	if magnitude >= 10 {
		dst[i-2], dst[i-1] = pairs[magnitude*2], pairs[magnitude*2+1]
	} else {
		dst[i-1] = byte('0' + magnitude)
	}
	return dst
}
