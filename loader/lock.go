package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

const (
	runLockName = "gomove.load"
	runLockWait = 5 // seconds; a load that was just killed may still hold it
	runLockPing = 20 * time.Second
)

// runLock keeps other loads off the target, on a session of its own.
type runLock struct {
	s    *mysql.Conn
	none bool // the server has no such locks
}

// lockRun takes the lock. ErrBusy names the connection that holds it.
func (l *load) lockRun(ctx context.Context) (*runLock, error) {
	s, err := l.server.Session(ctx)
	if err != nil {
		return nil, err
	}
	lock := &runLock{s: s}
	if err := lock.take(ctx); err != nil {
		lock.release()
		return nil, err
	}
	if lock.none {
		l.warn("this target has no GET_LOCK: nothing keeps a second load off it")
	}
	return lock, nil
}

func (k *runLock) take(ctx context.Context) error {
	var got sql.NullInt64
	err := k.s.QueryRowContext(ctx, fmt.Sprintf("SELECT GET_LOCK('%s',%d)", runLockName, runLockWait)).Scan(&got)
	switch {
	case err != nil && (mysql.IsConnectionLost(err) || ctx.Err() != nil):
		return err
	case err != nil:
		k.none = true
		return nil
	case got.Int64 == 1:
		return nil
	}
	var holder sql.NullInt64
	if err := k.s.QueryRowContext(ctx, "SELECT IS_USED_LOCK('"+runLockName+"')").Scan(&holder); err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return fmt.Errorf("%w: connection %d holds the lock %s; wait until it ends", ErrBusy, holder.Int64, runLockName)
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
		if _, err := k.s.ExecContext(ctx, "DO 1"); err == nil || ctx.Err() != nil || !mysql.IsConnectionLost(err) {
			continue
		}
		if err := l.retake(ctx, k); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the lock %s was lost with its session: %w", runLockName, err)
		}
	}
}

func (l *load) retake(ctx context.Context, k *runLock) error {
	for attempt := 0; ; attempt++ {
		s, err := l.server.Session(ctx)
		if err == nil {
			_ = k.s.Close()
			k.s = s
			err = k.take(ctx)
		}
		if err == nil || errors.Is(err, ErrBusy) || attempt >= maxAttempts || ctx.Err() != nil {
			return err
		}
		sleep(ctx, backoff(attempt))
	}
}

// release ends the session and with it the lock.
func (k *runLock) release() {
	_ = k.s.Close()
}
