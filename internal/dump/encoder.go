package dump

import (
	"io"
	"sync"

	"github.com/zeebo/xxh3"
)

// encoder is what a chunk file needs memory for. Encoders are reused: thousands of small chunks cost little.
type encoder struct {
	text  []byte // encoded and not yet compressed
	comp  compressor
	block blockWriter
	rows  RowHasher
}

// flush compresses what is encoded.
func (e *encoder) flush() error {
	_, err := e.comp.Write(e.text)
	e.text = e.text[:0]
	return err
}

// blockWriter collects stored bytes, hashes them and writes them in large blocks.
type blockWriter struct {
	w       io.Writer
	hash    *xxh3.Hasher128
	buf     []byte
	written int64
}

func (b *blockWriter) Write(p []byte) (int, error) {
	total := len(p)
	if len(b.buf) == 0 && len(p) >= directBytes {
		_, _ = b.hash.Write(p)
		n, err := b.w.Write(p)
		b.written += int64(n)
		return n, err
	}
	for len(p) > 0 {
		n := min(len(p), cap(b.buf)-len(b.buf))
		b.buf = append(b.buf, p[:n]...)
		p = p[n:]
		if len(b.buf) == cap(b.buf) {
			if err := b.flush(); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

func (b *blockWriter) flush() error {
	if len(b.buf) == 0 {
		return nil
	}
	_, _ = b.hash.Write(b.buf)
	n, err := b.w.Write(b.buf)
	b.written += int64(n)
	b.buf = b.buf[:0]
	return err
}

func (b *blockWriter) reset(w io.Writer) {
	b.w, b.buf, b.written = w, b.buf[:0], 0
	b.hash.Reset()
}

func (b *blockWriter) sum() string {
	s := b.hash.Sum128()
	return RowSum{Hi: s.Hi, Lo: s.Lo}.String()
}

// encoders is the free list of a writer: as many as chunks were ever open at once.
type encoders struct {
	compression Compression
	level       int

	mu   sync.Mutex
	free []*encoder
}

func (p *encoders) take(w io.Writer) (*encoder, error) {
	p.mu.Lock()
	var e *encoder
	if n := len(p.free); n > 0 {
		e, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if e == nil {
		comp, err := newCompressor(p.compression, p.level)
		if err != nil {
			return nil, err
		}
		e = &encoder{comp: comp, block: blockWriter{hash: xxh3.New128(), buf: make([]byte, 0, blockBytes)}}
	}
	e.block.reset(w)
	e.comp.Reset(&e.block)
	e.rows.Reset()
	e.text = e.text[:0]
	return e, nil
}

func (p *encoders) give(e *encoder) {
	e.block.reset(nil)
	p.mu.Lock()
	p.free = append(p.free, e)
	p.mu.Unlock()
}
