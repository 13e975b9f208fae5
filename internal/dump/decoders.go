package dump

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory of a decompressor; gomove writes less, zstd --long more.
const maxWindow = 32 << 20

// decoders is the free list of decompressors. It is safe for concurrent use.
type decoders struct {
	mu   sync.Mutex
	zstd []*zstd.Decoder
	gzip []*gzip.Reader
}

// decompressor takes one that is free, or makes one.
func (p *decoders) decompressor(in io.Reader, c Compression) (io.Reader, error) {
	switch c {
	case Zstd:
		return p.zstdReader(in)
	case Gzip:
		return p.gzipReader(in)
	case None:
	}
	return in, nil
}

// give takes back what decompressor gave.
func (p *decoders) give(text io.Reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch d := text.(type) {
	case *zstd.Decoder:
		if d.Reset(nil) == nil {
			p.zstd = append(p.zstd, d)
		}
	case *gzip.Reader:
		p.gzip = append(p.gzip, d)
	}
}

func (p *decoders) zstdReader(in io.Reader) (io.Reader, error) {
	p.mu.Lock()
	var d *zstd.Decoder
	if n := len(p.zstd); n > 0 {
		d, p.zstd = p.zstd[n-1], p.zstd[:n-1]
	}
	p.mu.Unlock()
	if d == nil {
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}
	return d, d.Reset(in)
}

func (p *decoders) gzipReader(in io.Reader) (io.Reader, error) {
	p.mu.Lock()
	var d *gzip.Reader
	if n := len(p.gzip); n > 0 {
		d, p.gzip = p.gzip[n-1], p.gzip[:n-1]
	}
	p.mu.Unlock()
	if d == nil {
		return gzip.NewReader(in)
	}
	return d, d.Reset(in)
}
