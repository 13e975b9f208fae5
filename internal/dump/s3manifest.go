package dump

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// serverReadable is a store of which a server can read the files by itself. *store.S3 is one.
type serverReadable interface {
	// ServerURI is a file as LOAD DATA FROM S3 calls it.
	ServerURI(name string) string
}

var (
	_ serverReadable = (*store.S3)(nil)
	// errNotOnS3 is --for aurora elsewhere.
	errNotOnS3 = errors.New("--for aurora: Aurora reads from S3 alone: give s3://bucket/prefix, or dump to a directory with --compress none and take that there by gomove stage")
)

const (
	// MaxS3ChunkBytes is the size of a chunk above which one transaction of LOAD DATA FROM S3 is too large: Aurora puts each file on the instance's local disk first.
	MaxS3ChunkBytes = 1 << 30
	maxURL          = 1024 // of Aurora's manifest
)

// s3Parts remembers which chunks a table has until it is whole. It is safe for concurrent use.
type s3Parts struct {
	uri func(name string) string

	mu    sync.Mutex
	parts map[[2]string][]int32 // numbers of the chunks
}

func newS3Parts(s store.Store, p Preset) (*s3Parts, error) {
	if p != ForAurora {
		return nil, nil
	}
	on, ok := s.(serverReadable)
	if !ok {
		return nil, errNotOnS3
	}
	return &s3Parts{uri: on.ServerURI, parts: map[[2]string][]int32{}}, nil
}

func (p *s3Parts) add(c *Chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{c.Schema, c.Table}
	p.parts[key] = append(p.parts[key], int32(c.Number)) //nolint:gosec // no table has so many
}

func (p *s3Parts) take(o *Object) []int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{o.Schema, o.Name}
	numbers := p.parts[key]
	delete(p.parts, key)
	slices.Sort(numbers)
	return numbers
}

// s3Entry is an entry of a manifest. Aurora refuses one with another field.
type s3Entry struct {
	URL       string `json:"url"`
	Mandatory bool   `json:"mandatory"`
}

// writeS3Manifest writes the manifest of a table for LOAD DATA FROM S3 MANIFEST. A table without rows has none: a statement that finds no file fails.
func (w *Writer) writeS3Manifest(ctx context.Context, o *Object) (name, sum string, err error) {
	numbers := w.parts.take(o)
	if o.Kind != KindTable || len(numbers) == 0 {
		return "", "", nil
	}
	name = o.Base + ".manifest"
	f, err := w.store.Create(ctx, name)
	if err != nil {
		return "", "", err
	}
	defer f.Abort()
	hash := xxh3.New128()
	b := bufio.NewWriterSize(io.MultiWriter(f, hash), 16<<10)
	_, _ = b.WriteString("{\"entries\":[")
	for i, n := range numbers {
		file := fmt.Sprintf("%s.%05d%s", o.Base, n, w.dataSuffix())
		url := w.parts.uri(file)
		if len(url) > maxURL {
			return "", "", fmt.Errorf("%s: Aurora takes no URL of more than %d bytes: give a shorter prefix", url, maxURL)
		}
		entry, err := json.Marshal(s3Entry{URL: url, Mandatory: true})
		if err != nil {
			return "", "", err
		}
		if i > 0 {
			_ = b.WriteByte(',')
		}
		_ = b.WriteByte('\n')
		_, _ = b.Write(entry)
	}
	_, _ = b.WriteString("\n]}\n")
	if err := b.Flush(); err != nil {
		return "", "", err
	}
	return name, sumOf(hash), f.Close()
}
