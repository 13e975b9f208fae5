// Package mydumper reads a directory of mydumper, 0.9 to 1.0, as a dump.Feed: definitions with the settings that they were written
// under, and rows of INSERT statements and of LOAD DATA files, which become format 1's CSV. No statement is run as it stands.
package mydumper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/transform"
)

// Options of reading a directory.
type Options struct {
	Store       store.Store
	AllowUnsafe bool  // pass over statements that no dump needs, in place of failing
	ChunkBytes  int64 // of a chunk of rows; default foreign.DefaultChunkBytes
	Chunks      int   // in memory at once; default 5
}

// defaultChunks are two that are written, one that is filled, and two between.
const defaultChunks = 5

// maxDefinition bounds a file of definitions and the metadata, in bytes.
const maxDefinition = 64 << 20

// Is reports whether a place holds a whole dump of mydumper. One that gomove wrote in its layout names gomove.json in its metadata.
func Is(ctx context.Context, s store.Store) (bool, error) {
	f, err := s.Open(ctx, dump.ManifestName)
	if err == nil {
		return false, f.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		f, err = s.Open(ctx, metadataName)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxDefinition))
	return !bytes.Contains(text, []byte("  "+dump.ManifestName+"\n")), errors.Join(err, f.Close())
}

// reading is what is known while a directory is opened.
type reading struct {
	o        Options
	metadata *metadata
	objects  []*dump.FedObject
	rows     []foreign.Rows
	reader   *foreign.InsertReader
	mariadb  bool // a definition is in the words of MariaDB
	newer    bool // or in those of MySQL 8
	warnings []string
}

// Open reads all definitions and how the rows of each table stand. The caller closes the Feed.
func Open(ctx context.Context, o Options) (*foreign.Feed, error) {
	if o.Chunks == 0 {
		o.Chunks = defaultChunks
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = foreign.DefaultChunkBytes
	}
	d := &reading{o: o, reader: &foreign.InsertReader{}}
	text, err := d.read(ctx, metadataName)
	if err == nil {
		d.metadata, err = readMetadata(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Store, err)
	}
	files, id, err := d.list(ctx, text)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(files)
	if err == nil {
		err = d.all(ctx, l)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Store, err)
	}
	return foreign.NewFeed(o.Store.String(), d.manifest(id), foreign.NewMemory(o.ChunkBytes, o.Chunks), d.objects, d.rows, d.warnings), nil
}

// list names the files and makes the dump's id of them.
func (d *reading) list(ctx context.Context, metadata []byte) (files []file, id string, err error) {
	sum := foreign.NewID("mydumper directory, chunks 1")
	sum.AddNumber(d.o.ChunkBytes)
	sum.Add(string(metadata))
	for info, err := range d.o.Store.List(ctx, "") {
		if err != nil {
			return nil, "", err
		}
		if strings.HasPrefix(info.Name, metadataName) || info.Name == "resume" {
			continue
		}
		files = append(files, file{info.Name, info.Bytes})
		sum.Add(info.Name)
		sum.AddNumber(info.Bytes)
	}
	return files, sum.String(), nil
}

// manifest describes the dump as far as it tells.
func (d *reading) manifest(id string) *dump.Manifest {
	m := &dump.Manifest{
		Format: dump.FormatVersion, ID: id, Tool: "mydumper " + d.metadata.style, Started: d.metadata.started,
		For: dump.ForGomove, Rows: dump.CSV, Compression: dump.None, Charset: "source",
	}
	m.Server.Flavor, m.Server.Number = d.server()
	m.Snapshot.Coordinates = d.metadata.here
	if d.metadata.source.State != "" {
		m.Snapshot.Source = &d.metadata.source
	}
	return m
}

// guess looks for words that only some servers write.
func (d *reading) guess(stmt []byte) {
	for _, word := range []string{"current_timestamp()", "/*M!", "_uca1400_", "PAGE_CHECKSUM="} {
		d.mariadb = d.mariadb || bytes.Contains(stmt, []byte(word))
	}
	for _, word := range []string{"utf8mb4_0900_", "/*!800", "/*!801"} {
		d.newer = d.newer || bytes.Contains(stmt, []byte(word))
	}
}

// server is what kind of server was dumped, which the dump does not tell: by the form of its GTIDs, else by its definitions. Its
// version is one that has run what stands in versioned comments, and that has the default collations of those definitions.
func (d *reading) server() (flavor string, number int) {
	const anyMariaDB, anyOld, anyNew = 101199, 50799, 90999
	switch flavor = d.metadata.flavor(); {
	case flavor == string(mysql.MariaDB), flavor == "" && d.mariadb:
		return string(mysql.MariaDB), anyMariaDB
	case d.newer:
		return string(mysql.MySQL), anyNew
	}
	return string(mysql.MySQL), anyOld
}

