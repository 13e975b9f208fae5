package dump

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// tarBuffer collects headers and small entries.
const tarBuffer = 64 << 10

// WriteTar takes the pipe's dump and writes it as a tar stream, as docs/format.md describes it. It returns once all is written; its
// error, or that of ctx, also fails the dump. A dump that fails leaves a stream without its end, which no reader takes for a whole one.
func (p *Pipe) WriteTar(ctx context.Context, out io.Writer) error {
	err := p.writeTar(ctx, out)
	if err != nil {
		p.Close(err)
	}
	return err
}

func (p *Pipe) writeTar(ctx context.Context, out io.Writer) error {
	if _, err := p.Feed(ctx); err != nil {
		return err
	}
	b := bufio.NewWriterSize(out, tarBuffer)
	t := &tarWriter{feed: &pipeFeed{p}, manifest: p.manifest, out: b, tar: tar.NewWriter(b)}
	var err error
	if t.tables, err = newSpool(TablesName); err != nil {
		return err
	}
	if t.chunks, err = newSpool(ChunksName); err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	for {
		e, err := t.feed.next(ctx)
		if errors.Is(err, io.EOF) {
			return t.finish(ctx)
		}
		if err == nil {
			err = t.event(&e)
		}
		if err != nil {
			return err
		}
	}
}

// tarWriter writes the events of a pipe.
type tarWriter struct {
	feed     *pipeFeed
	manifest *Manifest
	out      *bufio.Writer
	tar      *tar.Writer
	sum      fileSum // of gomove.json
	tables   *spool
	chunks   *spool
}

func (t *tarWriter) event(e *pipeEvent) error {
	switch {
	case e.Object != nil:
		return t.object(e.Object)
	case e.Chunk != nil:
		defer e.Chunk.Release()
		return t.chunk(e)
	}
	return t.end(e)
}

// begin writes gomove.json.
func (t *tarWriter) begin() error {
	text, err := manifestText(t.manifest)
	if err != nil {
		return err
	}
	t.sum = fileSum{name: ManifestName, sum: hashBytes(text)}
	err = t.header(ManifestName, int64(len(text)), recordMark+string(manifestRecord)+" "+t.sum.sum+" ")
	if err == nil {
		_, err = t.tar.Write(text)
	}
	return err
}

// object writes the files of an object, the first with its record. Only the line of a table has to wait for its rows.
func (t *tarWriter) object(o *FedObject) error {
	text, err := marshalLine(&o.Object)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", TablesName, quoteTable(o.Schema, o.Name), err)
	}
	if o.Kind != KindTable {
		if err := t.tables.line(text); err != nil {
			return err
		}
	}
	comment, err := t.record(objectRecord, text)
	if err != nil {
		return err
	}
	if len(o.Files) == 0 {
		return t.global(comment)
	}
	for i, name := range o.Files {
		if err := t.header(name, int64(len(o.Texts[i])), comment); err != nil {
			return err
		}
		if _, err := t.tar.Write(o.Texts[i]); err != nil {
			return err
		}
		comment = ""
	}
	return nil
}

func (t *tarWriter) chunk(e *pipeEvent) error {
	text, err := marshalLine(&e.Chunk.Chunk)
	if err != nil {
		return err
	}
	if err := t.chunks.line(text); err != nil {
		return err
	}
	comment, err := t.record(chunkRecord, text)
	if err != nil {
		return err
	}
	if err := t.header(e.Chunk.File, e.stored.size, comment); err != nil {
		return err
	}
	_, err = e.stored.WriteTo(t.tar)
	return err
}

// end writes that a table has no more chunks.
func (t *tarWriter) end(e *pipeEvent) error {
	o := *e.object
	o.Rows = e.Finished.Rows
	text, err := marshalLine(&o)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", TablesName, quoteTable(o.Schema, o.Name), err)
	}
	if err := t.tables.line(text); err != nil {
		return err
	}
	if text, err = marshalLine(endLine{Schema: o.Schema, Table: o.Name, Rows: o.Rows}); err != nil {
		return err
	}
	comment, err := t.record(endRecord, text)
	if err != nil {
		return err
	}
	return t.global(comment)
}

// finish writes the listings, and metadata last.
func (t *tarWriter) finish(ctx context.Context) error {
	if err := errors.Join(t.tables.close(), t.chunks.close()); err != nil {
		return err
	}
	metadata, err := newSpool(MetadataName)
	if err != nil {
		return err
	}
	o := WriterOptions{For: t.manifest.For, Rows: t.manifest.Rows, Compression: t.manifest.Compression}
	sums := []fileSum{t.sum, t.tables.sum(), t.chunks.sum()}
	err = t.tables.read(func(r io.Reader) error {
		objects := scanLines[Object](ctx, r, t.feed.String(), listing{name: TablesName})
		return writeMetadata(metadata, t.manifest, t.manifest.Started, o, objects, sums)
	})
	if err := errors.Join(err, metadata.close()); err != nil {
		return err
	}
	for _, s := range []*spool{t.tables, t.chunks, metadata} {
		if err := t.header(s.name, s.size, ""); err != nil {
			return err
		}
		if err := s.copyTo(t.tar); err != nil {
			return err
		}
	}
	return errors.Join(t.tar.Close(), t.out.Flush())
}

// record writes all of a record but the comment that belongs to its entry.
func (t *tarWriter) record(kind recordKind, json []byte) (comment string, err error) {
	parts, comment := recordComments(kind, json)
	for _, part := range parts {
		if err := t.global(part); err != nil {
			return "", err
		}
	}
	return comment, nil
}

// global writes a header that belongs to no entry.
func (t *tarWriter) global(comment string) error {
	return t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "gomove", PAXRecords: map[string]string{paxComment: comment}})
}

func (t *tarWriter) header(name string, size int64, comment string) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: t.manifest.Started.Truncate(time.Second)}
	if comment != "" {
		h.PAXRecords = map[string]string{paxComment: comment}
	}
	return t.tar.WriteHeader(h)
}
