package dump

import (
	"context"
	"io"
	"iter"

	"github.com/gomove/gomove/internal/store"
)

// Writer writes a dump into a store.
type Writer struct{}

// NewWriter starts a dump: refuses a store that holds files, writes metadata.partial.
func NewWriter(ctx context.Context, s store.Store, o WriterOptions) (*Writer, error) {
	panic("skeleton")
}

// WriterOptions says how a dump is written.
type WriterOptions struct {
	For         Preset
	Rows        Format
	Compression Compression
	Level       int // of the compression; 0 is its default
}

// WriteManifest writes gomove.json.
func (w *Writer) WriteManifest(ctx context.Context, m *Manifest) error { panic("skeleton") }

// Base returns the start of the file names of an object and records an alias when its name cannot be one
// (DESIGN: Dump directory). table is empty for a schema. Safe for concurrent use.
func (w *Writer) Base(schema, table string) string { panic("skeleton") }

// WriteSQL writes a schema file. Such files are never compressed.
func (w *Writer) WriteSQL(ctx context.Context, name string, text []byte) error { panic("skeleton") }

// WriteObject appends a line to tables.jsonl.
func (w *Writer) WriteObject(ctx context.Context, o *Object) error { panic("skeleton") }

// ChunkFile is the open file of one chunk.
type ChunkFile struct{}

// CreateChunk opens <base>.<NNNNN>.<csv|sql>[.zst|.gz], for SQL with its header.
func (w *Writer) CreateChunk(ctx context.Context, o *Object, number int) (*ChunkFile, error) {
	panic("skeleton")
}

// WriteRow encodes one row, compresses and writes in large blocks; adds to the row checksum.
func (c *ChunkFile) WriteRow(row Row) error { panic("skeleton") }

// Bytes is what was written so far, before compression.
func (c *ChunkFile) Bytes() int64 { panic("skeleton") }

// Rows is what was written so far.
func (c *ChunkFile) Rows() int64 { panic("skeleton") }

// Stored is the bytes of the file so far, after compression.
func (c *ChunkFile) Stored() int64 { panic("skeleton") }

// Close makes the file whole and appends its line to chunks.jsonl.
func (c *ChunkFile) Close(ctx context.Context, r Range) (Chunk, error) { panic("skeleton") }

// Abort removes the file.
func (c *ChunkFile) Abort() { panic("skeleton") }

// Finish writes metadata in mydumper 1.0's form (real_table_name and rows for each table, coordinates of the manifest),
// restore.mysql where the preset asks for it, closes the journals and removes metadata.partial.
func (w *Writer) Finish(ctx context.Context, m *Manifest) error { panic("skeleton") }

// Abandon closes what is open and leaves metadata.partial: the dump stays marked incomplete.
func (w *Writer) Abandon() { panic("skeleton") }

// Reader reads a dump of format 1. Everything in it is distrusted: names, sizes, numbers (DESIGN, dump directory).
type Reader struct{}

// Open reads gomove.json and metadata; a store without metadata is ErrIncomplete, a newer format or an unknown capability ErrFormat.
func Open(ctx context.Context, s store.Store) (*Reader, error) { panic("skeleton") }

// Manifest is what gomove.json says.
func (r *Reader) Manifest() *Manifest { panic("skeleton") }

// Objects yields the lines of tables.jsonl, streaming.
func (r *Reader) Objects(ctx context.Context) iter.Seq2[*Object, error] { panic("skeleton") }

// Chunks yields the lines of chunks.jsonl, streaming.
func (r *Reader) Chunks(ctx context.Context) iter.Seq2[*Chunk, error] { panic("skeleton") }

// OpenSQL reads a schema file.
func (r *Reader) OpenSQL(ctx context.Context, name string) (io.ReadCloser, error) { panic("skeleton") }

// OpenChunk reads a chunk's rows, decompressed. Where the stored file's size or checksum differs from the chunk's line,
// the last Read gives ErrCorrupt in place of io.EOF: a caller that commits only after io.EOF never commits damaged rows.
func (r *Reader) OpenChunk(ctx context.Context, c *Chunk) (io.ReadCloser, error) { panic("skeleton") }

// Check lists what is missing before anything is loaded: files of chunks that are absent or of another size.
func (r *Reader) Check(ctx context.Context) error { panic("skeleton") }
