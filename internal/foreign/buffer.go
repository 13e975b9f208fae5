package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

const (
	firstBuffer = 128 << 10
	largeBuffer = 16 << 20
	// MaxRowBytes bounds one row: a LONGBLOB of which every byte is escaped would be 8 GiB.
	MaxRowBytes   = 5 << 30
	maxEmptyReads = 100
)

// Buffer holds what was read of a file and not yet taken, and counts its lines. It grows to the longest piece that is looked at in
// one; it is reused from file to file.
type Buffer struct {
	Name string // of the file, for messages
	r    io.Reader
	buf  []byte
	from int
	to   int
	line int64 // of buf[from], counted from 1
	past int64 // bytes before buf[from]
	err  error // of r
}

// Reset starts another file.
func (b *Buffer) Reset(r io.Reader, name string) {
	if cap(b.buf) > 8*firstBuffer || b.buf == nil {
		b.buf = make([]byte, firstBuffer)
	}
	b.Name, b.r, b.from, b.to, b.line, b.past, b.err = name, r, 0, 0, 1, 0, nil
}

// Bytes is what is there, from the place that was not taken yet.
func (b *Buffer) Bytes() []byte { return b.buf[b.from:b.to] }

// Take passes over n bytes.
func (b *Buffer) Take(n int) {
	b.line += int64(bytes.Count(b.buf[b.from:b.from+n], []byte{'\n'}))
	b.from += n
	b.past += int64(n)
}

// TakeLines passes over n bytes that had so many line ends before they were decoded in place.
func (b *Buffer) TakeLines(n int, lines int64) {
	b.line += lines
	b.from += n
	b.past += int64(n)
}

// Past is how many bytes were taken.
func (b *Buffer) Past() int64 { return b.past }

// Line is the line of the next byte.
func (b *Buffer) Line() int64 { return b.line }

// Fill reads more behind what is there and reports whether there was more.
func (b *Buffer) Fill() bool {
	if b.err != nil {
		return false
	}
	if b.from > 0 {
		copy(b.buf, b.Bytes())
		b.from, b.to = 0, b.to-b.from
	}
	if b.to == len(b.buf) {
		size := 2 * len(b.buf)
		if size > largeBuffer { // a huge row: both are in memory while one is copied to the other
			size = len(b.buf) + len(b.buf)/4
			debug.FreeOSMemory() // the one before them, whose room the next one does not fit into
		}
		grown := make([]byte, size)
		copy(grown, b.buf)
		b.buf = grown
	}
	for range maxEmptyReads {
		n, err := b.r.Read(b.buf[b.to:])
		b.to += n
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

// Shrink gives the memory of a huge row back, which was taken, or copied by whoever read it.
func (b *Buffer) Shrink() {
	if len(b.buf) > largeBuffer && b.to-b.from <= firstBuffer {
		small := make([]byte, firstBuffer)
		b.from, b.to = 0, copy(small, b.Bytes())
		b.buf = small
	}
}

// Short is the error where the file ends too early, or could not be read.
func (b *Buffer) Short(what string) error {
	if b.err != nil && !errors.Is(b.err, io.EOF) && !errors.Is(b.err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w", b.Name, b.err)
	}
	return b.Errorf("%w: it ends %s", ErrCut, what)
}

// Ended reports whether the file was read to its end; an error is one of reading.
func (b *Buffer) Ended() (bool, error) {
	if b.err == nil || errors.Is(b.err, io.EOF) {
		return b.err != nil, nil
	}
	return true, fmt.Errorf("%s: %w", b.Name, b.err)
}

// Errorf is an error at the place that was reached.
func (b *Buffer) Errorf(format string, args ...any) error { return b.ErrorAt(b.line, format, args...) }

// ErrorAt is an error in a line.
func (b *Buffer) ErrorAt(line int64, format string, args ...any) error {
	return &PlaceError{File: b.Name, Line: line, Err: fmt.Errorf(format, args...)}
}
