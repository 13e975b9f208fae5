package dump

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"

	"github.com/zeebo/xxh3"
)

// streamName is what messages call a stream.
const streamName = "the stream"

// IsStream reports whether a file that begins with head is a tar: its first 512 bytes tell.
func IsStream(head []byte) bool {
	const at = 257 // of the magic in a header
	return len(head) >= at+5 && string(head[at:at+5]) == "ustar"
}

// OpenStream reads the tar stream of a dump, as WriteTar writes it, and returns once its manifest is there. It reads ahead, with
// at most about maxBytes of chunks from their reading to their Release, and one chunk of any size. What it gives was compared
// with its checksums; a stream that is cut off is ErrIncomplete, one that is damaged ErrCorrupt, one that holds anything else, or
// more, ErrFormat. ctx bounds the life of the Feed: in is read until then, or until Next has given an error.
func OpenStream(ctx context.Context, in io.Reader, maxBytes int64) (Feed, error) {
	counted := &countedReader{in: in}
	s := &stream{
		pipe: NewPipe(streamName, maxBytes), in: counted, tar: tar.NewReader(counted), seed: maphash.MakeSeed(),
		objects: map[uint64]*streamed{}, chunks: xxh3.New128(), sums: map[string]string{},
	}
	go func() {
		if err := s.read(ctx); err != nil {
			s.pipe.Close(err)
		}
	}()
	return s.pipe.Feed(ctx)
}

// countedReader counts, marks errors of reading, and remembers whether the end was reached.
type countedReader struct {
	in    io.Reader
	n     int64
	ended bool
}

var errReading = errors.New("cannot be read")

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		c.ended = n == 0
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w: %w", errReading, err)
	}
	return n, err
}

// stream reads the entries of a tar into a pipe.
type stream struct {
	pipe     *Pipe
	in       *countedReader
	tar      *tar.Reader
	records  recordReader
	decoders decoders

	seed    maphash.Seed
	begun   bool   // the manifest was there
	sum     string // of it
	objects map[uint64]*streamed
	files   []uint64          // hashes of the names of all files: 1,000,000 take 8 MB
	open    *FedObject        // its other files follow
	loading bool              // a chunk or the end of a table was there: no object follows
	chunks  *xxh3.Hasher128   // of their records, as chunks.jsonl has them
	sums    map[string]string // of the listings that were there
	whole   bool              // metadata was there
}

// streamed is what is known of an object.
type streamed struct {
	kind   Kind
	base   uint64 // hash of the start of its files' names
	rows   int64  // of the chunks so far
	ended  bool   // no more of them come
	listed bool   // tables.jsonl has it
}

func (s *stream) read(ctx context.Context) error {
	for {
		h, err := s.tar.Next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			if err := s.end(); err != nil {
				return s.explain(err)
			}
			return s.pipe.finish(ctx)
		case err == nil:
			err = s.entry(ctx, h)
		}
		if err != nil {
			return s.explain(err)
		}
	}
}

// end looks at what is behind the last entry: the end of a tar, and zeros.
func (s *stream) end() error {
	if s.in.ended || !s.whole || s.open != nil {
		return io.ErrUnexpectedEOF
	}
	buf := make([]byte, tarBuffer)
	for {
		n, err := s.in.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return errors.New("something follows the end of the dump")
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errAltered is what is not as it was written.
var errAltered = errors.New("it is not as it was written")

// explain says what an error means, and where it was found.
func (s *stream) explain(err error) error {
	var problem *Problem
	var listing *ListingError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w: it was cut off after %d bytes; the command that wrote it tells why", streamName, ErrIncomplete, s.in.n)
	case errors.As(err, &problem), errors.As(err, &listing), s.pipe.cause() != nil:
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errReading):
		return fmt.Errorf("%s, byte %d: %w", streamName, s.in.n, err)
	case !s.begun && errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("%s: %w: it is no tar", streamName, ErrFormat)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong), errors.Is(err, errAltered):
		return fmt.Errorf("%s, byte %d: %w: %w", streamName, s.in.n, ErrCorrupt, err)
	}
	return fmt.Errorf("%s, byte %d: %w: %w", streamName, s.in.n, ErrFormat, err)
}
