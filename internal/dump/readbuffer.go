package dump

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// readBytes is the size that a readBuffer starts with.
const readBytes = 128 << 10

// hugeBuffer is the size from which garbage is collected before a buffer is made: it would be in memory beside it.
const hugeBuffer = 16 << 20

// readBuffer is a buffer over a reader that holds what was read and not yet taken.
type readBuffer struct {
	r      io.Reader
	max    int64 // bytes that one row may have
	most   int64 // bytes that the largest row has; 0: not known
	buf    []byte
	start  int
	end    int
	offset int64 // of buf[start] in the file
	err    error // of r
}

// readSlack is room behind a row of the largest size, in which the end of the file is seen.
const readSlack = 512

func newReadBuffer(r io.Reader, maxRowBytes int64) readBuffer {
	return readBuffer{r: r, max: maxRowBytes, buf: make([]byte, min(readBytes, min(max(maxRowBytes, 0), readBytes)+readSlack))}
}

func (b *readBuffer) bytes() []byte { return b.buf[b.start:b.end] }

func (b *readBuffer) take(n int) {
	b.start += n
	b.offset += int64(n)
}

func (b *readBuffer) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %w", b.offset, fmt.Errorf(format, args...))
}

// atEnd is the error of a file that ends too early, or could not be read.
func (b *readBuffer) atEnd(what string) error {
	if !errors.Is(b.err, io.EOF) {
		return b.err
	}
	return b.fail("%s: %w", what, io.ErrUnexpectedEOF)
}

// fill reads more after moving what is left to the front, into a larger buffer when it is full. It reports whether there was more.
func (b *readBuffer) fill() bool {
	if b.err != nil {
		return false
	}
	if b.start > 0 {
		copy(b.buf, b.bytes())
		b.end -= b.start
		b.start = 0
	}
	if b.end == len(b.buf) {
		size := max(grownSize(int64(len(b.buf)), b.max), b.most)
		if size > hugeBuffer {
			debug.FreeOSMemory() // the buffers before this one, and a row that whoever wrote the chunk had
		}
		grown := make([]byte, size)
		copy(grown, b.buf)
		b.buf = grown
	}
	for range 100 {
		n, err := b.r.Read(b.buf[b.end:])
		b.end += n
		if err != nil {
			b.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	b.err = io.ErrNoProgress
	return false
}

// expect tells how large the largest row is: room for it is made at once, where doubling would have it in memory three times.
func (b *readBuffer) expect(n int64) { b.most = min(n, b.max) }

// grownSize is the next size of a full buffer of n bytes: twice, or all that a row may have where that is near, as both are
// in memory while one is copied to the other.
func grownSize(n, most int64) int64 {
	if most <= 8*n {
		return max(n, most) + 1
	}
	return 2 * n
}
