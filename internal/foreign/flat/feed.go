package flat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/transform"
)

// Source is the files of one table.
type Source struct {
	Schema, Table string
	Glob          string   // of the files' names
	Columns       []string // of the files; one that starts with @ is passed over; default: the header, else the table's own
}

// Options of reading files.
type Options struct {
	Store       store.Store
	Sources     []Source
	Dialect     Dialect
	IgnoreLines int    // at the start of each file
	Header      bool   // the line after those names the columns
	Charset     string // of text; default utf8mb4; binary: each column's own
	// Define gives the CREATE TABLE of a table that the rows go into.
	Define     func(ctx context.Context, schema, table string) ([]byte, error)
	ChunkBytes int64 // of a chunk of rows; default foreign.DefaultChunkBytes
	Chunks     int   // in memory at once; default 5
}

// defaultChunks are two that are written, one that is filled, and two between.
const defaultChunks = 5

// Open finds the files and the columns of each table. The caller closes the Feed.
func Open(ctx context.Context, o Options) (*foreign.Feed, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	d := &reading{o: o, id: foreign.NewID("flat files, chunks 1"), owner: map[string]string{}}
	d.id.Add(o.Dialect.String())
	d.id.Add(fmt.Sprint(o.IgnoreLines, o.Header, o.Charset, o.ChunkBytes))
	for _, s := range o.Sources {
		if err := d.source(ctx, s); err != nil {
			return nil, err
		}
	}
	m := &dump.Manifest{
		Format: dump.FormatVersion, ID: d.id.String(), Tool: "flat files", Started: time.Time{}, For: dump.ForGomove,
		Rows: dump.CSV, Compression: dump.None, Charset: "source", Server: dump.ServerFacts{Flavor: string(mysql.MySQL)},
	}
	return foreign.NewFeed(o.Store.String(), m, foreign.NewMemory(o.ChunkBytes, o.Chunks), d.objects, d.rows, d.warnings), nil
}

// unsafeCharsets have characters of which a byte may be that of a quote, an escape or a terminator.
var unsafeCharsets = []string{"big5", "cp932", "gbk", "gb18030", "sjis", "ucs2", "utf16", "utf16le", "utf32"}

func (o *Options) validate() error {
	if o.Chunks == 0 {
		o.Chunks = defaultChunks
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = foreign.DefaultChunkBytes
	}
	if o.Charset == "" {
		o.Charset = "utf8mb4"
	}
	if slices.Contains(unsafeCharsets, o.Charset) {
		return fmt.Errorf("files in %s cannot be cut into cells byte by byte: convert them to UTF-8 first, as by iconv", o.Charset)
	}
	return o.Dialect.Validate()
}

// reading is what is known while the files are found.
type reading struct {
	o        Options
	id       *foreign.ID
	owner    map[string]string // of a file: the table that it was given to
	size     int64             // of the files that were found last
	objects  []*dump.FedObject
	rows     []foreign.Rows
	warnings []string
}

