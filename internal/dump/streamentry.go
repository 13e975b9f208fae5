package dump

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// Bounds of one entry that a reader keeps in memory. What is smaller takes memory as it comes, not as its header says.
const (
	maxStreamChunk = 4 << 30 // a server's largest row has 1 GiB
	maxStreamSQL   = 1 << 30
)

// entry takes one header, and the file behind it.
func (s *stream) entry(ctx context.Context, h *tar.Header) error {
	comment, described := h.PAXRecords[paxComment]
	global := h.Typeflag == tar.TypeXGlobalHeader
	switch {
	case !global && h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%.200q is a link, a directory or a device", h.Name)
	case global && !described:
		return errNotOurs
	case h.Size < 0:
		return fmt.Errorf("%.200q has %d bytes", h.Name, h.Size)
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return fmt.Errorf("%.200q is a sparse file", h.Name)
		}
	}
	if !global {
		if err := s.file(h.Name); err != nil {
			return err
		}
	}
	if !described {
		return s.undescribed(ctx, h)
	}
	rec, whole, err := s.records.add(comment)
	if err != nil || !whole {
		return err
	}
	return s.described(ctx, h, &rec, global)
}

// file notes the name of a file.
func (s *stream) file(name string) error {
	s.files = append(s.files, maphash.String(s.seed, name))
	return store.CheckName(name)
}

// described takes an entry with its record, or a record alone.
func (s *stream) described(ctx context.Context, h *tar.Header, rec *record, global bool) error {
	isFile := rec.kind == manifestRecord || rec.kind == chunkRecord
	switch {
	case s.open != nil:
		return fmt.Errorf("%s lacks its file %s", quoteTable(s.open.Schema, s.open.Name), s.open.Files[len(s.open.Texts)])
	case s.begun != (rec.kind != manifestRecord), len(s.sums) > 0, isFile && global, rec.kind == endRecord && !global:
		return fmt.Errorf("a record of kind %.20q out of its place", rec.kind)
	}
	switch rec.kind {
	case manifestRecord:
		return s.readManifest(h, rec)
	case objectRecord:
		return s.readObject(ctx, h, rec, global)
	case chunkRecord:
		return s.readChunk(ctx, h, rec)
	case endRecord:
		return s.readEnd(ctx, rec)
	case partRecord, lastRecord:
	}
	return fmt.Errorf("a record of kind %.20q", rec.kind)
}

// undescribed takes a file without a record: a further one of an object, or one of those that end a dump.
func (s *stream) undescribed(ctx context.Context, h *tar.Header) error {
	switch {
	case !s.begun:
		return errNotOurs
	case s.open != nil:
		return s.readText(ctx, h)
	case h.Name == TablesName && len(s.sums) == 0:
		return s.readTables(ctx)
	case h.Name == ChunksName && len(s.sums) == 1:
		return s.readChunks()
	case h.Name == MetadataName && len(s.sums) == 2 && !s.whole:
		return s.readMetadata(ctx)
	}
	return fmt.Errorf("%.200q is not in its place", h.Name)
}

func (s *stream) readManifest(h *tar.Header, rec *record) error {
	if h.Name != ManifestName || h.Size > maxManifestBytes {
		return fmt.Errorf("the first file is %.200q of %d bytes", h.Name, h.Size)
	}
	text, err := io.ReadAll(s.tar)
	if err != nil {
		return err
	}
	if hashBytes(text) != rec.sum {
		return fmt.Errorf("%s: %w", ManifestName, errAltered)
	}
	m := new(Manifest)
	if err := decodeLine(text, m); err != nil {
		return &ListingError{File: ManifestName, Place: streamName, Err: err}
	}
	s.begun = true
	s.sum = rec.sum
	s.pipe.begin(m)
	return nil
}

func (s *stream) readObject(ctx context.Context, h *tar.Header, rec *record, global bool) error {
	o := &FedObject{}
	if err := decodeLine([]byte(rec.json), &o.Object); err != nil {
		return err
	}
	key := s.key(o.Schema, o.Name)
	switch {
	case s.loading:
		return fmt.Errorf("%s comes after rows", quoteTable(o.Schema, o.Name))
	case s.objects[key] != nil:
		return fmt.Errorf("%s comes twice", quoteTable(o.Schema, o.Name))
	case len(s.objects) >= maxObjects:
		return fmt.Errorf("more than %d objects", maxObjects)
	case global != (len(o.Files) == 0), len(o.FileSums) != len(o.Files):
		return fmt.Errorf("%s has %d files and %d checksums", quoteTable(o.Schema, o.Name), len(o.Files), len(o.FileSums))
	}
	if o.Kind == KindTable {
		o.Rows = -1
	}
	s.objects[key] = &streamed{kind: o.Kind, base: maphash.String(s.seed, o.Base), ended: o.Kind != KindTable}
	if global {
		return s.put(ctx, Event{Object: o}, 0)
	}
	s.open = o
	return s.readText(ctx, h)
}

// readText reads the next file of the open object, which is given with its last one.
func (s *stream) readText(ctx context.Context, h *tar.Header) error {
	o := s.open
	i := len(o.Texts)
	switch {
	case h.Name != o.Files[i]:
		return fmt.Errorf("%.200q in place of %s", h.Name, o.Files[i])
	case h.Size > maxStreamSQL:
		return fmt.Errorf("%.200q has %d bytes", h.Name, h.Size)
	}
	text, err := io.ReadAll(s.tar)
	if err != nil {
		return err
	}
	if sum := hashBytes(text); sum != o.FileSums[i] {
		return alteredSum(h.Name, sum, o.FileSums[i])
	}
	o.Texts = append(o.Texts, text)
	if len(o.Texts) < len(o.Files) {
		return nil
	}
	s.open = nil
	size := 0
	for _, text := range o.Texts {
		size += len(text)
	}
	return s.put(ctx, Event{Object: o}, int64(size))
}

