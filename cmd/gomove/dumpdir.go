package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign/mydumper"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/loader"
)

// mydumperFeed opens a directory of mydumper when the run begins.
func mydumperFeed(dir store.Store, chunkBytes int64) startFeed {
	return func(ctx context.Context, con *console, o *loader.Options) (dump.Feed, func() error, error) {
		con.counters.SetPhase("survey")
		feed, err := mydumper.Open(ctx, mydumper.Options{
			Store: dir, AllowUnsafe: o.Session.AllowUnsafe, ChunkBytes: chunkBytes, Chunks: feedChunks(o.Threads),
		})
		if err != nil {
			return nil, nil, err
		}
		return feed, feed.Close, nil
	}
}

// chunkSize reads --chunk-size of a load; 0 is the default.
func chunkSize(c *cli.Context) (int64, error) {
	if !c.IsSet("chunk-size") {
		return 0, nil
	}
	return size(c, "chunk-size")
}

// feedChunks is how many chunks of another tool's dump are in memory at once: one for each writer, one that is filled, and two between.
func feedChunks(threads int) int {
	if threads <= 0 {
		return 0 // the default
	}
	return threads + 3
}

// describe puts into the summary what the dump says of itself.
func describe(s *loader.Summary, o *loader.Options) {
	if o.Feed == nil {
		s.Of(o.From.Manifest(), nil)
		return
	}
	var warnings []string
	if w, ok := o.Feed.(dump.Warned); ok {
		warnings = w.Warnings()
	}
	s.Of(o.Feed.Manifest(), warnings)
}
