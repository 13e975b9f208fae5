package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestReplicateSlow has more written than one thread of the target can apply, as statements that take their time, and then more than its relay logs may hold.
func TestReplicateSlow(t *testing.T) {
	t.Parallel()
	testdb.Require(t, testdb.MySQL56)
	f := follow(t, testdb.MySQL56, nil, []string{"--relay-log-space-limit=200000"})
	f.source.Exec(t, "CREATE TABLE shop.slow(id INT AUTO_INCREMENT PRIMARY KEY, v INT, pad MEDIUMTEXT)")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	write := func(sql string, sessions int) {
		db := f.source.DB(t)
		for range sessions {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := db.ExecContext(ctx, sql); err != nil && ctx.Err() == nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	f.source.Exec(t, "SET GLOBAL binlog_format='STATEMENT'")
	large := "INSERT INTO shop.slow(v, pad) VALUES (SLEEP(1), '" + strings.Repeat("x", 150000) + "')"
	for range 4 {
		wg.Go(func() { f.source.Exec(t, large) })
	}
	wg.Wait()
	f.require(t, "waiting for relay log space", 0, "would be called")
	write("INSERT INTO shop.slow(v) VALUES (SLEEP(0.4))", 8)
	slow := false
	for end := time.Now().Add(25 * time.Second); !slow && time.Now().Before(end); {
		m, code := f.status(t, true, "--interval", "2s")
		slow = m["verdict"] == "slow"
		if slow {
			text := fmt.Sprint(m["measures"])
			if code != 3 || !strings.Contains(fmt.Sprint(m["why"]), "falls further behind") || len(jsonList(m["measures"])) != 5 || !strings.Contains(text, "it is STATEMENT") {
				t.Errorf("slow: exit %d %v", code, m)
			}
		}
	}
	if !slow {
		t.Error("the target is never called slow")
	}
	cancel()
	wg.Wait()
}
