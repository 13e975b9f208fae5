package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// The kinds of what is read in one pass.
const (
	KindStream    = "stream"
	KindMysqldump = "mysqldump"
)

// FeedOptions of the inspection of what is read in one pass: a stream, or a file of another tool.
type FeedOptions struct {
	Feed     dump.Feed
	Kind     string
	Deep     bool // compare the checksums of rows, where the feed's chunks have them
	Progress *progress.Counters
	// Learned gives the manifest once all was read; default the feed's, which tells what was known at the beginning.
	Learned func() *dump.Manifest
}

// RunFeed reads a feed to its end, in the memory of a few chunks. The report says what it held until its end, or until it broke:
// that is ErrDiffers.
func RunFeed(ctx context.Context, o FeedOptions) (*Report, error) {
	i := &inspection{o: Options{Deep: o.Deep}, counters: o.Progress, tables: map[[2]string]*tableState{},
		report: &Report{Place: o.Feed.String(), Kind: o.Kind, Deep: o.Deep, byFile: map[string]bool{}}}
	if i.counters == nil {
		i.counters = &progress.Counters{}
	}
	i.counters.SetPhase("rows")
	err := i.readFeed(ctx, o.Feed)
	i.report.Manifest = o.Feed.Manifest()
	if o.Learned != nil {
		i.report.Manifest = o.Learned()
	}
	if w, ok := o.Feed.(dump.Warned); ok {
		i.report.Warnings = w.Warnings()
	}
	if ctx.Err() != nil {
		return i.report, ctx.Err()
	}
	if err != nil {
		i.report.add(dump.Problem{File: i.report.Place, Kind: dump.FileAltered, What: err.Error()})
	}
	i.report.Complete = err == nil
	if i.report.OK = i.report.ProblemCount == 0; !i.report.OK {
		return i.report, i.report.verdict()
	}
	return i.report, nil
}

// readFeed takes every event.
func (i *inspection) readFeed(ctx context.Context, feed dump.Feed) error {
	for {
		e, err := feed.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case e.Object != nil:
			i.feedObject(e.Object)
		case e.Chunk != nil:
			err = i.feedChunk(ctx, e.Chunk)
			e.Chunk.Release()
		case e.Finished != nil:
			err = i.feedEnd(e.Finished)
		}
		if err != nil && !i.report.problem(err) {
			return err
		}
	}
}

// feedObject lists an object. A schema may come again, with what was found of it later.
func (i *inspection) feedObject(o *dump.FedObject) {
	key := [2]string{o.Schema, o.Name}
	i.report.Files += int64(len(o.Files))
	if t := i.tables[key]; o.Kind == dump.KindSchema && t != nil {
		t.listed.Triggers = append(t.listed.Triggers, o.Triggers...)
		t.listed.Routines = append(t.listed.Routines, o.Routines...)
		t.listed.Events = append(t.listed.Events, o.Events...)
		i.report.Triggers += len(o.Triggers)
		i.report.Routines += len(o.Routines)
		i.report.Events += len(o.Events)
		return
	}
	t := &tableState{listed: i.report.object(&o.Object)}
	if i.o.Deep && o.Kind == dump.KindTable {
		t.columns = o.Columns
	}
	if o.Kind == dump.KindTable {
		t.listed.Rows = 0
	}
	i.tables[key] = t
}

// feedChunk counts a chunk and reads its rows, which its feed checks.
func (i *inspection) feedChunk(ctx context.Context, c *dump.FedChunk) (err error) {
	i.tally(&c.Chunk)
	t := i.tables[[2]string{c.Schema, c.Table}]
	if t == nil {
		return i.wrong(&c.Chunk, "its table has no definition before it")
	}
	t.listed.Rows += c.Rows
	i.counters.Rows.Add(c.Rows)
	i.counters.Bytes.Add(c.Bytes)
	i.counters.Chunks.Add(1)
	in, err := c.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if i.o.Deep && c.RowSum != "" {
		return i.decodeRows(ctx, &c.Chunk, t, in)
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// feedEnd compares a table's rows with those of its chunks.
func (i *inspection) feedEnd(f *dump.Finished) error {
	t := i.tables[[2]string{f.Schema, f.Table}]
	if t == nil {
		return nil
	}
	had := t.listed.Rows
	t.listed.Rows = f.Rows
	if f.Rows >= 0 && f.Rows != had {
		return &dump.Problem{File: i.report.Place, Kind: dump.BadRecords, Place: i.report.Place,
			What: fmt.Sprintf("table %s.%s has %s, its chunks hold %s", f.Schema, f.Table, progress.Counted(f.Rows, "row"), progress.Count(had))}
	}
	return nil
}
