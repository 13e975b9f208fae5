package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// StageWriter writes another form of the dump of m into a place: into an empty one, or into one where an earlier StageWriter
// of the same dump was interrupted. kept are the chunks that are there, by schema, table and number. ErrWhole is a place that
// holds all of it.
func StageWriter(ctx context.Context, s store.Store, o WriterOptions, m *Manifest) (w *Writer, kept map[StageKey]*Chunk, err error) {
	u, err := readStaged(ctx, s, o.WithDefaults(), m)
	switch {
	case errors.Is(err, ErrNothingKept):
		w, err = newOrResumed(ctx, s, o, nil)
	case err == nil:
		w, err = newOrResumed(ctx, s, o, u)
	}
	if err != nil {
		return nil, nil, err
	}
	kept = map[StageKey]*Chunk{}
	if u != nil {
		for _, c := range u.Chunks {
			kept[StageKey{c.Schema, c.Table, c.Number}] = c
		}
	}
	return w, kept, w.WriteManifest(ctx, m)
}

// StageKey names a chunk whatever its file is.
type StageKey struct {
	Schema, Table string
	Number        int
}

// newOrResumed is NewWriter in an empty place, which two at once cannot both begin in.
func newOrResumed(ctx context.Context, s store.Store, o WriterOptions, u *Unfinished) (*Writer, error) {
	if u == nil && checkEmpty(ctx, s) == nil {
		return NewWriter(ctx, s, o)
	}
	if _, err := newS3Parts(s, o.For); err != nil {
		return nil, err
	}
	return ResumeWriter(ctx, s, o, u)
}

// readStaged reads what an interrupted StageWriter has left; chunks whose file is not there in its size are none.
func readStaged(ctx context.Context, s store.Store, o WriterOptions, m *Manifest) (*Unfinished, error) {
	r, err := OpenUnfinished(ctx, s)
	if err != nil {
		return nil, onlyBeginnings(ctx, s, err)
	}
	is := r.Manifest()
	if is.ID != m.ID || is.For != o.For || is.Rows != o.Rows || is.Compression != o.Compression {
		return nil, fmt.Errorf("%s: %w: it holds dump %s --for %s --format %s --compress %s, and this is dump %s: give another prefix", s, ErrNotEmpty, is.ID, is.For, is.Rows, is.Compression, m.ID)
	}
	if r.Complete() {
		return nil, fmt.Errorf("dump %s in %s: %w", m.ID, s, ErrWhole)
	}
	u := &Unfinished{Manifest: is, reader: r}
	for c, err := range r.Chunks(ctx) {
		if errors.Is(err, fs.ErrNotExist) {
			break // none was whole
		}
		if err != nil {
			return nil, err
		}
		size, err := r.size(ctx, c.File)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case size == c.Stored:
			u.Chunks = append(u.Chunks, c)
		}
	}
	return u, nil
}

// CopyChunk writes a chunk of another dump, whose rows text gives, under this dump's file name; its rows stay as they are.
func (w *Writer) CopyChunk(ctx context.Context, c *Chunk, text io.Reader) (*Chunk, error) {
	base := c.base()
	if base == "" {
		return nil, fmt.Errorf("chunk %s: %w: its name does not fit its number", c.File, ErrFormat)
	}
	out := *c
	out.File, out.Script, out.ScriptSum = fmt.Sprintf("%s.%05d%s", base, c.Number, w.dataSuffix()), "", ""
	f, err := w.store.Create(ctx, out.File)
	if err != nil {
		return nil, err
	}
	defer f.Abort()
	hash := xxh3.New128()
	if out.Stored, err = io.CopyBuffer(io.MultiWriter(f, hash), text, make([]byte, blockBytes)); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	out.FileSum = sumOf(hash)
	return &out, w.recordChunk(ctx, nil, &out, nil)
}

// EncodeChunk is CopyChunk of a chunk in INSERT statements. Its rows are held against their checksum.
func (w *Writer) EncodeChunk(ctx context.Context, cols []Column, c *Chunk, text io.Reader) (*Chunk, error) {
	base := c.base()
	if base == "" {
		return nil, fmt.Errorf("chunk %s: %w: its name does not fit its number", c.File, ErrFormat)
	}
	names := make([]string, len(cols))
	for i := range cols {
		names[i] = cols[i].Name
	}
	f, err := w.CreateChunk(ctx, &Object{Schema: c.Schema, Name: c.Table, Base: base, Columns: cols}, c.Number)
	if err != nil {
		return nil, err
	}
	defer f.Abort()
	rows := NewInsertReader(text, c.Schema, c.Table, names, c.Bytes)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = f.WriteRow(row)
		}
		if err != nil {
			return nil, fmt.Errorf("chunk %s: %w", c.File, err)
		}
	}
	if sum := f.e.rows.Sum.String(); sum != c.RowSum || f.Rows() != c.Rows {
		return nil, fmt.Errorf("chunk %s: %w: its rows have the checksum %s in place of %s", c.File, ErrCorrupt, sum, c.RowSum)
	}
	if c.Differs {
		f.Differ()
	}
	out, err := f.Close(ctx, c.Range)
	return &out, err
}
