package dump

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/store"
)

// maxProblems is how many problems Check tells of.
const maxProblems = 20

// maxObjects bounds the lines of tables.jsonl, maxChunks those of chunks.jsonl: what a load remembers of each is in memory.
const (
	maxObjects = 1_000_000
	maxChunks  = 16_000_000
)

// ProblemKind says what is wrong with a file of a dump.
type ProblemKind string

// The kinds of problems.
const (
	FileMissing ProblemKind = "missing"
	FileAltered ProblemKind = "altered" // another size, checksum or content than its record says
	FileExtra   ProblemKind = "extra"   // no record tells of it
	BadRecords  ProblemKind = "records" // the listings contradict each other
)

// Problem is something wrong with a file of a dump. It is an ErrCorrupt.
type Problem struct {
	File string      `json:"file"`
	Kind ProblemKind `json:"kind"`
	What string      `json:"what"`
	Sum  string      `json:"sum,omitempty"` // the checksum that an altered file has, where it was computed
	// Place is the dump's.
	Place string `json:"-"`
	Err   error  `json:"-"` // a cause that errors.Is finds, or nil
}

func (p *Problem) Error() string {
	return fmt.Sprintf("dump file %s in %s is damaged: %s; copy it again, or dump again", p.File, p.Place, p.What)
}

// Unwrap makes it an ErrCorrupt.
func (p *Problem) Unwrap() []error {
	if p.Err != nil {
		return []error{ErrCorrupt, p.Err}
	}
	return []error{ErrCorrupt}
}

// absent makes a problem of an error of a store that says that there is no such file, or none that can be read as one.
// Any other error stays one.
func absent(s store.Store, file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{File: file, Kind: FileMissing, Place: s.String(), What: "the file is missing", Err: fs.ErrNotExist}
	case errors.Is(err, store.ErrNotRegular):
		return &Problem{File: file, Kind: FileAltered, Place: s.String(), What: "it is a link, a directory or a device", Err: store.ErrNotRegular}
	}
	return err
}

// Check lists what is missing before anything is loaded: SQL files and scripts that are absent or altered, files of
// chunks that are absent or of another size, chunks that are listed twice or under another table's file name, tables
// whose chunks do not add up to their rows. It reads the SQL files and the sizes of the others; OpenChunk checks those.
// The error is ErrCorrupt.
func (r *Reader) Check(ctx context.Context) error {
	var problems []error
	more := 0
	err := r.CheckEach(ctx, func(p *Problem) {
		if len(problems) == maxProblems {
			more++
			return
		}
		problems = append(problems, p)
	})
	if more > 0 {
		problems = append(problems, fmt.Errorf("and %d more", more))
	}
	return errors.Join(append(problems, err)...)
}

// CheckEach is Check that hands out each problem. Its error is a listing or a file that cannot be read.
func (r *Reader) CheckEach(ctx context.Context, found func(*Problem)) error {
	c := checker{reader: r, found: found, seed: maphash.MakeSeed(), objects: map[uint64]*objectCount{}}
	for object, err := range r.Objects(ctx) {
		if err != nil {
			return err
		}
		if err := c.object(ctx, object); err != nil {
			return err
		}
	}
	for chunk, err := range r.Chunks(ctx) {
		if err != nil {
			return err
		}
		if err := c.chunk(ctx, chunk); err != nil {
			return err
		}
	}
	c.totals()
	if sum := r.sums[RestoreName]; sum != "" {
		return c.file(ctx, RestoreName, sum)
	}
	return nil
}

// checker remembers hashes of names and no names: 1,000,000 chunks take 8 MB.
type checker struct {
	reader  *Reader
	found   func(*Problem)
	seed    maphash.Seed
	files   []uint64
	objects map[uint64]*objectCount
}

// objectCount is what is known of an object of a dump.
type objectCount struct {
	name string // `schema`.`table`, of tables with rows
	base uint64 // hash of the start of its files' names
	want int64  // rows; -1: not known
	got  int64  // rows of its chunks
}

func (c *checker) problem(file string, kind ProblemKind, format string, args ...any) {
	c.found(&Problem{File: file, Kind: kind, Place: c.reader.store.String(), What: fmt.Sprintf(format, args...)})
}

