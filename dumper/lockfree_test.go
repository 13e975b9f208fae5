package dumper

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLockFreeSnapshotsAreEqual opens snapshots again and again beside writers and a client that reads SHOW GLOBAL STATUS:
// all sessions of one must see the same rows. It fails when the sessions are asked for their places at once, or only once.
func TestLockFreeSnapshotsAreEqual(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of snapshots")
	}
	const rounds = 400
	s := testdb.StartOwn(t, testdb.MariaDB)
	s.Exec(t, "CREATE DATABASE bank", "CREATE TABLE bank.a (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB", "CREATE TABLE bank.b LIKE bank.a")
	for i := 1; i <= 20; i++ {
		s.Exec(t, fmt.Sprintf("INSERT INTO bank.a VALUES (%d,0)", i), fmt.Sprintf("INSERT INTO bank.b VALUES (%d,0)", i))
	}
	stop := moveMoney(t, s.DB(t))
	defer stop()
	server := connectAs(t, s, "root")
	tables := []snapshotTable{{"bank", "a", true}, {"bank", "b", true}}
	for r := range rounds {
		snap, err := openSnapshot(t.Context(), server, 4, tables, SnapshotOptions{Consistency: ConsistencyLockFree}, quietLog())
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]bool{}
		for _, c := range snap.Readers {
			var a, b string
			for table, into := range map[string]*string{"bank.a": &a, "bank.b": &b} {
				if err := c.QueryRowContext(t.Context(), "SELECT GROUP_CONCAT(n ORDER BY id) FROM "+table).Scan(into); err != nil {
					t.Fatal(err)
				}
			}
			states[a+" / "+b] = true
		}
		if err := snap.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(states) != 1 {
			t.Fatalf("round %d: the sessions see %d different states under %q", r, len(states), snap.Facts.Plan)
		}
	}
}

// moveMoney starts four writers and a reader of the server's status.
func moveMoney(t *testing.T, db *sql.DB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	loop := func(f func() error) {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := f(); err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "1213") {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 4 {
		loop(func() error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			n := rand.IntN(100) + 1
			if _, err := tx.ExecContext(ctx, "UPDATE bank.a SET n=n-? WHERE id=?", n, rand.IntN(20)+1); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE bank.b SET n=n+? WHERE id=?", n, rand.IntN(20)+1); err != nil {
				return err
			}
			return tx.Commit()
		})
	}
	loop(func() error {
		_, err := db.ExecContext(ctx, "SHOW GLOBAL STATUS LIKE 'binlog%'")
		return err
	})
	return func() {
		cancel()
		wg.Wait()
	}
}
