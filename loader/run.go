package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
	"golang.org/x/sync/errgroup"
)

// Run loads o.From into o.Target. The same call after an interruption carries on from what is committed. The summary
// says what was done, with an error too. ErrDiffers is a load that ran to its end and found a difference.
func Run(ctx context.Context, o Options) (*Summary, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return newLoad(o.withDefaults()).execute(ctx)
}

// execute is Run, of a load that was made.
func (l *load) execute(ctx context.Context) (*Summary, error) {
	start := time.Now()
	err := l.all(ctx)
	if l.server != nil {
		err = errors.Join(err, l.server.Close())
	}
	l.conclude(time.Since(start), err)
	if err == nil && len(l.summary.Differences) > 0 {
		err = fmt.Errorf("%w: %s", ErrDiffers, strings.Join(l.summary.Differences, "; "))
	}
	return l.summary, err
}

// load is the state of one run.
type load struct {
	o        Options
	from     Source
	fed      *fed // the same, of Options.Feed; nil otherwise
	format   dump.Format
	origin   transform.Origin
	log      *slog.Logger
	counters *progress.Counters
	summary  *Summary

	server   *mysql.Server
	lock     *runLock
	slots    *slots
	target   transform.Target
	keyRules keyRules
	presence map[string]*presence

	picker   *picker
	tables   map[[2]string]*table // by the dump's names
	order    []*table
	batch    []*table            // those of order that are being planned and created: all of a directory's
	folded   map[string]bool     // target's names of tables, as it compares them
	schemas  []string            // target's names
	inSchema map[string][]string // sequences in schemas' own files: myloader knows no files of theirs
	refused  []string            // what the target cannot hold
	held     map[*table]*held    // while planning
	fresh    bool                // an interrupted copy had committed nothing
	ours     bool                // what is in the way was made by the run that is forgotten
	needs    needs               // what its stored objects ask of the account
	defaults map[string]defaults // of the dump's schemas, by the target's names
	mapped   map[string][]string // schemas that tables are mapped into, by the dump's schema that says how they are made
	needed   map[string]bool     // target's schemas into which something goes

	accounts   *plannedAccounts // nil: none
	maskedKeys []foreignKey     // of which a column may be masked

	remembered remembered
	noBulk     atomic.Bool // the target takes no rows in bulk

	leftSequences map[[2]string]bool // on the target, which stay as they are

	journal   *journal
	past      *past
	forget    []string // dumps whose progress is dropped
	viaInsert atomic.Bool
	viaS3     atomic.Bool
	noHistory atomic.Bool // mysql.aurora_s3_load_history cannot be read
	unsafe    sync.Map    // statements that were passed over
	part      part        // of the file whose objects are made; zero: all
	told      sync.Map    // schemas that are counted: a feed may have one in several parts
	dataTime  time.Duration
	onMoment  func(at moment, s *session, of string) error // of a test; nil otherwise
}

func newLoad(o Options) *load {
	l := &load{
		o: o, log: o.Log, counters: o.Progress,
		summary:  &Summary{Source: o.Copy.Source, DumpID: o.Copy.ID, Target: o.Target.Address(), Threads: o.Threads, DryRun: o.DryRun, Warnings: []string{}},
		presence: map[string]*presence{},
		tables:   map[[2]string]*table{},
		folded:   map[string]bool{},
		inSchema: map[string][]string{},
		mapped:   map[string][]string{},
		needed:   map[string]bool{},
		held:     map[*table]*held{},
		needs:    newNeeds(),
		defaults: map[string]defaults{},

		leftSequences: map[[2]string]bool{},
		journal:       &journal{id: o.Copy.ID},
		slots:         newSlots(o.Threads),
		lock:          &runLock{},
	}
	switch {
	case o.From != nil:
		l.setSource(o.From)
	case o.Feed != nil:
		l.setSource(newFed(o.Feed))
	}
	return l
}

// setSource tells a load what it loads.
func (l *load) setSource(from Source) {
	m := from.Manifest()
	l.from, l.format, l.journal.id, l.summary.DumpID = from, m.Rows, m.ID, m.ID
	l.fed, _ = from.(*fed)
	l.origin = transform.Origin{Flavor: m.Server.Flavor, Number: m.Server.Number}
}

