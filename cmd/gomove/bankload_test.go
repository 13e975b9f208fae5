package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// bankLoad is the clients that work beside the dumps.
type bankLoad struct {
	db      *sql.DB
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	commits atomic.Int64
	slowest atomic.Int64 // nanoseconds
	idle    *sql.Tx
	calm    atomic.Bool // while the dump waits: it spares the machine
	over    atomic.Bool // each client ends what it has begun: the server would go on with the statements of one that was cut off

	long      chan error // ends with the long SELECT
	longSince time.Time
	errs      chan error
}

func startBankLoad(t *testing.T, s *testdb.Server, c snapshotCase) *bankLoad {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &bankLoad{db: s.DB(t), cancel: cancel, errs: make(chan error, 16)}
	t.Cleanup(func() { // after a failure: nothing may stay open that the next mode would wait for
		cancel()
		l.wg.Wait()
		if l.idle != nil {
			_ = l.idle.Rollback()
		}
	})
	writers := 4
	if c.user == "plain" {
		writers = 2 // overlapping writers can starve LOCK TABLES
	}
	for i := range writers {
		pause := time.Duration(0)
		if i == 0 && c.user != "plain" {
			pause = 30 * time.Millisecond
		}
		conn := l.session(t)
		l.run(ctx, func(ctx context.Context) error { return l.transfer(ctx, conn, pause) })
	}
	conn := l.session(t)
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_log_bin=0"); err != nil {
		t.Fatal(err)
	}
	l.run(ctx, func(ctx context.Context) error {
		l.rest(2 * time.Millisecond)
		_, err := conn.ExecContext(ctx, "INSERT INTO side.unlogged (n) VALUES (1)")
		return err
	})
	l.run(ctx, l.probe)
	var err error
	if l.idle, err = l.db.BeginTx(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.idle.Exec("UPDATE " + c.idleIn + ".idle SET n=n+1"); err != nil {
		t.Fatal(err)
	}
	return l
}

// session returns a session that ends with the test.
func (l *bankLoad) session(t *testing.T) *sql.Conn {
	t.Helper()
	conn, err := l.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (l *bankLoad) run(ctx context.Context, f func(context.Context) error) {
	l.wg.Go(func() {
		for ctx.Err() == nil && !l.over.Load() {
			if err := f(ctx); err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "1213") && !strings.Contains(err.Error(), "1205") {
				select {
				case l.errs <- err:
				default:
				}
				return
			}
		}
	})
}

// transfer moves money in one transaction; pause is the time between its two halves.
func (l *bankLoad) transfer(ctx context.Context, conn *sql.Conn, pause time.Duration) error {
	amount := rand.IntN(100) - 50
	from, to := "a", "b"
	if rand.IntN(2) == 0 {
		from, to = to, from
	}
	halves := []string{
		fmt.Sprintf("BEGIN; UPDATE bank.%s SET balance=balance-(%d) WHERE id=%d", from, amount, rand.IntN(bankAccounts)+1),
		fmt.Sprintf("UPDATE bank.%s SET balance=balance+(%d) WHERE id=%d; COMMIT", to, amount, rand.IntN(bankAccounts)+1),
	}
	if pause == 0 {
		halves = []string{strings.Join(halves, "; ")}
	}
	for i, half := range halves {
		if i > 0 {
			time.Sleep(pause)
		}
		if _, err := conn.ExecContext(ctx, half); err != nil {
			_, rollback := conn.ExecContext(context.Background(), "ROLLBACK") // a lock wait timeout undoes only its statement
			return errors.Join(err, rollback)
		}
	}
	l.commits.Add(1)
	l.rest(8 * time.Millisecond)
	return nil
}

// rest is the pause of a client between two statements.
func (l *bankLoad) rest(pause time.Duration) {
	if l.calm.Load() {
		pause = max(pause, 100*time.Millisecond)
	}
	time.Sleep(pause)
}

// probe is the other client whose reads must not be held up.
func (l *bankLoad) probe(ctx context.Context) error {
	start := time.Now()
	var n int64
	if err := l.db.QueryRowContext(ctx, "SELECT SUM(balance) FROM bank.a").Scan(&n); err != nil {
		return err
	}
	l.slowest.Store(max(l.slowest.Load(), int64(time.Since(start))))
	l.rest(5 * time.Millisecond)
	return nil
}

// keepLongSelect sees to it that a SELECT of 5 seconds on a table of the dump is running, and will be for a second at least.
// Where the dump waits for it, the clients are calm until it ends: they work at full speed when the barrier comes.
func (l *bankLoad) keepLongSelect(t *testing.T, waits bool) {
	t.Helper()
	if l.long != nil {
		if time.Since(l.longSince) < 4*time.Second {
			return
		}
		if err := <-l.long; err != nil {
			t.Error(err)
		}
	}
	l.long, l.longSince = make(chan error, 1), time.Now()
	l.calm.Store(waits)
	go func() {
		wake := time.AfterFunc(4700*time.Millisecond, func() { l.calm.Store(false) })
		defer wake.Stop()
		var n int
		l.long <- l.db.QueryRow("SELECT SLEEP(5) FROM bank.a LIMIT 1").Scan(&n)
	}()
	time.Sleep(50 * time.Millisecond)
}

func (l *bankLoad) stop(t *testing.T) (commits int64, slowest time.Duration) {
	t.Helper()
	l.over.Store(true)
	l.wg.Wait()
	l.cancel()
	if err := <-l.long; err != nil {
		t.Error(err)
	}
	if err := l.idle.Commit(); err != nil {
		t.Errorf("the idle transaction did not survive the dumps: %v", err)
	}
	select {
	case err := <-l.errs:
		t.Errorf("a client beside the dumps failed: %v", err)
	default:
	}
	return l.commits.Load(), time.Duration(l.slowest.Load())
}
