package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// CutoverOptions of one cut-over.
type CutoverOptions struct {
	Servers
	MaxLag      time.Duration               // with which it may begin; default 10 s
	MaxLockWait time.Duration               // for the source to become read-only; default 30 s
	MaxWait     time.Duration               // for the target to apply the rest; default 60 s
	Quiet       bool                        // the user has stopped the writers: the source is not set read-only
	NoEvents    bool                        // events stay as they are on both sides
	Verify      func(context.Context) error // while nothing is written; default none
	Confirm     Confirm                     // default goes on
}

func (o *CutoverOptions) withDefaults() {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&o.MaxLag, 10*time.Second)
	set(&o.MaxLockWait, 30*time.Second)
	set(&o.MaxWait, time.Minute)
}

// ErrUndone is a cut-over that failed and was taken back.
var ErrUndone = errors.New("the cut-over was taken back: the source takes writes again, and the target follows it")

// errStillWritten is a source that takes writes in spite of read_only.
var errStillWritten = errors.New("the source is still written to")

// step is one change, and the way back.
type step struct {
	name string
	do   func(context.Context) (detail string, err error)
	undo func(context.Context) error // nil where there is nothing to take back
}

// cutover is one run.
type cutover struct {
	o      *CutoverOptions
	e      *ends
	record record
	end    Point  // of the source's log, once nothing is written
	gtids  string // that are in it
	since  time.Time
	report *CutoverReport
	done   []step
}

