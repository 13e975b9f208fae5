package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestAbandonedStatements looks at the process list after a dump was ended from outside. After Ctrl-C gomove ends a statement
// that sends no rows itself; after kill -9 it is the server that notices, once it writes to the closed connection.
func TestAbandonedStatements(t *testing.T) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := testdb.Start(t, kind)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, pad LONGTEXT)",
				"INSERT INTO "+schema+".t SELECT n, REPEAT('p', 500) FROM (SELECT 1 n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) n")
			for range 11 {
				s.Exec(t, "INSERT INTO "+schema+".t SELECT id+(SELECT MAX(id) FROM "+schema+".t), pad FROM "+schema+".t")
			}
			running := func() bool {
				return s.Query(t, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SQL_NO_CACHE%"+schema+"%' AND id<>CONNECTION_ID()")[0][0] != "0"
			}
			for _, c := range []struct {
				name, where string
				signal      syscall.Signal
			}{
				{"Ctrl-C while nothing is sent", "SLEEP(0.02)=1", syscall.SIGINT},
				{"kill -9 while rows are sent", "SLEEP(0.002)=0", syscall.SIGKILL},
			} {
				p := startBinary(t, dumpArgs(s, t.TempDir(), "-T", schema+".t", "--where", schema+".t="+c.where)...)
				for start := time.Now(); !running(); time.Sleep(5 * time.Millisecond) {
					if time.Since(start) > 30*time.Second {
						t.Fatalf("%s: the statement does not run: %s", c.name, p.stderr.String())
					}
				}
				if err := p.cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
				out := p.wait(t)
				if c.signal == syscall.SIGINT && (out.code != 1 || !strings.Contains(out.stderr, "--resume")) {
					t.Errorf("%s: exit %d: %s", c.name, out.code, out.stderr)
				}
				for start := time.Now(); running(); time.Sleep(20 * time.Millisecond) {
					if time.Since(start) > 5*time.Second {
						t.Errorf("%s: the statement still runs on the server", c.name)
						break
					}
				}
			}
		})
	}
}
