// Package plan writes the migration plan of one database: which method fits and why, what there is to move, how long that will take, what
// stands in the way, the checklist with its commands, and the shadow checklist that says for each step how to go back. It measures by moving
// a sample, and rehearses by running the checklist, through a Mover that the command line puts together.
package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/preflight"
	"github.com/gomove/gomove/transform"
)

var (
	// ErrRefused is a rehearsal into a target that was not declared disposable, or that has the schemas already.
	ErrRefused = errors.New("the plan was not rehearsed")
	// ErrDiffers is a rehearsal that came to its end and found a difference: exit code 3.
	ErrDiffers = errors.New("the rehearsal found differences")
)

// Job is a dump, load, copy or comparison.
type Job struct {
	Selection catalog.Selection
	Dir       string          // of the dump
	Threads   int             // 0: the command's own default
	Names     transform.Names // other names on the target
	Trial     bool            // a sample: no lock on the source, what its missing rows make differ is no error
}

// Moved is what a job did.
type Moved struct {
	ID          string // of a dump
	Seconds     float64
	Rows, Bytes int64
	Stored      int64             // bytes of files
	Tables      map[string]Amount // by quoted name, of a dump
	Differs     string            // what a comparison found, "" for nothing
}

// Amount is what was moved of a table.
type Amount struct{ Rows, Bytes int64 }

// Mover does what a plan plans. Its errors end the plan; what it leaves on the target the plan drops.
type Mover interface {
	Dump(ctx context.Context, j Job) (Moved, error)
	Load(ctx context.Context, j Job) (Moved, error)
	Copy(ctx context.Context, j Job) (Moved, error)
	Verify(ctx context.Context, j Job) (Moved, error)
}

// Options of one plan.
type Options struct {
	Source    mysql.Options
	Target    *mysql.Options // default none: a new Aurora cluster
	Words     Words
	Selection catalog.Selection
	Names     transform.Names // of objects on the target; default the same
	Skip      []string        // ids of checks that are left out
	Threads   int             // connections of a dump, and of a load; default one per core of this machine, and one per two
	Downtime  time.Duration   // how long the applications may stand still; default as short as can be
	Measure   MeasureOptions
	Rehearse  bool // run the plan's steps into Target, which is disposable
	Mover     Mover
	Log       *slog.Logger // default slog.Default()
	Progress  *progress.Counters
}

// Words are what the commands in the plan are made of. No password is among them.
type Words struct {
	Source, Target string   // URIs
	Selection      []string // flags
	Where, Names   []string // flags that not every command takes
}

// MeasureOptions is --measure.
type MeasureOptions struct {
	Time time.Duration // about how long a sample is loaded; 0 measures nothing
	Dir  string        // where samples and rehearsals are dumped to; default the system's folder for temporary files
}

// Validate checks what can be checked without a server; its errors name the flag.
func (o Options) Validate() error {
	var errs []error
	if o.Measure.Time < 0 || o.Measure.Time > time.Hour {
		errs = append(errs, fmt.Errorf("--measure-time: want up to 1h, not %s", o.Measure.Time))
	}
	if o.Downtime < 0 {
		errs = append(errs, fmt.Errorf("--downtime: want a time that is not negative, not %s", o.Downtime))
	}
	if o.Target == nil && (o.Measure.Time > 0 || o.Rehearse) {
		errs = append(errs, errors.New("--measure and --rehearse need --target: rows are loaded into it"))
	}
	return errors.Join(append(errs, preflight.ValidateSkip(o.Skip), o.Selection.Validate())...)
}

// planning is one run.
type planning struct {
	o      Options
	source *mysql.Server
	target *mysql.Server // nil when there is none
	cat    *catalog.Catalog
	report *Report

	shares   map[string]float64 // of the rows of tables with a condition, by quoted name
	occupied map[string]bool    // schemas that the target had before the move
}

// Run makes the plan. A report comes with ErrDiffers too.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Progress == nil {
		o.Progress = &progress.Counters{}
	}
	p := &planning{o: o, report: &Report{Made: time.Now().UTC().Truncate(time.Second), Words: o.Words}}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	if o.Rehearse {
		if err := p.mayRehearse(ctx); err != nil {
			return nil, err
		}
	}
	if o.Measure.Time > 0 {
		if err := p.measure(ctx); err != nil {
			return nil, fmt.Errorf("measure: %w", err)
		}
	} else {
		p.guess()
	}
	p.choose()
	p.steps()
	if o.Rehearse {
		err = p.rehearse(ctx)
	}
	return p.report, err
}

func (p *planning) connect(ctx context.Context) (err error) {
	p.o.Progress.SetPhase("connect")
	if p.source, err = mysql.Connect(ctx, p.o.Source, mysql.ForDump); err != nil {
		return err
	}
	p.report.Source = describe(p.source)
	if p.o.Target == nil {
		return nil
	}
	if p.target, err = mysql.Connect(ctx, *p.o.Target, mysql.ForLoad); err != nil {
		return errors.Join(err, p.source.Close())
	}
	to := describe(p.target)
	p.report.Target = &to
	return nil
}

func (p *planning) close() error {
	err := p.source.Close()
	if p.target != nil {
		err = errors.Join(err, p.target.Close())
	}
	return err
}

// read finds out what there is, and what the checks say.
func (p *planning) read(ctx context.Context) error {
	p.o.Progress.SetPhase("catalog")
	r, err := catalog.NewReader(p.source, p.o.Selection, p.o.Log)
	if err != nil {
		return err
	}
	if p.cat, err = r.Read(ctx); err != nil {
		return err
	}
	if len(p.cat.Schemas) == 0 {
		return catalog.ErrNothing
	}
	if err := p.findShares(ctx); err != nil {
		return err
	}
	if err := p.findOccupied(ctx); err != nil {
		return err
	}
	if err := p.sizes(ctx); err != nil {
		return err
	}
	p.o.Progress.SetPhase("checks")
	skip := p.o.Skip
	if p.o.Rehearse {
		skip = append(slices.Clone(skip), "P25") // a rehearsal that was before is replaced
	}
	p.report.Checks, err = preflight.Examine(ctx, preflight.Subject{
		Source: p.source, Catalog: p.cat, Target: p.target, Selection: p.o.Selection, Names: p.o.Names, Log: p.o.Log,
	}, preflight.All, skip)
	return err
}

// Server is one of the two ends.
type Server struct {
	What   string `json:"what"` // product, flavour and version
	Binlog string `json:"binlog"`
	Cores  int    `json:"cores,omitempty"`
}

func describe(s *mysql.Server) Server {
	out := Server{What: s.Facts.Describe(), Binlog: "off", Cores: s.Facts.Cores}
	if s.Facts.LogBin {
		out.Binlog = "on"
		if f := s.Facts.Variables["binlog_format"]; f != "" {
			out.Binlog += ", " + strings.ToUpper(f)
		}
	}
	return out
}

// dumpThreads and loadThreads are what the commands of the plan use.
func (p *planning) dumpThreads() int {
	if p.o.Threads > 0 {
		return p.o.Threads
	}
	return runtime.NumCPU()
}

func (p *planning) loadThreads() int {
	if p.o.Threads > 0 {
		return p.o.Threads
	}
	return max(1, runtime.NumCPU()/2)
}
