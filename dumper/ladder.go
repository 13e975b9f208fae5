package dumper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// errRefused is a step of the ladder that this server or account does not have: the next one is tried.
// Any other error of a step, a lock that could not be had in time above all, ends the climb.
type errRefused struct{ reason string }

func (e *errRefused) Error() string { return e.reason }

func refused(format string, args ...any) error {
	return &errRefused{reason: fmt.Sprintf(format, args...)}
}

// step is one way to a consistent snapshot.
type step struct {
	mode Consistency
	name string // as the plan names it
	open func(ctx context.Context) error
}

// The step that only MariaDB has.
const backupStagesName = "backup stages"

func (b *barrier) steps() []step {
	all := []step{
		{ConsistencyLockFree, "lock-free snapshots", b.lockFree},
		{ConsistencyLock, backupStagesName, b.backupStages},
		{ConsistencyLock, "global read lock", b.globalReadLock},
		{ConsistencyTables, "table locks by FLUSH TABLES", b.flushTables},
		{ConsistencyTables, "table locks by LOCK TABLES", b.lockTables},
		{ConsistencyNone, "no consistency", b.inconsistent},
	}
	var out []step
	for _, s := range all {
		if s.name == backupStagesName && b.server.Facts.Flavor != mysql.MariaDB {
			continue
		}
		if s.mode == b.options.Consistency || b.options.Consistency == ConsistencyAuto && s.mode != ConsistencyNone {
			out = append(out, s)
		}
	}
	return out
}

