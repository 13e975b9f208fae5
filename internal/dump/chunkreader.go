package dump

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// maxWindow bounds the memory of a decompressor; gomove writes less, zstd --long more.
const maxWindow = 32 << 20

// OpenChunk reads a chunk's rows, decompressed. Where the stored file's size or checksum differs from the chunk's line,
// the last Read gives ErrCorrupt in place of io.EOF: a caller that commits only after io.EOF never commits damaged rows.
func (r *Reader) OpenChunk(ctx context.Context, c *Chunk) (io.ReadCloser, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	f, err := r.store.Open(ctx, c.File)
	if err != nil {
		return nil, absent(r.store, c.File, err)
	}
	in := &storedReader{r: f, limit: c.Stored, hash: xxh3.New128()}
	cr := &chunkReader{reader: r, chunk: c, file: f, stored: in}
	if cr.text, err = r.decompressor(in, c.compression()); err != nil {
		cr.release()
		return nil, errors.Join(cr.damaged(err), f.Close())
	}
	return cr, nil
}

// storedReader hashes and counts the stored bytes, and remembers an error of the store, which is not damage.
type storedReader struct {
	r     io.Reader
	limit int64
	n     int64
	hash  *xxh3.Hasher128
	err   error
}

var errLonger = errors.New("the file is longer than its record says")

func (s *storedReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	_, _ = s.hash.Write(p[:n])
	if s.n += int64(n); s.n > s.limit {
		return n, errLonger
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// chunkReader checks a chunk file while it is read.
type chunkReader struct {
	reader *Reader
	chunk  *Chunk
	file   io.Closer
	stored *storedReader
	text   io.Reader
	n      int64 // of text
	err    error // what further Reads give
}

// Read gives decompressed bytes.
func (c *chunkReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.text.Read(p)
	c.n += int64(n)
	switch {
	case c.n > c.chunk.Bytes:
		n, c.err = 0, c.damaged(fmt.Errorf("it holds more than the %d bytes of its record", c.chunk.Bytes))
	case errors.Is(err, io.EOF):
		c.err = c.verify()
	case err != nil:
		c.err = c.damaged(err)
	}
	return n, c.err
}

// verify is called at the end of the text: io.EOF when the file is what its record says.
func (c *chunkReader) verify() error {
	if _, err := io.Copy(io.Discard, c.stored); err != nil {
		return c.damaged(err)
	}
	if err := c.stored.differs(c.chunk); err != nil {
		return c.damaged(err)
	}
	if c.n != c.chunk.Bytes {
		return c.damaged(fmt.Errorf("it holds %d bytes in place of %d", c.n, c.chunk.Bytes))
	}
	return io.EOF
}

func (c *chunkReader) damaged(err error) error {
	if c.stored.err != nil {
		return fmt.Errorf("%s in %s: %w", c.chunk.File, c.reader.store, c.stored.err)
	}
	return c.reader.problem(c.chunk.File, FileAltered, err)
}

// Close gives the decompressor back.
func (c *chunkReader) Close() error {
	if c.text == nil {
		return nil
	}
	c.release()
	if c.err == nil {
		c.err = fmt.Errorf("%s: read after close", c.chunk.File)
	}
	return c.file.Close()
}

func (c *chunkReader) release() {
	c.reader.mu.Lock()
	defer c.reader.mu.Unlock()
	switch d := c.text.(type) {
	case *zstd.Decoder:
		if d.Reset(nil) == nil {
			c.reader.zstd = append(c.reader.zstd, d)
		}
	case *gzip.Reader:
		c.reader.gzip = append(c.reader.gzip, d)
	}
	c.text = nil
}

// decompressor takes one that is free, or makes one.
func (r *Reader) decompressor(in io.Reader, c Compression) (io.Reader, error) {
	switch c {
	case Zstd:
		return r.zstdReader(in)
	case Gzip:
		return r.gzipReader(in)
	case None:
	}
	return in, nil
}

func (r *Reader) zstdReader(in io.Reader) (io.Reader, error) {
	r.mu.Lock()
	var d *zstd.Decoder
	if n := len(r.zstd); n > 0 {
		d, r.zstd = r.zstd[n-1], r.zstd[:n-1]
	}
	r.mu.Unlock()
	if d == nil {
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}
	return d, d.Reset(in)
}

func (r *Reader) gzipReader(in io.Reader) (io.Reader, error) {
	r.mu.Lock()
	var d *gzip.Reader
	if n := len(r.gzip); n > 0 {
		d, r.gzip = r.gzip[n-1], r.gzip[:n-1]
	}
	r.mu.Unlock()
	if d == nil {
		return gzip.NewReader(in)
	}
	return d, d.Reset(in)
}
