package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// torture is one run of the program.
type torture struct {
	options
	out io.Writer

	dir    string // of dumps, while a pair is at work
	source *end
	target *end
	bucket *bucket // nil: dumps are directories
	rooms  int
	want   *content
	dumps  habits
	loads  habits
	copies [2]habits // as source and target see them

	count     map[kind]*tally
	done      int // faults
	round     int
	compared  int
	total     difference
	resumed   resumptions
	carried   resumptions // of copies
	torn      int         // files that a killed MySQL 5.6 had left of tables it did not know
	forgetful bool        // the target has lost its counters in this round
	failures  []string
	startTime time.Time
}

// tally is what became of the faults of one kind.
type tally struct {
	happened  int
	inOneRun  int // gomove got over it by itself
	runAgain  int // the same command again, or for a dump into a new directory
	repeated  int // chunks and statements that gomove repeated
	tookLater int // chosen, but the run was over before
}

// pair breaks dumps and loads between two servers until so many faults have happened.
func (t *torture) pair(ctx context.Context, kinds [2]testdb.Kind, faults int) (err error) {
	if t.startTime.IsZero() {
		t.startTime = time.Now()
	}
	if t.dir, err = os.MkdirTemp("/dev/shm", "gomove-torture-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(t.dir)) }()
	if t.source, err = startEnd(ctx, kinds[0]); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.source.stop()) }()
	if t.target, err = startEnd(ctx, kinds[1]); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.target.stop()) }()
	if t.s3 {
		if t.bucket, err = startBucket(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.bucket.stop()) }()
	}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	begin, before := time.Now(), t.done
	for until := t.done + faults; t.done < until && ctx.Err() == nil; t.round++ {
		if err := t.iterate(ctx, rand.New(rand.NewPCG(t.seed, uint64(t.round)))); err != nil {
			return fmt.Errorf("%s to %s, seed %d, round %d: %w", kinds[0], kinds[1], t.seed, t.round, err)
		}
	}
	fmt.Fprintf(t.out, "%s to %s: %d faults in %.0f s\n", kinds[0], kinds[1], t.done-before, time.Since(begin).Seconds())
	return ctx.Err()
}

func startEnd(ctx context.Context, k testdb.Kind) (*end, error) {
	s, err := testdb.Launch(ctx, k, "", []string{"--innodb-lock-wait-timeout=1", "--event-scheduler=OFF"})
	if err != nil {
		return nil, err
	}
	e := &end{server: s}
	if e.proxy, err = testdb.NewFaultProxy(ctx, net.JoinHostPort(s.Host, strconv.Itoa(s.Port))); err == nil {
		e.admin, err = s.Open("")
	}
	if err != nil {
		return nil, errors.Join(err, e.stop())
	}
	e.admin.SetMaxOpenConns(1)
	return e, nil
}

func (e *end) stop() error {
	var errs []error
	if e.admin != nil {
		errs = append(errs, e.admin.Close())
	}
	if e.proxy != nil {
		errs = append(errs, e.proxy.Close())
	}
	return errors.Join(append(errs, e.server.Remove())...)
}