// climb takes the first step that works.
func (b *barrier) climb(ctx context.Context) error {
	var tried []error
	for _, s := range b.steps() {
		err := s.open(ctx)
		var no *errRefused
		switch {
		case err == nil:
			b.facts.Mode = string(s.mode)
			if b.facts.LockHold > 0 {
				b.plan("%s: taken; waited %s for the lock, held it %s", s.name, round(b.facts.LockWait), round(b.facts.LockHold))
			} else {
				b.plan("%s: taken", s.name)
			}
			return nil
		case errors.As(err, &no):
			b.plan("%s: not possible, %s", s.name, no.reason)
			tried = append(tried, fmt.Errorf("%s: %w", s.name, err))
		default:
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return fmt.Errorf("no way to a consistent snapshot with --consistency %s: %w", b.options.Consistency, errors.Join(tried...))
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// refusedOr turns an error of a missing privilege or statement into errRefused.
func refusedOr(err error, what string) error {
	if mysql.IsDenied(err) || mysql.IsUnknown(err) {
		return refused("%s was refused with error %d", what, mysql.Number(err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// backupStages is MariaDB's lock (https://mariadb.com/kb/en/backup-stage/): commits wait, readers and idle sessions do not.
func (b *barrier) backupStages(ctx context.Context) error {
	if err := b.setLockWait(ctx, b.options.MaxLockWait); err != nil {
		return err
	}
	start := time.Now()
	for i, stage := range []string{"START", "BLOCK_DDL", "BLOCK_COMMIT"} {
		if err := b.exec(ctx, "BACKUP STAGE "+stage); err != nil {
			if i == 0 {
				return refusedOr(err, "BACKUP STAGE START")
			}
			b.release(ctx, "BACKUP STAGE END")
			return lockTimeout(err, "BACKUP STAGE "+stage, b.options.MaxLockWait)
		}
	}
	b.facts.LockWait = time.Since(start)
	return b.underLock(ctx, "BACKUP STAGE END")
}

// globalReadLock is FLUSH TABLES WITH READ LOCK for the barrier, on MySQL 8 and later under LOCK INSTANCE FOR BACKUP for the whole dump.
func (b *barrier) globalReadLock(ctx context.Context) error {
	if err := b.lockInstance(ctx); err != nil {
		return err
	}
	if err := b.flush(ctx, "FLUSH TABLES WITH READ LOCK"); err != nil {
		return err
	}
	return b.underLock(ctx, "UNLOCK TABLES")
}

func (b *barrier) lockInstance(ctx context.Context) error {
	if b.server.Facts.Flavor == mysql.MariaDB || b.server.Facts.Number < 80000 || b.held {
		return nil
	}
	if b.options.SameServer {
		b.plan("no LOCK INSTANCE FOR BACKUP, as the target is the same server: definitions are compared at the end instead")
		return nil
	}
	if err := b.setLockWait(ctx, b.options.MaxLockWait); err != nil {
		return err
	}
	if err := b.exec(ctx, "LOCK INSTANCE FOR BACKUP"); err != nil {
		if mysql.IsDenied(err) || mysql.IsUnknown(err) {
			b.plan("LOCK INSTANCE FOR BACKUP was refused with error %d: definitions are compared at the end instead", mysql.Number(err))
			return nil
		}
		return lockTimeout(err, "LOCK INSTANCE FOR BACKUP", b.options.MaxLockWait)
	}
	b.held = true
	if !b.yielded {
		b.plan("LOCK INSTANCE FOR BACKUP is held until the end: no DDL meanwhile")
	}
	return nil
}

// flushTables locks the tables of the dump alone, for accounts without the global lock. It waits for open writers on every server.
func (b *barrier) flushTables(ctx context.Context) error {
	if len(b.tables) == 0 {
		return b.underLock(ctx, "UNLOCK TABLES")
	}
	if err := b.lockInstance(ctx); err != nil {
		return err
	}
	if err := b.flush(ctx, "FLUSH TABLES "+tableList(b.tables, "")+" WITH READ LOCK"); err != nil {
		return err
	}
	return b.underLock(ctx, "UNLOCK TABLES")
}

// lockTables is LOCK TABLES READ. Under autocommit=1, MySQL 5.6 grants it beside an open writer and snapshots tear,
// so it runs under autocommit=0 with InnoDB's own table locks (https://dev.mysql.com/doc/refman/5.6/en/lock-tables.html).
func (b *barrier) lockTables(ctx context.Context) error {
	if v := b.server.Facts.Variables["innodb_table_locks"]; v != "" && v != "ON" && v != "1" {
		return refused("innodb_table_locks is %s", v)
	}
	if err := b.setLockWait(ctx, b.options.MaxLockWait); err != nil {
		return err
	}
	for _, q := range []string{
		fmt.Sprintf("SET SESSION innodb_lock_wait_timeout=%d", seconds(b.options.MaxLockWait)),
		"SET SESSION autocommit=0",
	} {
		if err := b.exec(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	start := time.Now()
	for tries := 1; ; tries++ {
		err := b.exec(ctx, "LOCK TABLES "+tableList(b.tables, " READ"))
		switch {
		case err == nil:
			b.facts.LockWait = time.Since(start)
			return b.underLock(ctx, "UNLOCK TABLES")
		case mysql.IsDenied(err):
			return refusedOr(err, "LOCK TABLES")
		case mysql.Classify(err) != mysql.Retry || time.Since(start) >= b.options.MaxLockWait:
			return lockTimeout(err, "LOCK TABLES", b.options.MaxLockWait)
		}
		// A deadlock with writers that hold one table and want the next.
		if err := b.pause(ctx, tries); err != nil {
			return err
		}
	}
}

// inconsistent opens the snapshots one beside the other, with nothing to hold them together.
func (b *barrier) inconsistent(ctx context.Context) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	b.facts.Coordinates = dump.Coordinates{State: dump.NotASnapshot}
	b.plan("tables may be from different moments, and there are no coordinates to replicate from")
	if b.locked != nil {
		_ = b.locked.Close()
		b.locked = nil
	}
	return nil
}

// underLock opens the snapshots and reads the coordinates while control holds a lock, and gives the lock back.
func (b *barrier) underLock(ctx context.Context, unlock string) error {
	start := time.Now()
	hctx, cancel := context.WithTimeout(ctx, b.options.MaxLockHold)
	err := b.openTogether(hctx)
	timedOut := errors.Is(hctx.Err(), context.DeadlineExceeded) && ctx.Err() == nil
	cancel()
	released := b.release(ctx, unlock)
	b.facts.LockHold = time.Since(start)
	switch {
	case timedOut:
		return fmt.Errorf("the snapshots were not open within --max-lock-hold %s: %w", b.options.MaxLockHold, err)
	case err != nil:
		return err
	case released != nil:
		return fmt.Errorf("%s: %w", unlock, released)
	}
	return nil
}