// read reads a small file, decompressed.
func (d *reading) read(ctx context.Context, name string) ([]byte, error) {
	f, err := d.open(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxDefinition+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > maxDefinition {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", name, foreign.ErrDump, maxDefinition)
	}
	return text, nil
}

func (d *reading) open(ctx context.Context, name string) (io.ReadCloser, error) {
	raw, err := d.o.Store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	f, err := foreign.Decompress(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(err, raw.Close()))
	}
	return f, nil
}

// refuse is the error of a statement that no dump needs, unless such are passed over.
func (d *reading) refuse(name string, line int, text []byte) error {
	err := &foreign.PlaceError{File: name, Line: int64(line), Err: fmt.Errorf("%w: a dump needs no such statement: %.200q", foreign.ErrStatement, text)}
	if d.o.AllowUnsafe {
		d.warnings = append(d.warnings, "passed over: "+err.Error())
		return nil
	}
	return err
}

// all reads the definitions of all objects, schema by schema in the order of names.
func (d *reading) all(ctx context.Context, l *layout) error {
	for _, part := range slices.Sorted(maps.Keys(l.schemas)) {
		if err := d.schema(ctx, l.schemas[part]); err != nil {
			return err
		}
	}
	if len(d.objects) == 0 {
		return fmt.Errorf("%w: it holds no schema", foreign.ErrDump)
	}
	return nil
}

func (d *reading) schema(ctx context.Context, s *schemaFiles) error {
	statements, err := d.definitions(ctx, s.create, s.post, s.triggers)
	if err != nil {
		return err
	}
	name, err := d.schemaName(s, statements[s.create])
	if err != nil {
		return err
	}
	o := foreign.SchemaObject(name)
	o.Base = name
	d.objects = append(d.objects, o)
	for _, file := range []string{s.create, s.post, s.triggers} {
		if err := d.stored(o, file, statements[file]); err != nil {
			return err
		}
	}
	for _, part := range slices.Sorted(maps.Keys(s.tables)) {
		if err := d.table(ctx, name, s, s.tables[part]); err != nil {
			return err
		}
	}
	return nil
}

// definitions reads files of definitions; an empty name is none.
func (d *reading) definitions(ctx context.Context, names ...string) (map[string][]statement, error) {
	out := map[string][]statement{}
	for _, name := range names {
		if name == "" {
			continue
		}
		text, err := d.read(ctx, name)
		if err != nil {
			return nil, err
		}
		plain := foreign.PlainName(name)
		if out[name], err = d.statements(name, text, dump.EndsByLine(plain)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// table takes up a table, view or sequence and its rows.
func (d *reading) table(ctx context.Context, schema string, s *schemaFiles, t *tableFiles) error {
	files := []string{t.create, t.triggers}
	switch {
	case t.view != "": // its other file is a table in its place
		files = []string{t.view, t.triggers}
	case t.sequence != "":
		files = []string{t.sequence}
	}
	statements, err := d.definitions(ctx, files...)
	if err != nil {
		return err
	}
	o, err := d.object(schema, t, statements)
	if err != nil {
		return err
	}
	if o.Kind != dump.KindTable {
		if len(t.data) > 0 && o.Kind == dump.KindView {
			return fmt.Errorf("%w: view %s has rows in %s", foreign.ErrDump, mysql.QuoteTable(schema, o.Name), t.data[0].stem)
		}
		d.objects = append(d.objects, o)
		return nil
	}
	st, _, _ := created(statements[t.create], "TABLE")
	if isSequence(st) {
		o, err := d.sequence(ctx, schema, o.Name, st, t)
		d.objects = append(d.objects, o)
		return err
	}
	rows, err := d.rowsOf(ctx, schema, s.part, t, st, o)
	if err != nil {
		return err
	}
	d.objects = append(d.objects, o)
	d.rows = append(d.rows, *rows)
	return nil
}

// tableOf reads a table's columns. charset is that of its rows' literals.
func tableOf(o *dump.FedObject, st statement, charset string) (*foreign.Table, error) {
	t, err := foreign.NewTable(o.Schema, o.Name, st.text, st.mode, charset)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", mysql.QuoteTable(o.Schema, o.Name), err)
	}
	if def, err := transform.SplitTable(st.text, st.mode, true); err == nil {
		o.Engine = def.Engine
	}
	return t, nil
}
