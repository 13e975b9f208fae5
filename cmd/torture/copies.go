package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/gomove/gomove/internal/testdb"
)

// copyArgs are those of a copy, in small transactions.
func (t *torture) copyArgs(how ...string) []string {
	// At info a copy says that it has begun anew.
	return append([]string{"-B", schema, "--chunk-size", "8KiB", "--log-level", "info"}, how...)
}

// measureCopy finds out what a copy that nothing happens to takes.
func (t *torture) measureCopy(ctx context.Context) error {
	if t.move == "files" {
		return nil
	}
	ends := [2]*end{t.source, t.target}
	for range 2 { // the first one finds cold caches
		passed := [2]int64{ends[0].proxy.Passed(), ends[1].proxy.Passed()}
		h, err := t.measure(ctx, t.source, "copy", t.copyArgs()...)
		if err != nil {
			return err
		}
		for i, e := range ends {
			t.copies[i] = habits{h.time, e.proxy.Passed() - passed[i]}
		}
		failed := len(t.failures)
		if err := t.compare(ctx); err != nil {
			return err
		}
		if len(t.failures) > failed {
			return fmt.Errorf("a copy without a fault: %s", t.failures[failed])
		}
	}
	return nil
}

// copying is one copy on its way to be done.
type copying struct {
	args       []string
	source     since
	restart    bool // the next run begins anew
	broken     bool // by a fault that may have hidden that the copy was done
	targetDied bool
}

// copyUntilDone runs the same copy again and again until it says that it is done.
func (t *torture) copyUntilDone(ctx context.Context, rng *rand.Rand) error {
	c := &copying{source: still, args: t.copyArgs("--defer-indexes", []string{"auto", "all", "none"}[rng.IntN(3)])}
	if rng.IntN(3) == 0 {
		c.args = append(c.args, "--via", "insert")
	}
	for run := range runsInRow {
		done, err := t.copyOnce(ctx, rng, c, run)
		if err != nil || done {
			return err
		}
		if err := t.mayMove(ctx, rng, &c.source, &t.carried); err != nil {
			return err
		}
	}
	return errors.New("the copy is never done")
}

// copyOnce is one run, with a fault at one of the two ends. It reports whether the copy is done.
func (t *torture) copyOnce(ctx context.Context, rng *rand.Rand, c *copying, run int) (bool, error) {
	e, h, kinds := t.source, t.copies[0], everywhere()
	if rng.IntN(2) == 0 {
		e, h, kinds = t.target, t.copies[1], append(kinds, deadlock, lockWait)
	}
	k := kind("")
	if run == 0 || run < faultsInRow && rng.IntN(2) == 0 {
		k = t.draw(rng, kinds)
	}
	args := c.args
	if c.restart {
		args = append(args[:len(args):len(args)], "--restart")
		c.restart = false
	}
	p, happened, err := t.attempt(ctx, rng, k, e, h, "copy", args...)
	if err != nil {
		return false, err
	}
	t.source.proxy.BreakAll(testdb.BreakBoth)
	if p.said("a new copy begins") {
		c.source = still
	}
	if err := t.serverDied(ctx, k, e, c); err != nil {
		return false, err
	}
	done, err := t.copied(ctx, c, p, happened)
	c.broken = c.broken || happened
	return done, err
}

// serverDied takes note of a server that was killed.
func (t *torture) serverDied(ctx context.Context, k kind, e *end, c *copying) error {
	if k != server {
		return nil
	}
	if e == t.target {
		c.targetDied = true
		t.forgetful = t.forgetful || e.server.Kind == testdb.MySQL56
		return nil
	}
	if c.source == still {
		c.source = restarted
	}
	return t.restoreCounter(ctx)
}

// copied looks at the end of a run.
func (t *torture) copied(ctx context.Context, c *copying, p *process, happened bool) (done bool, err error) {
	switch {
	case p.code() == 0:
		if kept, resumed := p.kept(); resumed {
			t.carried.whole++
			t.carried.chunks += kept
			if c.source == written {
				t.fail("a copy was carried on though its source has been written to: %s", p.stdout.String())
			}
		}
		return true, nil
	case p.said("another load runs on this target"):
		// The server does not know that the one before is gone. It would, after two minutes.
		t.target.proxy.BreakAll(testdb.BreakBoth)
	case p.said("Error 1813") && t.target.server.Kind == testdb.MySQL56 && c.targetDied:
		return false, t.removeTorn(ctx)
	case p.said("the interrupted copy cannot be carried on"):
		if c.source == still {
			t.fail("a copy was not carried on though its source has not moved: %s", p.stderr.String())
		}
		t.carried.refused++
		c.restart = true
	case c.broken && p.said(alreadyThere) && t.finished(ctx):
		return true, nil // it was done when it was broken off, between its last statement and its end
	case !happened && !c.broken:
		t.fail("a copy that nothing happened to failed: %s", p.stderr.String())
	}
	return false, nil
}
