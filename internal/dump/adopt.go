package dump

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

// ChunkFileName is the file of a chunk of a table.
func (w *Writer) ChunkFileName(o *Object, number int) string {
	return fmt.Sprintf("%s.%05d%s", o.Base, number, w.dataSuffix())
}

// ReadChunk reads a file of rows in CSV that something else has put into the dump's place under the name of a chunk, and returns the
// record that it should have. Adopt makes it part of the dump.
func (w *Writer) ReadChunk(ctx context.Context, o *Object, number int) (c *Chunk, err error) {
	c = &Chunk{Schema: o.Schema, Table: o.Name, Number: number, File: w.ChunkFileName(o, number)}
	f, err := w.store.Open(ctx, c.File)
	if err != nil {
		return nil, absent(w.store, c.File, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash, counted := xxh3.New128(), &countingWriter{}
	rows := NewCSVReader(io.TeeReader(f, io.MultiWriter(hash, counted)), len(o.Columns), maxChunkBytes)
	var sum RowHasher
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && c.Rows%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("chunk %s: %w", c.File, err)
		}
		sum.Add(row)
		c.Rows++
		for i, cell := range row {
			if len(cell) == 2 && cell[0] == '-' && cell[1] == '0' && o.Columns[i].Encoding == Plain {
				c.NegativeZeros++
			}
		}
	}
	c.Bytes, c.Stored, c.FileSum, c.RowSum = counted.n, counted.n, sumOf(hash), sum.Sum.String()
	return c, nil
}

// Adopt records a chunk that ReadChunk has read.
func (w *Writer) Adopt(ctx context.Context, o *Object, c *Chunk) error {
	return w.recordChunk(ctx, o, c, nil)
}

type countingWriter struct{ n int64 }

// Write counts.
func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
