package dump

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// maxManifestBytes bounds gomove.json.
const maxManifestBytes = 16 << 20

// Reader reads a dump of format 1. Everything in it is distrusted: names, sizes, numbers (docs/format.md).
// It is safe for concurrent use.
type Reader struct {
	store    store.Store
	manifest *Manifest
	whole    bool              // metadata is there
	sealed   bool              // metadata holds its own checksum
	sums     map[string]string // of the files that metadata tells one of
	decoders decoders
	hashing  sync.Pool // buffers, *[]byte
}

// Open reads gomove.json and metadata; a store without metadata is ErrIncomplete, a newer format or an unknown capability ErrFormat.
func Open(ctx context.Context, s store.Store) (*Reader, error) {
	r := &Reader{store: s, sums: map[string]string{}}
	if err := r.readMetadata(ctx); err != nil {
		return nil, err
	}
	return r, r.readManifest(ctx)
}

// OpenUnfinished also opens a dump without metadata, which was interrupted: its listings have no checksums, and a last line
// that was cut off is passed over. ErrIncomplete is a store that holds no dump at all.
func OpenUnfinished(ctx context.Context, s store.Store) (*Reader, error) {
	r := &Reader{store: s, sums: map[string]string{}}
	if err := r.readMetadata(ctx); errors.Is(err, ErrIncomplete) && !r.whole {
		if r.readManifest(ctx) != nil {
			return nil, err
		}
		return r, nil
	} else if err != nil {
		return nil, err
	}
	return r, r.readManifest(ctx)
}

// Complete reports whether the dump came to its end.
func (r *Reader) Complete() bool { return r.whole }

func (r *Reader) readManifest(ctx context.Context) error {
	text, err := readSmall(ctx, r.store, ManifestName, maxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: there is no %s; gomove reads its own dumps only", r.store, ErrFormat, ManifestName)
	}
	if err != nil {
		return err
	}
	if want := r.sums[ManifestName]; want != "" && want != hashBytes(text) {
		return r.problem(ManifestName, FileAltered, errSumOfMetadata)
	}
	r.manifest = new(Manifest)
	if err := decodeLine(text, r.manifest); err != nil {
		return &ListingError{File: ManifestName, Place: r.store.String(), Err: err}
	}
	if r.manifest.Sealed && r.whole && !r.sealed {
		return r.problem(MetadataName, FileAltered, errors.New("it lacks its own checksum"))
	}
	return nil
}

var errSumOfMetadata = errors.New("its checksum is not the one that metadata tells")

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
	r.whole = true
	in, err := readMetadata(ctx, f, r.store.String())
	if err == nil {
		r.sums, r.sealed = in.sums, in.sealed
	}
	return err
}

// metadataFacts is what a reader takes out of metadata.
type metadataFacts struct {
	sealed bool              // it holds its own checksum
	sums   map[string]string // of the listings
}

// readMetadata reads metadata to its end. One that is cut off is ErrIncomplete and a Problem. place is the dump's.
func readMetadata(ctx context.Context, f io.Reader, place string) (metadataFacts, error) {
	m := metadataFacts{sums: map[string]string{}}
	finished, seal, hash := false, "", xxh3.New128()
	in := bufio.NewReaderSize(f, 64<<10)
	var line []byte
	for {
		var err error
		line, err = readLine(in, line[:0])
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, ErrCorrupt) {
			finished = false
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return m, fmt.Errorf("%s in %s: %w", MetadataName, place, err)
		}
		finished = bytes.HasPrefix(line, []byte(finishedPrefix))
		if sum, ok := bytes.CutPrefix(line, []byte(sealPrefix)); ok {
			seal = string(sum)
			continue
		}
		_, _ = hash.Write(append(line, '\n'))
		m.noteSum(line)
	}
	p := &Problem{File: MetadataName, Kind: FileAltered, Place: place}
	if m.sealed = seal != ""; finished && m.sealed && seal != sumOf(hash) {
		p.What = "its checksum is not the one that it tells itself"
		return m, p
	}
	if !finished {
		p.What, p.Err = "metadata is cut off", ErrIncomplete
		return m, p
	}
	return m, nil
}

// noteSum takes the checksum of a listing out of a line of metadata.
func (m *metadataFacts) noteSum(line []byte) {
	rest, ok := bytes.CutPrefix(line, []byte(sumPrefix))
	if !ok {
		return
	}
	sum, name, _ := strings.Cut(string(rest[:min(len(rest), 100)]), "  ")
	switch name {
	case ManifestName, TablesName, ChunksName, RestoreName:
		m.sums[name] = sum
	}
}

// noMetadata tells an unfinished dump from what is no dump.
func (r *Reader) noMetadata(ctx context.Context) error {
	for _, name := range []string{PartialMetadataName, ManifestName} {
		f, err := r.store.Open(ctx, name)
		if err == nil {
			return errors.Join(fmt.Errorf("dump %s: %w: there is no %s, so the dump did not finish; finish it by dump --resume, or dump again into another directory",
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

// Manifest is what gomove.json says.
func (r *Reader) Manifest() *Manifest { return r.manifest }

// Objects yields the lines of tables.jsonl, streaming.
func (r *Reader) Objects(ctx context.Context) iter.Seq2[*Object, error] {
	return readLines[Object](ctx, r.store, r.listing(TablesName, maxObjects))
}

// Chunks yields the lines of chunks.jsonl, streaming.
func (r *Reader) Chunks(ctx context.Context) iter.Seq2[*Chunk, error] {
	return readLines[Chunk](ctx, r.store, r.listing(ChunksName, maxChunks))
}

func (r *Reader) listing(name string, maxLines int) listing {
	return listing{name: name, sum: r.sums[name], maxLines: maxLines, torn: !r.whole}
}
