package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

const (
	faultsInRow = 4  // of one dump or load, at most; the rest of its runs are left alone
	runsInRow   = 12 // after so many it has hung
)

// attempt is one run of gomove, with a fault unless k is empty.
func (t *torture) attempt(ctx context.Context, rng *rand.Rand, k kind, e *end, h habits, command string, args ...string) (*process, bool, error) {
	p, err := t.start(ctx, e, command, args...)
	if err != nil {
		return nil, false, err
	}
	happened := false
	if k != "" {
		if happened, err = t.fault(ctx, k, rng, p, e, h); err != nil {
			return nil, false, fmt.Errorf("fault %s: %w", k, err)
		}
	}
	code := p.code()
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	t.note(k, happened, code == 0, p.repeated())
	if t.log {
		fmt.Fprintf(t.out, "round %d: %s, %s happened=%t, exit %d %s\n", t.round, command, k, happened, code, lastLine(p.stderr.String()))
	}
	if p.hung {
		t.fail("gomove %s hung: %s", command, lastLine(p.stderr.String()))
	}
	if strings.Contains(p.stderr.String(), "panic:") {
		t.fail("gomove %s: %s", command, p.stderr.String())
	}
	return p, happened, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func (t *torture) note(k kind, happened, over bool, repeated int) {
	if k == "" {
		return
	}
	c := t.count[k]
	if c == nil {
		c = &tally{}
		t.count[k] = c
	}
	switch {
	case !happened:
		c.tookLater++
		return
	case over:
		c.inOneRun++
	default:
		c.runAgain++
	}
	c.happened++
	c.repeated += repeated
	t.done++
}

// dumpUntilDone dumps into new directories until a run says that it is done. One that says otherwise must not look whole.
func (t *torture) dumpUntilDone(ctx context.Context, rng *rand.Rand, how []string) (dir string, err error) {
	for run := range runsInRow {
		k := kind("")
		if run < faultsInRow && rng.IntN(2) == 0 {
			k = t.draw(rng, append(everywhere(), diskFull))
		}
		dir = filepath.Join(t.dir, fmt.Sprintf("dump%d", run))
		var p *process
		if k == diskFull {
			p, err = t.dumpOntoFullDisk(ctx, rng, dir, how)
		} else {
			p, _, err = t.attempt(ctx, rng, k, t.source, t.dumps, "dump", t.dumpArgs(dir, how)...)
		}
		if err != nil {
			return "", err
		}
		t.source.proxy.BreakAll(testdb.BreakBoth)
		if k == server {
			// MySQL 5.6 keeps the counter in memory alone.
			if _, err := t.source.admin.ExecContext(ctx, "ALTER TABLE "+schema+".keyed AUTO_INCREMENT="+t.want.next["keyed"]); err != nil {
				return "", err
			}
		}
		if p != nil && p.code() == 0 {
			return dir, nil
		}
		if p != nil {
			t.checkPartial(ctx, dir)
			if k == "" {
				t.fail("a dump without a fault failed: %s", p.stderr.String())
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return "", errors.New("the dump is never done")
}

// checkPartial looks at what a dump that failed has left: it must not pass for a whole one.
func (t *torture) checkPartial(ctx context.Context, dir string) {
	if _, err := os.Stat(filepath.Join(dir, "metadata")); err == nil {
		t.fail("a dump that failed has its metadata")
	}
	p, err := t.start(ctx, t.target, "load", "-d", dir)
	if err != nil {
		t.fail("%v", err)
		return
	}
	if p.code() == 0 {
		t.fail("a dump that failed was loaded")
	}
}

// loadUntilDone runs the same load again and again until it says that it is done.
func (t *torture) loadUntilDone(ctx context.Context, rng *rand.Rand, with []string) error {
	broken := false // by a fault that may have hidden that the load was done
	for run := range runsInRow {
		k := kind("")
		if run == 0 || run < faultsInRow && rng.IntN(2) == 0 {
			k = t.draw(rng, append(everywhere(), deadlock, lockWait))
		}
		p, happened, err := t.attempt(ctx, rng, k, t.target, t.loads, "load", with...)
		if err != nil {
			return err
		}
		// MySQL 5.6 keeps AUTO_INCREMENT in memory alone: one that dies after gomove's check forgets it.
		t.forgetful = t.forgetful || k == server && t.target.server.Kind == testdb.MySQL56
		switch {
		case p.code() == 0:
			return nil
		case p.said("another load runs on this target"):
			// The server does not know that the one before is gone. It would, after two minutes.
			t.target.proxy.BreakAll(testdb.BreakBoth)
		case broken && p.said("exist on the target") && t.finished(ctx):
			return nil // it was done when it was broken off, between its last statement and its end
		case !happened && !broken, !happened && run > faultsInRow:
			t.fail("a load that nothing happened to failed: %s", p.stderr.String())
		}
		broken = broken || happened
	}
	return errors.New("the load is never done")
}

// finished reports that no progress is left on the target.
func (t *torture) finished(ctx context.Context) bool {
	left, err := numbers(ctx, t.target.admin, "SELECT 1 FROM information_schema.schemata WHERE schema_name='gomove'")
	return err == nil && len(left) == 0
}
