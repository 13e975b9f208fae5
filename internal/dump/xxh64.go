package dump

import (
	"encoding/binary"
	"math/bits"
)

// The primes of XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
const (
	prime64a uint64 = 11400714785074694791
	prime64b uint64 = 14029467366897019727
	prime64c uint64 = 1609587929392839161
	prime64d uint64 = 9650029242287828579
	prime64e uint64 = 2870177450012600261
)

// stripeBytes is what XXH64 takes at a time.
const stripeBytes = 32

// xxh64 is the checksum of a zstd frame's content. reset makes it ready.
type xxh64 struct {
	v     [4]uint64
	total uint64
	rest  [stripeBytes]byte
	n     int // bytes in rest
}

func (x *xxh64) reset() {
	a, b := prime64a, prime64b
	x.v = [4]uint64{a + b, b, 0, -a}
	x.total, x.n = 0, 0
}

func (x *xxh64) add(b []byte) {
	x.total += uint64(len(b))
	if x.n > 0 {
		n := copy(x.rest[x.n:], b)
		x.n += n
		b = b[n:]
		if x.n < stripeBytes {
			return
		}
		x.stripes(x.rest[:])
		x.n = 0
	}
	whole := len(b) &^ (stripeBytes - 1)
	x.stripes(b[:whole])
	x.n = copy(x.rest[:], b[whole:])
}

func (x *xxh64) stripes(b []byte) {
	v0, v1, v2, v3 := x.v[0], x.v[1], x.v[2], x.v[3]
	for ; len(b) >= stripeBytes; b = b[stripeBytes:] {
		v0 = round64(v0, binary.LittleEndian.Uint64(b))
		v1 = round64(v1, binary.LittleEndian.Uint64(b[8:]))
		v2 = round64(v2, binary.LittleEndian.Uint64(b[16:]))
		v3 = round64(v3, binary.LittleEndian.Uint64(b[24:]))
	}
	x.v = [4]uint64{v0, v1, v2, v3}
}

func (x *xxh64) sum() uint64 {
	h := x.v[2] + prime64e
	if x.total >= stripeBytes {
		h = bits.RotateLeft64(x.v[0], 1) + bits.RotateLeft64(x.v[1], 7) + bits.RotateLeft64(x.v[2], 12) + bits.RotateLeft64(x.v[3], 18)
		for _, v := range x.v {
			h = (h^round64(0, v))*prime64a + prime64d
		}
	}
	h += x.total
	b := x.rest[:x.n]
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round64(0, binary.LittleEndian.Uint64(b)), 27)*prime64a + prime64d
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(b))*prime64a, 23)*prime64b + prime64c
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime64e, 11) * prime64a
	}
	h = (h ^ h>>33) * prime64b
	h = (h ^ h>>29) * prime64c
	return h ^ h>>32
}

func round64(acc, word uint64) uint64 {
	return bits.RotateLeft64(acc+word*prime64b, 31) * prime64a
}
