package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// hold has a client keep a lock until the returned function is called.
func hold(t *testing.T, db *sql.DB, statements ...string) (release func()) {
	t.Helper()
	client, err := db.Conn(t.Context())
	must(t, err)
	for _, q := range statements {
		if _, err := client.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return sync.OnceFunc(func() {
		_, err := client.ExecContext(context.Background(), "ROLLBACK")
		if err = errors.Join(err, client.Close()); err != nil {
			t.Error(err)
		}
	})
}

// running waits until some client's statement begins so.
func running(t *testing.T, db *sql.DB, start string) (id int64) {
	t.Helper()
	for range 500 {
		err := db.QueryRowContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE info LIKE '"+start+"%'").Scan(&id)
		if err == nil {
			return id
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no statement begins with %s", start)
	return 0
}

// TestLoadAfterKillMidAlter kills a load while its ALTER waits: the server keeps it, and would carry it out beside the
// next run. That one ends it, and makes each index once.
func TestLoadAfterKillMidAlter(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, at := range []stop{{atIndexes, "keyed", 1}, {atForeign, "keyed", 1}} {
			t.Run(string(at.At), func(t *testing.T) {
				schema := freshSchema(t, s)
				d := faultDump(schema)
				o := options(s, d.write(t))
				o.DeferIndexes = DeferAll
				db := s.DB(t)
				child := pause(t, s, d.dir, o, at)
				release := hold(t, db, "BEGIN", "SELECT 1 FROM "+schema+".keyed LIMIT 1")
				child.goOn(t)
				zombie := running(t, db, "ALTER TABLE")
				child.kill(t)
				time.Sleep(50 * time.Millisecond)
				if got := running(t, db, "ALTER TABLE"); got != zombie {
					t.Fatalf("statement %d is another one", got)
				}
				time.AfterFunc(300*time.Millisecond, release)
				_, err := run(t, o)
				must(t, err)
				wantDump(t, s, d)
			})
		}
	})
}

// TestLoadLosesLock has a second load take over from one that lost its lock without noticing.
func TestLoadLosesLock(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{numbered(400, 10)}}
		db := s.DB(t)
		o := options(s, d.write(t))
		taken, ended, second := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		takeOver := stopped(o, stop{atBegun, "t", 1}, func(*session) error {
			close(taken)
			<-ended
			return nil
		})
		l := stopped(o, stop{atLoaded, "t", 3}, func(*session) error {
			var holder sql.NullInt64
			err := db.QueryRowContext(t.Context(), "SELECT IS_USED_LOCK('gomove.load')").Scan(&holder)
			if err == nil {
				_, err = db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", holder.Int64))
			}
			// MySQL 5.6 may wait for wait_timeout of a session that was killed between two statements, with its locks held.
			for wait := time.Now().Add(2 * mysql.LoadIdle); err == nil && holder.Valid && time.Now().Before(wait); time.Sleep(10 * time.Millisecond) {
				err = db.QueryRowContext(t.Context(), "SELECT IS_USED_LOCK('gomove.load')").Scan(&holder)
			}
			go func() {
				_, err := takeOver.execute(t.Context())
				second <- err
			}()
			select {
			case <-taken:
			case early := <-second:
				second <- early
				err = fmt.Errorf("the second load did not take over: %v", early) //nolint:errorlint // ErrBusy is what the first load is to end with
			}
			return err
		})
		_, err := l.execute(t.Context())
		close(ended)
		wantError(t, err, ErrBusy)
		must(t, <-second)
		wantRows(t, db, schema+".t", 400)
		wantRows(t, db, "(SELECT DISTINCT id FROM "+schema+".t) x", 400)
		noProgress(t, db)
	})
}

// TestLoadRetakesLock kills the lock's session while nobody else wants the lock.
func TestLoadRetakesLock(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{numbered(40, 10)}}
	db := s.DB(t)
	var l *load
	l = stopped(options(s, d.write(t)), stop{atLoaded, "t", 2}, func(*session) error {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", l.lock.s.ID)); err != nil {
			return err
		}
		if err := l.lock.ping(t.Context()); err == nil {
			t.Error("the lock's session lives")
		}
		if err := l.retake(t.Context(), l.lock); err != nil {
			return err
		}
		var holder uint64
		err := db.QueryRowContext(t.Context(), "SELECT IS_USED_LOCK('gomove.load')").Scan(&holder)
		if holder != l.lock.s.ID {
			t.Errorf("connection %d has the lock, want %d", holder, l.lock.s.ID)
		}
		return err
	})
	_, err := l.execute(t.Context())
	must(t, err)
	wantRows(t, db, schema+".t", 40)
}

// TestLoadSaysThatItWaits looks at what a second load says at once.
func TestLoadSaysThatItWaits(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}}
	db := s.DB(t)
	var log strings.Builder
	o := options(s, d.write(t))
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	other, err := db.Conn(t.Context())
	must(t, err)
	defer other.Close()
	_, err = other.ExecContext(t.Context(), "DO GET_LOCK('gomove.load',0)")
	must(t, err)
	time.AfterFunc(500*time.Millisecond, func() { _, _ = other.ExecContext(context.Background(), "DO RELEASE_LOCK('gomove.load')") })
	_, err = run(t, o)
	must(t, err)
	if !strings.Contains(log.String(), "another load runs on this target, waiting") {
		t.Errorf("it did not say that it waits:\n%s", log.String())
	}
}
