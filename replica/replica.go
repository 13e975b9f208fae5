// Package replica has a target follow its source after a copy: it configures replication from the place in the source's binary log at
// which the copy was taken, says how replication fares and why, repairs it, and moves the writers over at the end.
package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gomove/gomove/internal/mysql"
)

var (
	// ErrRefused is what was found before anything changed.
	ErrRefused = errors.New("replication was not changed")
	// ErrNotConfigured is a target that replicates from nowhere.
	ErrNotConfigured = errors.New("the target is not configured to replicate")
	// ErrUnwell is a replication that works and needs attention: exit code 3.
	ErrUnwell = errors.New("replication needs attention")
	// ErrBroken is a replication that goes no further by itself.
	ErrBroken = errors.New("replication is broken")
	// ErrUnconfirmed is a step that needs the user's word.
	ErrUnconfirmed = errors.New("not confirmed")
)

// Servers are the two ends.
type Servers struct {
	Source *mysql.Options // nil where only the target is asked
	Target mysql.Options
	Log    *slog.Logger // default slog.Default()
}

// ends are the connected servers.
type ends struct {
	source *mysql.Server // nil when there is none
	target *mysql.Server
	speak  dialect // the target's
	log    *slog.Logger
}

// connect reaches the servers. Their sessions have no sql_mode and UTC.
func connect(ctx context.Context, s Servers) (_ *ends, err error) {
	e := &ends{log: s.Log}
	if e.log == nil {
		e.log = slog.Default()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if s.Source != nil {
		if e.source, err = mysql.Connect(ctx, *s.Source, mysql.ForDump); err != nil {
			return nil, err
		}
	}
	if e.target, err = mysql.Connect(ctx, s.Target, mysql.ForDump); err != nil {
		return nil, err
	}
	e.speak, err = dialectOf(ctx, e.target)
	return e, err
}

func (e *ends) close() error {
	var errs []error
	for _, s := range []*mysql.Server{e.source, e.target} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// run changes a server by one statement, on a session that writes no general log.
func run(ctx context.Context, on *mysql.Server, s statement) (err error) {
	conn, err := on.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Passwords would be in it. An account that may not switch it off is one of a managed server.
	_, _ = conn.ExecContext(ctx, "SET SESSION sql_log_off=1")
	if s.unlogged {
		_, _ = conn.ExecContext(ctx, "SET SESSION sql_log_bin=0")
	}
	defer conn.KillOnDone(ctx)() // else the server would make the change after it was taken back
	for _, sql := range s.before {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, s.sql, s.args...)
	return err
}

// word asks a server one value; NULL is "".
func word(ctx context.Context, s *mysql.Server, query string) (string, error) {
	column, err := mysql.Column(ctx, s.DB(), query)
	if err != nil || len(column) == 0 {
		return "", err
	}
	return column[0], nil
}

// Confirm asks the user; the question says what may go wrong.
type Confirm func(ctx context.Context, question string) (bool, error)

// confirmed is nil when the user agrees.
func confirmed(ctx context.Context, ask Confirm, question string) error {
	if ask == nil {
		return nil
	}
	ok, err := ask(ctx, question)
	if err == nil && !ok {
		err = fmt.Errorf("%w: nothing was changed", ErrUnconfirmed)
	}
	return err
}
