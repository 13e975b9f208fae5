package dump

import "io"

// RowReader yields the rows of a chunk, io.EOF after the last. A row holds until the next is read.
type RowReader interface{ Read() (Row, error) }

var _, _ RowReader = (*CSVReader)(nil), (*InsertReader)(nil)

// NewRowReader reads the rows of a chunk file, as OpenChunk gives it, in the format that it has. maxRowBytes bounds one row.
func NewRowReader(in io.Reader, c *Chunk, columns []Column, maxRowBytes int64) RowReader {
	if c.Format() == CSV {
		return NewCSVReader(in, len(columns), maxRowBytes).Expect(c.LargestRow)
	}
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.Name
	}
	return NewInsertReader(in, c.Schema, c.Table, names, maxRowBytes)
}
