package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/gomove/gomove/internal/testdb"
)

// since is what has become of the source since a dump was broken off.
type since string

const (
	still     since = "still"     // a dump that is taken up goes on
	restarted since = "restarted" // it goes on where transactions have GTIDs, and is refused elsewhere
	written   since = "written"   // it is refused
)

// dumping is one dump on its way to be done.
type dumping struct {
	resume bool   // go on in the directory of the run before; else each run has a new one
	dir    string // "" is none that is to be gone on with
	source since
	flags  []string
}

// resumptions is what became of dumps that were taken up.
type resumptions struct{ whole, chunks, refused, written int }

// dumpUntilDone dumps until a run says that it is done. One that says otherwise must not look whole.
func (t *torture) dumpUntilDone(ctx context.Context, rng *rand.Rand, how []string) (string, error) {
	d := &dumping{resume: rng.IntN(2) == 0, flags: how}
	kinds := t.everywhere()
	if d.resume {
		d.flags = append(d.flags, "--resume")
	} else if t.bucket == nil {
		kinds = append(kinds, diskFull) // which has a directory of its own
	}
	for run := range runsInRow {
		k := kind("")
		if run < faultsInRow && (run == 0 && d.resume || rng.IntN(2) == 0) {
			k = t.draw(rng, kinds)
		}
		if d.dir == "" {
			d.dir, d.source = t.room(fmt.Sprintf("dump%d", run)), still
		}
		done, err := t.dumpOnce(ctx, rng, k, d)
		if err != nil {
			return "", err
		}
		if done {
			return d.dir, nil
		}
		if d.resume && d.dir != "" {
			if err := t.mayMove(ctx, rng, &d.source, &t.resumed); err != nil {
				return "", err
			}
			continue
		}
		if err := os.RemoveAll(d.dir); err != nil {
			return "", err
		}
		d.dir = ""
	}
	return "", errors.New("the dump is never done")
}

// dumpOnce is one run. It reports whether the dump is done.
func (t *torture) dumpOnce(ctx context.Context, rng *rand.Rand, k kind, d *dumping) (done bool, err error) {
	var p *process
	if k == diskFull {
		p, err = t.dumpOntoFullDisk(ctx, rng, d.dir, d.flags)
	} else {
		p, _, err = t.attempt(ctx, rng, k, t.source, t.dumps, "dump", t.dumpArgs(d.dir, d.flags)...)
	}
	if err != nil {
		return false, err
	}
	t.source.proxy.BreakAll(testdb.BreakBoth)
	if k == server {
		if d.source == still {
			d.source = restarted
		}
		if err := t.restoreCounter(ctx); err != nil {
			return false, err
		}
	}
	if p == nil {
		return false, nil // a disk that cannot be made here
	}
	if p.code() == 0 {
		t.checkResumption(p, d)
		return true, nil
	}
	if p.code() == killed && d.whole() {
		return true, nil // between the dump's last step and its end
	}
	t.checkPartial(ctx, d.dir)
	if d.source == written && p.said("a new dump begins") {
		d.source = still // there was nothing to go on with
	}
	switch {
	case p.said("the dump cannot be resumed"):
		if d.source == still {
			t.fail("a dump was not resumed though its source has not moved: %s", p.stderr.String())
		}
		t.resumed.refused++
		return false, d.drop()
	case k == "":
		t.fail("a dump without a fault failed: %s", p.stderr.String())
	}
	return false, nil
}

// whole reports whether the dump has what says that it is.
func (d *dumping) whole() bool {
	_, err := os.Stat(filepath.Join(d.dir, "metadata"))
	return err == nil
}

// drop throws the dump away: the next run makes a new one.
func (d *dumping) drop() error {
	err := os.RemoveAll(d.dir)
	d.dir = ""
	return err
}

// checkResumption looks at a dump that is done.
func (t *torture) checkResumption(p *process, d *dumping) {
	kept, resumed := p.kept()
	if !resumed {
		return
	}
	t.resumed.whole++
	t.resumed.chunks += kept
	if d.source == written {
		t.fail("a dump was resumed though its source has been written to: %s", p.stdout.String())
	}
}

// mayMove lets the source move between two runs, now and then, to where it was: only its binary log shows it.
func (t *torture) mayMove(ctx context.Context, rng *rand.Rand, source *since, count *resumptions) error {
	if rng.IntN(4) > 0 {
		return nil
	}
	for _, name := range []string{"'moved'", "CONCAT('parent ', id)"} {
		if _, err := t.source.admin.ExecContext(ctx, "UPDATE "+schema+".parents SET name="+name+" WHERE id=1"); err != nil {
			return fmt.Errorf("write to the source: %w", err)
		}
	}
	*source = written
	count.written++
	return nil
}

// restoreCounter gives a source that was killed its AUTO_INCREMENT back: MySQL 5.6 keeps it in memory alone.
func (t *torture) restoreCounter(ctx context.Context) error {
	if t.source.server.Kind != testdb.MySQL56 {
		return nil
	}
	_, err := t.source.admin.ExecContext(ctx, "ALTER TABLE "+schema+".keyed AUTO_INCREMENT="+t.want.next["keyed"])
	return err
}

// checkPartial looks at what a dump that failed has left: it must not pass for a whole one.
func (t *torture) checkPartial(ctx context.Context, dir string) {
	if _, err := os.Stat(filepath.Join(dir, "metadata")); err == nil {
		t.fail("a dump that failed has its metadata")
	}
	p, err := t.start(ctx, t.target, "load", "-d", t.place(dir))
	if err != nil {
		t.fail("%v", err)
		return
	}
	if p.code() == 0 {
		t.fail("a dump that failed was loaded")
	}
}