// or hands out a file that is not there, and returns any other error.
func (c *checker) or(file string, err error) error {
	var p *Problem
	if err = absent(c.reader.store, file, err); errors.As(err, &p) {
		c.found(p)
		return nil
	}
	return err
}

func (c *checker) object(ctx context.Context, o *Object) error {
	key := c.key(o.Schema, o.Name)
	if c.objects[key] != nil {
		c.problem(TablesName, BadRecords, "it lists %s twice", quoteTable(o.Schema, o.Name))
	}
	count := &objectCount{base: maphash.String(c.seed, o.Base), want: -1}
	if o.Kind == KindTable {
		count.name, count.want = quoteTable(o.Schema, o.Name), o.Rows
	}
	c.objects[key] = count
	for i, name := range o.Files {
		c.files = append(c.files, maphash.String(c.seed, name))
		if err := c.file(ctx, name, o.fileSum(i)); err != nil {
			return err
		}
	}
	if o.S3Manifest != "" {
		c.files = append(c.files, maphash.String(c.seed, o.S3Manifest))
		return c.file(ctx, o.S3Manifest, o.S3ManifestSum)
	}
	return nil
}

// file compares a small file with its checksum, if the dump tells one.
func (c *checker) file(ctx context.Context, name, sum string) error {
	got, err := c.reader.hashFile(ctx, name)
	switch {
	case err != nil:
		return c.or(name, err)
	case sum != "" && sum != got:
		c.found(c.reader.altered(name, got, sum))
	}
	return nil
}

func (c *checker) chunk(ctx context.Context, chunk *Chunk) error {
	c.files = append(c.files, maphash.String(c.seed, chunk.File))
	count := c.objects[c.key(chunk.Schema, chunk.Table)]
	switch {
	case count == nil && !c.reader.whole: // a table's line follows its chunks'
	case count == nil || count.name == "":
		c.problem(ChunksName, BadRecords, "chunk %s is of table %s, which is not in %s", chunk.File, quoteTable(chunk.Schema, chunk.Table), TablesName)
		return nil
	case count.base != maphash.String(c.seed, chunk.base()):
		c.problem(ChunksName, BadRecords, "chunk %s has not the name of a file of table %s", chunk.File, count.name)
	}
	if count != nil {
		count.got += chunk.Rows
	}
	if chunk.Script != "" {
		if err := c.file(ctx, chunk.Script, chunk.ScriptSum); err != nil {
			return err
		}
	}
	size, err := c.reader.size(ctx, chunk.File)
	switch {
	case err != nil:
		return c.or(chunk.File, err)
	case size != chunk.Stored:
		c.problem(chunk.File, FileAltered, "it has %d bytes in place of %d", size, chunk.Stored)
	}
	return nil
}

// totals looks at what only the whole listing shows.
func (c *checker) totals() {
	slices.Sort(c.files)
	if n := len(c.files); len(slices.Compact(c.files)) != n {
		c.problem(ChunksName, BadRecords, "it, or %s, lists a file twice", TablesName)
	}
	if !c.reader.whole {
		return
	}
	for _, count := range c.objects {
		if count.want >= 0 && count.got != count.want {
			c.problem(ChunksName, BadRecords, "the chunks of %s hold %d rows in place of %d of %s", count.name, count.got, count.want, TablesName)
		}
	}
}

func (c *checker) key(schema, table string) uint64 {
	return maphash.Comparable(c.seed, [2]string{schema, table})
}

// base is the start of the chunk's file name, before its number; empty when the name does not fit the number.
func (c *Chunk) base() string {
	name := strings.TrimSuffix(c.File, c.compression().suffix())
	name = strings.TrimSuffix(name, "."+c.extension())
	base, ok := strings.CutSuffix(name, fmt.Sprintf(".%05d", c.Number))
	if !ok {
		return ""
	}
	return base
}

// fileSum is the checksum of an object's i-th file; empty when the dump tells none.
func (o *Object) fileSum(i int) string {
	if i < len(o.FileSums) {
		return o.FileSums[i]
	}
	return ""
}