// all runs the phases in their order.
func (l *load) all(ctx context.Context) error {
	if !validID(l.journal.id) {
		return fmt.Errorf("%w: %q is no id of a dump", ErrDamaged, l.journal.id)
	}
	if err := l.connect(ctx); err != nil {
		return err
	}
	if err := l.lockRun(ctx); err != nil {
		return err
	}
	defer l.lock.release()
	g, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	g.Go(func() error { return l.keep(ctx, l.lock) })
	g.Go(func() error {
		defer stop()
		return l.phases(ctx)
	})
	return g.Wait()
}

// openSource begins a copy's dump, settles how rows go, and reads what a feed tells first.
func (l *load) openSource(ctx context.Context) error {
	if l.o.Copy.Open != nil {
		if err := l.openCopy(ctx); err != nil {
			return err
		}
	}
	if err := l.chooseRoute(); err != nil || l.fed == nil {
		return err
	}
	return l.fed.gather(ctx)
}

func (l *load) phases(ctx context.Context) error {
	if err := l.openSource(ctx); err != nil {
		return err
	}
	err := l.plan(ctx)
	if err == nil {
		err = l.planAccounts(ctx)
	}
	if err == nil {
		err = l.check(ctx)
	}
	if l.o.DryRun {
		return l.listPlan(ctx, err)
	}
	if err != nil {
		return err
	}
	if err := l.create(ctx); err != nil {
		return err
	}
	start := time.Now()
	err = l.loadInOrder(ctx)
	l.dataTime = time.Since(start)
	if err != nil && l.fed != nil {
		return l.broken(err)
	}
	if err != nil {
		return err
	}
	if err := l.addForeignKeys(ctx); err != nil {
		return err
	}
	if err := l.createObjects(ctx); err != nil {
		return err
	}
	if err := l.grantAccounts(ctx); err != nil {
		return err
	}
	if err := l.reach(atChecks, nil, ""); err != nil {
		return err
	}
	if err := l.checkTables(ctx); err != nil {
		return err
	}
	if err := l.checkForeignKeys(ctx); err != nil {
		return err
	}
	if l.o.After.Analyze {
		if err := l.analyze(ctx); err != nil {
			return err
		}
	}
	if err := l.enableEvents(ctx); err != nil {
		return err
	}
	return l.finish(ctx)
}

// enableEvents makes the events as they were, last of all, when asked to.
func (l *load) enableEvents(ctx context.Context) error {
	if !l.o.After.EnableEvents {
		return nil
	}
	s, err := l.openPatiently(ctx)
	if err != nil {
		return err
	}
	defer s.discard()
	var failed []error
	if err := l.createEvents(ctx, s, &failed); err != nil {
		return err
	}
	return errors.Join(failed...)
}

// conclude fills in the summary.
func (l *load) conclude(total time.Duration, err error) {
	s := l.summary
	s.finish(total, l.dataTime)
	s.Complete = err == nil && !l.o.DryRun
	s.Refused = l.refused
	if !s.Changed && !s.DryRun { // what the plan found out was not done
		s.Definers, s.Adaptations = nil, nil
	}
	s.TablesTotal, s.RowsTotal, s.BytesTotal, s.ChunksTotal = 0, 0, 0, 0
	for _, t := range l.order {
		if t.left {
			continue
		}
		s.TablesTotal++
		s.RowsTotal += max(0, t.rows)
		s.BytesTotal += t.bytes
		s.ChunksTotal += t.chunks
		if t.pending == 0 && !l.o.DryRun && l.dataTime > 0 {
			s.Tables++
		}
	}
	if l.server != nil {
		s.Target = l.server.Options.Address()
		s.TargetVersion = l.server.Facts.Version
	}
}

// chunkTable finds a chunk's table; ok is false for one that is not loaded.
func (l *load) chunkTable(c *dump.Chunk) (t *table, ok bool) {
	if !l.picker.rows(c.Schema, c.Table) {
		return nil, false
	}
	t = l.tables[[2]string{c.Schema, c.Table}]
	return t, t == nil || !t.left
}

// schemasOf are the schemas that tables go to.
func schemasOf(tables []*table) []string {
	var out []string
	seen := map[string]bool{}
	for _, t := range tables {
		if !seen[t.schema] {
			seen[t.schema] = true
			out = append(out, t.schema)
		}
	}
	return out
}

// note records adaptations, and what the target cannot hold.
func (l *load) note(notes []transform.Note) {
	for _, n := range notes {
		if n.Refused {
			l.refused = append(l.refused, n.Object+": "+n.What)
			continue
		}
		l.summary.adapted(n)
	}
}

func (l *load) warn(what string) {
	l.log.Warn(what)
	l.summary.warned(what)
}

var _ io.Reader = (*chunkReader)(nil)
