// Package stage takes a dump that is there to S3 in the form that Aurora reads by itself: plain CSV, with a manifest for each table.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
)

// Options of one staging.
type Options struct {
	From     *dump.Reader
	Source   string             // where From is, for people
	To       store.Store        // *store.S3
	Threads  int                // files that are copied at once; default one per core of this machine
	Log      *slog.Logger       // default slog.Default()
	Progress *progress.Counters // default a new one
	DryRun   bool
}

func (o Options) withDefaults() Options {
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Progress == nil {
		o.Progress = &progress.Counters{}
	}
	return o
}

// Run copies o.From to o.To, decompressed; metadata goes last. The same call after an interruption takes up what is there. The
// dump keeps its id, so that a load of it that was interrupted carries on from the other place.
func Run(ctx context.Context, o Options) (*Summary, error) {
	o = o.withDefaults()
	s := &staging{o: o, manifest: *o.From.Manifest(), start: time.Now()}
	s.summary = Summary{ID: s.manifest.ID, Source: o.Source, DryRun: o.DryRun, Threads: o.Threads, Warnings: []string{}}
	if o.To != nil {
		s.summary.Place = o.To.String()
	}
	s.summary.Aurora = mysql.AuroraS3Needs(s.summary.Place)
	if err := s.survey(ctx); err != nil {
		return nil, err
	}
	if o.DryRun {
		return &s.summary, nil
	}
	err := s.run(ctx)
	if errors.Is(err, dump.ErrWhole) {
		s.summary.Whole = true
		return &s.summary, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stage to %s: %w", o.To, err)
	}
	s.summary.took(o.Progress, time.Since(s.start))
	return &s.summary, nil
}

// staging is one run.
type staging struct {
	o        Options
	manifest dump.Manifest
	start    time.Time
	summary  Summary
	writer   *dump.Writer
	kept     map[dump.StageKey]*dump.Chunk
	columns  map[[2]string][]dump.Column // of tables, where rows are encoded anew
}

// survey counts what there is to copy.
func (s *staging) survey(ctx context.Context) error {
	p := s.o.Progress
	large := 0
	for c, err := range s.o.From.Chunks(ctx) {
		if err != nil {
			return err
		}
		p.ChunksTotal.Add(1)
		p.BytesTotal.Add(c.Bytes)
		p.RowsTotal.Add(c.Rows)
		if c.Bytes > dump.MaxS3ChunkBytes {
			large++
		}
	}
	if large > 0 {
		s.summary.Warnings = append(s.summary.Warnings, fmt.Sprintf("%s above 1 GiB: Aurora keeps each file on the instance's local disk while it loads it; dump with a smaller --chunk-size",
			progress.Counted(large, "chunk")))
	}
	s.summary.Chunks, s.summary.Rows, s.summary.Bytes = p.ChunksTotal.Load(), p.RowsTotal.Load(), p.BytesTotal.Load()
	return nil
}

func (s *staging) run(ctx context.Context) (err error) {
	s.o.Progress.SetPhase("data")
	s.writer, s.kept, err = dump.StageWriter(ctx, s.o.To, dump.WriterOptions{For: dump.ForAurora}, &s.manifest)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.writer.Abandon()
		}
	}()
	if s.manifest.Rows == dump.SQL {
		if err := s.readColumns(ctx); err != nil {
			return err
		}
	}
	if err := s.copyChunks(ctx); err != nil {
		return err
	}
	s.o.Progress.SetPhase("objects")
	if err := s.copyObjects(ctx); err != nil {
		return err
	}
	return s.writer.Finish(ctx, &s.manifest)
}

// readColumns keeps what rows in INSERT statements are read and written with.
func (s *staging) readColumns(ctx context.Context) error {
	s.columns = map[[2]string][]dump.Column{}
	for o, err := range s.o.From.Objects(ctx) {
		if err != nil {
			return err
		}
		if o.Kind == dump.KindTable {
			s.columns[[2]string{o.Schema, o.Name}] = o.Columns
		}
	}
	return nil
}

func (s *staging) copyChunks(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	chunks := make(chan *dump.Chunk)
	g.Go(func() error {
		defer close(chunks)
		for c, err := range s.o.From.Chunks(ctx) {
			if err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case chunks <- c:
			}
		}
		return nil
	})
	s.o.Progress.Threads.Store(int64(s.o.Threads))
	for range s.o.Threads {
		g.Go(func() error {
			for c := range chunks {
				if err := s.copyChunk(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (s *staging) copyChunk(ctx context.Context, c *dump.Chunk) (err error) {
	p := s.o.Progress
	p.Busy.Add(1)
	defer p.Busy.Add(-1)
	k := s.kept[dump.StageKey{Schema: c.Schema, Table: c.Table, Number: c.Number}]
	if k != nil && k.Rows == c.Rows && k.RowSum == c.RowSum {
		if err := s.writer.Keep(ctx, nil, k); err != nil {
			return err
		}
		s.summary.keep(k)
		return nil
	}
	text, err := s.o.From.OpenChunk(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, text.Close()) }()
	in := &counted{r: text, n: p}
	var out *dump.Chunk
	if c.Format() == dump.SQL {
		out, err = s.writer.EncodeChunk(ctx, s.columns[[2]string{c.Schema, c.Table}], c, in)
	} else {
		out, err = s.writer.CopyChunk(ctx, c, in)
	}
	if err != nil {
		return err
	}
	p.Chunks.Add(1)
	p.Rows.Add(c.Rows)
	p.Stored.Add(out.Stored)
	return nil
}

// counted tells of the bytes that are read.
type counted struct {
	r io.Reader
	n *progress.Counters
}

// Read counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Bytes.Add(int64(n))
	return n, err
}

// copyObjects copies definitions, in the order of the dump.
func (s *staging) copyObjects(ctx context.Context) error {
	for o, err := range s.o.From.Objects(ctx) {
		if err != nil {
			return err
		}
		for i, name := range o.Files {
			if err := s.copySQL(ctx, o, i, name); err != nil {
				return err
			}
		}
		if err := s.writer.WriteObject(ctx, o); err != nil {
			return err
		}
		if o.Kind == dump.KindTable {
			s.o.Progress.Tables.Add(1)
			s.summary.Tables++
		}
	}
	return nil
}

func (s *staging) copySQL(ctx context.Context, o *dump.Object, i int, name string) error {
	f, err := s.o.From.OpenSQL(ctx, o, i)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return s.writer.WriteSQL(ctx, name, text)
}
