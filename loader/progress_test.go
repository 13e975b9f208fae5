package loader

import (
	"context"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// TestProgressBehindALock changes the progress table while another session holds its rows for longer than the lock wait timeout.
func TestProgressBehindALock(t *testing.T) {
	server := testdb.Start(t, testdb.MySQL97)
	schema := server.Schema(t)
	s, err := mysql.Connect(t.Context(), mysql.Options{Host: server.Host, Port: server.Port, User: server.User,
		SessionSQL: []string{"SET SESSION innodb_lock_wait_timeout=1"}}, mysql.ForLoad)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for what, do := range map[string]func(j *journal) error{
		"mark": func(j *journal) error {
			return j.mark(context.Background(), s, mark{kind: "phase", table: "x", state: markKept})
		},
		"begin":        func(j *journal) error { return j.begin(context.Background(), s, &slots{run: "r", n: 1}) },
		"forget table": func(j *journal) error { return j.forgetTable(context.Background(), s, "a", "b") },
		"forget":       func(j *journal) error { return j.forget(context.Background(), s, j.id) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			j := journal{schema: schema, table: what, id: "some-dump"}
			server.Exec(t, "CREATE TABLE "+j.name()+journalColumns)
			tx, err := server.DB(t).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range []string{"INSERT INTO " + j.name() + " VALUES ('some-dump','chunk','a','b',1,'',0,0,'',NOW())", "SELECT * FROM " + j.name() + " FOR UPDATE"} {
				if _, err := tx.ExecContext(t.Context(), query); err != nil {
					t.Fatal(err)
				}
			}
			timer := time.AfterFunc(1500*time.Millisecond, func() { _ = tx.Rollback() })
			defer timer.Stop()
			if err := do(&j); err != nil {
				t.Error(err)
			}
		})
	}
}