// source takes up the files of a table.
func (d *reading) source(ctx context.Context, s Source) error {
	name := mysql.QuoteTable(s.Schema, s.Table)
	create, err := d.o.Define(ctx, s.Schema, s.Table)
	if err != nil {
		return err
	}
	t, err := foreign.NewTable(s.Schema, s.Table, create, transform.Mode{Charset: "utf8mb4"}, d.o.Charset)
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	d.id.Add(name)
	files, err := d.files(ctx, s, name)
	if err != nil {
		return err
	}
	columns := s.Columns
	if len(columns) == 0 && d.o.Header {
		if columns, err = d.header(ctx, files[0], t); err != nil {
			return err
		}
	}
	if len(columns) == 0 {
		if columns, err = shown(create); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	d.id.Add(strings.Join(columns, "\x00"))
	var kept []string
	for _, c := range columns {
		if !strings.HasPrefix(c, "@") {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return fmt.Errorf("table %s: no column is left", name)
	}
	if _, err := t.Choose(kept); err != nil {
		return fmt.Errorf("files of table %s: %w", name, err)
	}
	about, err := d.estimate(ctx, files[0])
	if err != nil {
		return err
	}
	d.add(t, files, columns, len(s.Columns) > 0, about)
	return nil
}

// shown is the columns of SELECT *, as SELECT INTO OUTFILE writes them: generated ones are there and go nowhere.
func shown(create []byte) ([]string, error) {
	all, err := transform.Columns(create, transform.Mode{Charset: "utf8mb4"})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range all {
		switch {
		case c.Invisible:
		case c.Generated:
			names = append(names, "@"+c.Name)
		default:
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// files are those that match the pattern, in the order of their names.
func (d *reading) files(ctx context.Context, s Source, table string) ([]string, error) {
	d.size = 0
	var names []string
	prefix, _, _ := strings.Cut(s.Glob, "*")
	prefix, _, _ = strings.Cut(prefix, "?")
	prefix, _, _ = strings.Cut(prefix, "[")
	prefix, _, _ = strings.Cut(prefix, `\`)
	for info, err := range d.o.Store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		ok, err := path.Match(s.Glob, info.Name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", s.Glob, err)
		}
		if !ok {
			continue
		}
		if owner := d.owner[info.Name]; owner != "" {
			return nil, fmt.Errorf("%w: file %s matches the patterns of %s and %s", foreign.ErrDump, info.Name, owner, table)
		}
		d.owner[info.Name] = table
		names = append(names, info.Name)
		d.size += info.Bytes
		d.id.Add(info.Name)
		d.id.AddNumber(info.Bytes)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: no file of %s matches %s, for table %s", foreign.ErrDump, d.o.Store, s.Glob, table)
	}
	return names, nil
}

// header reads the names of columns from a file's first line.
func (d *reading) header(ctx context.Context, name string, t *foreign.Table) ([]string, error) {
	f, err := d.open(ctx, name)
	if err != nil {
		return nil, err
	}
	names, err := f.names()
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: %s, of table %s, has no line with names of columns", foreign.ErrDump, name, t)
	}
	return names, nil
}

// estimate is about how many rows a table's files have, by the first of them.
func (d *reading) estimate(ctx context.Context, name string) (int64, error) {
	f, err := d.open(ctx, name)
	if err != nil {
		return 0, err
	}
	return foreign.Estimate(d.size, name, f.Reader.Row, f.Past), f.Close()
}

// add gives a table and its files to the feed. named says that the columns are not those of the header.
func (d *reading) add(t *foreign.Table, files, columns []string, named bool, about int64) {
	if !slices.ContainsFunc(d.objects, func(o *dump.FedObject) bool { return o.Schema == t.Schema }) {
		d.objects = append(d.objects, foreign.SchemaObject(t.Schema))
	}
	o := &dump.FedObject{Object: t.TableObject()}
	o.Estimated = about
	d.objects = append(d.objects, o)
	for _, c := range t.Columns() {
		if strings.HasPrefix(c.Type, "timestamp") {
			d.warnings = append(d.warnings, fmt.Sprintf("table %s: values of the TIMESTAMP column %s are taken as UTC", t, mysql.QuoteName(c.Name)))
		}
	}
	var keep []int // of the cells of a row, those that go into the table
	for i, c := range columns {
		if !strings.HasPrefix(c, "@") {
			keep = append(keep, i)
		}
	}
	open := func(ctx context.Context, name string) (foreign.RowFile, error) {
		f, err := d.open(ctx, name)
		if err != nil {
			return nil, err
		}
		f.width, f.keep = len(columns), keep
		if d.o.Header {
			names, err := f.names()
			if err == nil && len(names) > 0 && !slices.Equal(names, columns) && !named {
				err = f.ErrorAt(f.RowLine(), "%w: columns %s, the first file of %s has %s", foreign.ErrDump, strings.Join(names, ","), t, strings.Join(columns, ","))
			}
			if err != nil {
				return nil, errors.Join(err, f.Close())
			}
		}
		return f, nil
	}
	d.rows = append(d.rows, foreign.Rows{Table: t, Files: files, Want: -1, Open: open})
}

// rowFile is a file of which some cells of each row are kept.
type rowFile struct {
	*Reader
	width int
	keep  []int
	in    io.Closer
}

// open begins a file behind the lines that are passed over.
func (d *reading) open(ctx context.Context, name string) (*rowFile, error) {
	raw, err := d.o.Store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	in, err := foreign.Decompress(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(err, raw.Close()))
	}
	f := &rowFile{Reader: NewReader(d.o.Dialect), in: in}
	f.Reset(in, name)
	if err := f.Skip(d.o.IgnoreLines); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return f, nil
}

// names reads a row as names of columns; nil at the end of the file.
func (f *rowFile) names() ([]string, error) {
	row, err := f.Reader.Row()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(row))
	for i, c := range row {
		if names[i] = strings.TrimSpace(string(c.Text)); names[i] == "" {
			return nil, f.ErrorAt(f.RowLine(), "%w: column %d of the header has no name", foreign.ErrDump, i+1)
		}
	}
	return names, nil
}

// Row reads the next row's cells that are kept.
func (f *rowFile) Row() ([]foreign.Literal, error) {
	row, err := f.Reader.Row()
	if err != nil {
		return nil, err
	}
	if len(row) != f.width {
		return nil, f.ErrorAt(f.RowLine(), "%w: %s in place of %d", foreign.ErrStatement, cells(row), f.width)
	}
	if len(f.keep) == f.width {
		return row, nil
	}
	for i, at := range f.keep {
		row[i] = row[at]
	}
	return row[:len(f.keep)], nil
}

// cells tells how many cells a row has.
func cells(row []foreign.Literal) string {
	if len(row) == 1 {
		if len(row[0].Text) == 0 {
			return "an empty line"
		}
		return "1 cell"
	}
	return strconv.Itoa(len(row)) + " cells"
}

// Close closes the file.
func (f *rowFile) Close() error { return f.in.Close() }
