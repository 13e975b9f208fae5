package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

const (
	runLockName = "gomove.load"
	runLockWait = 5 // seconds; a load that was just killed may still hold it
	runLockPing = 20 * time.Second
	// runLockIdle is after how many seconds the server ends the lock's session when nothing is heard of it: a machine
	// that died or is cut off keeps no other load off the target for longer.
	runLockIdle = 120
)

// runLock keeps other loads off the target, on a session of its own.
type runLock struct {
	s *mysql.Conn

	mu   sync.Mutex
	none bool      // the server has no such locks
	ids  [2]uint64 // of this session and of the one before it, which the server may not have noticed to be lost
}

// lockRun takes the lock. ErrBusy names the connection that holds it.
func (l *load) lockRun(ctx context.Context) error {
	k := l.lock
	if err := l.renew(ctx, k); err != nil {
		k.release()
		return err
	}
	if k.missing() {
		l.warn("this target has no GET_LOCK: nothing keeps a second load off it")
	}
	return nil
}

// renew takes the lock on a new session.
func (l *load) renew(ctx context.Context, k *runLock) error {
	s, err := l.server.Session(ctx)
	if err != nil {
		return err
	}
	k.release()
	k.s = s
	k.mu.Lock()
	k.ids[1], k.ids[0] = k.ids[0], s.ID
	k.mu.Unlock()
	// A wish: where the server refuses it, the lock is kept longer than it must be.
	_, _ = s.ExecContext(ctx, fmt.Sprintf("SET SESSION wait_timeout=%d", runLockIdle))
	return l.take(ctx, k)
}

func (l *load) take(ctx context.Context, k *runLock) error {
	got, err := k.try(ctx, 0)
	if err != nil || got || k.missing() {
		return err
	}
	holder, err := k.holder(ctx)
	if err != nil {
		return err
	}
	if k.mine(holder) {
		// The server has not noticed that this run's own session is lost. If the kill is refused, waiting may help.
		if _, err := k.s.ExecContext(ctx, fmt.Sprintf("KILL %d", holder.Int64)); mysql.IsDenied(err) {
			_ = l.server.Kill(ctx, uint64(holder.Int64))
		}
	} else {
		l.log.Warn("another load runs on this target, waiting for its end", "connection", holder.Int64, "seconds", runLockWait)
	}
	if got, err = k.try(ctx, runLockWait); err != nil || got {
		return err
	}
	if holder, err = k.holder(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: connection %d holds the lock %s; wait until it ends, or end it by KILL %d: a load that lost its lock stops, and the same command carries on from what it has committed",
		ErrBusy, holder.Int64, runLockName, holder.Int64)
}

// try asks for the lock; a server that has no such locks is remembered.
func (k *runLock) try(ctx context.Context, seconds int) (bool, error) {
	var got sql.NullInt64
	err := k.s.QueryRowContext(ctx, fmt.Sprintf("SELECT GET_LOCK('%s',%d)", runLockName, seconds)).Scan(&got)
	if err != nil && !mysql.IsConnectionLost(err) && ctx.Err() == nil {
		k.mu.Lock()
		k.none = true
		k.mu.Unlock()
		return false, nil
	}
	return err == nil && got.Int64 == 1, err
}

func (k *runLock) holder(ctx context.Context) (id sql.NullInt64, err error) {
	if err = k.s.QueryRowContext(ctx, "SELECT IS_USED_LOCK('"+runLockName+"')").Scan(&id); err != nil {
		return id, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return id, nil
}

// missing reports a server that has no such locks.
func (k *runLock) missing() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.none
}

func (k *runLock) mine(holder sql.NullInt64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return holder.Valid && (uint64(holder.Int64) == k.ids[0] || uint64(holder.Int64) == k.ids[1])
}

// lostTo reports that another load holds the lock.
func (k *runLock) lostTo(holder sql.NullInt64) bool {
	return !k.missing() && holder.Valid && !k.mine(holder)
}

// still refuses when another load has the lock by now.
func (l *load) still(ctx context.Context) error {
	if l.lock.missing() {
		return nil
	}
	var holder sql.NullInt64
	if err := l.server.DB().QueryRowContext(ctx, "SELECT IS_USED_LOCK('"+runLockName+"')").Scan(&holder); err != nil {
		return err
	}
	return l.lock.refuse(holder)
}

func (k *runLock) refuse(holder sql.NullInt64) error {
	if !k.lostTo(holder) {
		return nil
	}
	return fmt.Errorf("%w: connection %d has taken the lock %s, which this load had lost", ErrBusy, holder.Int64, runLockName)
}

// keep holds the lock until ctx ends. When its session is lost it is taken again on a new one; when another load has
// it by then, or there is no session to be had, that is an error, which ends the run.
func (l *load) keep(ctx context.Context, k *runLock) error {
	tick := time.NewTicker(runLockPing)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.ping(ctx); err == nil || ctx.Err() != nil || !mysql.IsConnectionLost(err) && !errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err := l.retake(ctx, k); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the lock %s was lost with its session: %w", runLockName, err)
		}
	}
}

func (k *runLock) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, runLockPing)
	defer cancel()
	_, err := k.s.ExecContext(ctx, "DO 1")
	return err
}

func (l *load) retake(ctx context.Context, k *runLock) error {
	free := func(err error) bool { return !errors.Is(err, ErrBusy) }
	return retry(ctx, maxAttempts, free, func() error { return l.renew(ctx, k) })
}

// release ends the session and with it the lock.
func (k *runLock) release() {
	if k.s != nil {
		_ = k.s.Close()
	}
}
