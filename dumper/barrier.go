package dumper

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// Server error numbers of a lock that was not granted in time.
const (
	erLockWaitTimeout = 1205
	erStatementKilled = 1317
)

// begin opens the snapshot of every reader at once.
func (b *barrier) begin(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range b.readers {
		g.Go(func() error {
			_, err := c.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("START TRANSACTION WITH CONSISTENT SNAPSHOT: %w", err)
	}
	return nil
}

// openTogether does, at once, all that must see one state: snapshots, coordinates, the lock on non-transactional tables.
func (b *barrier) openTogether(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.begin(gctx) })
	g.Go(func() error {
		own, source, err := b.position.read(gctx, b.control)
		b.facts.Coordinates, b.facts.Source = own, source
		return err
	})
	if b.locked != nil {
		g.Go(func() error {
			if _, err := b.locked.ExecContext(gctx, "LOCK TABLES "+tableList(b.nonTransactional(), " READ")); err != nil {
				return fmt.Errorf("LOCK TABLES on the non-transactional tables: %w", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// lockFree opens snapshots until all of them are at the same place of the binary log. The server tells each session the place of its own
// snapshot (https://mariadb.com/kb/en/enhancements-for-start-transaction-with-consistent-snapshot/); all equal is the proof.
func (b *barrier) lockFree(ctx context.Context) error {
	if err := b.lockFreePossible(ctx); err != nil {
		return err
	}
	start := time.Now()
	tries := 0
	for time.Since(start) < min(b.options.MaxLockWait, lockFreeLimit) {
		tries++
		if err := b.begin(ctx); err != nil {
			return err
		}
		places, err := b.snapshotPlaces(ctx)
		if err != nil {
			return err
		}
		if places[0].file == "" {
			return refused("the server does not tell the coordinates of a session's snapshot")
		}
		if allEqual(places) {
			b.plan("all %d snapshots are at %s:%d after %d tries, without a lock; transactions that a client keeps out of the binary log are outside this proof", len(b.readers), places[0].file, places[0].position, tries)
			b.facts.Coordinates = places[0].coordinates()
			return nil
		}
		if err := b.pause(ctx, tries); err != nil {
			return err
		}
	}
	return refused("in %d tries no two rounds of snapshots were at the same place of the binary log, the server commits too fast", tries)
}

// The time that is spent on finding equal snapshots before a lock is the better way.
const lockFreeLimit = 5 * time.Second

func (b *barrier) pause(ctx context.Context, tries int) error {
	limit := min(time.Duration(tries)*2*time.Millisecond, 50*time.Millisecond)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(rand.Int64N(int64(limit)) + 1)):
		return nil
	}
}

func (b *barrier) lockFreePossible(ctx context.Context) error {
	f := b.server.Facts
	switch {
	case f.Flavor == mysql.MySQL:
		return refused("this server has no proof without a lock: a transaction is in the binary log before the engine commits it")
	case !f.LogBin:
		return refused("the binary log is off")
	case b.position.denied:
		return refused("the account may not see whether the binary log is filtered: grant REPLICATION CLIENT or BINLOG MONITOR")
	case b.position.filtered:
		return refused("the binary log is filtered by binlog-do-db or binlog-ignore-db")
	case b.position.replicaRunning && b.options.Consistency == ConsistencyAuto:
		return refused("this server is a running replica, whose place in its source's log can only be read under a lock")
	case b.position.replicaRunning && f.Variables["log_slave_updates"] != "ON" && f.Variables["log_replica_updates"] != "ON":
		return refused("this server is a replica with log_slave_updates=OFF")
	case b.locked != nil:
		return refused("%s not transactional, such as %s.%s", progress.Counted(len(b.nonTransactional()), "table"), b.nonTransactional()[0].Schema, b.nonTransactional()[0].Name)
	}
	return ctx.Err()
}

// place is where a snapshot stands in the binary log.
type place struct {
	file     string
	position uint64
	gtid     string // Percona's binlog_snapshot_gtid_executed
}

// How often every session is asked for its place. MariaDB prints the answer from a variable that it shares with every other SHOW STATUS
// of the server: asked all at once, 13 of 1,000 rounds of equal answers came from different snapshots (measured on 10.11.19),
// asked one after another beside a monitoring client still 1. An answer that was overwritten does not repeat.
const placeReadings = 3

// snapshotPlaces asks every session, one after another and more than once, where its snapshot stands; a place for each answer.
func (b *barrier) snapshotPlaces(ctx context.Context) ([]place, error) {
	var places []place
	for range placeReadings {
		for _, c := range b.readers {
			p, err := snapshotPlace(ctx, c)
			if err != nil {
				return nil, err
			}
			places = append(places, p)
		}
		if !allEqual(places) {
			break
		}
	}
	return places, nil
}

func allEqual(places []place) bool {
	for _, p := range places {
		if p != places[0] {
			return false
		}
	}
	return true
}

func snapshotPlace(ctx context.Context, c *mysql.Conn) (p place, err error) {
	rows, err := c.QueryContext(ctx, "SHOW SESSION STATUS LIKE 'binlog\\_snapshot\\_%'")
	if err != nil {
		return p, fmt.Errorf("read binlog_snapshot status: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return p, err
		}
		p.set(strings.ToLower(name), value)
	}
	return p, rows.Err()
}

func (p place) coordinates() dump.Coordinates {
	return dump.Coordinates{State: dump.Recorded, File: p.file, Position: p.position, GTIDSet: oneLine(p.gtid)}
}

func (p *place) set(name, value string) {
	switch name {
	case "binlog_snapshot_file":
		p.file = value
	case "binlog_snapshot_position":
		_, _ = fmt.Sscan(value, &p.position)
	case "binlog_snapshot_gtid_executed":
		p.gtid = value
	}
}

// exec runs a statement that may wait for a lock. When ctx ends it is killed on the server: a FLUSH whose client
// is gone goes on waiting, and others wait behind it.
func (b *barrier) exec(ctx context.Context, query string) error {
	return execKillable(ctx, b.server, b.control, query)
}

func execKillable(ctx context.Context, s *mysql.Server, c *mysql.Conn, query string) error {
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(context.WithoutCancel(ctx), query)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	kctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := s.KillQuery(kctx, c.ID); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("kill query %d: %w", c.ID, err), c.Close(), <-done)
	}
	<-done
	return ctx.Err()
}

// release runs UNLOCK TABLES and the like, whatever has happened to ctx.
func (b *barrier) release(ctx context.Context, query string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_, err := b.control.ExecContext(ctx, query)
	return err
}

func (b *barrier) setLockWait(ctx context.Context, d time.Duration) error {
	q := fmt.Sprintf("SET SESSION lock_wait_timeout=%d", seconds(d))
	if err := b.exec(ctx, q); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

// seconds rounds up: 0 would be refused.
func seconds(d time.Duration) int64 {
	return max(1, int64((d+time.Second-1)/time.Second))
}

func lockTimeout(err error, what string, limit time.Duration) error {
	if n := mysql.Number(err); n == erLockWaitTimeout || n == erStatementKilled {
		return fmt.Errorf("%s was not granted within --max-lock-wait %s; dump at a quieter time, end the statement that holds it up, or raise the limit: %w", what, limit, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// flush takes a lock by a FLUSH statement. A FLUSH that waits, or has timed out, blocks readers of the tables that a
// running statement has open until that statement ends, so it is sent only when no such statement is in sight.
func (b *barrier) flush(ctx context.Context, query string) error {
	what, _, _ := strings.Cut(query, " `")
	start := time.Now()
	// The FLUSH itself may make others wait no longer than --max-lock-hold.
	attempt := min(b.options.MaxLockHold, b.options.MaxLockWait)
	if err := b.setLockWait(ctx, attempt); err != nil {
		return err
	}
	for {
		if err := b.quietLocked(ctx, start.Add(b.options.MaxLockWait), attempt); err != nil {
			return fmt.Errorf("%s was not sent: %w", what, err)
		}
		err := b.exec(ctx, query)
		if err == nil {
			b.facts.LockWait = time.Since(start)
			return nil
		}
		if mysql.Number(err) != erLockWaitTimeout {
			if mysql.IsDenied(err) || mysql.IsUnknown(err) {
				return refusedOr(err, what)
			}
			return lockTimeout(err, what, b.options.MaxLockWait)
		}
		if time.Since(start) >= b.options.MaxLockWait {
			return lockTimeout(err, what, b.options.MaxLockWait)
		}
		b.log.Warn("lock not granted, trying again", "statement", what, "waited", time.Since(start))
	}
}
