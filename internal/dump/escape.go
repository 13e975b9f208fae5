package dump

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	// controlLimit is above every control character that is escaped: NUL, newline, carriage return, 0x1a.
	controlLimit = 0x20
	// escapeBlock is how much of a value is escaped at a time, so that a large value does not reserve twice its size.
	escapeBlock = 8 << 10
)

// appendEscaped appends b with a backslash before quote and backslash, and with NUL, newline, carriage return and 0x1a
// as \0, \n, \r and \Z. It looks at eight bytes at a time.
func appendEscaped(dst, b []byte, quote byte) []byte {
	for len(b) > escapeBlock {
		dst = appendEscapedBlock(dst, b[:escapeBlock], quote)
		b = b[escapeBlock:]
	}
	return appendEscapedBlock(dst, b, quote)
}

// appendEscapedBlock reserves room for the worst case and then stores whole words: a word is stored before it is known
// whether it can stay, and the bytes from its first special one on are written again.
func appendEscapedBlock(dst, b []byte, quote byte) []byte {
	dst = slices.Grow(dst, 2*len(b)+8)
	out := dst[len(dst) : len(dst)+2*len(b)+8]
	quotes := lowBits * uint64(quote)
	n := 0
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		binary.LittleEndian.PutUint64(out[n:], x)
		found := specialBytes(x, quotes)
		if found == 0 {
			n += 8
			b = b[8:]
			continue
		}
		i := bits.TrailingZeros64(found) / 8
		n += i
		n += putEscaped(out[n:], b[i], quote)
		b = b[i+1:]
	}
	for _, c := range b {
		n += putEscaped(out[n:], c, quote)
	}
	return dst[:len(dst)+n]
}

// specialBytes sets the high bit of each byte of x that may need an escape. The lowest bit set is exact but for control
// characters that stay; a higher one may be wrong, by a borrow.
func specialBytes(x, quotes uint64) uint64 {
	control := (x - controlLimit*lowBits) & ^x
	q := x ^ quotes
	s := x ^ ('\\' * lowBits)
	return (control | ((q - lowBits) & ^q) | ((s - lowBits) & ^s)) & highBits
}

// putEscaped writes c, escaped where it must be, and returns how many bytes it took.
func putEscaped(out []byte, c, quote byte) int {
	switch c {
	case 0:
		c = '0'
	case '\n':
		c = 'n'
	case '\r':
		c = 'r'
	case 0x1a:
		c = 'Z'
	case '\\', quote:
	default:
		out[0] = c
		return 1
	}
	_ = out[1]
	out[0], out[1] = '\\', c
	return 2
}

// Unescaped is what the character after a backslash stands for in LOAD DATA and in string literals; N is not here.
func Unescaped(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'Z':
		return 0x1a
	}
	return c
}

// IndexEither returns where the first x or y stands in b, or -1.
func IndexEither(b []byte, x, y byte) int {
	xs, ys := lowBits*uint64(x), lowBits*uint64(y)
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		p, q := w^xs, w^ys
		if found := (((p - lowBits) & ^p) | ((q - lowBits) & ^q)) & highBits; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if b[n] == x || b[n] == y {
			return n
		}
	}
	return -1
}
