package dump

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// spool is a file that is kept in memory, compressed, until it can be written: a stream's listings, which come last.
type spool struct {
	name   string
	stored memory
	comp   compressor
	hash   *xxh3.Hasher128
	size   int64 // before compression
}

func newSpool(name string) (*spool, error) {
	comp, err := newCompressor(Zstd, 0)
	if err != nil {
		return nil, err
	}
	s := &spool{name: name, comp: comp, hash: xxh3.New128()}
	s.stored.pool = &blockPool{}
	comp.Reset(&s.stored)
	return s, nil
}

// Write appends.
func (s *spool) Write(p []byte) (int, error) {
	_, _ = s.hash.Write(p)
	s.size += int64(len(p))
	return s.comp.Write(p)
}

// line appends a line of JSON.
func (s *spool) line(text []byte) error {
	_, err := s.Write(text)
	if err == nil {
		_, err = s.Write([]byte{'\n'})
	}
	return err
}

// close ends the writing.
func (s *spool) close() error { return s.comp.Close() }

func (s *spool) sum() fileSum { return fileSum{name: s.name, sum: sumOf(s.hash)} }

// read gives f the content.
func (s *spool) read(f func(io.Reader) error) error {
	d, err := zstd.NewReader(s.stored.open(), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer d.Close()
	return f(d)
}

// copyTo writes the content.
func (s *spool) copyTo(w io.Writer) error {
	return s.read(func(r io.Reader) error {
		n, err := io.Copy(w, r)
		if err == nil && n != s.size {
			err = errors.New(s.name + ": it is not as it was written")
		}
		return err
	})
}