// Cutover moves the writers' side from source to target. Whatever fails is taken back, and then the error wraps ErrUndone.
func Cutover(ctx context.Context, o CutoverOptions) (_ *CutoverReport, err error) {
	o.withDefaults()
	e, err := connect(ctx, o.Servers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	c := &cutover{o: &o, e: e, report: &CutoverReport{Source: described(e.source), Target: described(e.target), Address: e.target.Options.Address()}}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	question := fmt.Sprintf("%s becomes read-only, and %s takes the writes. Go on?", c.report.Source, c.report.Target)
	if err := confirmed(ctx, o.Confirm, question); err != nil {
		return nil, err
	}
	for _, s := range c.steps() {
		if err := c.take(ctx, s); err != nil {
			return c.report, c.takeBack(ctx, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	c.report.NoWrites, c.report.Done = time.Since(c.since).Seconds(), true
	if err := c.e.keepRecord(ctx, &c.record); err != nil {
		return c.report, fmt.Errorf("the cut-over is done, and its record for --undo is not written: %w", err)
	}
	return c.report, nil
}

func (c *cutover) take(ctx context.Context, s step) error {
	began := time.Now()
	detail, err := s.do(ctx)
	if err != nil {
		// What it had changed is taken back too.
		c.done = append(c.done, s)
		return err
	}
	c.done = append(c.done, s)
	c.report.Steps = append(c.report.Steps, StepReport{Name: s.name, Detail: detail, Seconds: time.Since(began).Seconds()})
	return nil
}

// takeBack undoes what was done, last first, whatever has become of ctx.
func (c *cutover) takeBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var errs []error
	for i := len(c.done) - 1; i >= 0; i-- {
		if s := c.done[i]; s.undo != nil {
			if err := s.undo(ctx); err != nil {
				errs = append(errs, fmt.Errorf("take back %q: %w", s.name, err))
			}
		}
	}
	if !c.since.IsZero() {
		c.report.NoWrites = time.Since(c.since).Seconds()
	}
	c.report.Undone = len(errs) == 0
	if len(errs) > 0 {
		return errors.Join(append([]error{cause}, errs...)...)
	}
	return fmt.Errorf("%w: %w", ErrUndone, cause)
}

// ready refuses a replication that is not well or late.
func (c *cutover) ready(ctx context.Context) error {
	if err := c.e.notCutOver(ctx); err != nil {
		return err
	}
	r, err := read(ctx, c.e)
	if err != nil {
		return err
	}
	d, err := diagnose(ctx, c.e, []reading{r})
	if err != nil {
		return err
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if d.Lag == nil || time.Duration(*d.Lag)*time.Second > c.o.MaxLag {
		return fmt.Errorf("%w: the lag is %s, and --max-lag %s", ErrRefused, d.lagText(), c.o.MaxLag)
	}
	return nil
}

func (c *cutover) steps() []step {
	steps := []step{}
	if !c.o.NoEvents {
		steps = append(steps, c.stopEvents())
	}
	if c.o.Quiet {
		steps = append(steps, step{name: "nothing is written to the source", do: c.watchQuiet})
	} else {
		steps = append(steps, c.closeSource())
	}
	steps = append(steps, step{name: "the target has applied everything", do: c.drain})
	if c.o.Verify != nil {
		steps = append(steps, step{name: "rows are compared", do: func(ctx context.Context) (string, error) { return "equal", c.o.Verify(ctx) }})
	}
	steps = append(steps, step{
		name: "replication is stopped",
		do: func(ctx context.Context) (string, error) {
			return "", c.e.speak.stop().run(ctx, c.e)
		},
		undo: func(ctx context.Context) error { return c.e.speak.start().run(ctx, c.e) },
	}, step{name: "nothing more came on the source", do: c.stoodStill})
	if !c.o.NoEvents {
		if isOn(c.e.target.Facts.Variables[superReadOnly]) {
			steps = append(steps, c.admitSuper())
		}
		steps = append(steps, c.enableEvents())
	}
	return append(steps, c.openTarget())
}

// watched is for how long at least the log of a source is looked at whose read_only does not stop accounts with SUPER.
const watched = 500 * time.Millisecond

// stoodStill finds writes that came after what the target has applied. They would be on the source alone.
func (c *cutover) stoodStill(ctx context.Context) (string, error) {
	if rest := watched - time.Since(c.since); rest > 0 && (c.o.Quiet || len(readOnlyVariables(&c.e.source.Facts)) == 1) {
		if err := sleep(ctx, rest); err != nil {
			return "", err
		}
	}
	last, gtids, err := logEnd(ctx, c.e.source)
	if err != nil {
		return "", err
	}
	// Without GTIDs a log that was rotated looks like one that was written to.
	if last != c.end && (gtids == "" || gtids != c.gtids) {
		return "", c.stillWritten(ctx)
	}
	return last.String(), nil
}

func (c *cutover) stillWritten(ctx context.Context) error {
	return fmt.Errorf("%w: accounts with SUPER, or READ ONLY ADMIN, are not stopped by read_only: %s", errStillWritten, c.writers(ctx))
}

// watchQuiet sees that the source's log stands still.
func (c *cutover) watchQuiet(ctx context.Context) (string, error) {
	const watched = 2 * time.Second // before all else, as nothing was done that could hold writers up
	c.since = time.Now()
	before, _, err := logEnd(ctx, c.e.source)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, watched); err != nil {
		return "", err
	}
	after, _, err := logEnd(ctx, c.e.source)
	if err == nil && after != before {
		err = fmt.Errorf("%w: its log went from %s to %s in %s", errStillWritten, before, after, watched)
	}
	return fmt.Sprintf("its log has stood at %s for %s", after, watched), err
}

// drain waits until the target has applied the source's last change, and sees that it is the last one.
func (c *cutover) drain(ctx context.Context) (string, error) {
	end := time.Now().Add(c.o.MaxWait)
	var err error
	if c.end, c.gtids, err = logEnd(ctx, c.e.source); err != nil {
		return "", err
	}
	const tries = 3 // a log that is rotated moves without a write
	for range tries {
		if err := c.waitApplied(ctx, end); err != nil {
			return "", err
		}
		last, gtids, err := logEnd(ctx, c.e.source)
		if err != nil {
			return "", err
		}
		if last == c.end {
			return c.end.String(), nil
		}
		c.end, c.gtids = last, gtids
	}
	return "", c.stillWritten(ctx)
}

// writers names who is connected to the source.
func (c *cutover) writers(ctx context.Context) string {
	processes, err := readProcesses(ctx, c.e.source)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, p := range processes {
		if user := p.Text("user"); user != "system user" && user != "event_scheduler" && user != DefaultUser && p.Text("command") != "Daemon" {
			out = append(out, fmt.Sprintf("%s@%s (connection %s)", user, p.Text("host"), p.Text("id")))
		}
	}
	return strings.Join(out[:min(len(out), 10)], ", ")
}

// waitApplied returns when the target has applied c.end.
func (c *cutover) waitApplied(ctx context.Context, until time.Time) error {
	for {
		s, err := readStatus(ctx, c.e)
		switch {
		case err != nil:
			return err
		case s == nil:
			return ErrNotConfigured
		case s.IOErrno != 0 || s.SQLErrno != 0 || s.SQL == "No" || s.IO == "No":
			r, err := read(ctx, c.e)
			if err != nil {
				return err
			}
			d, err := diagnose(ctx, c.e, []reading{r})
			if err != nil {
				return err
			}
			return errors.Join(ErrUnwell, d.Err())
		}
		applied, err := c.applied(ctx, s)
		if err != nil || applied {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("after %s the target is at %s, and the source's log ends at %s", c.o.MaxWait, s.Applied, c.end)
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// applied reports whether a target has everything that the source had when c.end was read. GTIDs tell it sooner: places of parallel appliers
// are told several times a second only.
func (c *cutover) applied(ctx context.Context, s *Status) (bool, error) {
	if !s.GTID || c.e.speak.mariadb || c.gtids == "" {
		return s.Applied.reaches(c.end), nil
	}
	all, err := word(ctx, c.e.target, "SELECT GTID_SUBSET("+quote(c.gtids)+", @@GLOBAL.gtid_executed)")
	return all == "1", err
}
