package dump

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

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
	return openStored(r.store.String(), &r.decoders, c, f)
}

// openStored reads a chunk from its stored file, which it closes. place is the dump's.
func openStored(place string, d *decoders, c *Chunk, f io.ReadCloser) (io.ReadCloser, error) {
	in := &storedReader{r: f, limit: c.Stored, hash: xxh3.New128()}
	cr := &chunkReader{place: place, decoders: d, chunk: c, file: f, stored: in}
	var err error
	if cr.text, err = d.decompressor(in, c.compression()); err != nil {
		cr.release()
		return nil, errors.Join(cr.undecodable(err), f.Close())
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
	place    string
	decoders *decoders
	chunk    *Chunk
	file     io.Closer
	stored   *storedReader
	text     io.Reader
	n        int64 // of text
	err      error // what further Reads give
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
		c.err = c.undecodable(err)
	}
	return n, c.err
}

// undecodable is for a file that the decompressor gave up on: its size or checksum says what happened to it.
func (c *chunkReader) undecodable(err error) error {
	if c.stored.err == nil {
		if _, rest := io.Copy(io.Discard, c.stored); rest != nil {
			err = rest
		} else if differs := c.stored.differs(c.chunk); differs != nil {
			err = differs
		} else {
			err = fmt.Errorf("its checksum is right and it cannot be decompressed: %w", err)
		}
	}
	return c.damaged(err)
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
		return fmt.Errorf("%s in %s: %w", c.chunk.File, c.place, c.stored.err)
	}
	return &Problem{File: c.chunk.File, Kind: FileAltered, Place: c.place, What: err.Error()}
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
	c.decoders.give(c.text)
	c.text = nil
}
