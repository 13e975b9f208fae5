package dump

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gomove/gomove/internal/store"
)

// maxManifestBytes bounds gomove.json.
const maxManifestBytes = 16 << 20

// Reader reads a dump of format 1. Everything in it is distrusted: names, sizes, numbers (DESIGN, dump directory).
// It is safe for concurrent use.
type Reader struct {
	store    store.Store
	manifest *Manifest
	sums     map[string]string // of the files that metadata tells one of

	mu   sync.Mutex
	zstd []*zstd.Decoder // free ones
	gzip []*gzip.Reader
}

// Open reads gomove.json and metadata; a store without metadata is ErrIncomplete, a newer format or an unknown capability ErrFormat.
func Open(ctx context.Context, s store.Store) (*Reader, error) {
	r := &Reader{store: s}
	if err := r.readMetadata(ctx); err != nil {
		return nil, err
	}
	text, err := readSmall(ctx, s, ManifestName, maxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: there is no %s; gomove reads its own dumps only", s, ErrFormat, ManifestName)
	}
	if err != nil {
		return nil, err
	}
	if want := r.sums[ManifestName]; want != "" && want != hashBytes(text) {
		return nil, fmt.Errorf("%s in %s: %w: its checksum is not the one that metadata tells; copy the dump again", ManifestName, s, ErrCorrupt)
	}
	r.manifest = new(Manifest)
	if err := json.Unmarshal(text, r.manifest); err != nil {
		return nil, fmt.Errorf("%s in %s: %w: %w", ManifestName, s, ErrFormat, err)
	}
	if err := r.manifest.validate(); err != nil {
		return nil, fmt.Errorf("%s in %s: %w: %w", ManifestName, s, ErrFormat, err)
	}
	return r, nil
}

// readMetadata finds out whether the dump is whole, and the checksums of the files that list the others.
func (r *Reader) readMetadata(ctx context.Context) error {
	f, err := r.store.Open(ctx, MetadataName)
	if errors.Is(err, fs.ErrNotExist) {
		return r.noMetadata(ctx)
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	r.sums = map[string]string{}
	finished := false
	in := bufio.NewReaderSize(f, 64<<10)
	var line []byte
	for {
		line, err = readLine(in, line[:0])
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, ErrCorrupt) {
			finished = false
			break
		}
		if err != nil {
			return fmt.Errorf("%s in %s: %w", MetadataName, r.store, err)
		}
		finished = bytes.HasPrefix(line, []byte(finishedPrefix))
		if sum, name, ok := strings.Cut(strings.TrimPrefix(string(line), sumPrefix), "  "); ok && bytes.HasPrefix(line, []byte(sumPrefix)) {
			r.sums[name] = sum
		}
	}
	if !finished {
		return fmt.Errorf("dump %s: %w: %s is cut off; copy the dump again", r.store, ErrIncomplete, MetadataName)
	}
	return nil
}

// noMetadata tells an unfinished dump from what is no dump.
func (r *Reader) noMetadata(ctx context.Context) error {
	for _, name := range []string{PartialMetadataName, ManifestName} {
		f, err := r.store.Open(ctx, name)
		if err == nil {
			return errors.Join(fmt.Errorf("dump %s: %w: there is no %s, so the dump did not finish; dump again into another directory",
				r.store, ErrIncomplete, MetadataName), f.Close())
		}
	}
	return fmt.Errorf("%s: %w: there is neither %s nor %s; is this the dump's directory?", r.store, ErrIncomplete, MetadataName, ManifestName)
}

// readSmall reads a file of at most limit bytes.
func readSmall(ctx context.Context, s store.Store, name string, limit int64) ([]byte, error) {
	f, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s in %s: %w", name, s, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s in %s: %w: longer than %d bytes", name, s, ErrFormat, limit)
	}
	return text, nil
}

// missing says of a file that is not there that the dump was altered.
func missing(s store.Store, name string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%s in %s: %w: the file is missing; copy the dump again", name, s, ErrCorrupt)
}

// Manifest is what gomove.json says.
func (r *Reader) Manifest() *Manifest { return r.manifest }

// Objects yields the lines of tables.jsonl, streaming.
func (r *Reader) Objects(ctx context.Context) iter.Seq2[*Object, error] {
	return readLines[Object](ctx, r.store, TablesName, r.sums[TablesName])
}

// Chunks yields the lines of chunks.jsonl, streaming.
func (r *Reader) Chunks(ctx context.Context) iter.Seq2[*Chunk, error] {
	return readLines[Chunk](ctx, r.store, ChunksName, r.sums[ChunksName])
}

// OpenSQL reads a schema file.
func (r *Reader) OpenSQL(ctx context.Context, name string) (io.ReadCloser, error) {
	f, err := r.store.Open(ctx, name)
	if err != nil {
		return nil, missing(r.store, name, err)
	}
	return f, nil
}
