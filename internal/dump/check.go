package dump

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// maxProblems is how many problems Check tells of.
const maxProblems = 20

// Check lists what is missing before anything is loaded: SQL files that are absent or altered, files of chunks that are
// absent or of another size, chunks that are listed twice, tables whose chunks do not add up to their rows.
// It reads the SQL files and the sizes of the others; OpenChunk checks those. The error is ErrCorrupt.
func (r *Reader) Check(ctx context.Context) error {
	c := checker{reader: r, seed: maphash.MakeSeed(), rows: map[uint64]int64{}}
	for chunk, err := range r.Chunks(ctx) {
		if err != nil {
			return err
		}
		if err := c.chunk(ctx, chunk); err != nil {
			return err
		}
	}
	c.duplicates()
	for object, err := range r.Objects(ctx) {
		if err != nil {
			return err
		}
		if err := c.object(ctx, object); err != nil {
			return err
		}
	}
	if len(c.rows) > 0 {
		c.problem("%s in %s: %w: it tells of %d tables that are not in %s", ChunksName, r.store, ErrCorrupt, len(c.rows), TablesName)
	}
	if c.more > 0 {
		c.problems = append(c.problems, fmt.Errorf("and %d more", c.more))
	}
	return errors.Join(c.problems...)
}

// checker remembers hashes of names and no names: 1,000,000 chunks take 8 MB.
type checker struct {
	reader   *Reader
	seed     maphash.Seed
	files    []uint64
	rows     map[uint64]int64 // by table: what its chunks hold
	problems []error
	more     int
}

func (c *checker) problem(format string, args ...any) {
	if len(c.problems) == maxProblems {
		c.more++
		return
	}
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

func (c *checker) chunk(ctx context.Context, chunk *Chunk) error {
	c.files = append(c.files, maphash.String(c.seed, chunk.File))
	c.rows[c.table(chunk.Schema, chunk.Table)] += chunk.Rows
	size, err := c.reader.size(ctx, chunk.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.problem("%w", missing(c.reader.store, chunk.File, err))
	case err != nil:
		return err
	case size != chunk.Stored:
		c.problem("%s in %s: %w: it has %d bytes in place of %d; copy the dump again", chunk.File, c.reader.store, ErrCorrupt, size, chunk.Stored)
	}
	return nil
}

func (c *checker) duplicates() {
	slices.Sort(c.files)
	if n := len(c.files); len(slices.Compact(c.files)) != n {
		c.problem("%s in %s: %w: it lists a file twice", ChunksName, c.reader.store, ErrCorrupt)
	}
	c.files = nil
}

func (c *checker) object(ctx context.Context, o *Object) error {
	if o.Kind == KindTable {
		key := c.table(o.Schema, o.Name)
		if got := c.rows[key]; o.Rows >= 0 && got != o.Rows {
			c.problem("%s of %s: %w: its chunks hold %d rows in place of %d", quoteTable(o.Schema, o.Name), c.reader.store, ErrCorrupt, got, o.Rows)
		}
		delete(c.rows, key)
	}
	for i, name := range o.Files {
		sum, err := c.reader.hashFile(ctx, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.problem("%w", missing(c.reader.store, name, err))
		case err != nil:
			return err
		case i < len(o.FileSums) && o.FileSums[i] != "" && o.FileSums[i] != sum:
			c.problem("%s in %s: %w: its checksum is %s in place of %s; copy the dump again", name, c.reader.store, ErrCorrupt, sum, o.FileSums[i])
		}
	}
	return nil
}

func (c *checker) table(schema, table string) uint64 {
	return maphash.Comparable(c.seed, [2]string{schema, table})
}

// size asks the store without opening the file where it can.
func (r *Reader) size(ctx context.Context, name string) (int64, error) {
	if s, ok := r.store.(store.Stater); ok {
		info, err := s.Stat(ctx, name)
		return info.Bytes, err
	}
	for info, err := range r.store.List(ctx, name) {
		if err != nil {
			return 0, err
		}
		if info.Name == name {
			return info.Bytes, nil
		}
	}
	return 0, fs.ErrNotExist
}

func (r *Reader) hashFile(ctx context.Context, name string) (string, error) {
	f, err := r.store.Open(ctx, name)
	if err != nil {
		return "", err
	}
	hash := xxh3.New128()
	_, err = io.Copy(hash, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("%s in %s: %w", name, r.store, err)
	}
	h := hash.Sum128()
	return RowSum{Hi: h.Hi, Lo: h.Lo}.String(), nil
}
