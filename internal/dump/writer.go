package dump

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
)

// Writer writes a dump into a store. It is safe for concurrent use, but for Finish and Abandon.
type Writer struct {
	chunkMaker
	store   store.Store
	started time.Time
	names   *names
	tables  *sumJournal
	chunks  *sumJournal
	restore *restoreScript // of ForMySQL
	parts   *s3Parts       // of ForAurora

	mu      sync.Mutex
	sqlSums map[string]string // of SQL files that no object has named yet
}

// WriterOptions says how a dump is written.
type WriterOptions struct {
	For         Preset      // default ForGomove
	Rows        Format      // default is the preset's
	Compression Compression // default is the preset's
	Level       int         // of the compression, 1 to 19 for zstd, 1 to 9 for gzip; 0 is its default
}

// WithDefaults fills what is not set by the preset: CSV and zstd; SQL and gzip for myloader; CSV uncompressed for mysql.
func (o WriterOptions) WithDefaults() WriterOptions {
	if o.For == "" {
		o.For = ForGomove
	}
	rows, compression := CSV, Zstd
	switch o.For {
	case ForMyloader:
		rows, compression = SQL, Gzip
	case ForMySQL, ForAurora:
		compression = None
	case ForGomove:
	}
	if o.Rows == "" {
		o.Rows = rows
	}
	if o.Compression == "" {
		o.Compression = compression
		if o.For == ForMyloader && o.Rows == CSV {
			o.Compression = None
		}
	}
	return o
}

// Validate names the flags that do not go together.
func (o WriterOptions) Validate() error {
	o = o.WithDefaults()
	switch {
	case o.For != ForGomove && o.For != ForMyloader && o.For != ForMySQL && o.For != ForAurora:
		return fmt.Errorf("--for %s: want gomove, myloader, mysql or aurora", o.For)
	case o.Rows != CSV && o.Rows != SQL:
		return fmt.Errorf("--format %s: want csv or sql", o.Rows)
	case o.Compression != Zstd && o.Compression != Gzip && o.Compression != None:
		return fmt.Errorf("--compress %s: want zstd, gzip or none", o.Compression)
	case o.For == ForMySQL && o.Compression != None:
		return fmt.Errorf("--compress %s: the mysql client of --for mysql reads uncompressed files only; use --compress none", o.Compression)
	case o.For == ForAurora && (o.Rows != CSV || o.Compression != None):
		return errors.New("--for aurora: LOAD DATA FROM S3 reads uncompressed CSV only; use --format csv --compress none, or leave both out")
	case o.For == ForMyloader && o.Compression == Zstd:
		return errors.New("--compress zstd: myloader 0.10 loads nothing from .zst files and says nothing; use --compress gzip or none")
	case o.For == ForMyloader && o.Rows == CSV && o.Compression != None:
		return fmt.Errorf("--compress %s: LOAD DATA of --for myloader --format csv reads uncompressed files only; use --compress none", o.Compression)
	}
	return nil
}

// NewWriter starts a dump: refuses a store that holds files, writes metadata.partial.
func NewWriter(ctx context.Context, s store.Store, o WriterOptions) (*Writer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if _, err := newS3Parts(s, o.For); err != nil {
		return nil, err
	}
	if err := checkEmpty(ctx, s); err != nil {
		return nil, hintResume(ctx, s, err)
	}
	w := newWriter(s, o.WithDefaults())
	err := w.claim(ctx)
	if err == nil {
		err = w.begin(ctx, true)
	}
	if err != nil {
		w.Abandon()
		return nil, err
	}
	return w, nil
}

func newWriter(s store.Store, o WriterOptions) *Writer {
	w := &Writer{store: s, started: time.Now(), names: newNames(o.For), sqlSums: map[string]string{}}
	w.o, w.encoders.compression, w.encoders.level = o, o.Compression, o.Level
	w.create, w.record = s.Create, w.recordChunk
	return w
}

