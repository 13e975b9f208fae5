package foreign

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory of a zstd decompressor; zstd --long asks for more.
const maxWindow = 128 << 20

// PlainName is a file's name without what compression adds to it.
func PlainName(name string) string {
	for _, suffix := range []string{".gz", ".zst"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok {
			return plain
		}
	}
	return name
}

// Decompress reads a file that may be compressed by gzip or zstd, as its first bytes tell. Close closes r too.
func Decompress(r io.ReadCloser) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && len(head) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		a := newAhead(z)
		return &opened{Reader: a, close: func() error { a.close(); return r.Close() }}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		a := newAhead(z)
		return &opened{Reader: a, close: func() error { a.close(); z.Close(); return r.Close() }}, nil
	}
	return &opened{Reader: in, close: r.Close}, nil
}

type opened struct {
	io.Reader
	close func() error
}

func (o *opened) Close() error { return o.close() }

// ID makes the id of a dump: the same for the same files, read with the same settings.
type ID struct{ h hash.Hash }

// NewID starts the id of a dump of a kind.
func NewID(kind string) *ID {
	id := &ID{sha256.New()}
	id.Add(kind)
	return id
}

// Add adds a name or a setting.
func (id *ID) Add(s string) { fmt.Fprintf(id.h, "%d:%s", len(s), s) }

// AddNumber adds a size.
func (id *ID) AddNumber(n int64) { id.Add(strconv.FormatInt(n, 10)) }

// String is the id, 32 hex digits.
func (id *ID) String() string { return hex.EncodeToString(id.h.Sum(nil)[:16]) }
