package replica

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// StatusOptions of one look.
type StatusOptions struct {
	Servers
	Interval  time.Duration       // between two readings; default 5 s
	Heartbeat bool                // a row is written on the source, and waited for
	Watch     bool                // looks again and again until ctx ends
	Seen      func(*Report) error // is given each report of a watch
}

const defaultInterval = 5 * time.Second

// Look reads a target's replication, twice where once does not tell, and says how it fares.
func Look(ctx context.Context, o StatusOptions) (r *Report, err error) {
	if o.Interval == 0 {
		o.Interval = defaultInterval
	}
	if o.Heartbeat && o.Source == nil {
		return nil, errors.New("--heartbeat needs --source: the row is written there")
	}
	e, err := connect(ctx, o.Servers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	first, err := read(ctx, e)
	if err != nil {
		return nil, err
	}
	for {
		if r, first, err = e.look(ctx, o, first); err != nil || !o.Watch {
			return r, err
		}
		if err := o.Seen(r); err != nil {
			return r, err
		}
	}
}

// look judges by a reading and, where that does not tell, by another. It returns the last one, by which a watch goes on.
func (e *ends) look(ctx context.Context, o StatusOptions, first reading) (*Report, reading, error) {
	readings := []reading{first}
	var beat *heartbeat
	var err error
	if o.Heartbeat && first.status != nil && first.status.SQL == "Yes" {
		if beat, err = e.heartbeat(ctx, o.Interval); err != nil {
			return nil, first, err
		}
	}
	if !first.settled() || o.Watch || beat != nil {
		if wait := o.Interval - time.Since(first.at); wait > 0 && (!first.settled() || o.Watch) {
			if err := sleep(ctx, wait); err != nil {
				return nil, first, err
			}
		}
		next, err := read(ctx, e)
		if err != nil {
			return nil, first, err
		}
		readings = append(readings, next)
		if next.status == nil || first.status == nil {
			readings = readings[1:]
		}
	}
	r, err := diagnose(ctx, e, readings)
	if err == nil && beat != nil {
		seconds := beat.took.Seconds()
		r.Heartbeat, r.Late = &seconds, !beat.came
	}
	return r, readings[len(readings)-1], err
}

// heartbeat is how long a row took from source to target.
type heartbeat struct {
	took time.Duration
	came bool
}

const heartbeatTable = "`gomove`.`heartbeat`"

// heartbeat writes a row on the source and waits for it on the target.
func (e *ends) heartbeat(ctx context.Context, wait time.Duration) (*heartbeat, error) {
	token := rand.Text()
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS `gomove`",
		"CREATE TABLE IF NOT EXISTS " + heartbeatTable + " (id INT NOT NULL PRIMARY KEY, token VARCHAR(40) CHARACTER SET ascii NOT NULL, written DATETIME(6) NOT NULL) ENGINE=InnoDB",
		"REPLACE INTO " + heartbeatTable + " VALUES (1, '" + token + "', UTC_TIMESTAMP(6))",
	} {
		if err := run(ctx, e.source, onSource(sql)); err != nil {
			return nil, fmt.Errorf("heartbeat: %w", err)
		}
	}
	began := time.Now()
	for {
		got, err := word(ctx, e.target, "SELECT token FROM "+heartbeatTable+" WHERE id=1")
		if n := mysql.Number(err); err != nil && n != errNoTable && n != errNoSchema {
			return nil, fmt.Errorf("heartbeat: %w", err)
		}
		if took := time.Since(began); got == token || took > wait {
			return &heartbeat{took, got == token}, nil
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}