// claim writes metadata.partial. Of two dumps that begin in one place at the same time only the first goes on, where the store can tell.
func (w *Writer) claim(ctx context.Context) error {
	err := w.writeNew(ctx, w.createNew, PartialMetadataName, []byte(startedLine(w.started)))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w: another dump has just begun there; give another place", w.store, ErrNotEmpty)
	}
	return err
}

// createNew starts a file that must not be there yet, where the store can tell.
func (w *Writer) createNew(ctx context.Context, name string) (store.File, error) {
	if exclusive, ok := w.store.(store.Exclusive); ok {
		return exclusive.CreateNew(ctx, name)
	}
	return w.store.Create(ctx, name)
}

// sweep removes what a killed run has left where no listing shows it.
func (w *Writer) sweep(ctx context.Context) error {
	sweeper, ok := w.store.(store.Sweeper)
	if !ok {
		return nil
	}
	_, err := sweeper.Sweep(ctx)
	return err
}

// begin opens the journals, both at once: on S3 each takes several requests.
func (w *Writer) begin(ctx context.Context, isNew bool) error {
	err := w.checkLevel()
	if err != nil {
		return err
	}
	if err := w.sweep(ctx); err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() (err error) {
		w.tables, err = openSumJournal(ctx, w.store, TablesName, isNew)
		return err
	})
	g.Go(func() (err error) {
		w.chunks, err = openSumJournal(ctx, w.store, ChunksName, isNew)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if w.o.For == ForMySQL {
		w.restore = newRestoreScript(w.store)
	}
	w.parts, err = newS3Parts(w.store, w.o.For)
	return err
}

// hintResume tells of an unfinished dump where a new one cannot begin.
func hintResume(ctx context.Context, s store.Store, err error) error {
	if !errors.Is(err, ErrNotEmpty) {
		return err
	}
	whole, wholeErr := exists(ctx, s, MetadataName)
	plan, planErr := exists(ctx, s, PlanName)
	if wholeErr != nil || planErr != nil || whole || !plan {
		return err
	}
	return fmt.Errorf("%s: %w: it holds an unfinished dump; add --resume to go on with that, or give another place", s, ErrNotEmpty)
}

// checkEmpty asks the store itself when it can tell more than List does.
func checkEmpty(ctx context.Context, s store.Store) error {
	if c, ok := s.(interface{ CheckEmpty(context.Context) error }); ok {
		return c.CheckEmpty(ctx)
	}
	for info, err := range s.List(ctx, "") {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s: %w (it holds %s): give another place", s, ErrNotEmpty, info.Name)
	}
	return nil
}

// WriteManifest writes gomove.json, with this writer's options.
func (w *Writer) WriteManifest(ctx context.Context, m *Manifest) error {
	_, err := w.writeManifest(ctx, m)
	return err
}

func (w *Writer) writeManifest(ctx context.Context, m *Manifest) (fileSum, error) {
	out := *m
	out.Format, out.For, out.Rows, out.Compression, out.Sealed = FormatVersion, w.o.For, w.o.Rows, w.o.Compression, true
	if out.Started.IsZero() {
		out.Started = w.started
	}
	text, err := manifestText(&out)
	if err != nil {
		return fileSum{}, err
	}
	return fileSum{name: ManifestName, sum: hashBytes(text)}, w.writeFile(ctx, ManifestName, text)
}

// Base returns the start of the file names of an object and records an alias when its name cannot be one
// (DESIGN: Dump directory). table is empty for a schema. Safe for concurrent use.
func (w *Writer) Base(schema, table string) string { return w.names.base(schema, table) }

// WriteSQL writes a schema file. Such files are never compressed.
// Its checksum goes to the object that names it in Files, so call it before that object's WriteObject.
func (w *Writer) WriteSQL(ctx context.Context, name string, text []byte) error {
	if err := w.writeFile(ctx, name, text); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sqlSums[name] = hashBytes(text)
	return nil
}

// WriteObject appends a line to tables.jsonl.
func (w *Writer) WriteObject(ctx context.Context, o *Object) error {
	if !utf8.ValidString(o.Schema) || !utf8.ValidString(o.Name) {
		return fmt.Errorf("object %q of schema %q: name is not UTF-8", o.Name, o.Schema)
	}
	if w.o.For == ForMyloader && o.Kind == KindSchema && o.Base != o.Schema {
		return fmt.Errorf("schema %s: myloader takes a schema's name from its file names, which cannot hold this one: leave the schema out or use --for mysql",
			mysql.QuoteName(o.Schema))
	}
	line := *o
	line.FileSums = w.takeSums(o.Files)
	if w.parts != nil {
		var err error
		if line.S3Manifest, line.S3ManifestSum, err = w.writeS3Manifest(ctx, o); err != nil {
			return err
		}
	}
	text, err := marshalLine(&line)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", TablesName, quoteTable(o.Schema, o.Name), err)
	}
	if err := w.tables.append(ctx, text); err != nil {
		return err
	}
	if w.restore != nil {
		return w.restore.object(ctx, o)
	}
	return nil
}