func alteredSum(file, sum, want string) error {
	return &Problem{File: file, Kind: FileAltered, Sum: sum, Place: streamName, What: fmt.Sprintf("its checksum is %s in place of %s", sum, want)}
}

// readChunk reads a chunk into memory once there is room.
func (s *stream) readChunk(ctx context.Context, h *tar.Header, rec *record) error {
	c := &FedChunk{}
	if err := decodeLine([]byte(rec.json), &c.Chunk); err != nil {
		return err
	}
	o := s.objects[s.key(c.Schema, c.Table)]
	switch {
	case o == nil || o.kind != KindTable || o.ended:
		return fmt.Errorf("chunk %s of %s, of which none is to come", c.File, quoteTable(c.Schema, c.Table))
	case h.Name != c.File || o.base != maphash.String(s.seed, c.base()) || c.Script != "":
		return fmt.Errorf("chunk %s of %s in %.200q", c.File, quoteTable(c.Schema, c.Table), h.Name)
	case h.Size != c.Stored || h.Size > maxStreamChunk:
		return fmt.Errorf("chunk %s: %d bytes in place of %d", c.File, h.Size, c.Stored)
	}
	s.loading = true
	o.rows += c.Rows
	_, _ = s.chunks.WriteString(rec.json)
	_, _ = s.chunks.WriteString("\n")
	room := memoryOf(c.Stored)
	if !s.pipe.room.take(ctx, s.pipe.ended, room) {
		return s.pipe.failed(ctx)
	}
	m := &memory{pool: s.pipe.blocks}
	c.Release = once(m.Abort)
	c.Open = func() (io.ReadCloser, error) { return openStored(streamName, &s.decoders, &c.Chunk, m.open()) }
	if err := m.fill(s.tar, c.Stored); err != nil {
		return err
	}
	if sum := m.sum(); sum != c.FileSum {
		return alteredSum(c.File, sum, c.FileSum)
	}
	return s.pipe.send(ctx, pipeEvent{Event: Event{Chunk: c}, stored: m, room: room})
}

func (s *stream) readEnd(ctx context.Context, rec *record) error {
	var l endLine
	if err := decodeLine([]byte(rec.json), &l); err != nil {
		return err
	}
	o := s.objects[s.key(l.Schema, l.Table)]
	switch {
	case o == nil || o.kind != KindTable || o.ended:
		return fmt.Errorf("the end of %s, which is not to come", quoteTable(l.Schema, l.Table))
	case l.Rows != o.rows && (l.Rows != -1 || o.rows != 0):
		return fmt.Errorf("%s: chunks of %d rows in place of %d", quoteTable(l.Schema, l.Table), o.rows, l.Rows)
	}
	s.loading, o.ended, o.rows = true, true, l.Rows
	return s.put(ctx, Event{Finished: &Finished{Schema: l.Schema, Table: l.Table, Rows: l.Rows}}, 0)
}

// readTables compares tables.jsonl with the objects that came.
func (s *stream) readTables(ctx context.Context) error {
	for _, o := range s.objects {
		if !o.ended {
			return errors.New("the end of a table is missing")
		}
	}
	hash := xxh3.New128()
	n := 0
	for line, err := range scanLines[Object](ctx, io.TeeReader(s.tar, hash), streamName, listing{name: TablesName}) {
		if err != nil {
			return err
		}
		o := s.objects[s.key(line.Schema, line.Name)]
		if o == nil || o.listed || o.kind != line.Kind || o.kind == KindTable && o.rows != line.Rows {
			return fmt.Errorf("%s of %s is not what came", quoteTable(line.Schema, line.Name), TablesName)
		}
		o.listed = true
		n++
	}
	if n != len(s.objects) {
		return fmt.Errorf("%s lists %d objects, and %d came", TablesName, n, len(s.objects))
	}
	s.sums[TablesName] = sumOf(hash)
	return nil
}

func (s *stream) readChunks() error {
	hash := xxh3.New128()
	if _, err := io.Copy(hash, s.tar); err != nil {
		return err
	}
	s.sums[ChunksName] = sumOf(hash)
	if sum := sumOf(s.chunks); sum != s.sums[ChunksName] {
		return alteredSum(ChunksName, s.sums[ChunksName], sum)
	}
	return nil
}

// readMetadata proves that all was there.
func (s *stream) readMetadata(ctx context.Context) error {
	m, err := readMetadata(ctx, s.tar, streamName)
	if err != nil {
		return err
	}
	s.sums[ManifestName] = s.sum
	for _, name := range []string{ManifestName, TablesName, ChunksName} {
		if s.sums[name] != m.sums[name] {
			return alteredSum(name, s.sums[name], m.sums[name])
		}
	}
	if !m.sealed {
		return &Problem{File: MetadataName, Kind: FileAltered, Place: streamName, What: "it lacks its own checksum"}
	}
	slices.Sort(s.files)
	if n := len(s.files); len(slices.Compact(s.files)) != n {
		return errors.New("a file comes twice")
	}
	s.whole = true
	return nil
}

func (s *stream) put(ctx context.Context, e Event, size int64) error {
	return s.pipe.put(ctx, pipeEvent{Event: e}, size)
}

func (s *stream) key(schema, name string) uint64 {
	return maphash.Comparable(s.seed, [2]string{schema, name})
}
