package mysql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// TestTransactions lists what is open while a statement with a 4-byte character waits for a lock, which MySQL 9.7's INNODB_TRX cannot show.
func TestTransactions(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, v VARCHAR(60)) ENGINE=InnoDB CHARSET utf8mb4", "INSERT INTO "+schema+".a VALUES (1,''),(2,''),(3,'')")
			holds, err := s.DB(t).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var holder uint64
			if err := holds.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&holder); err != nil {
				t.Fatal(err)
			}
			if _, err := holds.ExecContext(t.Context(), "UPDATE "+schema+".a SET v='x'"); err != nil {
				t.Fatal(err)
			}
			waiter := s.DB(t)
			done := make(chan error)
			go func() {
				_, err := waiter.ExecContext(t.Context(), "UPDATE "+schema+".a SET v='🌳 thread id 7, 9 row lock(s)' WHERE i=2")
				done <- err
			}()
			var got []mysql.Transaction
			found := func() bool {
				held, waits := false, false
				for _, one := range got {
					held = held || one.Thread == holder && one.Modified == 3 && one.Locked >= 3 && !one.Waits
					waits = waits || one.Thread != holder && one.Waits && one.Modified == 0
				}
				return held && waits
			}
			for end := time.Now().Add(10 * time.Second); !found() && time.Now().Before(end); time.Sleep(150 * time.Millisecond) {
				if got, err = mysql.Transactions(t.Context(), s.DB(t)); err != nil {
					t.Fatal(err)
				}
			}
			if !found() {
				t.Errorf("of session %d and one that waits for it: %s", holder, fmt.Sprintf("%+v", got))
			}
			if err := holds.Rollback(); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
