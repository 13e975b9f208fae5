package foreign

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestDecompress reads plain and compressed files whole, in part, and cut off.
func TestDecompress(t *testing.T) {
	var text bytes.Buffer
	for i := 0; text.Len() < 3*aheadBlocks*aheadBlock; i++ {
		text.WriteString(strings.Repeat(string(rune('a'+i%26)), i%97) + "\n")
	}
	var gz, zst bytes.Buffer
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gz), newZstd(t, &zst)} {
		if _, err := w.Write(text.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, stored := range map[string][]byte{"plain": text.Bytes(), "gzip": gz.Bytes(), "zstd": zst.Bytes(), "empty": nil} {
		want := text.Bytes()
		if name == "empty" {
			want = nil
		}
		closed := 0
		open := func(stored []byte) io.ReadCloser {
			r, err := Decompress(&closing{iotest.HalfReader(bytes.NewReader(stored)), &closed})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return r
		}
		r := open(stored)
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(want))
		}
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v after the end", name, err)
		}
		part := open(stored)
		if len(want) > 0 {
			if _, err := io.ReadFull(part, make([]byte, 10)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, c := range []io.Closer{r, part} {
			if err := c.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if closed != 2 {
			t.Errorf("%s: %d files closed, want 2", name, closed)
		}
		if name == "gzip" || name == "zstd" {
			cut := open(stored[:len(stored)/2])
			if _, err := io.ReadAll(cut); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, cut off: %v", name, err)
			}
			_ = cut.Close()
		}
	}
}

type closing struct {
	io.Reader
	n *int
}

func (c *closing) Close() error { *c.n++; return nil }

func newZstd(t *testing.T, w io.Writer) io.WriteCloser {
	t.Helper()
	z, err := zstd.NewWriter(w)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
