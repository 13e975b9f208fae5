package main

import (
	"bufio"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign/mydumper"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/loader"
)

// stdinName is what -d - is called in messages.
const stdinName = "standard input"

// input is what -d/--in names: a dump that is there whole, or one that is read in one pass.
type input struct {
	from  loader.Source
	feed  dump.Feed
	start startFeed // opens the feed when the run begins; may be nil
	close func() error
}

// startFeed opens a feed whose opening takes its time, or needs the target. The function that it returns closes it.
type startFeed func(ctx context.Context, con *console, o *loader.Options) (dump.Feed, func() error, error)

// openInput finds out what a place holds, by what it is and by its first bytes.
func openInput(c *cli.Context, threads int) (*input, error) {
	place := c.String("in")
	rows, err := csvOptions(c)
	if err != nil {
		return nil, err
	}
	chunkBytes, err := chunkSize(c)
	if err != nil {
		return nil, err
	}
	if len(rows.Sources) > 0 {
		if place == "-" {
			return nil, usagef("--csv-table reads files of a directory, and -d - is standard input")
		}
		dir, err := openPlace(c, place, store.ReadOnly)
		rows.ChunkBytes = chunkBytes
		return &input{start: csvFeed(dir, rows), close: noClose}, err
	}
	if place == "-" {
		if isTerminal(c.App.Reader) {
			return nil, usagef("-d - reads a dump from standard input, and that is a terminal")
		}
		return openBytes(c, c.App.Reader, stdinName, "", threads)
	}
	if info, err := os.Stat(place); err == nil && !info.IsDir() && !store.IsS3(place) {
		f, err := os.Open(place)
		if err != nil {
			return nil, err
		}
		again := place
		if !info.Mode().IsRegular() { // a pipe with a name, as <(zcat file) is
			again = ""
		}
		in, err := openBytes(c, f, place, again, threads)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		in.close = f.Close
		return in, nil
	}
	dir, err := openPlace(c, place, store.ReadOnly)
	if err != nil {
		return nil, err
	}
	if is, err := mydumper.Is(c.Context, dir); err != nil || is {
		return &input{start: mydumperFeed(dir, chunkBytes), close: noClose}, err
	}
	from, err := dump.Open(c.Context, dir)
	if err != nil {
		return nil, err
	}
	return &input{from: from, close: noClose}, from.Check(c.Context)
}

func noClose() error { return nil }

// openBytes opens a stream or a file by its first bytes. What is compressed as a whole is decompressed on the way. path is
// where the bytes can be read again, empty for a pipe.
func openBytes(c *cli.Context, r io.Reader, name, path string, threads int) (*input, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s: %w: it is empty", name, dump.ErrIncomplete)
	}
	plain, err := decompressed(in, head)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if plain != nil {
		return openBytes(c, plain, name, path, threads)
	}
	if dump.IsStream(head) {
		feed, err := dump.OpenStream(c.Context, in, feedBytes(threads))
		return &input{feed: feed, close: noClose}, err
	}
	if looksLikeSQL(head) {
		chunkBytes, err := chunkSize(c)
		if err != nil {
			return nil, err
		}
		if path != "" {
			return &input{start: sqlFeed(path, nil, c.String("into"), chunkBytes), close: noClose}, nil
		}
		return &input{start: sqlFeed(name, in, c.String("into"), chunkBytes), close: noClose}, nil
	}
	return nil, unknownBytes(name, head)
}

// decompressed reads what is compressed, by its magic; nil is what is not.
func decompressed(in io.Reader, head []byte) (io.Reader, error) {
	const maxWindow = 128 << 20 // of zstd --long
	starts := func(magic string) bool { return len(head) >= len(magic) && string(head[:len(magic)]) == magic }
	switch {
	case starts("\x1f\x8b"):
		return gzip.NewReader(in)
	case starts("\x28\xb5\x2f\xfd"):
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case starts("BZh"):
		return bzip2.NewReader(in), nil
	}
	return nil, nil
}

// feedBytes is how many bytes of chunks may be under way between a source and so many writers.
func feedBytes(threads int) int64 {
	return int64(2*max(threads, 1)) * dump.PipeChunkBytes
}
