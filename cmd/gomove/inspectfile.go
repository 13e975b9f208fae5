package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/inspect"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/foreign/mysqldump"
)

// inspectFile inspects what is read in one pass: standard input, or a file, which is read twice where it is one of mysqldump. again says
// that it can be.
func inspectFile(c *cli.Context, place string, again bool) error {
	in, name := c.App.Reader, stdinName
	if place == "-" && isTerminal(in) {
		return usagef("-d - reads a dump from standard input, and that is a terminal")
	}
	if place != "-" {
		f, err := os.Open(place)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		in, name = f, place
	}
	plain, head, err := plainBytes(in, name)
	if err != nil {
		return err
	}
	stream := dump.IsStream(head)
	if !stream && !looksLikeSQL(head) {
		return unknownBytes(name, head)
	}
	return withConsole(c, inspectInterrupted, func(ctx context.Context, con *console) error {
		o := inspect.FeedOptions{Kind: inspect.KindStream, Deep: c.Bool("deep"), Progress: con.counters}
		if stream {
			o.Feed, err = dump.OpenStream(ctx, plain, feedBytes(1))
		} else {
			var feed *mysqldump.Feed
			feed, err = openInspected(ctx, con, place, name, plain, again, c.String("into"))
			if err == nil {
				defer feed.Close() //nolint:errcheck // it was only read
				o.Kind, o.Feed, o.Learned = inspect.KindMysqldump, feed, feed.Learned
			}
		}
		if err != nil {
			return brokenDump(err)
		}
		report, err := inspect.RunFeed(ctx, o)
		return con.finish(report, err)
	})
}

// unnamedSchema stands for the schema of a file that names none.
const unnamedSchema = "(named by --into)"

// openInspected opens a file of mysqldump. What a load would refuse is listed.
func openInspected(ctx context.Context, con *console, place, name string, in io.Reader, again bool, into string) (*mysqldump.Feed, error) {
	if into == "" {
		into = unnamedSchema
	}
	o := mysqldump.Options{Name: name, Into: into, Once: !again, Unsafe: mysqldump.PassOverUnsafe, Open: func() (io.ReadCloser, error) { return io.NopCloser(in), nil }}
	if again {
		o.Name = filepath.Base(place)
		surveying(con, place, &o)
	}
	feed, err := mysqldump.Open(ctx, o)
	if err == nil {
		con.counters.Bytes.Store(0)
		con.counters.BytesTotal.Store(feed.RowBytes())
	}
	return feed, err
}

// brokenDump is an error of a dump that could not be read far enough to list anything: it is not whole and right.
func brokenDump(err error) error {
	if errors.Is(err, dump.ErrIncomplete) || errors.Is(err, dump.ErrCorrupt) || errors.Is(err, dump.ErrFormat) || errors.Is(err, dump.ErrStatement) || errors.Is(err, foreign.ErrDump) {
		return fmt.Errorf("%w: %w", inspect.ErrDiffers, err)
	}
	return err
}

// plainBytes gives what is compressed as a whole as it was before, and its first bytes.
func plainBytes(r io.Reader, name string) (in *bufio.Reader, head []byte, err error) {
	for {
		in = bufio.NewReaderSize(r, 64<<10)
		head, err = in.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(head) == 0 {
			return nil, nil, fmt.Errorf("%s: %w: it is empty", name, dump.ErrIncomplete)
		}
		if r, err = decompressed(in, head); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if r == nil {
			return in, head, nil
		}
	}
}
