package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// headScan reads words, quoted names and punctuation. Its errors are errShort where the text ends, else ErrStatement.
type headScan struct {
	text []byte
	pos  int
}

func (h *headScan) skipSpace() {
	for h.pos < len(h.text) && (h.text[h.pos] == ' ' || h.text[h.pos] == '\n') {
		h.pos++
	}
}

func (h *headScan) refuse() error {
	h.skipSpace()
	if h.pos >= len(h.text) {
		return errShort
	}
	return fmt.Errorf("%w: %.40q", ErrStatement, h.text[h.pos:])
}

// words takes these keywords.
func (h *headScan) words(words ...string) error {
	for _, w := range words {
		h.skipSpace()
		rest := h.text[h.pos:]
		if len(rest) < len(w) {
			if bytes.HasPrefix([]byte(w), rest) {
				return errShort
			}
			return h.refuse()
		}
		if string(rest[:len(w)]) != w {
			return h.refuse()
		}
		h.pos += len(w)
	}
	return nil
}

// sees takes a character if it is the next.
func (h *headScan) sees(c byte) bool {
	h.skipSpace()
	if h.pos < len(h.text) && h.text[h.pos] == c {
		h.pos++
		return true
	}
	return false
}

// name takes a name in backticks.
func (h *headScan) name() (string, error) {
	if !h.sees('`') {
		return "", h.refuse()
	}
	var name []byte
	for h.pos < len(h.text) {
		i := bytes.IndexByte(h.text[h.pos:], '`')
		if i < 0 || h.pos+i+1 >= len(h.text) {
			return "", errShort
		}
		name = append(name, h.text[h.pos:h.pos+i]...)
		h.pos += i + 1
		if h.text[h.pos] != '`' {
			return string(name), nil
		}
		name = append(name, '`')
		h.pos++
	}
	return "", errShort
}

// feed is a buffer over a reader that holds what was read and not yet taken.
type feed struct {
	r      io.Reader
	max    int64 // bytes that one row may have
	buf    []byte
	start  int
	end    int
	offset int64 // of buf[start] in the file
	err    error // of r
}

func (f *feed) bytes() []byte { return f.buf[f.start:f.end] }

func (f *feed) take(n int) {
	f.start += n
	f.offset += int64(n)
}

func (f *feed) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %w", f.offset, fmt.Errorf(format, args...))
}

// atEnd is the error of a file that ends too early, or could not be read.
func (f *feed) atEnd(what string) error {
	if !errors.Is(f.err, io.EOF) {
		return f.err
	}
	return f.fail("%s: %w", what, io.ErrUnexpectedEOF)
}

// fill reads more after moving what is left to the front, into a larger buffer when it is full. It reports whether there was more.
func (f *feed) fill() bool {
	if f.err != nil {
		return false
	}
	if f.start > 0 {
		copy(f.buf, f.bytes())
		f.end -= f.start
		f.start = 0
	}
	if f.end == len(f.buf) {
		grown := make([]byte, grownSize(int64(len(f.buf)), f.max))
		copy(grown, f.buf)
		f.buf = grown
	}
	for range 100 {
		n, err := f.r.Read(f.buf[f.end:])
		f.end += n
		if err != nil {
			f.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	f.err = io.ErrNoProgress
	return false
}

// grownSize is the next size of a full buffer of n bytes: twice, or all that a row may have where that is near, as both are
// in memory while one is copied to the other.
func grownSize(n, most int64) int64 {
	if most <= 8*n {
		return max(n, most) + 1
	}
	return 2 * n
}
