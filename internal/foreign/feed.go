package foreign

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// RowFile reads the rows of one file of a table. The rows are valid until the next call.
type RowFile interface {
	// Row is io.EOF after the last.
	Row() ([]Literal, error)
	// RowLine is the line of the row that was read last.
	RowLine() int64
	// Shrink ends what the last row lives in, where that is huge.
	Shrink()
	Close() error
}

// Rows is a table and where its rows are.
type Rows struct {
	Table *Table
	Files []string // in the order in which they are read
	Want  int64    // rows that the dump says it has; -1: it does not say
	// Open begins a file.
	Open func(ctx context.Context, file string) (RowFile, error)
}

// Feed is a dump in files that are read table by table: all objects, then the chunks of each table in the order of its files, so that
// the same files give the same events. It is a dump.Feed; Close lets go of the file that is open.
type Feed struct {
	name     string
	manifest *dump.Manifest
	memory   *Memory
	objects  []*dump.FedObject
	rows     []Rows
	warnings []string
	wanted   func(schema, table string) bool // nil: all

	file   RowFile // that is open
	at     int     // of the table's files, the next one
	number int     // of the table's next chunk
	total  int64   // rows of the table
}

var (
	_ dump.ObjectsFirst = (*Feed)(nil)
	_ dump.Warned       = (*Feed)(nil)
	_ dump.Selective    = (*Feed)(nil)
)

// NewFeed makes a feed of objects and rows. name is what messages call the source; warnings is what people should know of it.
func NewFeed(name string, m *dump.Manifest, memory *Memory, objects []*dump.FedObject, rows []Rows, warnings []string) *Feed {
	return &Feed{name: name, manifest: m, memory: memory, objects: objects, rows: rows, warnings: warnings}
}

// Select leaves the files of tables that nobody wants unread.
func (f *Feed) Select(wanted func(schema, table string) bool) { f.wanted = wanted }

// Warnings are what people should know of the dump.
func (f *Feed) Warnings() []string { return f.warnings }

// Manifest says what is known of the source.
func (f *Feed) Manifest() *dump.Manifest { return f.manifest }

// ObjectsFirst is true.
func (f *Feed) ObjectsFirst() bool { return true }

// String names the source.
func (f *Feed) String() string { return f.name }

// Close closes the file that is open.
func (f *Feed) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// Next gives the next event; io.EOF after the last table.
func (f *Feed) Next(ctx context.Context) (dump.Event, error) {
	if err := ctx.Err(); err != nil {
		return dump.Event{}, err
	}
	if len(f.objects) > 0 {
		o := f.objects[0]
		f.objects[0] = nil // the loader keeps what it needs
		f.objects = f.objects[1:]
		return dump.Event{Object: o}, nil
	}
	if len(f.rows) == 0 {
		return dump.Event{}, io.EOF
	}
	r := f.rows[0]
	if f.wanted != nil && !f.wanted(r.Table.Schema, r.Table.Name) {
		r.Want, f.total = -1, -1
		if err := f.Close(); err != nil {
			return dump.Event{}, err
		}
	} else if chunk, err := f.chunk(ctx, &r); err != nil || chunk != nil {
		return dump.Event{Chunk: chunk}, err
	}
	done := &dump.Finished{Schema: r.Table.Schema, Table: r.Table.Name, Rows: f.total}
	f.rows[0] = Rows{}
	f.rows = f.rows[1:]
	f.at, f.number, f.total = 0, 0, 0
	if r.Want >= 0 && r.Want != done.Rows {
		return dump.Event{}, fmt.Errorf("%w: table %s has %d rows in its files, the dump says %d", ErrDump, r.Table, done.Rows, r.Want)
	}
	return dump.Event{Finished: done}, nil
}

// chunk reads the table's next chunk; nil after the last. A chunk has rows of one file.
func (f *Feed) chunk(ctx context.Context, r *Rows) (*dump.FedChunk, error) {
	for {
		if f.file == nil {
			if f.at >= len(r.Files) {
				return nil, nil
			}
			file, err := r.Open(ctx, r.Files[f.at])
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", r.Table, err)
			}
			f.file = file
			f.at++
		}
		c, err := f.fill(ctx, r)
		if errors.Is(err, io.EOF) {
			err = f.Close()
		}
		if err != nil {
			return nil, err
		}
		if c != nil {
			return c, nil
		}
	}
}

