package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// comparison is one run.
type comparison struct {
	o        Options
	servers  [2]*mysql.Server // the source's is nil with a dump
	catalogs [2]*catalog.Catalog
	filter   *catalog.Filter
	dump     *dumpSide
	objects  []*dump.Object                  // of a dump: what is selected
	dumped   map[[2]string]*dump.Object      // its tables
	tables   [2]map[[2]string]*catalog.Table // of servers; the target's by folded names
	to       transform.Target                // what the target can hold
	started  time.Time
	pairs    []*pair
	paused   time.Duration // for writers
	followed *following    // nil where the target does not follow the source
	agreed   int64         // rows that differed at first and agreed when the target had applied them
	notHeld  bool          // the account may not lock rows of the source
	pool     sync.Pool     // of arrays of sums

	mu       sync.Mutex
	finished func(p *pair) // called once for each pair, under mu
	summary  Summary
}

// Run compares. Its summary is nil when the comparison could not be done; ErrDiffers and ErrUndecided come with one.
func Run(ctx context.Context, o Options) (_ *Summary, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	c := &comparison{o: o.withDefaults(), started: time.Now()}
	defer func() {
		for _, s := range c.servers {
			if s != nil {
				err = errors.Join(err, s.Close())
			}
		}
	}()
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	s := &c.summary
	s.sort()
	s.Bytes, s.Retries, s.Threads, s.Seconds = c.o.Progress.Bytes.Load(), c.o.Progress.Retries.Load(), c.o.Threads, time.Since(c.started).Seconds()
	if c.followed != nil {
		s.Followed, s.Agreed = c.followed.last, c.agreed
	}
	s.Equal = len(s.Differing)+len(s.Undecided)+len(s.Differences) == 0 && !s.DryRun
	if o.Report != nil {
		if err := s.writeReport(o.Report); err != nil {
			return s, fmt.Errorf("--report: %w", err)
		}
	}
	return s, s.verdict(c.o.MaxLockHold)
}

func (c *comparison) run(ctx context.Context) error {
	c.o.Progress.SetPhase("catalog")
	if err := c.connect(ctx); err != nil {
		return err
	}
	if err := c.readSource(ctx); err != nil {
		return err
	}
	if err := c.readTarget(ctx); err != nil {
		return err
	}
	if err := c.makePairs(ctx); err != nil {
		return err
	}
	if err := c.warnSame(ctx); err != nil {
		return err
	}
	if c.o.DryRun {
		c.summary.DryRun, c.summary.Tables = true, len(c.pairs)
		for _, p := range c.pairs {
			c.summary.SourceRows += p.rows()
		}
		return nil
	}
	if err := c.follow(ctx); err != nil {
		return err
	}
	if !c.o.Selection.NoData {
		if err := c.data(ctx); err != nil {
			return err
		}
	}
	if c.o.Selection.NoSchema {
		return nil
	}
	return c.definitions(ctx)
}

func (c *comparison) connect(ctx context.Context) (err error) {
	if c.o.Dump != nil {
		c.dump = &dumpSide{reader: c.o.Dump}
		m := c.o.Dump.Manifest()
		c.summary.Source = fmt.Sprintf("dump %s of %s %s", m.ID, m.Server.Flavor, m.Server.Version)
	} else {
		if c.servers[source], err = mysql.Connect(ctx, c.o.Source, mysql.ForDump); err != nil {
			return err
		}
		c.summary.Source = described(c.servers[source])
	}
	if c.servers[target], err = mysql.Connect(ctx, c.o.Target, mysql.ForDump); err != nil {
		return err
	}
	c.summary.Target = described(c.servers[target])
	return nil
}

// warnSame tells of tables that are compared with themselves. File copies of a server may look like it, so that it is no error.
func (c *comparison) warnSame(ctx context.Context) error {
	itself := func(p *pair) bool { return p.names[source] == p.names[target] }
	if c.servers[source] == nil || !slices.ContainsFunc(c.pairs, itself) {
		return nil
	}
	same, err := mysql.SameServer(ctx, c.servers[source], c.servers[target])
	if same && err == nil {
		c.warn("source and target are one server: tables are compared with themselves, and that they are equal says nothing")
	}
	return err
}

func described(s *mysql.Server) string { return string(s.Facts.Flavor) + " " + s.Facts.Version }

// data compares the rows of all pairs.
func (c *comparison) data(ctx context.Context) error {
	c.o.Progress.SetPhase("rows")
	if c.dump != nil {
		totals, err := c.dump.totals(ctx)
		if err != nil {
			return err
		}
		narrow, err := c.dump.narrowTotals(ctx, c.pairs, c.o.Threads)
		if err != nil {
			return err
		}
		for _, p := range c.pairs {
			p.total[source] = totals[p.names[source]]
			if p.kept != nil {
				p.total[source] = narrow[p.names[source]]
			}
		}
	}
	differing, err := c.compareRows(ctx)
	if err != nil {
		return err
	}
	c.summary.Tables = len(c.pairs)
	c.o.Progress.SetPhase("differences")
	for _, p := range differing {
		t, err := c.explain(ctx, p)
		if err != nil {
			return err
		}
		switch {
		case t == nil:
		case t.undecided():
			c.summary.Undecided = append(c.summary.Undecided, t)
		default:
			c.summary.Differing = append(c.summary.Differing, t)
		}
	}
	for _, p := range c.pairs {
		c.summary.SourceRows += p.total[source].rows
		c.summary.TargetRows += p.total[target].rows
	}
	return nil
}

// explain finds the rows that differ in a table; nil when the sides have come to agree.
func (c *comparison) explain(ctx context.Context, p *pair) (*Table, error) {
	f, err := c.narrowed(ctx, p)
	if err != nil {
		return nil, err
	}
	p.level, p.ranges = nil, nil
	if len(f.mismatches) == 0 && !f.partial {
		if c.dump == nil {
			c.o.Log.Info("rows that differed at first agree", "table", p.name(source))
			return nil, nil
		}
		return nil, fmt.Errorf("table %s: the checksum of its rows on the target changed while they were read: verify again when nothing writes to it", p.name(source))
	}
	return c.describe(p, f), nil
}

// narrowed finds the rows that differ, again where too much moved at once to be looked at.
func (c *comparison) narrowed(ctx context.Context, p *pair) (*finding, error) {
	const tries = 4
	for try := 1; ; try++ {
		if c.followed != nil {
			if err := c.followed.catchUp(ctx, c.o.MaxWait); err != nil {
				return nil, err
			}
		}
		f, err := c.narrow(ctx, p)
		if err != nil || c.followed == nil || !f.partial || len(f.mismatches) > 0 {
			return f, err
		}
		if try == tries {
			return nil, fmt.Errorf("table %s: more rows change while it is read than can be looked at: verify again when less is written to it", p.name(source))
		}
		p.level = nil
	}
}

// note adds a line to what is told and does not count.
func (c *comparison) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if !slices.Contains(c.summary.Notes, line) {
		c.summary.Notes = append(c.summary.Notes, line)
	}
}

func (c *comparison) warn(line string) { c.summary.Warnings = append(c.summary.Warnings, line) }
