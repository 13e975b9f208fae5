package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// slots are the names of locks (GET_LOCK) that the sessions of a run hold as long as the server knows them. The server
// goes on with a statement whose client has died: by these names a session that was lost, and those of a run that was
// killed, are found and ended before anything else is done. A connection's number would not do, it may be another's.
type slots struct {
	run string // random
	n   int    // numbers from 0

	mu   sync.Mutex
	used map[int]bool
}

func newSlots(threads int) *slots {
	return &slots{run: randomName(), n: 8*threads + 24, used: map[int]bool{}}
}

// slot is the name that a session has; without one on a server that has no such locks.
type slot struct {
	name    string
	release func() // gives the name back
}

func slotName(run string, n int) string { return "gomove." + run + "." + strconv.Itoa(n) }

// next takes the first free number after n.
func (k *slots) next(after int) (n int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for n = after + 1; n < k.n; n++ {
		if !k.used[n] {
			k.used[n] = true
			return n, true
		}
	}
	return 0, false
}

func (k *slots) free(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.used, n)
}

// occupy gives a session its slot. It refuses when another load has this run's lock: that one goes on with the work.
func (l *load) occupy(ctx context.Context, s *session) error {
	for n, ok := l.slots.next(-1); ok; n, ok = l.slots.next(n) {
		var got, holder sql.NullInt64
		name := slotName(l.slots.run, n)
		err := s.QueryRowContext(ctx, "SELECT GET_LOCK("+mysql.QuoteString(name)+",0), IS_USED_LOCK('"+runLockName+"')").Scan(&got, &holder)
		if err == nil {
			err = l.lock.refuse(holder)
		}
		if err == nil && got.Int64 == 1 {
			s.slot = slot{name: name, release: sync.OnceFunc(func() { l.slots.free(n) })}
			return nil
		}
		l.slots.free(n)
		if err != nil {
			if mysql.IsConnectionLost(err) || errors.Is(err, ErrBusy) || ctx.Err() != nil {
				return err
			}
			return nil // a server without such locks
		}
	}
	return nil
}

// bury makes sure that lost sessions are gone from the server too, so that their statements and locks are: what they had
// open is rolled back. It waits as long as that takes, and gives their slots back.
func (l *load) bury(ctx context.Context, lost ...slot) error {
	var names []string
	for _, k := range lost {
		if k.name != "" {
			names = append(names, k.name)
		}
	}
	if err := l.endHolders(ctx, names); err != nil {
		return err
	}
	for _, k := range lost {
		k.release()
	}
	return nil
}

// endHolders kills what holds some of the locks, until nothing does.
func (l *load) endHolders(ctx context.Context, names []string) error {
	var told time.Time
	start := time.Now()
	for {
		left, err := l.holders(ctx, names)
		if err != nil || len(left) == 0 {
			return err
		}
		for _, id := range left {
			// It may be gone by now, or the account may not: then it ends by itself.
			if _, err := l.server.DB().ExecContext(ctx, fmt.Sprintf("KILL %d", id)); mysql.IsDenied(err) {
				_ = l.server.Kill(ctx, uint64(id))
			}
		}
		if time.Since(start) > 2*time.Second && time.Since(told) > 30*time.Second {
			told = time.Now()
			l.log.Warn("sessions that were lost are still at work on the target, waiting until they end", "connections", fmt.Sprint(left))
		}
		if sleep(ctx, 50*time.Millisecond); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// namesPerQuery bounds how many locks are asked for in one statement.
const namesPerQuery = 200

// holders are the connections that hold some of the locks.
func (l *load) holders(ctx context.Context, names []string) (ids []int64, err error) {
	for len(names) > 0 {
		some := names[:min(len(names), namesPerQuery)]
		names = names[len(some):]
		calls := make([]string, len(some))
		got, into := make([]sql.NullInt64, len(some)), make([]any, len(some))
		for i, name := range some {
			calls[i], into[i] = "IS_USED_LOCK("+mysql.QuoteString(name)+")", &got[i]
		}
		if err := l.server.DB().QueryRowContext(ctx, "SELECT "+strings.Join(calls, ",")).Scan(into...); err != nil {
			return nil, err
		}
		for _, id := range got {
			if id.Valid {
				ids = append(ids, id.Int64)
			}
		}
	}
	return ids, nil
}

// buryPast ends what earlier runs have left at work on the target. They are no more: this run has the lock.
func (l *load) buryPast(ctx context.Context) error {
	if l.journal.schema == "" || l.lock.missing() || l.o.DryRun {
		return nil
	}
	runs, err := l.journal.runs(ctx, l.server)
	if err != nil {
		return err
	}
	var names []string
	for run, n := range runs {
		for i := range min(n, maxSlots) {
			names = append(names, slotName(run, i))
		}
	}
	if err := l.endHolders(ctx, names); err != nil {
		return fmt.Errorf("sessions of an earlier run: %w", err)
	}
	return nil
}

// maxSlots bounds what is believed of a progress table.
const maxSlots = 10_000