// fill reads rows of the open file until a chunk is full; nil and io.EOF where none is left.
func (f *Feed) fill(ctx context.Context, r *Rows) (*dump.FedChunk, error) {
	c, err := f.memory.Begin(ctx)
	if err != nil {
		return nil, err
	}
	name, first := r.Files[f.at-1], int64(0)
	for full := false; !full; {
		row, err := f.file.Row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			full, err = c.Add(func(dst []byte) ([]byte, error) { return r.Table.AppendRow(dst, row) })
			if err != nil {
				err = &PlaceError{File: name, Line: f.file.RowLine(), Err: err}
			}
		}
		if err != nil {
			c.Drop()
			return nil, err
		}
		if first == 0 {
			first = f.file.RowLine()
		}
		f.file.Shrink()
	}
	if c.Empty() {
		c.Drop()
		return nil, io.EOF
	}
	f.total += c.rows
	f.number++
	return c.Finish(r.Table.Schema, r.Table.Name, f.number-1, name, first), nil
}

// TableObject is the object of a table whose rows are in files, without its definition. Choose must have been called.
func (t *Table) TableObject() dump.Object {
	return dump.Object{Kind: dump.KindTable, Schema: t.Schema, Name: t.Name, Base: "table", Columns: t.Columns(), Transactional: true, Rows: -1, Estimated: -1}
}

// SchemaObject is the object of a schema.
func SchemaObject(schema string) *dump.FedObject {
	return &dump.FedObject{Object: dump.Object{Kind: dump.KindSchema, Schema: schema, Base: "schema", Rows: -1, Estimated: -1}}
}

// What is looked at of a file to estimate how many rows it has.
const (
	sampledRows  = 500
	sampledBytes = 1 << 20
)

// Estimate is about how many rows files of a stored size have, by the first rows of one of them. A progress display and the choice of
// when indexes are made go by it, nothing else. past is how much of the file was read.
func Estimate(stored int64, name string, row func() ([]Literal, error), past func() int64) int64 {
	rows := int64(0)
	for rows < sampledRows && past() < sampledBytes {
		if _, err := row(); err != nil { // it is met again
			break
		}
		rows++
	}
	if rows == 0 || past() == 0 {
		return 0
	}
	if PlainName(name) != name {
		const usual = 4 // times that compression makes text smaller
		stored *= usual
	}
	return max(rows, int64(float64(stored)/float64(past())*float64(rows)))
}

// insertRows gives the rows of a file of INSERT statements of one table.
type insertRows struct {
	*InsertReader
	table *Table
	in    io.Closer
	check func(*InsertReader) error
}

// OpenInserts begins a file of INSERT statements of one table, whose columns are those of its first statement. charset is that of
// literals where the file does not say; check looks at what the file has set before each statement.
func OpenInserts(in io.ReadCloser, name, charset string, t *Table, reader *InsertReader, check func(*InsertReader) error) RowFile {
	reader.Reset(in, name, charset)
	return &insertRows{InsertReader: reader, table: t, in: in, check: check}
}

// Row reads on over the ends of statements.
func (f *insertRows) Row() ([]Literal, error) {
	for {
		row, err := f.InsertReader.Row()
		if !errors.Is(err, io.EOF) {
			return row, err
		}
		h, err := f.Next()
		if err != nil {
			return nil, err
		}
		switch {
		case h.Replace:
			err = fmt.Errorf("%w: REPLACE: its rows take the place of others", ErrStatement)
		case h.Table != f.table.Name || h.Schema != "" && h.Schema != f.table.Schema:
			err = fmt.Errorf("%w: INSERT INTO %s in a file of %s", ErrStatement, mysql.QuoteTable(h.Schema, h.Table), f.table)
		case !f.table.Same(h.Columns):
			err = fmt.Errorf("%w: an INSERT has other columns than the first one of %s", ErrStatement, f.table)
		default:
			err = f.check(f.InsertReader)
		}
		if err != nil {
			return nil, f.ErrorAt(h.Line, "%w", err)
		}
	}
}

// Close closes the file.
func (f *insertRows) Close() error { return f.in.Close() }
