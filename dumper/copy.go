package dumper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// copy writes every file of the dump: rows by the snapshot's sessions, SQL beside them.
func (r *run) copy(ctx context.Context, snap *Snapshot) error {
	tables := r.bySize()
	for _, t := range tables {
		if err := r.keep(ctx, t); err != nil {
			return err
		}
	}
	r.announce(tables)
	g, ctx := errgroup.WithContext(ctx)
	if r.o.Pipe != nil { // all definitions come first
		err := r.writeDefinitions(ctx, tables)
		if err == nil {
			tables, err = r.leave(ctx, tables)
		}
		if err != nil {
			return err
		}
	} else {
		g.Go(func() error { return r.writeDefinitions(ctx, tables) })
	}
	if r.o.Selection.NoData {
		g.Go(func() error {
			for _, t := range tables {
				if err := r.planned(ctx, t); err != nil {
					return err
				}
			}
			return nil
		})
		return g.Wait()
	}
	locked, free := splitLocked(tables, snap)
	if snap.Locked != nil {
		g.Go(func() error { return r.readLocked(ctx, snap, locked) })
	}
	q := newQueue(len(snap.Readers), 2)
	probes := &catalog.Prober{Server: r.server}
	defer probes.Close()
	p := r.newPlanner(ctx, q, probes)
	p.chunkBytes = rangeBytes(free, len(snap.Readers), r.o.ChunkBytes)
	var large, small []*tableState
	for _, t := range free {
		if p.isSmall(t) {
			small = append(small, t)
		} else {
			large = append(large, t)
		}
	}
	g.Go(func() error { return p.large(ctx, large) })
	asSmall, smallProbes := *p, &catalog.Prober{Server: r.server}
	defer smallProbes.Close()
	asSmall.querier = smallProbes // each planner has its own
	g.Go(func() error { return asSmall.small(ctx, small) })
	var live atomic.Int64
	live.Store(int64(len(snap.Readers)))
	for _, conn := range snap.Readers {
		g.Go(func() error { return r.work(ctx, snap, r.newReader(conn), q, &live) })
	}
	return g.Wait()
}

// announce tells the progress display what is to come, and the user what is odd.
func (r *run) announce(tables []*tableState) {
	p := r.o.Progress
	p.TablesTotal.Store(int64(len(tables)))
	p.Threads.Store(int64(r.o.Threads))
	for _, t := range tables {
		p.RowsTotal.Add(t.Rows)
		p.BytesTotal.Add(t.Bytes)
		for _, u := range t.Plan.Unknown {
			r.warn("table %s: %s", t, u)
		}
	}
}

func (r *run) newReader(conn *mysql.Conn) *reader {
	return &reader{conn: conn, writer: r.writer, counters: r.o.Progress, chunkBytes: r.fileBytes(), differences: &r.differences, unloader: r.unloader}
}

func (r *run) newPlanner(ctx context.Context, q *queue, probes *catalog.Prober) *planner {
	p := &planner{
		queue: q, querier: probes, chunkBytes: r.o.ChunkBytes, readers: r.o.Threads, done: r.planned,
		chunks: func(n int64) { r.o.Progress.ChunksTotal.Add(n) }, server: r.server,
	}
	if r.o.Copy.NumbersLocked {
		p.beside = r.o.Threads - 1
	}
	if r.o.Log.Enabled(ctx, slog.LevelDebug) {
		p.debug = r.o.Log.Debug // which has the chunker count the rows that its probes read
	}
	return p
}

// splitLocked takes out the tables that only the locked session may read.
func splitLocked(tables []*tableState, snap *Snapshot) (locked, free []*tableState) {
	first := map[[2]string]bool{}
	if snap.Locked != nil {
		for _, t := range snap.ReadFirst {
			first[[2]string{t.Schema, t.Name}] = true
		}
	}
	for _, t := range tables {
		if first[[2]string{t.Schema, t.Name}] {
			locked = append(locked, t)
		} else {
			free = append(free, t)
		}
	}
	return locked, free
}

