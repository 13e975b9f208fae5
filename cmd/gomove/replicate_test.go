package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/testdb"
)

// orderWriter is an application that writes to a source without a pause, until it is refused.
type orderWriter struct {
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	mu      sync.Mutex
	commits int
	last    time.Time // when the last COMMIT was sent: its answer may come after another writer was refused
	refused time.Time // since when the server takes no writes
	err     error
}

const ordersTable = `CREATE TABLE shop.orders(id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, note VARCHAR(200), amount DECIMAL(10,2),
 placed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY(customer)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

// startOrders fills a schema with orders and goes on to write to it, by an account without special rights.
func startOrders(t *testing.T, s *testdb.Server) *orderWriter {
	t.Helper()
	s.Exec(t, "CREATE DATABASE shop", ordersTable,
		"CREATE TABLE shop.empty(i INT PRIMARY KEY)",
		"INSERT INTO shop.orders(customer, note, amount) VALUES (1,'grün 🌳',1.5),(2,NULL,2.25),(3,'x',0)")
	for range 9 {
		s.Exec(t, "INSERT INTO shop.orders(customer, note, amount) SELECT customer+1, note, amount+1 FROM shop.orders")
	}
	s.Exec(t, "CREATE USER app@'%' IDENTIFIED BY 'App-123'", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO app@'%'")
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Passwd = "tcp", fmt.Sprintf("%s:%d", s.Host, s.Port), "app", "App-123"
	cfg.TLSConfig = "preferred"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	ctx, cancel := context.WithCancel(context.Background())
	w := &orderWriter{cancel: cancel}
	for range 2 {
		w.wg.Go(func() { w.run(ctx, db) })
	}
	t.Cleanup(func() {
		w.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// writerPause leaves a replica on a machine with two cores and much to do the time to apply what is written.
const writerPause = 10 * time.Millisecond

func (w *orderWriter) run(ctx context.Context, db *sql.DB) {
	for ctx.Err() == nil {
		sent, err := w.order(ctx, db)
		w.mu.Lock()
		var refusal *mysql.MySQLError
		switch {
		case err == nil:
			w.commits++
			w.last = sent
		case ctx.Err() != nil:
		case errors.As(err, &refusal) && refusal.Number == 1290:
			if w.refused.IsZero() {
				w.refused = time.Now()
			}
		case errors.As(err, &refusal) && (refusal.Number == 1213 || refusal.Number == 1205):
		default:
			w.err = errors.Join(w.err, err)
			w.cancel()
		}
		w.mu.Unlock()
		time.Sleep(writerPause)
	}
}

// order is a transaction of several statements. It returns when its COMMIT was sent.
func (w *orderWriter) order(ctx context.Context, db *sql.DB) (sent time.Time, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return sent, err
	}
	n := rand.IntN(1500)
	for _, q := range []string{
		fmt.Sprintf("INSERT INTO shop.orders(customer, note, amount) VALUES (%d, 'ordre n° %d 🌳', %d.25)", n, n, n),
		fmt.Sprintf("UPDATE shop.orders SET amount=amount+1 WHERE id=%d", n),
		fmt.Sprintf("DELETE FROM shop.orders WHERE id=%d", rand.IntN(1500)),
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return sent, errors.Join(err, tx.Rollback())
		}
	}
	sent = time.Now()
	return sent, tx.Commit()
}

// stop ends the writer; its error is that of a write which failed for no reason that is expected.
func (w *orderWriter) stop() error {
	w.cancel()
	w.wg.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *orderWriter) written() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commits
}

// replicate runs a command of gomove replicate between two servers.
func replicate(t testing.TB, what string, source, target *testdb.Server, more ...string) result {
	t.Helper()
	args := []string{"replicate", what, "--target", uriOf(target)}
	if source != nil {
		args = append(args, "--source", uriOf(source))
	}
	return runBinary(t, append(args, more...)...)
}

func mustReplicate(t testing.TB, what string, source, target *testdb.Server, more ...string) result {
	t.Helper()
	r := replicate(t, what, source, target, more...)
	if r.code != 0 {
		t.Fatalf("replicate %s %q: exit %d\n%s\n%s", what, more, r.code, r.stdout, r.stderr)
	}
	return r
}

func gtidArgs() []string {
	return []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
}

// TestReplicatePairs copies a source that is written to throughout, has the target follow it, and moves over.
func TestReplicatePairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		from, to   testdb.Kind
		args, more []string // of both servers; of start
		by         string
	}{
		{"mysql56", testdb.MySQL56, testdb.MySQL56, nil, nil, "position"},
		{"mysql56-gtid", testdb.MySQL56, testdb.MySQL56, append(gtidArgs(), "--log-slave-updates"), nil, "position"}, // the copy's own GTIDs are on the target: gtid_purged cannot be set
		{"mariadb", testdb.MariaDB, testdb.MariaDB, nil, nil, "gtid"},
		{"mysql97-gtid", testdb.MySQL97, testdb.MySQL97, gtidArgs(), nil, "gtid"},
		{"mysql97-position", testdb.MySQL97, testdb.MySQL97, []string{"--gtid-mode=OFF"}, nil, "position"},
		{"mysql56-to-mariadb", testdb.MySQL56, testdb.MariaDB, nil, nil, "position"},
		{"mysql56-to-mysql97", testdb.MySQL56, testdb.MySQL97, []string{"--loose-gtid-mode=OFF"}, nil, "position"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && (c.from == testdb.MySQL56 || c.to == testdb.MySQL56) {
				t.Skip("MySQL 5.6")
			}
			source, target := testdb.StartOwn(t, c.from, testdb.WithArgs(c.args...)), testdb.StartOwn(t, c.to, testdb.WithArgs(c.args...))
			w := startOrders(t, source)
			mustRun(t, copyArgs(source, target, "-B", "shop")...)
			before := w.written()
			r := mustReplicate(t, "start", source, target, append(c.more, "--summary", "json")...)
			if m := jsonSummary(t, r); m["by"] != c.by {
				t.Errorf("by %v, want %s: %s", m["by"], c.by, r.stdout)
			}
			st := mustReplicate(t, "status", source, target, "--heartbeat", "--interval", "500ms", "--summary", "json")
			if m := jsonSummary(t, st); m["verdict"] != "moving" && m["verdict"] != "caught up" || m["heartbeat_seconds"].(float64) > 5 {
				t.Errorf("status: %s", st.stdout)
			}
			if w.written() == before {
				t.Error("the writer did not write meanwhile")
			}
			r = mustReplicate(t, "cutover", source, target, "--yes", "--verify", "-B", "shop")
			t.Log(r.stdout)
			w.requireMoved(t, r)
			requireFollowed(t, source, target)
		})
	}
}

var noWrites = regexp.MustCompile(`took no writes, and the target none yet, for ([0-9.]+) s`)

// requireMoved holds the time that a cut-over prints against what the writer saw, and to the bar of 5 s.
func (w *orderWriter) requireMoved(t *testing.T, r result) {
	t.Helper()
	ended := time.Now()
	m := noWrites.FindStringSubmatch(r.stdout)
	if m == nil {
		t.Fatalf("no time is told: %s", r.stdout)
	}
	seconds, err := strconv.ParseFloat(m[1], 64)
	if err != nil || seconds > 5 {
		t.Errorf("no writes for %s s, %v: want at most 5", m[1], err)
	}
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	if w.refused.IsZero() || w.last.After(w.refused) {
		t.Errorf("the source was not closed for good: refused from %s on, and the last commit was at %s", w.refused, w.last)
	}
	if since := ended.Sub(w.refused).Seconds(); seconds < since-2 {
		t.Errorf("the writer was refused for %.3f s until the program ended, and %.3f s were told", since, seconds)
	}
}

// requireFollowed compares everything. What transactions took of AUTO_INCREMENT that were rolled back is not replicated.
func requireFollowed(t *testing.T, source, target *testdb.Server) {
	t.Helper()
	v := runBinary(t, verifyArgs(source, target, "shop", "--no-schema")...)
	if v.code != 0 {
		t.Errorf("rows: exit %d\n%s\n%s", v.code, v.stdout, v.stderr)
	}
	v = runBinary(t, verifyArgs(source, target, "shop", "--no-data")...)
	for _, d := range jsonList(jsonSummary(t, v)["differing_objects"]) {
		if d["what"] != "AUTO_INCREMENT" {
			t.Errorf("definitions: %v", d)
		}
	}
}

func jsonList(v any) (out []map[string]any) {
	list, _ := v.([]any)
	for _, one := range list {
		out = append(out, one.(map[string]any))
	}
	return out
}
