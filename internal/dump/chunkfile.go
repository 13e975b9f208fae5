package dump

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/gomove/gomove/internal/store"
)

// ChunkFile is the open file of one chunk. It is not safe for concurrent use.
// After an error of WriteRow only Abort is left; Close returns that error and aborts.
type ChunkFile struct {
	w      *chunkMaker
	file   store.File
	e      *encoder
	chunk  Chunk // what is known of it so far
	object *Object
	enc    []Encoding
	insert string // "INSERT INTO ... VALUES ", in SQL

	statement int   // bytes of the open statement; 0 is none
	flushed   int64 // text that was given to the compressor
	err       error
	done      bool
}

// chunkMaker is what makes chunk files, wherever they are kept.
type chunkMaker struct {
	o        WriterOptions
	encoders encoders
	open     atomic.Int64 // files
	create   func(ctx context.Context, name string) (store.File, error)
	// record takes the record of a file that is whole.
	record func(ctx context.Context, o *Object, c *Chunk, f store.File) error
}

// CreateChunk opens <base>.<NNNNN>.<csv|sql>[.zst|.gz], for SQL with its header.
func (w *chunkMaker) CreateChunk(ctx context.Context, o *Object, number int) (*ChunkFile, error) {
	stem := fmt.Sprintf("%s.%05d", o.Base, number)
	c := &ChunkFile{
		w: w, object: o, enc: make([]Encoding, len(o.Columns)),
		chunk: Chunk{Schema: o.Schema, Table: o.Name, Number: number, File: stem + w.dataSuffix()},
	}
	for i, col := range o.Columns {
		c.enc[i] = col.Encoding
	}
	file, err := w.create(ctx, c.chunk.File)
	if err != nil {
		return nil, fmt.Errorf("chunk %d of %s: %w", number, quoteTable(o.Schema, o.Name), err)
	}
	c.file = file
	if c.e, err = w.encoders.take(file); err != nil {
		file.Abort()
		return nil, err
	}
	w.open.Add(1)
	if w.o.Rows == SQL {
		c.insert = InsertHeaderSQL(w.statementSchema(o), o.Name, o.Columns)
		c.e.text = append(c.e.text, sessionHeader(o.Columns)...)
	}
	return c, nil
}

// WriteRow encodes one row, compresses and writes in large blocks; adds to the row checksum.
// The row is not kept.
func (c *ChunkFile) WriteRow(row Row) error {
	if c.err != nil {
		return c.err
	}
	if len(row) != len(c.enc) {
		c.err = fmt.Errorf("chunk %s: row of %d cells in a table of %d columns", c.chunk.File, len(row), len(c.enc))
		return c.err
	}
	size := row.size()
	c.e.rows.Add(row)
	for i, cell := range row {
		if len(cell) == 2 && cell[0] == '-' && cell[1] == '0' && c.enc[i] == Plain {
			c.chunk.NegativeZeros++
		}
	}
	c.chunk.Rows++
	if c.insert != "" {
		c.startRow(size)
	}
	if size > largeRow {
		start := c.Bytes()
		c.err = c.writeLarge(row)
		c.chunk.LargestRow = max(c.chunk.LargestRow, c.Bytes()-start)
		return c.err
	}
	before := len(c.e.text)
	if c.insert == "" {
		c.e.text = AppendCSV(c.e.text, row, c.enc)
	} else {
		c.e.text = AppendValues(c.e.text, row, c.enc)
		c.statement += len(c.e.text) - before
	}
	return c.flushOver(flushBytes)
}

// startRow writes what stands before a row in SQL: a new statement's start, or the comma. Rows are one to a line, and
// ";\n" stands at the ends of statements only.
func (c *ChunkFile) startRow(size int) {
	if c.statement > 0 && c.statement+size > statementBytes {
		c.endStatement()
	}
	if c.statement > 0 {
		c.e.text = append(c.e.text, ",\n"...)
		c.statement += 2
		return
	}
	c.e.text = append(c.e.text, c.insert...)
	c.statement = len(c.insert)
}

func (c *ChunkFile) endStatement() {
	if c.statement > 0 {
		c.e.text = append(c.e.text, ";\n"...)
		c.statement = 0
	}
}

