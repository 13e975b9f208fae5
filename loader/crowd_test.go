package loader

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// numberedChunks are two chunks each of two tables with AUTO_INCREMENT, the larger one first.
func numberedChunks() []work {
	var all []work
	for i, name := range []string{"a", "b"} {
		t := &table{name: name, autoInc: 7, bytes: int64(10-i) * smallChunk}
		for n := range 2 {
			all = append(all, work{t: t, c: &dump.Chunk{Number: n, Bytes: 2 * smallChunk}, seq: len(all)})
		}
	}
	return all
}

// TestCrowd has two writers take the chunks of two tables: both load at once, and never the same table while there is another.
func TestCrowd(t *testing.T) {
	ways := map[string]func(l *load, ctx context.Context, c *crowd, all []work, out chan<- work) error{
		"directory": func(l *load, ctx context.Context, c *crowd, all []work, out chan<- work) error {
			defer close(c.gone)
			h := chunkHeap(all)
			for len(h) > 0 {
				if err := c.give(ctx, &h, out); err != nil {
					return err
				}
			}
			return nil
		},
		"feed": func(l *load, ctx context.Context, c *crowd, all []work, out chan<- work) error {
			in := make(chan work, len(all))
			for _, one := range all {
				in <- one
			}
			close(in)
			return l.bundle(ctx, c, in, out)
		},
	}
	for way, hand := range ways {
		for mode, want := range map[string]string{"1": "a0 b0 -b b1 -a a1", "2": "a0 a1 -a b0 -a b1"} {
			t.Run(way+" mode "+mode, func(t *testing.T) {
				l := newLoad(Options{Threads: 2})
				l.server = &mysql.Server{Facts: mysql.Facts{Variables: map[string]string{"innodb_autoinc_lock_mode": mode}}}
				c, out, done := newCrowd(l), make(chan work), make(chan error, 1)
				go func() { done <- hand(l, t.Context(), c, numberedChunks(), out) }()
				held := map[string]*table{}
				for step := range strings.FieldsSeq(want) {
					if name, left := strings.CutPrefix(step, "-"); left {
						c.leave(t.Context(), work{t: held[name]})
						continue
					}
					one := <-out
					held[one.t.name] = one.t
					if got := fmt.Sprint(one.t.name, one.c.Number); got != step {
						t.Fatalf("got %s in place of %s", got, step)
					}
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestLocksNumbers repeats what the order of the chunks is for: a LOAD DATA that is amid its rows keeps another one off its table.
func TestLocksNumbers(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		server, err := mysql.Connect(t.Context(), target(s), mysql.ForLoad)
		must(t, err)
		defer server.Close()
		s.Exec(t, "CREATE TABLE "+schema+".n (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB")
		s.Exec(t, "CREATE TABLE "+schema+".p (id INT PRIMARY KEY) ENGINE=InnoDB")
		for name, want := range map[string]bool{"n": server.Facts.LocksNumbers(), "p": false} {
			if waited := loadBeside(t, server, schema+"."+name); waited != want {
				t.Errorf("table %s: waited %v in place of %v", name, waited, want)
			}
		}
		t.Logf("%s: one at a time %v", s.Version, server.Facts.LocksNumbers())
	})
}

// loadBeside reports whether a LOAD DATA waits for another one that has put rows into the same table and is not at its end.
func loadBeside(t *testing.T, server *mysql.Server, into string) (waited bool) {
	t.Helper()
	first, rows := loadSlowly(t, server, into)
	var many strings.Builder
	for i := range 20_000 { // more than is on its way
		fmt.Fprintln(&many, i+2)
	}
	_, err := io.WriteString(rows, many.String())
	must(t, err)
	look, err := server.Session(t.Context())
	must(t, err)
	defer look.Close()
	_, err = look.ExecContext(t.Context(), "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
	must(t, err)
	for n := 0; n == 0; {
		must(t, look.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+into).Scan(&n))
	}
	second, more := loadSlowly(t, server, into)
	_, err = io.WriteString(more, "1\n")
	must(t, err)
	must(t, more.Close())
	select {
	case err := <-second:
		must(t, err)
	case <-time.After(300 * time.Millisecond):
		waited = true
	}
	must(t, rows.Close())
	must(t, <-first)
	if waited {
		must(t, <-second)
	}
	return waited
}

// loadSlowly begins a LOAD DATA whose rows come by a pipe.
func loadSlowly(t *testing.T, server *mysql.Server, into string) (done chan error, rows *io.PipeWriter) {
	t.Helper()
	c, err := server.Session(t.Context())
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	r, w := io.Pipe()
	name := randomName()
	mysqldriver.RegisterReaderHandler(name, func() io.Reader { return io.MultiReader(r) })
	t.Cleanup(func() { mysqldriver.DeregisterReaderHandler(name) })
	done = make(chan error, 1)
	go func() {
		_, err := c.ExecContext(t.Context(), "LOAD DATA LOCAL INFILE 'Reader::"+name+"' INTO TABLE "+into)
		done <- err
	}()
	return done, w
}