// prepare fills the source and measures a dump and a load that nothing happens to.
func (t *torture) prepare(ctx context.Context) error {
	if err := fill(ctx, t.source.admin, t.rows); err != nil {
		return fmt.Errorf("fill the source: %w", err)
	}
	var err error
	if t.want, err = readContent(ctx, t.source.admin); err != nil {
		return err
	}
	for _, q := range []string{"CREATE DATABASE IF NOT EXISTS " + side, "CREATE TABLE " + side + ".heavy (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB"} {
		if _, err := t.target.admin.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	dump, failed := "", len(t.failures)
	for range 2 { // the first one finds cold caches
		if err := os.RemoveAll(dump); err != nil {
			return err
		}
		dump = t.room("first")
		if t.dumps, err = t.measure(ctx, t.source, "dump", t.dumpArgs(dump, nil)...); err != nil {
			return err
		}
		if t.loads, err = t.measure(ctx, t.target, "load", "-d", t.place(dump)); err != nil {
			return err
		}
		if err := t.compare(ctx); err != nil {
			return err
		}
	}
	if len(t.failures) > failed {
		return fmt.Errorf("a dump and a load without a fault: %s", t.failures[failed])
	}
	if err := t.measureCopy(ctx); err != nil {
		return err
	}
	return os.RemoveAll(dump)
}

func (t *torture) dumpArgs(dir string, how []string) []string {
	// At info a dump says that it found nothing to resume and begins anew.
	return append([]string{"-B", schema, "-o", t.place(dir), "--chunk-size", "8KiB", "--log-level", "info"}, how...)
}

func (t *torture) measure(ctx context.Context, e *end, command string, args ...string) (habits, error) {
	passed := e.proxy.Passed()
	p, err := t.start(ctx, e, command, args...)
	if err != nil {
		return habits{}, err
	}
	if p.code() != 0 {
		return habits{}, fmt.Errorf("gomove %s: %w: %s", command, p.err, p.stderr.String())
	}
	return habits{time.Since(p.started), e.proxy.Passed() - passed}, nil
}

// iterate is one dump and one load, or one copy, each until it is done, with faults on the way, and a comparison.
func (t *torture) iterate(ctx context.Context, rng *rand.Rand) error {
	if t.move == "copy" || t.move == "both" && rng.IntN(3) == 0 {
		if err := t.copyUntilDone(ctx, rng); err != nil {
			return err
		}
		return t.compare(ctx)
	}
	how := []string{"--compress", []string{"none", "zstd"}[rng.IntN(2)], "--format", []string{"csv", "csv", "sql"}[rng.IntN(3)]}
	dump, err := t.dumpUntilDone(ctx, rng, how)
	if err != nil {
		return err
	}
	with := []string{"-d", t.place(dump), "--defer-indexes", []string{"auto", "all", "none"}[rng.IntN(3)]}
	if rng.IntN(3) == 0 {
		with = append(with, "--via", "insert")
	}
	if rng.IntN(4) == 0 {
		with = append(with, "--if-exists", "drop")
	}
	if err := t.loadUntilDone(ctx, rng, with); err != nil {
		return err
	}
	if err := t.compare(ctx); err != nil {
		return err
	}
	return os.RemoveAll(dump)
}

// compare holds the target against the source and empties it.
func (t *torture) compare(ctx context.Context) error {
	got, err := readContent(ctx, t.target.admin)
	if err == nil && t.forgetful {
		got.next = t.want.next
	}
	t.forgetful = false
	if err != nil {
		t.fail("the target cannot be read: %v", err)
	} else if d := compare(t.want, got); d.any() {
		t.total.lost, t.total.doubled, t.total.altered = t.total.lost+d.lost, t.total.doubled+d.doubled, t.total.altered+d.altered
		t.fail("%v", d.what)
		if now, err := readContent(ctx, t.source.admin); err == nil {
			if c := compare(t.want, now); c.any() {
				fmt.Fprintln(t.out, "  the source is not what it was, either:", c.what)
			}
		}
	}
	t.compared++
	left, err := numbers(ctx, t.target.admin, progressLeft)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		t.fail("the progress table is left")
	}
	t.target.proxy.BreakAll(testdb.BreakBoth)
	for _, q := range []string{"DROP DATABASE IF EXISTS gomove", "DROP DATABASE " + schema, "TRUNCATE TABLE " + side + ".heavy"} {
		if _, err := t.target.admin.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// fail notes that a promise was broken.
func (t *torture) fail(format string, args ...any) {
	what := fmt.Sprintf("seed %d, round %d: ", t.seed, t.round) + fmt.Sprintf(format, args...)
	t.failures = append(t.failures, what)
	fmt.Fprintln(t.out, "BROKEN:", what)
}
