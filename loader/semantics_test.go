package loader

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadCarriesOnUnderEachIfExists kills loads over a target that holds other rows under the same names.
func TestLoadCarriesOnUnderEachIfExists(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, exists := range []IfExists{ExistsDrop, ExistsTruncate, ExistsSkip} {
			for _, at := range []stop{{atTable, "keyed", 1}, {atCommitted, "keyed", 2}, {atLoaded, "plain", 3}, {atIndexed, "keyed", 1}, {atForeigned, "keyed", 1}, {atStored, "tr", 1}, {atStored, "off", 1}} {
				t.Run(fmt.Sprint(exists, " ", at), func(t *testing.T) {
					schema := freshSchema(t, s)
					d := faultDump(schema)
					o := options(s, d.write(t))
					o.Threads, o.IfExists, o.DeferIndexes = 1, exists, DeferAll
					s.Exec(t, "CREATE DATABASE "+schema+" DEFAULT CHARACTER SET utf8mb4", "USE "+schema)
					if exists != ExistsSkip { // with skip every table is made by the load, what was there stays out of it
						for _, tt := range d.tables {
							s.Exec(t, "USE "+schema, "SET foreign_key_checks=0", tt.create)
						}
						s.Exec(t, "SET foreign_key_checks=0; INSERT INTO "+schema+".keyed VALUES (1,1,'old'),(99,1,'older')", "INSERT INTO "+schema+".plain_keyless VALUES (1,'old')")
					}
					if exists == ExistsTruncate && (at.At == atTable || at.At == atForeigned || at.At == atIndexed) {
						t.Skip("tables are kept: no such moment")
					}
					kill(t, s, d.dir, o, at)
					sum, err := run(t, o)
					must(t, err)
					if !sum.Resumed {
						t.Errorf("summary %+v", sum)
					}
					wantDump(t, s, d)
				})
			}
		}
	})
}

// TestLoadShortTimeouts has a server that ends idle sessions after a second, and one chunk that takes longer.
func TestLoadShortTimeouts(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := faultDump(schema)
		o := options(s, d.write(t))
		o.DeferIndexes = DeferAll
		l := stopped(o, stop{atClaimed, "keyed", 2}, func(*session) error {
			time.Sleep(2500 * time.Millisecond)
			return nil
		})
		sum, err := l.execute(t.Context())
		must(t, err)
		if sum.ChunksRetried != 0 {
			t.Errorf("repeated: %v", sum.Retries)
		}
		wantDump(t, s, d)
	}, testdb.WithArgs("--wait-timeout=1", "--interactive-timeout=1", "--net-read-timeout=1", "--net-write-timeout=1"))
}

// TestLoadNoConnectionsLeft takes every connection that the server has while a load needs new ones.
func TestLoadNoConnectionsLeft(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := faultDump(schema)
		o := options(s, d.write(t))
		o.DeferIndexes = DeferAll
		db := s.DB(t)
		var taken []func() error
		free := func() {
			for _, f := range taken {
				_ = f()
			}
			taken = nil
		}
		l := stopped(o, stop{atClaimed, "keyless", 2}, func(c *session) error {
			_, err := db.ExecContext(context.Background(), fmt.Sprintf("KILL %d", c.ID))
			time.Sleep(50 * time.Millisecond)
			filler, ferr := s.Open("")
			if err != nil || ferr != nil {
				return fmt.Errorf("%w %w", err, ferr)
			}
			taken = append(taken, filler.Close)
			for range 50 {
				c, err := filler.Conn(context.Background())
				if err != nil {
					break
				}
				taken = append([]func() error{c.Close}, taken...)
			}
			time.AfterFunc(700*time.Millisecond, free)
			return nil
		})
		sum, err := l.execute(t.Context())
		must(t, err)
		if !strings.Contains(fmt.Sprint(sum.Retries), "1040") {
			t.Errorf("the server had room: %v", sum.Retries)
		}
		wantDump(t, s, d)
	}, testdb.WithArgs("--max-connections=14"))
}

// TestLoadServerKilled kills the server (signal 9) while rows are committing and during an ALTER; it comes back soon.
func TestLoadServerKilled(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.StartOwn(t, k)
			for _, at := range []stop{{atLoaded, "keyed", 2}, {atCommitted, "keyless", 2}, {atClaimed, "plain", 1}, {atIndexes, "keyed", 1}, {atForeign, "keyed", 1}} {
				t.Run(at.String(), func(t *testing.T) {
					schema := freshSchema(t, s)
					d := faultDump(schema)
					o := options(s, d.write(t))
					o.DeferIndexes = DeferAll
					sum, err := stopped(o, at, func(*session) error {
						s.Kill()
						return s.Restart()
					}).execute(t.Context())
					if err != nil && strings.Contains(err.Error(), "no transactions") {
						sum, err = run(t, o)
					}
					must(t, err)
					if sum.ChunksRetried+sum.Repeated == 0 && !sum.Resumed {
						t.Errorf("nothing was repeated: %+v", sum)
					}
					wantDump(t, s, d)
				})
			}
		})
	}
}

// TestLoadTornPlainTables has the server die after a table without transactions was loaded, and finds it loaded again.
func TestLoadTornPlainTables(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.StartOwn(t, k)
			schema := freshSchema(t, s)
			d := faultDump(schema)
			d.format = dump.CSV
			o := options(s, d.write(t))
			_, err := stopped(o, stop{atChecks, "", 1}, func(*session) error { return errPull }).execute(t.Context())
			wantError(t, err, errPull)
			s.Kill()
			must(t, s.Restart())
			s.Exec(t, "UPDATE "+schema+".plain SET v='torn' WHERE id=7")
			_, err = run(t, o)
			must(t, err)
			wantDump(t, s, d)
		})
	}
}