func (w *Writer) takeSums(files []string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	sums := make([]string, len(files))
	for i, name := range files {
		sums[i] = w.sqlSums[name]
		delete(w.sqlSums, name)
	}
	return sums
}

// recordChunk appends the line of a finished chunk, and first what other tools need to load its file.
func (w *Writer) recordChunk(ctx context.Context, o *Object, c *Chunk, _ store.File) error {
	if w.o.For == ForMyloader && w.o.Rows == CSV {
		name := strings.TrimSuffix(c.File, w.dataSuffix()) + ".sql"
		text := sessionHeader(o.Columns) + LoadDataSQL("", o.Name, o.Columns, c.File) + ";\n"
		if err := w.writeFile(ctx, name, []byte(text)); err != nil {
			return err
		}
		c.Script, c.ScriptSum = name, hashBytes([]byte(text))
	}
	if w.restore != nil {
		if err := w.restore.chunk(ctx, o, c); err != nil {
			return err
		}
	}
	if w.parts != nil {
		w.parts.add(c)
	}
	text, err := marshalLine(c)
	if err != nil {
		return err
	}
	return w.chunks.append(ctx, text)
}

// checkLevel refuses a compression level before there is a chunk.
func (w *chunkMaker) checkLevel() error {
	probe, err := newCompressor(w.o.Compression, w.o.Level)
	if err != nil {
		return fmt.Errorf("compression level %d: %w", w.o.Level, err)
	}
	return probe.Close()
}

// dataSuffix is what chunk files end in. myloader looks for LOAD DATA's files as .dat.
func (w *chunkMaker) dataSuffix() string {
	suffix := "." + string(w.o.Rows)
	if w.o.For == ForMyloader && w.o.Rows == CSV {
		suffix = ".dat"
	}
	return suffix + w.o.Compression.suffix()
}

// statementSchema is the schema that statements name: none for myloader, which sets its own with USE and may rename it.
func (w *chunkMaker) statementSchema(o *Object) string {
	if w.o.For == ForMyloader {
		return ""
	}
	return o.Schema
}

func (w *Writer) writeFile(ctx context.Context, name string, text []byte) error {
	return w.writeNew(ctx, w.store.Create, name, text)
}

func (w *Writer) writeNew(ctx context.Context, create func(context.Context, string) (store.File, error), name string, text []byte) error {
	f, err := create(ctx, name)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Abort()
		return err
	}
	return f.Close()
}

// Abandon closes what is open and leaves metadata.partial: the dump stays marked incomplete.
func (w *Writer) Abandon() {
	for _, j := range []*sumJournal{w.tables, w.chunks} {
		if j != nil {
			_ = j.close()
		}
	}
	if w.restore != nil {
		w.restore.abandon()
	}
}

// marshalLine is JSON on one line, without HTML escapes.
func marshalLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func hashBytes(b []byte) string {
	h := xxh3.Hash128(b)
	return RowSum{Hi: h.Hi, Lo: h.Lo}.String()
}

// manifestText is gomove.json.
func manifestText(m *Manifest) ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return append(text, '\n'), nil
}
