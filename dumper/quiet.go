package dumper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// The time between two looks at the processlist.
const quietPoll = 40 * time.Millisecond

// running is a statement in the processlist.
type running struct {
	id   uint64
	user string
	time int64 // whole seconds
	info string
	ours bool // it waits for this dump's own LOCK INSTANCE FOR BACKUP
}

// waitQuiet returns when no statement is running that a FLUSH would wait for, and fails at the deadline, naming one that does.
// In the first half of the time even statements of a tenth of a second are waited out; after it those of a second.
func (b *barrier) waitQuiet(ctx context.Context, deadline time.Time) error {
	strictUntil := time.Now().Add(time.Until(deadline) / 2)
	var before []running
	for first := true; ; first = false {
		list, err := b.processlist(ctx)
		if err != nil {
			return err
		}
		if b.held && time.Now().Before(deadline) && slices.ContainsFunc(list, func(r running) bool { return r.ours }) {
			return b.yield(ctx)
		}
		long, young := longest(list, before)
		before = list
		now := time.Now()
		switch {
		case len(list) == 0:
			return nil
		case long == nil && now.Before(strictUntil) && !young && !first:
			return nil
		case long == nil && now.After(strictUntil):
			return nil
		case long != nil && now.After(deadline):
			return fmt.Errorf("statement %d of %s has been running for %d s (%s) and others would wait behind the lock; end it, wait for it, or raise --max-lock-wait", long.id, long.user, long.time, clip(long.info, 80))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quietPoll):
		}
	}
}

// errYielded is that DDL was let through which had waited for LOCK INSTANCE FOR BACKUP.
var errYielded = errors.New("DDL was let through")

// yield gives LOCK INSTANCE FOR BACKUP back for DDL that waits for it: the dump would wait for that DDL, and a FLUSH beside it ends
// it with error 1213 (measured on MySQL 9.7).
func (b *barrier) yield(ctx context.Context) error {
	if err := b.exec(ctx, "UNLOCK INSTANCE"); err != nil {
		return err
	}
	b.held, b.yielded = false, true
	return errYielded
}

// quietLocked is waitQuiet with LOCK INSTANCE FOR BACKUP held as it was before: what waits for that lock is let through, and the lock
// taken again.
func (b *barrier) quietLocked(ctx context.Context, deadline time.Time, lockWait time.Duration) error {
	for {
		err := b.waitQuiet(ctx, deadline)
		switch {
		case errors.Is(err, errYielded):
		case err != nil || !b.yielded:
			return err
		default:
			if err := b.lockInstance(ctx); err != nil {
				return err
			}
			if err := b.setLockWait(ctx, lockWait); err != nil {
				return err
			}
			b.yielded = false // and look again: DDL may have begun to wait meanwhile
		}
	}
}

// longest returns a statement that has run for a second or more, and whether any has been running since the look before.
func longest(list, before []running) (long *running, young bool) {
	for i, r := range list {
		if r.time >= 1 && (long == nil || r.time > long.time) {
			long = &list[i]
		}
		for _, p := range before {
			// The same text on the same session with less time is a new statement.
			young = young || p.id == r.id && p.info == r.info && p.time <= r.time
		}
	}
	return long, young
}

// processlist lists the statements that other sessions are running. Without the PROCESS privilege it shows the account's own only.
func (b *barrier) processlist(ctx context.Context) ([]running, error) {
	rows, err := mysql.QueryNamed(ctx, b.control, "SHOW FULL PROCESSLIST")
	if err != nil {
		return nil, fmt.Errorf("SHOW FULL PROCESSLIST: %w", err)
	}
	var out []running
	for _, row := range rows {
		r := running{user: row.Text("user"), info: row.Text("info"), ours: row.Text("state") == "Waiting for backup lock"}
		_, _ = fmt.Sscan(row.Text("id"), &r.id)
		_, _ = fmt.Sscan(row.Text("time"), &r.time)
		if b.isStatement(r, row.Text("command")) {
			out = append(out, r)
		}
	}
	return out, nil
}

// isStatement leaves out our own sessions, idle ones, and the server's own threads.
func (b *barrier) isStatement(r running, command string) bool {
	if r.id == b.control.ID || r.info == "" || command != "Query" && command != "Execute" && command != "Fetch" {
		return false
	}
	switch r.user {
	case "system user", "event_scheduler":
		return false
	}
	return true
}

// clip shortens a statement for a message.
func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
