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

// loadUntilDone runs the same load again and again until it says that it is done.
func (t *torture) loadUntilDone(ctx context.Context, rng *rand.Rand, with []string) error {
	broken, serverDied := false, false // broken: by a fault that may have hidden that the load was done
	for run := range runsInRow {
		k := kind("")
		if run == 0 || run < faultsInRow && rng.IntN(2) == 0 {
			k = t.draw(rng, append(t.everywhere(), deadlock, lockWait))
		}
		p, happened, err := t.attempt(ctx, rng, k, t.target, t.loads, "load", with...)
		if err != nil {
			return err
		}
		// MySQL 5.6 keeps AUTO_INCREMENT in memory alone: one that dies after gomove's check forgets it.
		t.forgetful = t.forgetful || k == server && t.target.server.Kind == testdb.MySQL56
		serverDied = serverDied || k == server
		switch {
		case p.code() == 0:
			return nil
		case p.said("another load runs on this target"):
			// The server does not know that the one before is gone. It would, after two minutes.
			t.target.proxy.BreakAll(testdb.BreakBoth)
		case p.said("Error 1813") && t.target.server.Kind == testdb.MySQL56 && serverDied:
			// MySQL 5.6 that dies amid CREATE TABLE leaves the file of a table that it does not know; no statement removes it.
			if err := t.removeTorn(ctx); err != nil {
				return err
			}
		case broken && p.said(alreadyThere) && t.finished(ctx):
			return nil // it was done when it was broken off, between its last statement and its end
		case !happened && !broken, !happened && run > faultsInRow:
			t.fail("a load that nothing happened to failed: %s", p.stderr.String())
		}
		broken = broken || happened
	}
	return errors.New("the load is never done")
}

// alreadyThere is what a load says of tables that it must not touch.
const alreadyThere = "of the dump already, nothing was changed"

// progressLeft asks for the progress table.
const progressLeft = "SELECT 1 FROM information_schema.tables WHERE table_schema='gomove' AND table_name='progress'"

// finished reports that no progress is left on the target.
func (t *torture) finished(ctx context.Context) bool {
	left, err := numbers(ctx, t.target.admin, progressLeft)
	return err == nil && len(left) == 0
}

// removeTorn removes files of tables that the target does not know, as an administrator would.
func (t *torture) removeTorn(ctx context.Context) error {
	for _, table := range tables() {
		file := filepath.Join(t.target.server.DataDir, schema, table.name+".ibd")
		if _, err := os.Stat(file); err != nil {
			continue
		}
		known, err := numbers(ctx, t.target.admin, "SELECT 1 FROM information_schema.tables WHERE table_schema='"+schema+"' AND table_name='"+table.name+"'")
		if err != nil {
			return err
		}
		if len(known) == 0 {
			t.torn++
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}
