package plan

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

const (
	pilotBytes  = 16 << 20 // of the sample that tells how large the next one may be
	dropTimeout = 5 * time.Minute
)

// measure moves the tables without rows, then a small sample, then one that takes about as long as it may, and works out the whole.
func (p *planning) measure(ctx context.Context) error {
	empty, err := p.trial(ctx, 0)
	if err != nil {
		return err
	}
	fraction := 1.0
	if bytes := float64(p.report.Size.Bytes); bytes > pilotBytes/nearlyWhole {
		pilot, err := p.trial(ctx, pilotBytes/bytes)
		if err != nil {
			return err
		}
		_, load := p.whole(empty, pilot)
		if fraction = p.o.Measure.Time.Seconds() / max(load, 0.001); fraction > nearlyWhole {
			fraction = 1
		}
		fraction = max(fraction, pilot.fraction)
	}
	most, err := p.trial(ctx, fraction)
	if err != nil {
		return err
	}
	dump, load := p.whole(empty, most)
	how := fmt.Sprintf("measured: %s of %s were dumped to files and loaded into a scratch schema of the target, indexes included, in %.1f s and %.1f s",
		progress.Bytes(most.dump.Bytes), progress.Counted(most.tables, "table"), most.dump.Seconds, most.load.Seconds)
	p.estimates(dump, load, how)
	p.report.Sample = &Sample{Tables: most.tables, Rows: most.dump.Rows, Bytes: most.dump.Bytes, DumpSeconds: most.dump.Seconds, LoadSeconds: most.load.Seconds,
		EmptyDump: empty.dump.Seconds, EmptyLoad: empty.load.Seconds, Fraction: most.fraction}
	return nil
}

// estimates are what follows from a dump and a load.
func (p *planning) estimates(dump, load float64, how string) {
	p.report.Estimates = []Estimate{
		{"dump", dump, how},
		{"load", load, how},
		{"copy", max(dump, load), "no less than the longer of dump and load, and up to their sum where source and target share a machine"},
		{"verify", 2 * dump, "both sides are read once, each about as long as a dump takes"},
	}
}

// trial is what one sample took.
type trial struct {
	fraction   float64
	tables     int
	left       int64 // bytes of tables of which no part could be taken
	dump, load Moved
}

// trial dumps a sample and loads it into scratch schemas, which it drops whatever happens.
func (p *planning) trial(ctx context.Context, fraction float64) (_ *trial, err error) {
	p.o.Progress.SetPhase("sample")
	s, err := p.sample(ctx, fraction)
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp(p.o.Measure.Dir, "gomove-plan-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	job := Job{Selection: s.selection, Dir: filepath.Join(root, "dump"), Names: transform.Names{Schemas: p.scratch()}, Threads: p.o.Threads, Trial: true}
	t := &trial{fraction: fraction, tables: len(s.tables), left: s.left}
	if t.dump, err = p.o.Mover.Dump(ctx, job); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.drop(ctx, job.Names.Schemas)) }()
	if t.load, err = p.o.Mover.Load(ctx, job); err != nil {
		return nil, errors.Join(err, p.forget(ctx, t.dump.ID))
	}
	p.o.Log.Info("sample", "fraction", fraction, "rows", t.dump.Rows, "bytes", t.dump.Bytes, "dump_seconds", t.dump.Seconds, "load_seconds", t.load.Seconds)
	return t, nil
}

// forget takes what a load that failed keeps of a sample, to carry on by, off the target.
func (p *planning) forget(ctx context.Context, id string) error {
	const errNoTable, errNoSchema = 1146, 1049
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	db := p.target.DB()
	_, err := db.ExecContext(ctx, "DELETE FROM gomove.progress WHERE dump_id="+mysql.QuoteString(id))
	if n := mysql.Number(err); n == errNoTable || n == errNoSchema {
		return nil
	}
	if err != nil {
		return fmt.Errorf("target: progress of the sample: %w", err)
	}
	left, err := mysql.Column(ctx, db, "SELECT dump_id FROM gomove.progress LIMIT 1")
	if err == nil && len(left) == 0 {
		left, err = mysql.Column(ctx, db, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA='gomove' AND TABLE_NAME<>'progress' LIMIT 1")
	}
	if err == nil && len(left) == 0 {
		_, err = db.ExecContext(ctx, "DROP DATABASE gomove")
	}
	return err
}

// scratch are names that nothing on the target has.
func (p *planning) scratch() map[string]string {
	out := map[string]string{}
	word := strings.ToLower(rand.Text()[:10])
	for i, s := range p.cat.Schemas {
		out[s.Name] = fmt.Sprintf("gomove_plan_%s_%d", word, i+1)
	}
	return out
}

// drop takes schemas off the target, also after an interruption.
func (p *planning) drop(ctx context.Context, schemas map[string]string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	var errs []error
	for _, s := range schemas {
		if _, err := p.target.DB().ExecContext(ctx, "DROP DATABASE IF EXISTS "+mysql.QuoteName(s)); err != nil {
			errs = append(errs, fmt.Errorf("target: drop scratch schema %s: %w", mysql.QuoteName(s), err))
		}
	}
	return errors.Join(errs...)
}

// whole works out what all rows take: what the tables without rows took stays as it is by table, the rest grows with the bytes.
func (p *planning) whole(empty, part *trial) (dump, load float64) {
	if part.fraction == 1 {
		return part.dump.Seconds, part.load.Seconds
	}
	tables := float64(len(p.cat.Tables)) / float64(max(part.tables, 1))
	var bytes float64
	for _, t := range p.cat.Tables {
		got, ok := part.dump.Tables[t.Quoted()]
		switch {
		case !ok || got.Rows == 0:
			bytes += float64(p.part(t, t.Bytes))
		case t.Rows > wholeBelow:
			bytes += float64(got.Bytes) / float64(got.Rows) * float64(p.part(t, t.Rows))
		default:
			bytes += float64(got.Bytes)
		}
	}
	times := bytes / max(float64(part.dump.Bytes), 1)
	grow := func(empty, part float64) float64 { return empty*tables + max(part-empty, 0)*max(times, 1) }
	return grow(empty.dump.Seconds, part.dump.Seconds), grow(empty.load.Seconds, part.load.Seconds)
}

// The rates of a guess, in bytes a second for a session.
const (
	guessedRead = 50e6
	guessedLoad = 15e6
)

// guess is for a plan without --measure.
func (p *planning) guess() {
	size := &p.report.Size
	bytes, tables := float64(size.Bytes), float64(size.Tables)
	read, write := float64(p.dumpThreads()), float64(p.loadThreads())
	how := fmt.Sprintf("a guess by size: %s of rows, %s of indexes, %.0f MB/s read and %.0f MB/s loaded by each of %d and %d connections; it may be several times off: --measure measures",
		progress.Bytes(size.Bytes), progress.Bytes(size.Indexes), guessedRead/1e6, guessedLoad/1e6, p.dumpThreads(), p.loadThreads())
	p.estimates(bytes/guessedRead/read+0.002*tables, (bytes+float64(size.Indexes))/guessedLoad/write+0.02*tables, how)
}
