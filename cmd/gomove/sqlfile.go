package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign/mysqldump"
	"github.com/gomove/gomove/loader"
)

// sqlWords are the first words of scripts.
var sqlWords = []string{"--", "#", "/*", "SET", "CREATE", "INSERT", "REPLACE", "USE", "DROP", "LOCK", "START", "BEGIN", "DELIMITER", "ALTER"}

// looksLikeSQL reports what begins like a script of SQL statements.
func looksLikeSQL(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, word := range sqlWords {
		if len(head) < len(word) || !strings.EqualFold(string(head[:len(word)]), word) {
			continue
		}
		if c := word[0]; c < 'A' || len(head) == len(word) || bytes.IndexByte([]byte(" \t\r\n"), head[len(word)]) >= 0 {
			return true
		}
	}
	return false
}

// strangers are the first bytes of what people take for a dump, with what is to be done.
var strangers = []struct{ head, advice string }{
	{"\xff\xfe", "it is UTF-16, which a redirection of PowerShell writes: let mysqldump write the file itself, by --result-file"},
	{"\xfe\xff", "it is UTF-16: convert it to UTF-8"},
	{"<?xml", "it is XML: dump without --xml"},
	{"\xfd7zXZ", "it is compressed by xz: xz -dc FILE | gomove load -d -"},
	{"PK\x03\x04", "it is a zip archive: unzip -p FILE | gomove load -d -"},
	{"mysqldump: ", "its first line is a message of mysqldump, from 2>&1: take that line out"},
	{"mariadb-dump: ", "its first line is a message of mariadb-dump, from 2>&1: take that line out"},
	{"Warning: ", "its first line is a message of mysqldump, from 2>&1: take that line out"},
}

// unknownBytes is the error of what is no dump, by its first bytes.
func unknownBytes(name string, head []byte) error {
	for _, s := range strangers {
		if bytes.HasPrefix(head, []byte(s.head)) {
			return fmt.Errorf("%s: %w: %s", name, dump.ErrFormat, s.advice)
		}
	}
	return fmt.Errorf("%s: %w: it begins like no dump that gomove knows", name, dump.ErrFormat)
}

// sqlFeed opens a file of mysqldump when the run begins: a file is read once before that, which takes its time. stream is what cannot
// be read twice; nil is the file of this path.
func sqlFeed(path string, stream io.Reader, into string, chunkBytes int64) startFeed {
	return func(ctx context.Context, con *console, o *loader.Options) (dump.Feed, func() error, error) {
		unsafe := mysqldump.RefuseUnsafe
		if o.Session.AllowUnsafe {
			unsafe = mysqldump.RunUnsafe
		}
		define := &loader.Definitions{Target: o.Target, Names: o.Names}
		m := mysqldump.Options{
			Name: filepath.Base(path), Into: into, Once: stream != nil, Unsafe: unsafe, NotRun: whyNotRun(o), Define: define.Table,
			ChunkBytes: chunkBytes, Chunks: feedChunks(o.Threads),
			Open: func() (io.ReadCloser, error) { return openPlain(path, nil) },
		}
		if stream != nil {
			m.Name, m.Open = path, func() (io.ReadCloser, error) { return io.NopCloser(stream), nil }
		} else {
			surveying(con, path, &m)
		}
		feed, err := mysqldump.Open(ctx, m)
		if err != nil {
			return nil, nil, errors.Join(err, define.Close())
		}
		con.counters.Bytes.Store(0)
		con.counters.BytesTotal.Store(feed.RowBytes())
		return feed, func() error { return errors.Join(feed.Close(), define.Close()) }, nil
	}
}

// whyNotRun says why statements of a file cannot run as they stand; empty where they can.
func whyNotRun(o *loader.Options) string {
	switch {
	case len(o.Names.Schemas)+len(o.Names.Tables) > 0:
		return "it would run as it stands, and --schema-map or --table-map names other tables"
	case len(o.Selection.Masks) > 0:
		return "it may bring values that --mask replaces"
	case o.IfExists == loader.ExistsSkip:
		return "--if-exists skip leaves tables alone that it may change"
	}
	return ""
}

// surveying shows how far the first reading of a file is.
func surveying(con *console, path string, m *mysqldump.Options) {
	con.counters.SetPhase("survey")
	if info, err := os.Stat(path); err == nil {
		con.counters.BytesTotal.Store(info.Size())
	}
	count := &con.counters.Bytes
	m.Open = func() (io.ReadCloser, error) {
		f, err := openPlain(path, count)
		count = nil
		return f, err
	}
}

// openPlain opens a file, decompressed by what its first bytes say. read counts the bytes of the file itself; it may be nil.
func openPlain(path string, read *atomic.Int64) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(&countedReader{f, read}, 64<<10)
	for {
		head, err := in.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
		}
		plain, err := decompressed(in, head)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
		}
		if plain == nil {
			return &plainFile{in, f}, nil
		}
		in = bufio.NewReaderSize(plain, 64<<10)
	}
}

// countedReader counts what is read.
type countedReader struct {
	io.Reader
	read *atomic.Int64 // nil: not
}

func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.read != nil {
		r.read.Add(int64(n))
	}
	return n, err
}

// plainFile is a file that is decompressed while it is read.
type plainFile struct {
	io.Reader
	file *os.File
}

func (f *plainFile) Close() error { return f.file.Close() }