// readLocked reads the tables without snapshots under their lock, and gives it back.
func (r *run) readLocked(ctx context.Context, snap *Snapshot, tables []*tableState) error {
	rd := r.newReader(snap.Locked)
	for _, t := range tables {
		t.prepare()
		t.add()
		if t.taken == nil { // or it was kept whole
			r.o.Progress.ChunksTotal.Add(1)
			if err := rd.read(ctx, &job{table: t}); err != nil {
				return err
			}
		}
		if err := errors.Join(r.finished(ctx, t), r.planned(ctx, t)); err != nil {
			return err
		}
	}
	return snap.ReleaseTables(ctx)
}

// work reads ranges on one session until there are no more. A lost session ends it and leaves its range to the others.
func (r *run) work(ctx context.Context, snap *Snapshot, rd *reader, q *queue, live *atomic.Int64) error {
	if err := rd.start(ctx); err != nil {
		return fmt.Errorf("snapshot session: %w", err)
	}
	for {
		j, err := q.next(ctx, rd.idle)
		if err != nil || j == nil {
			return err
		}
		if err := snap.Lost(); err != nil {
			return err
		}
		r.o.Progress.Busy.Add(1)
		left, err := r.readJobs(ctx, rd, q, j.all())
		r.o.Progress.Busy.Add(-1)
		switch {
		case err == nil:
		case errors.Is(err, errLost) && ctx.Err() == nil:
			if live.Add(-1) == 0 {
				return fmt.Errorf("%w: %w", ErrSnapshotGone, err)
			}
			r.o.Progress.Retries.Add(1)
			r.o.Log.Warn("session of the snapshot lost, another takes its range up", "table", left[0].table.String(), "error", err)
			left[0].with = left[1:]
			q.giveBack(left[0])
			return nil
		default:
			return err
		}
	}
}

// readJobs reads a job and those that go with it. left are those that are not finished when a session was lost.
func (r *run) readJobs(ctx context.Context, rd *reader, q *queue, jobs []*job) (left []*job, err error) {
	for _, j := range jobs {
		j.table.prepare()
	}
	var broken error
	if len(jobs) > 1 {
		broken = rd.together(ctx, jobs)
	}
	for _, j := range jobs {
		j.with = nil
		if j.alone && broken == nil && len(jobs) > 1 { // for whoever is free
			q.add(j)
			q.done()
			continue
		}
		err := broken
		switch {
		case j.written && len(j.suspect) == 0:
			err = nil
		case err == nil:
			if err = rd.leave(ctx, j.table); err == nil {
				err = rd.read(ctx, j)
			}
		}
		if err == nil {
			if err := errors.Join(r.spread(ctx, rd, q, j), r.finished(ctx, j.table)); err != nil {
				return nil, err
			}
			q.done()
			continue
		}
		if broken = err; !errors.Is(err, errLost) {
			return nil, err
		}
		left = append(left, j)
	}
	return left, broken
}

// planned tells that all ranges of a table are known, finished that one of them is read. Whoever comes last writes its line.
func (r *run) planned(ctx context.Context, t *tableState) error { return r.finished(ctx, t) }

func (r *run) finished(ctx context.Context, t *tableState) error {
	if !t.finish() {
		return nil
	}
	if r.o.Selection.NoData || t.left {
		t.object.Rows = -1
	}
	r.o.Progress.Tables.Add(1)
	if r.o.Copy.ID != "" {
		t.forget()
	}
	return r.writer.WriteObject(ctx, t.object)
}

// writeDefinitions writes the SQL files: schemas first, whose lines come before those of what they hold, then tables and views.
func (r *run) writeDefinitions(ctx context.Context, tables []*tableState) error {
	if err := r.writeAccounts(ctx); err != nil {
		return err
	}
	return r.withDefinitions(ctx, func(d *definitions) error {
		if err := r.writeSchemas(ctx, d); err != nil {
			return err
		}
		if err := r.writeAllTables(ctx, d, tables); err != nil {
			return err
		}
		return r.writeViews(ctx, d)
	})
}

