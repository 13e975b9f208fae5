package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// CheckStored reads a chunk's stored file and compares its size and checksum, without decompressing it.
// A difference is a *Problem.
func (r *Reader) CheckStored(ctx context.Context, c *Chunk) error {
	f, err := r.store.Open(ctx, c.File)
	if err != nil {
		return absent(r.store, c.File, err)
	}
	hash := xxh3.New128()
	n, err := io.CopyBuffer(hash, &cancellable{ctx: ctx, r: f}, make([]byte, blockBytes))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s in %s: %w", c.File, r.store, err)
	}
	switch sum := sumOf(hash); {
	case sum != c.FileSum:
		p := r.altered(c.File, sum, c.FileSum)
		if n != c.Stored {
			p.What = fmt.Sprintf("it has %d bytes in place of %d", n, c.Stored)
		}
		return p
	case n != c.Stored:
		return r.problem(ChunksName, BadRecords, fmt.Errorf("it tells of %d bytes in %s, which has %d", c.Stored, c.File, n))
	}
	return nil
}

// altered is a file with another checksum.
func (r *Reader) altered(file, sum, want string) *Problem {
	return &Problem{File: file, Kind: FileAltered, Sum: sum, Place: r.store.String(), What: fmt.Sprintf("its checksum is %s in place of %s", sum, want)}
}

func (r *Reader) problem(file string, kind ProblemKind, what error) error {
	return &Problem{File: file, Kind: kind, Place: r.store.String(), What: what.Error()}
}

// differs compares what was read with the chunk's record.
func (s *storedReader) differs(c *Chunk) error {
	if s.n != c.Stored {
		return fmt.Errorf("it has %d bytes in place of %d", s.n, c.Stored)
	}
	if sum := sumOf(s.hash); sum != c.FileSum {
		return fmt.Errorf("its checksum is %s in place of %s", sum, c.FileSum)
	}
	return nil
}

// cancellable ends a long read when ctx ends.
type cancellable struct {
	ctx context.Context //nolint:containedctx // a Reader has no other way to learn of it
	r   io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// keptSQLBytes is the size up to which an SQL file is checked before its first byte is given out.
const keptSQLBytes = 1 << 20

// OpenSQL reads the i-th SQL file of an object. Where its checksum differs from its record, a file of up to 1 MiB gives
// nothing but ErrCorrupt, a larger one gives that in place of io.EOF.
func (r *Reader) OpenSQL(ctx context.Context, o *Object, i int) (io.ReadCloser, error) {
	name := o.Files[i]
	f, err := r.store.Open(ctx, name)
	if err != nil {
		return nil, absent(r.store, name, err)
	}
	in := &sqlFile{f: f, r: f, reader: r, name: name, want: o.fileSum(i), hash: xxh3.New128()}
	head, err := io.ReadAll(io.LimitReader(in, keptSQLBytes))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &rewound{Reader: io.MultiReader(bytes.NewReader(head), in), Closer: f}, nil
}

type rewound struct {
	io.Reader
	io.Closer
}

// sqlFile checks a file while it is read.
type sqlFile struct {
	f      io.Closer
	r      io.Reader
	reader *Reader
	name   string
	want   string
	hash   *xxh3.Hasher128
}

func (s *sqlFile) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	_, _ = s.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if sum := sumOf(s.hash); s.want != "" && s.want != sum {
			return n, s.reader.problem(s.name, FileAltered, fmt.Errorf("its checksum is %s in place of %s", sum, s.want))
		}
	}
	return n, err
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

// hashBuffer is the size of a read for a checksum.
const hashBuffer = 32 << 10

func (r *Reader) hashFile(ctx context.Context, name string) (string, error) {
	f, err := r.store.Open(ctx, name)
	if err != nil {
		return "", err
	}
	hash := xxh3.New128()
	buf, ok := r.hashing.Get().(*[]byte)
	if !ok {
		b := make([]byte, hashBuffer)
		buf = &b
	}
	defer r.hashing.Put(buf)
	_, err = io.CopyBuffer(hash, &cancellable{ctx: ctx, r: f}, *buf)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("%s in %s: %w", name, r.store, err)
	}
	return sumOf(hash), nil
}
