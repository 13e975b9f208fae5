// Package preflight looks for what would stop, slow or change a migration before anything moves: a list of small checks, each of
// which asks a server, or compares two, and says what it found, why that matters and what to do. It changes nothing.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// ErrFound is what Report.Err wraps: findings that a migration should not begin with.
var ErrFound = errors.New("the servers are not ready")

// ErrWarned is what Report.Err wraps when there are warnings and no errors.
var ErrWarned = errors.New("there are warnings")

// Options of one run.
type Options struct {
	Source    mysql.Options
	Target    *mysql.Options // default none: only what the source alone tells is looked at
	Selection catalog.Selection
	Names     transform.Names // of the source's objects on the target; default the same
	Skip      []string        // ids of checks; default none
	Log       *slog.Logger    // default slog.Default()
	Progress  *progress.Counters
}

// Validate checks what can be checked without a server; its errors name the flag.
func (o Options) Validate() error {
	return errors.Join(ValidateSkip(o.Skip), o.Selection.Validate())
}

// ValidateSkip refuses ids that no check has.
func ValidateSkip(ids []string) error {
	var errs []error
	for _, id := range ids {
		if !known(id) {
			errs = append(errs, fmt.Errorf("--skip-check %q: no check has this id; use one of %s to %s", id, first().id, last().id))
		}
	}
	return errors.Join(errs...)
}

// Run connects to the servers, reads what is selected, and runs every check. The report's Err says how it ended.
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
	started := time.Now()
	s := Subject{Selection: o.Selection, Names: o.Names, Log: o.Log}
	o.Progress.SetPhase("connect")
	if s.Source, err = mysql.Connect(ctx, o.Source, mysql.ForDump); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Source.Close()) }()
	if o.Target != nil {
		if s.Target, err = mysql.Connect(ctx, *o.Target, mysql.ForLoad); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.Target.Close()) }()
	}
	o.Progress.SetPhase("catalog")
	if s.Selection.NoSchema {
		s.Selection.NoViews, s.Selection.NoTriggers, s.Selection.NoRoutines, s.Selection.NoEvents = true, true, true, true
	}
	reader, err := catalog.NewReader(s.Source, s.Selection, o.Log)
	if err != nil {
		return nil, err
	}
	if s.Catalog, err = reader.Read(ctx); err != nil {
		return nil, err
	}
	if len(s.Catalog.Schemas) == 0 {
		return nil, catalog.ErrNothing
	}
	o.Progress.SetPhase("checks")
	r, err := Examine(ctx, s, All, o.Skip)
	if err != nil {
		return nil, err
	}
	r.Seconds = time.Since(started).Seconds()
	return r, nil
}

// Subject is what is looked at: servers that are connected, and what is selected of the source.
type Subject struct {
	Source    *mysql.Server     // connected for a dump
	Catalog   *catalog.Catalog  // of the source
	Target    *mysql.Server     // connected for a load; nil when there is none
	Selection catalog.Selection // that the catalog was read with
	Names     transform.Names   // of the source's objects on the target
	Existing  bool              // what is on the target already is replaced, emptied or left: no reason to stop
	Log       *slog.Logger
}

// Which says which checks are run.
type Which int

// The sets of checks.
const (
	All  Which = iota
	Free       // those that ask the servers nothing that Subject does not hold
)

// Examine runs the checks for which Subject has the servers, but for those whose ids are in skip. A check that the account may not
// run is a warning; any other error ends the examination.
func Examine(ctx context.Context, s Subject, which Which, skip []string) (*Report, error) {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	e := newExamination(s)
	r := newReport(s)
	for _, c := range checks() {
		if skipped(c.id, skip) {
			r.Skipped = append(r.Skipped, c.id)
			continue
		}
		if c.needs == both && s.Target == nil || which == Free && !c.free || s.Selection.NoSchema && c.defs {
			continue
		}
		began := time.Now()
		found, err := c.find(ctx, e)
		s.Log.Debug("checked", "check", c.id, "findings", len(found), "elapsed", time.Since(began))
		if mysql.IsDenied(err) {
			found, err = []Finding{denied(err)}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("check %s, %s: %w", c.id, c.title, err)
		}
		r.Checks++
		for _, f := range found {
			f.Check, f.Title = c.id, c.title
			r.add(f)
		}
	}
	return r, nil
}

func skipped(id string, skip []string) bool {
	for _, s := range skip {
		if strings.EqualFold(s, id) {
			return true
		}
	}
	return false
}

// denied is the finding of a check that could not look.
func denied(err error) Finding {
	return Finding{
		Severity: Warning, What: "the account may not look: " + err.Error(),
		Why: "what this check looks for may be there", Fix: "grant the account what the message names, or leave the check out with --skip-check",
	}
}