// writeLarge encodes a row in slices, so that its encoded form is never in memory as a whole.
func (c *ChunkFile) writeLarge(row Row) error {
	quote, end := byte('"'), byte('\n')
	if c.insert != "" {
		quote, end = '\'', ')'
		c.e.text = append(c.e.text, '(')
		c.statement += row.size()
	}
	for i, cell := range row {
		if i > 0 {
			c.e.text = append(c.e.text, ',')
		}
		if len(cell) <= sliceBytes {
			c.appendCell(cell, c.enc[i])
		} else if err := c.writeLargeCell(cell, c.enc[i], quote); err != nil {
			return err
		}
		if err := c.flushOver(flushBytes); err != nil {
			return err
		}
	}
	c.e.text = append(c.e.text, end)
	return nil
}

func (c *ChunkFile) appendCell(cell []byte, enc Encoding) {
	if c.insert == "" {
		c.e.text = appendCSVCell(c.e.text, cell, enc)
		return
	}
	c.e.text = appendValue(c.e.text, cell, enc)
}

func (c *ChunkFile) writeLargeCell(cell []byte, enc Encoding, quote byte) error {
	if c.insert != "" && enc == UTF8 {
		c.e.text = append(c.e.text, utf8Introducer...)
	}
	c.e.text = append(c.e.text, quote)
	for len(cell) > 0 {
		n := min(len(cell), sliceBytes)
		c.e.text = appendEscaped(c.e.text, cell[:n], quote)
		cell = cell[n:]
		if err := c.flushOver(flushBytes); err != nil {
			return err
		}
	}
	c.e.text = append(c.e.text, quote)
	return nil
}

// flushOver compresses the text when it is at least limit bytes.
func (c *ChunkFile) flushOver(limit int) error {
	if len(c.e.text) < limit {
		return nil
	}
	c.flushed += int64(len(c.e.text))
	if err := c.e.flush(); err != nil {
		c.err = fmt.Errorf("chunk %s: %w", c.chunk.File, err)
	}
	return c.err
}

// Differ notes that a row's values are not in the file as they are on the server, or may not be.
func (c *ChunkFile) Differ() { c.chunk.Differs = true }

// Bytes is what was written so far, before compression.
func (c *ChunkFile) Bytes() int64 {
	if c.e == nil {
		return c.flushed
	}
	return c.flushed + int64(len(c.e.text))
}

// Rows is what was written so far.
func (c *ChunkFile) Rows() int64 { return c.chunk.Rows }

// Stored is the bytes of the file so far, after compression.
func (c *ChunkFile) Stored() int64 {
	if c.e == nil {
		return c.chunk.Stored
	}
	return c.e.block.written + int64(len(c.e.block.buf))
}

// Close makes the file whole and appends its line to chunks.jsonl. After an error nothing is left under the file's name
// or the chunk has no line: either way it is not part of the dump.
func (c *ChunkFile) Close(ctx context.Context, r Range) (Chunk, error) {
	if c.done {
		return Chunk{}, fmt.Errorf("chunk %s: closed twice", c.chunk.File)
	}
	if err := c.finishFile(); err != nil {
		c.Abort()
		return Chunk{}, err
	}
	c.chunk.Range = r
	c.chunk.Bytes = c.flushed
	c.chunk.Stored = c.e.block.written
	c.chunk.FileSum = c.e.block.sum()
	c.chunk.RowSum = c.e.rows.Sum.String()
	file := c.file
	c.release()
	if err := c.w.record(ctx, c.object, &c.chunk, file); err != nil {
		return Chunk{}, fmt.Errorf("chunk %s: %w", c.chunk.File, err)
	}
	return c.chunk, nil
}

func (c *ChunkFile) finishFile() error {
	if c.err != nil {
		return c.err
	}
	c.endStatement()
	if err := c.flushOver(0); err != nil {
		return err
	}
	if err := c.e.comp.Close(); err != nil {
		return fmt.Errorf("chunk %s: %w", c.chunk.File, err)
	}
	if err := c.e.block.flush(); err != nil {
		return fmt.Errorf("chunk %s: %w", c.chunk.File, err)
	}
	if err := c.file.Close(); err != nil {
		return fmt.Errorf("chunk %s: %w", c.chunk.File, err)
	}
	return nil
}

// Abort removes the file; after Close it does nothing.
func (c *ChunkFile) Abort() {
	if c.done {
		return
	}
	c.file.Abort()
	c.release()
}

func (c *ChunkFile) release() {
	c.done = true
	c.w.encoders.give(c.e)
	c.e = nil
	c.w.open.Add(-1)
}
