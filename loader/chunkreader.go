package loader

import (
	"errors"
	"io"
	"sync/atomic"
)

// chunkReader counts what is read, fills the reader's buffer and remembers what ended the stream.
type chunkReader struct {
	r     io.Reader
	read  *atomic.Int64
	bytes *atomic.Int64
	err   error // other than io.EOF
	ended bool
}

func (c *chunkReader) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = c.r.Read(p[n:])
		n += m
	}
	c.read.Add(int64(n))
	c.bytes.Add(int64(n))
	switch {
	case errors.Is(err, io.EOF):
		c.ended = true
		err = io.EOF
	case err != nil:
		c.err = err
	}
	if n > 0 {
		return n, nil // the error comes with the next call
	}
	return 0, err
}
