package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// end is one server with the proxy before it.
type end struct {
	server *testdb.Server
	proxy  *testdb.FaultProxy
	admin  *sql.DB // one connection, past the proxy
}

// habits is what a run without a fault takes; moments of faults are drawn from it.
type habits struct {
	time  time.Duration
	bytes int64
}

// fault lets something happen to a run and returns at the run's end. It reports whether it happened.
func (t *torture) fault(ctx context.Context, k kind, rng *rand.Rand, p *process, e *end, h habits) (bool, error) {
	moment := time.Duration(rng.Float64() * 1.1 * float64(h.time))
	happened, err := false, error(nil)
	switch k {
	case cut, orphan:
		how := testdb.BreakBoth
		if k == orphan {
			how = testdb.BreakClient
		}
		before := e.proxy.Broken()
		e.proxy.BreakAfter(1+rng.Int64N(h.bytes), how)
		<-p.done
		e.proxy.Steady()
		return e.proxy.Broken() > before, nil
	case deadlock, lockWait:
		if err := t.compete(ctx, k, rng, p, e); err != nil {
			return false, err
		}
		return p.repeated() > 0, nil
	case s3Cut, s3Stall:
		if p.alive(moment) {
			happened = t.strikeBucket(k, rng)
		}
	default:
		if p.alive(moment) {
			happened, err = strike(ctx, k, rng, p, e)
		}
	}
	<-p.done
	return happened, err
}

// strikeBucket does what happens between gomove and the bucket at one moment.
func (t *torture) strikeBucket(k kind, rng *rand.Rand) bool {
	if k == s3Stall {
		t.bucket.proxy.Stall(time.Duration(200+rng.IntN(1500)) * time.Millisecond)
		return true
	}
	return t.bucket.proxy.BreakAll(testdb.BreakBoth) > 0
}

// strike does what happens at one moment.
func strike(ctx context.Context, k kind, rng *rand.Rand, p *process, e *end) (bool, error) {
	switch k {
	case kill:
		return p.cmd.Process.Signal(syscall.SIGKILL) == nil, nil
	case interrupt:
		return p.cmd.Process.Signal(syscall.SIGINT) == nil, nil
	case cutAll:
		return e.proxy.BreakAll(testdb.BreakBoth) > 0, nil
	case stall:
		e.proxy.Stall(time.Duration(200+rng.IntN(1500)) * time.Millisecond)
		return true, nil
	case server:
		e.server.Kill()
		p.alive(time.Duration(rng.IntN(300)) * time.Millisecond)
		return true, e.server.Restart()
	case session:
		return e.killSession(ctx, rng)
	default:
		return false, fmt.Errorf("kind %q has no moment", k)
	}
}

// killSession ends one of gomove's sessions, as an administrator does.
func (e *end) killSession(ctx context.Context, rng *rand.Rand) (bool, error) {
	ids, err := numbers(ctx, e.admin, "SELECT id FROM information_schema.processlist WHERE user='root' AND id<>CONNECTION_ID()")
	if err != nil || len(ids) == 0 {
		// MySQL 9.7 cannot list a statement that holds binary text (3854): then the fault does not happen.
		return false, ctx.Err()
	}
	_, err = e.admin.ExecContext(ctx, fmt.Sprintf("KILL %d", ids[rng.IntN(len(ids))]))
	return err == nil, nil
}

func numbers(ctx context.Context, db *sql.DB, query string) (out []int64, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// compete is a second client that locks rows of gomove's tables and of its progress, in an order that deadlocks.
func (t *torture) compete(ctx context.Context, k kind, rng *rand.Rand, p *process, e *end) error {
	db, err := e.server.Open("")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	innodb := []string{"keyed", "strings", "keyless", "small", "parents"}
	// Of two clients in a deadlock the one that has changed fewer rows is the victim.
	heavy := "INSERT INTO " + side + ".heavy (v) VALUES (0)" + strings.Repeat(",(0)", 500)
	for p.alive(time.Duration(1+rng.IntN(5)) * time.Millisecond) {
		lock := "SELECT COUNT(*) FROM " + schema + "." + innodb[rng.IntN(len(innodb))] + " FOR UPDATE"
		statements := []string{"BEGIN", lock}
		hold := time.Duration(rng.IntN(60)) * time.Millisecond
		if k == lockWait {
			hold = 1500 * time.Millisecond // the target's innodb_lock_wait_timeout is 1 s
			statements = append(statements, "")
		} else {
			statements = append(statements, heavy, "", "INSERT INTO gomove.progress SELECT * FROM gomove.progress WHERE kind='chunk' FOR UPDATE")
		}
		for _, q := range statements {
			if q == "" {
				p.alive(hold)
				continue
			}
			if err := runAll(ctx, conn, q); err != nil {
				break // the table is not there yet, or this client is the deadlock's victim
			}
		}
		if err := runAll(ctx, conn, "ROLLBACK"); err != nil {
			return err
		}
	}
	return nil
}