// withDefinitions gives f a session of its own to read definitions with.
func (r *run) withDefinitions(ctx context.Context, f func(d *definitions) error) (err error) {
	conn, err := r.server.Session(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := conn.Close(); err == nil {
			err = closeErr
		}
	}()
	reader := catalog.NewDefinitionReader(conn, r.server.Facts.User, r.catalog.Schemas, r.warn)
	reader.ReopenBy(func(ctx context.Context) (*mysql.Conn, error) {
		_ = conn.Close() // it is lost
		again, err := r.server.Session(ctx)
		if err == nil {
			conn = again
		}
		return again, err
	})
	return f(&definitions{
		DefinitionReader: reader,
		writer:           r.writer, run: r, myloader: r.out.For == dump.ForMyloader,
	})
}

func (r *run) writeSchemas(ctx context.Context, d *definitions) error {
	for _, w := range r.writtenSchemas() {
		o := &dump.Object{Kind: dump.KindSchema, Schema: w.name, Base: r.writer.Base(w.name, "")}
		if !r.o.Selection.NoSchema {
			var inside []*catalog.Table
			if d.myloader {
				inside = r.sequencesOf(w.name)
			}
			if err := d.schema(ctx, o, w.from.Name, inside); err != nil {
				return err
			}
			if w.own {
				if err := r.writePost(ctx, d, o, w.from); err != nil {
					return err
				}
			}
		}
		if err := r.writer.WriteObject(ctx, o); err != nil {
			return err
		}
	}
	if d.myloader || r.o.Selection.NoSchema {
		return nil
	}
	for _, q := range r.catalog.Sequences {
		schema, name := r.named(q.Schema, q.Name)
		o := &dump.Object{Kind: dump.KindSequence, Schema: schema, Name: name, Base: r.writer.Base(schema, name), Engine: q.Engine}
		if err := d.sequence(ctx, o, q); err != nil {
			return err
		}
		if err := r.writer.WriteObject(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// writePost reads the routines of schemas whose names differ only by case in a session of their own: MySQL 5.6 finds one
// schema's routine for the other in what a session has cached.
func (r *run) writePost(ctx context.Context, d *definitions, o *dump.Object, s *catalog.Schema) error {
	for _, other := range r.catalog.Schemas {
		if other != s && strings.EqualFold(other.Name, s.Name) {
			return r.withDefinitions(ctx, func(own *definitions) error { return own.post(ctx, o, s) })
		}
	}
	return d.post(ctx, o, s)
}

// sequencesOf are those of a schema of the dump.
func (r *run) sequencesOf(schema string) []*catalog.Table {
	var out []*catalog.Table
	for _, q := range r.catalog.Sequences {
		if to, _ := r.named(q.Schema, q.Name); to == schema {
			out = append(out, q)
		}
	}
	return out
}

func (r *run) writeTables(ctx context.Context, d *definitions, tables []*tableState) error {
	if !r.o.Selection.NoSchema {
		all := make([]*catalog.Table, len(tables))
		for i, t := range tables {
			all[i] = t.Table
		}
		d.ReadAhead(ctx, all)
	}
	for _, t := range tables {
		if err := r.writeTable(ctx, d, t); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) writeTable(ctx context.Context, d *definitions, t *tableState) error {
	if !r.o.Selection.NoSchema {
		if err := d.table(ctx, t.object, t.Table); err != nil {
			return err
		}
		if err := d.triggers(ctx, t.object, t.Table); err != nil {
			return err
		}
	}
	if err := r.announceTable(ctx, t); err != nil {
		return err
	}
	if r.o.Copy.ID != "" {
		t.forget()
	}
	return r.finished(ctx, t)
}

func (r *run) writeViews(ctx context.Context, d *definitions) error {
	if r.o.Selection.NoSchema {
		return nil
	}
	for _, v := range r.catalog.Views {
		schema, name := r.named(v.Schema, v.Name)
		o := &dump.Object{Kind: dump.KindView, Schema: schema, Name: name, Base: r.writer.Base(schema, name)}
		if err := d.view(ctx, o, v); err != nil {
			return err
		}
		if err := r.writer.WriteObject(ctx, o); err != nil {
			return err
		}
	}
	return nil
}
