package dumper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// run is one dump.
type run struct {
	o        Options
	out      dump.WriterOptions
	server   *mysql.Server
	reader   *catalog.Reader
	catalog  *catalog.Catalog
	writer   output
	manifest *dump.Manifest
	resumed  *resumption // nil is a dump from its beginning
	unloader *unloader   // nil: gomove writes all files
	started  time.Time

	mu       sync.Mutex
	warnings []string
	warned   map[string]bool

	users       int             // accounts that were written
	rules       *catalog.Filter // what the selection says of columns
	adaptations transform.Adaptations
	differences differences
}

// Run dumps what is selected. It returns once the dump is whole, or with an error after which metadata.partial stays where it was written.
func Run(ctx context.Context, o Options) (s *Summary, err error) {
	if o.Pipe != nil {
		defer func() {
			if s == nil {
				o.Pipe.Close(err)
			}
		}()
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	out, err := o.output()
	if err != nil {
		return nil, err
	}
	resumed, err := openResumption(ctx, o, out)
	if errors.Is(err, dump.ErrWhole) {
		return &Summary{ID: resumed.Manifest.ID, Place: o.Out.String(), Whole: true}, nil
	}
	if err != nil {
		return nil, err
	}
	server, err := mysql.Connect(ctx, o.Source, mysql.ForDump)
	if err != nil {
		return nil, err
	}
	r := &run{o: o, out: out, server: server, resumed: resumed, started: time.Now(), warned: map[string]bool{}}
	s, err = r.run(ctx)
	return s, errors.Join(err, server.Close())
}

// place names where the dump goes.
func (o *Options) place() string {
	if o.Pipe != nil {
		return o.Pipe.String()
	}
	return o.Out.String()
}

func (r *run) run(ctx context.Context) (*Summary, error) {
	var err error
	r.o.Progress.SetPhase("catalog")
	if r.reader, err = catalog.NewReader(r.server, r.o.Selection, r.o.Log); err != nil {
		return nil, err
	}
	if err := r.readCatalog(ctx); err != nil {
		return nil, err
	}
	if r.o.Check != nil {
		if err := r.o.Check(ctx, r.server, r.catalog); err != nil {
			return nil, err
		}
	}
	if err := r.preview(ctx); err != nil {
		return nil, err
	}
	if r.o.DryRun {
		return r.dryRun(), nil
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.dump(ctx); err != nil {
		if r.o.Pipe != nil {
			r.o.Pipe.Close(err) // the other end tells why
		} else if r.writer != nil {
			r.writer.Abandon()
		}
		return nil, err
	}
	s := r.summary()
	if len(s.Differences) > 0 {
		return s, fmt.Errorf("%w: %s", ErrDiffers, s.Differences[0])
	}
	return s, nil
}

// open begins the dump's directory, or reads once more what an earlier run has left there.
func (r *run) open(ctx context.Context) error {
	switch {
	case r.o.Pipe != nil:
		return opened(r, func() (*dump.PipeWriter, error) { return dump.NewPipeWriter(r.o.Pipe, r.out) })
	case r.resumed != nil:
		return r.resumed.verify(ctx, r.o)
	case r.o.Resume:
		return opened(r, func() (*dump.Writer, error) { return dump.ResumeWriter(ctx, r.o.Out, r.out, nil) })
	}
	return opened(r, func() (*dump.Writer, error) { return dump.NewWriter(ctx, r.o.Out, r.out) })
}

func (r *run) readCatalog(ctx context.Context) error {
	c, err := r.reader.Read(ctx)
	if err != nil {
		return err
	}
	if len(c.Schemas) == 0 {
		return catalog.ErrNothing
	}
	r.catalog = c
	return c.CheckConditions(ctx, r.server.DB())
}

// dump takes the snapshot, reads and writes, and proves at the end that the definitions are still those of the start.
func (r *run) dump(ctx context.Context) error {
	r.o.Progress.SetPhase("snapshot")
	snap, err := r.settle(ctx)
	if err != nil {
		return err
	}
	err = r.readAll(ctx, snap)
	if !r.o.Selection.NoData {
		err = errors.Join(err, snap.Close(ctx))
	}
	if err != nil {
		return err
	}
	return r.writer.Finish(ctx, r.manifest)
}

// readAll writes all but what says that the dump is whole.
func (r *run) readAll(ctx context.Context, snap *Snapshot) error {
	if r.resumed != nil {
		if err := r.takeUp(ctx, snap); err != nil {
			return err
		}
	}
	if err := r.newUnloader(ctx); err != nil {
		return err
	}
	r.manifest = r.newManifest(snap.Facts)
	if err := r.writePlan(ctx); err != nil {
		return err
	}
	if err := r.writer.WriteManifest(ctx, r.manifest); err != nil {
		return err
	}
	for _, w := range r.catalog.Warnings {
		r.warn("%s", w)
	}
	r.o.Progress.SetPhase("data")
	if err := r.copy(ctx, snap); err != nil {
		return err
	}
	r.o.Progress.SetPhase("check")
	if err := r.checkDrift(ctx, r.catalog, false); err != nil {
		return err
	}
	return snap.Held(ctx)
}

// settleTries bounds how often a catalog is read again because DDL ran between it and the barrier.
const settleTries = 3

// settle opens the snapshot and makes sure that the catalog is what the snapshot holds: a table that was created in between would be missed.
func (r *run) settle(ctx context.Context) (*Snapshot, error) {
	if r.o.Selection.NoData {
		return &Snapshot{Facts: dump.SnapshotFacts{
			Mode: string(ConsistencyNone), Plan: []string{"no rows are read: no snapshot is taken"},
			Coordinates: dump.Coordinates{State: dump.NotASnapshot},
		}}, nil
	}
	for try := 1; ; try++ {
		snap, err := openSnapshot(ctx, r.server, r.o.Threads, r.snapshotTables(), r.o.Snapshot, r.o.Log)
		if err != nil {
			return nil, err
		}
		err = r.checkDrift(ctx, r.catalog, true)
		if err == nil {
			return snap, nil
		}
		err = errors.Join(err, snap.Close(ctx))
		if !errors.Is(err, catalog.ErrChanged) || try == settleTries {
			return nil, err
		}
		r.o.Log.Info("definitions changed while the snapshot was taken: again", "try", try, "reason", err)
		if err := r.readCatalog(ctx); err != nil {
			return nil, err
		}
	}
}

func (r *run) snapshotTables() []snapshotTable {
	out := make([]snapshotTable, len(r.catalog.Tables))
	for i, t := range r.catalog.Tables {
		out[i] = snapshotTable{Schema: t.Schema, Name: t.Name, Transactional: t.Transactional}
	}
	return out
}

// checkDrift compares a catalog with the server's definitions of now.
func (r *run) checkDrift(ctx context.Context, before *catalog.Catalog, created bool) error {
	now, err := r.reader.ReadDefinitions(ctx)
	if errors.Is(err, catalog.ErrNoSuchObject) {
		return fmt.Errorf("%w: %w", catalog.ErrChanged, err)
	}
	if err != nil {
		return err
	}
	return before.Drift(now, created)
}

func (r *run) newManifest(f dump.SnapshotFacts) *dump.Manifest {
	facts := &r.server.Facts
	v := facts.Variables
	m := &dump.Manifest{
		ID: uuid.NewString(), Tool: "gomove " + dump.Version, Started: r.started, Charset: r.o.Charset, Snapshot: f,
		For: r.out.For, Rows: r.out.Rows, Compression: r.out.Compression, Format: dump.FormatVersion,
		Server: dump.ServerFacts{
			Flavor: string(facts.Flavor), Version: facts.Version, VersionComment: facts.VersionComment, Number: facts.Number,
			UUID: facts.UUID, ServerID: facts.ServerID, LowerCaseTableNames: facts.LowerCaseTableNames,
			SQLMode: v["sql_mode"], TimeZone: v["time_zone"], Charset: v["character_set_server"], Collation: v["collation_server"],
		},
	}
	if r.o.Copy.ID != "" {
		m.ID = r.o.Copy.ID
	}
	if u := r.resumed; u != nil {
		m.ID, m.Started = u.Manifest.ID, u.Manifest.Started
		m.Resumed = append(slices.Clone(u.Manifest.Resumed), u.kept)
	}
	return m
}

// warn adds a warning to the summary, once.
func (r *run) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.warned[w] {
		return
	}
	r.warned[w] = true
	r.warnings = append(r.warnings, w)
	r.o.Log.Warn(w)
}

func (r *run) summary() *Summary {
	s := r.inventory()
	p := r.o.Progress
	s.ID, s.Place, s.Snapshot, s.Users = r.manifest.ID, r.o.place(), r.manifest.Snapshot, r.users
	s.Differences = append(slices.Clone(r.catalog.Unseen), r.differences.list()...)
	s.Rows, s.Bytes, s.StoredBytes = p.Rows.Load(), p.Bytes.Load(), p.Stored.Load()
	s.Chunks, s.Retries, s.Threads = p.Chunks.Load(), p.Retries.Load(), r.o.Threads
	if r.resumed != nil {
		s.Resumed = &r.resumed.kept
	}
	if r.unloader != nil {
		s.ByServer = r.unloader.chunks.Load()
	}
	s.took(time.Since(r.started))
	return s
}

// inventory counts what the catalog holds.
func (r *run) inventory() *Summary {
	c := r.catalog
	s := &Summary{
		Server:  string(r.server.Facts.Flavor) + " " + r.server.Facts.Version,
		Schemas: len(c.Schemas), Tables: len(c.Tables), Views: len(c.Views), Sequences: len(c.Sequences),
		Warnings: append([]string{}, r.warnings...), Adaptations: r.adaptations,
	}
	if r.o.Selection.NoSchema {
		s.Sequences = 0
	}
	for _, t := range c.Tables {
		s.Triggers += len(t.Triggers)
	}
	for _, sc := range c.Schemas {
		s.Routines += len(sc.Routines)
		s.Events += len(sc.Events)
	}
	if r.out.For == dump.ForAurora {
		s.Aurora = r.auroraNeeds(s)
	}
	return s
}

// dryRun says what would be dumped.
func (r *run) dryRun() *Summary {
	s := r.inventory()
	s.DryRun = true
	s.Warnings = append(append(s.Warnings, r.catalog.Warnings...), r.catalog.Unseen...)
	tables := r.bySize()
	p := &planner{chunkBytes: rangeBytes(tables, r.o.Threads, r.o.ChunkBytes)}
	for _, t := range tables {
		planned := PlannedTable{Table: t.String(), Engine: t.Engine, Rows: t.Rows, Bytes: t.Bytes, Chunks: 1}
		if t.Key != nil {
			planned.Key = t.Key.Name
		}
		switch {
		case !t.Transactional:
			planned.Note = "read under a lock first, by one thread: engine " + t.Engine + " has no snapshots"
		case t.Key == nil && len(t.Partitions) == 0:
			planned.Note = "by one thread: no usable key"
		case !p.isSmall(t):
			planned.Chunks = (t.Bytes + p.chunkBytes - 1) / p.chunkBytes
		}
		s.Plan = append(s.Plan, planned)
	}
	s.took(time.Since(r.started))
	return s
}

// bySize is the tables as they are read: the largest first, so that none is left over for one thread at the end.
func (r *run) bySize() []*tableState {
	out := make([]*tableState, len(r.catalog.Tables))
	for i, t := range r.catalog.Tables {
		base := t.Schema + "." + t.Name
		if r.writer != nil {
			base = r.writer.Base(r.named(t.Schema, t.Name))
		}
		out[i] = r.newTableState(t, base)
	}
	slices.SortStableFunc(out, func(a, b *tableState) int {
		if a.Bytes != b.Bytes {
			if a.Bytes > b.Bytes {
				return -1
			}
			return 1
		}
		return strings.Compare(a.String(), b.String())
	})
	return out
}
