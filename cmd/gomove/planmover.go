package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/plan"
	"github.com/gomove/gomove/transform"
	"github.com/gomove/gomove/verify"
)

// mover does what a plan measures and rehearses, as the commands do it with their defaults.
type mover struct {
	source   mysql.Options
	target   *mysql.Options
	log      *slog.Logger
	counters *progress.Counters
}

var _ plan.Mover = (*mover)(nil)

func (m *mover) dumping(j plan.Job) dumper.Options {
	m.counters.Reset()
	o := dumper.Options{Source: m.source, Selection: j.Selection, Threads: j.Threads, Log: m.log, Progress: m.counters}
	if j.Trial {
		o.Snapshot.Consistency = dumper.ConsistencyNone // a sample is measured, not used
	}
	return o
}

func (m *mover) loading(j plan.Job) (loader.Options, error) {
	definer, err := transform.ParseDefiner("strip")
	return loader.Options{
		Target: *m.target, Selection: j.Selection, Threads: j.Threads, Definer: definer, Names: j.Names, Log: m.log, Progress: m.counters,
	}, err
}

// Dump dumps to a new directory.
func (m *mover) Dump(ctx context.Context, j plan.Job) (moved plan.Moved, err error) {
	o := m.dumping(j)
	if o.Out, err = store.NewDir(j.Dir, store.ReadWrite); err != nil {
		return moved, err
	}
	s, err := dumper.Run(ctx, o)
	if err != nil && !errors.Is(err, dumper.ErrDiffers) || s == nil {
		return moved, err
	}
	moved = plan.Moved{ID: s.ID, Seconds: s.Seconds, Rows: s.Rows, Bytes: s.Bytes, Stored: s.StoredBytes, Tables: map[string]plan.Amount{}}
	if err != nil {
		moved.Differs = err.Error()
	}
	r, err := m.open(ctx, j.Dir)
	if err != nil {
		return moved, err
	}
	for c, err := range r.Chunks(ctx) {
		if err != nil {
			return moved, err
		}
		name := mysql.QuoteTable(c.Schema, c.Table)
		a := moved.Tables[name]
		moved.Tables[name] = plan.Amount{Rows: a.Rows + c.Rows, Bytes: a.Bytes + c.Bytes}
	}
	return moved, nil
}

func (m *mover) open(ctx context.Context, dir string) (*dump.Reader, error) {
	s, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		return nil, err
	}
	return dump.Open(ctx, s)
}

// Load loads a dump of Dump.
func (m *mover) Load(ctx context.Context, j plan.Job) (moved plan.Moved, err error) {
	o, err := m.loading(j)
	if err != nil {
		return moved, err
	}
	m.counters.Reset()
	r, err := m.open(ctx, j.Dir)
	if err != nil {
		return moved, err
	}
	o.From = r
	s, err := loader.Run(ctx, o)
	if err != nil && !errors.Is(err, loader.ErrDiffers) || s == nil {
		return moved, err
	}
	moved = plan.Moved{Seconds: s.Seconds, Rows: s.Rows, Bytes: s.Bytes, Stored: s.StoredBytes}
	if err != nil && !j.Trial {
		moved.Differs = err.Error()
	}
	return moved, nil
}

// Copy copies from server to server.
func (m *mover) Copy(ctx context.Context, j plan.Job) (moved plan.Moved, err error) {
	o := copying{dump: m.dumping(j)}
	if o.load, err = m.loading(j); err != nil {
		return moved, err
	}
	o.dump.Compression, o.dump.ChunkBytes = dump.None, dump.PipeChunkBytes
	if o.dump.Threads == 0 {
		o.dump.Threads = runtime.NumCPU()
	}
	o.load.Threads = o.dump.Threads
	o.load.After.Restart = true // what an earlier rehearsal has done was dropped
	s, err := o.run(ctx)
	if err != nil && !errors.Is(err, loader.ErrDiffers) && !errors.Is(err, dumper.ErrDiffers) {
		return moved, err
	}
	if s == nil || s.Target == nil {
		return moved, errors.New("the copy has no summary")
	}
	moved = plan.Moved{Seconds: s.Target.Seconds, Rows: s.Target.Rows, Bytes: s.Target.Bytes}
	if err != nil {
		moved.Differs = err.Error()
	}
	return moved, nil
}

// Verify compares the target with the dump, or with the source where there is none.
func (m *mover) Verify(ctx context.Context, j plan.Job) (moved plan.Moved, err error) {
	m.counters.Reset()
	o := verify.Options{Source: m.source, Target: *m.target, Selection: j.Selection, Names: j.Names, Threads: j.Threads, Recheck: 3, Log: m.log, Progress: m.counters}
	if j.Dir != "" {
		if o.Dump, err = m.open(ctx, j.Dir); err != nil {
			return moved, err
		}
		o.Selection.Where = nil // of a dump all rows are compared
	}
	s, err := verify.Run(ctx, o)
	if s == nil {
		return moved, err
	}
	moved = plan.Moved{Seconds: s.Seconds, Rows: s.TargetRows, Bytes: s.Bytes}
	switch {
	case errors.Is(err, verify.ErrUndecided):
		moved.Differs = err.Error()
		return moved, nil
	case errors.Is(err, verify.ErrDiffers):
		moved.Differs = fmt.Sprintf("%s of tables and %s of definitions", progress.Counted(len(s.Differing), "difference"), progress.Counted(len(s.Differences), "difference"))
		if o.Dump == nil {
			moved.Differs += "; what was written to the source since the copy is among them"
		}
		return moved, nil
	}
	return moved, err
}
