package loader

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// hooked is a dump that a test watches or breaks.
type hooked struct {
	*dump.Reader
	onChunk func(n int64, c *dump.Chunk) error // before the nth chunk is opened, counted from 1
	onList  func()                             // before chunks are listed
	opened  atomic.Int64
}

func (h *hooked) Chunks(ctx context.Context) iter.Seq2[*dump.Chunk, error] {
	if h.onList != nil {
		h.onList()
	}
	return h.Reader.Chunks(ctx)
}

func (h *hooked) OpenChunk(ctx context.Context, c *dump.Chunk) (io.ReadCloser, error) {
	if h.onChunk != nil {
		if err := h.onChunk(h.opened.Add(1), c); err != nil {
			return nil, err
		}
	}
	return h.Reader.OpenChunk(ctx, c)
}

func TestLoadCorruptChunk(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, via := range []Via{ViaLocalInfile, ViaInsert} {
			t.Run(string(via), func(t *testing.T) {
				schema := freshSchema(t, s)
				d := &testDump{schema: schema, tables: []testTable{numbered(5000, 0)}}
				r := d.write(t)
				file := filepath.Join(d.dir, schema+".t.00000.csv.zst")
				b, err := os.ReadFile(file)
				must(t, err)
				b[len(b)-3] ^= 1 // of the last block or its checksum
				must(t, os.WriteFile(file, b, 0o600))
				o := options(s, r)
				o.Via = via
				_, err = run(t, o)
				wantError(t, err, dump.ErrCorrupt, "t.00000.csv")
				wantRows(t, s.DB(t), schema+".t", 0)
				wantRows(t, s.DB(t), "gomove.progress WHERE kind='chunk'", 0)
			})
		}
	})
}

// TestLoadDeadlock has a second client wait for gomove's progress row while it holds what gomove's LOAD waits for.
func TestLoadDeadlock(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		side := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+side+".heavy (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB")
		d := &testDump{schema: schema, tables: []testTable{numbered(100, 0)}}
		client, err := s.DB(t).Conn(t.Context())
		must(t, err)
		defer client.Close()
		exec := func(q string) {
			t.Helper()
			if _, err := client.ExecContext(t.Context(), q); err != nil {
				t.Errorf("%s: %v", q, err)
			}
		}
		h := &hooked{Reader: d.write(t)}
		var done sync.WaitGroup
		h.onChunk = func(n int64, _ *dump.Chunk) error {
			if n > 1 {
				return nil
			}
			exec("BEGIN")
			exec("INSERT INTO " + side + ".heavy (v) VALUES (0)" + strings.Repeat(",(1)", 5000)) // so that gomove is the cheaper victim
			exec("SELECT COUNT(*) FROM " + schema + ".t FOR UPDATE")
			done.Go(func() {
				time.Sleep(500 * time.Millisecond) // gomove's LOAD waits by now
				exec("INSERT INTO gomove.progress SELECT * FROM gomove.progress WHERE kind='chunk' FOR UPDATE")
				exec("ROLLBACK")
			})
			return nil
		}
		sum, err := run(t, options(s, h))
		done.Wait()
		must(t, err)
		if sum.ChunksRetried != 1 || !strings.Contains(fmt.Sprint(sum.Retries), "1213") {
			t.Errorf("repeated %d: %v, want one deadlock", sum.ChunksRetried, sum.Retries)
		}
		wantRows(t, s.DB(t), schema+".t", 100)
	})
}

func TestLoadLockWaitTimeout(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{numbered(100, 0)}}
		client, err := s.DB(t).Conn(t.Context())
		must(t, err)
		defer client.Close()
		h := &hooked{Reader: d.write(t)}
		h.onChunk = func(n int64, _ *dump.Chunk) error {
			if n == 1 {
				for _, q := range []string{"BEGIN", "SELECT COUNT(*) FROM " + schema + ".t FOR UPDATE"} {
					if _, err := client.ExecContext(t.Context(), q); err != nil {
						t.Error(err)
					}
				}
				time.AfterFunc(2*time.Second, func() { _, _ = client.ExecContext(context.Background(), "ROLLBACK") })
			}
			return nil
		}
		sum, err := run(t, options(s, h))
		must(t, err)
		if sum.ChunksRetried == 0 || !strings.Contains(fmt.Sprint(sum.Retries), "1205") {
			t.Errorf("repeated %d: %v, want lock wait timeouts", sum.ChunksRetried, sum.Retries)
		}
		wantRows(t, s.DB(t), schema+".t", 100)
	}, testdb.WithArgs("--innodb-lock-wait-timeout=1"))
}

// slow makes a chunk's file take a while, so that a test can act in its middle.
type slow struct {
	io.ReadCloser
	half func()
	n    int
	at   int
	once sync.Once
}

func (s *slow) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p[:min(len(p), 4096)])
	if s.n += n; s.n > s.at {
		s.once.Do(s.half)
	}
	return n, err
}

// midway calls half in the middle of the first chunk.
type midway struct {
	*dump.Reader
	half  func()
	first atomic.Bool
}

func (m *midway) OpenChunk(ctx context.Context, c *dump.Chunk) (io.ReadCloser, error) {
	r, err := m.Reader.OpenChunk(ctx, c)
	if err != nil || !m.first.CompareAndSwap(false, true) {
		return r, err
	}
	return &slow{ReadCloser: r, half: m.half, at: int(c.Bytes / 2)}, nil
}

// TestLoadKilledConnection has a chunk's session end in the middle of its rows, by each route.
func TestLoadKilledConnection(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, via := range []Via{ViaAuto, ViaLocalInfile, ViaInsert} {
			t.Run(string(via), func(t *testing.T) {
				schema := freshSchema(t, s)
				d := &testDump{schema: schema, tables: []testTable{numbered(60000, 0)}}
				db := s.DB(t)
				m := &midway{Reader: d.write(t), half: func() {
					var id int64
					err := db.QueryRowContext(t.Context(), "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx").Scan(&id)
					if err == nil {
						_, err = db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", id))
					}
					if err != nil {
						t.Error(err)
					}
				}}
				o := options(s, m)
				o.Via = via
				sum, err := run(t, o)
				must(t, err)
				if sum.ChunksRetried != 1 {
					t.Errorf("repeated %d: %v, want 1", sum.ChunksRetried, sum.Retries)
				}
				wantRows(t, db, schema+".t", 60000)
				noProgress(t, db)
			})
		}
	})
}

// proxy passes bytes between gomove and a server, and drops the connection after the server got the first COMMIT.
type proxy struct {
	net.Listener
	to  string
	cut atomic.Int64 // COMMITs whose answer is lost
	hit atomic.Int64
	wg  sync.WaitGroup
}

func newProxy(t *testing.T, s *testdb.Server, cuts int64) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{Listener: l, to: fmt.Sprintf("%s:%d", s.Host, s.Port)}
	p.cut.Store(cuts)
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = client.Close()
		return
	}
	var mute atomic.Bool
	p.wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 && mute.Load() { // the answer to COMMIT is lost with the connection
				_ = client.Close()
				_ = server.Close()
				return
			}
			if _, werr := client.Write(buf[:n]); err != nil || werr != nil {
				_ = client.Close()
				return
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if bytes.HasSuffix(buf[:n], append([]byte{7, 0, 0, 0, 3}, "COMMIT"...)) && p.cut.Add(-1) >= 0 {
			p.hit.Add(1)
			mute.Store(true)
		}
		if _, werr := server.Write(buf[:n]); err != nil || werr != nil {
			_ = server.Close()
			return
		}
	}
}

func TestLoadLostCommit(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{keyless("InnoDB")}}
		p := newProxy(t, s, 3)
		o := options(s, d.write(t))
		o.Target.Port = p.Addr().(*net.TCPAddr).Port
		o.Target.TLS.Mode = mysql.SSLDisabled // the proxy reads along
		sum, err := run(t, o)
		must(t, err)
		if p.hit.Load() != 3 || sum.ChunksRetried != 3 {
			t.Errorf("%d answers were lost, %d chunks repeated, want 3:\n%s", p.hit.Load(), sum.ChunksRetried, strings.Join(sum.Retries, "\n"))
		}
		wantRows(t, s.DB(t), schema+".t", 100)
	})
}

func TestLoadWithoutLocalInfile(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{numbered(1000, 300)}}
		sum, err := run(t, options(s, d.write(t)))
		must(t, err)
		if sum.Route != ViaInsert || !strings.Contains(sum.RouteReason, "local_infile") {
			t.Errorf("route %s: %s", sum.Route, sum.RouteReason)
		}
		wantRows(t, s.DB(t), schema+".t", 1000)
		o := options(s, d.write(t))
		o.Via, o.IfExists = ViaLocalInfile, ExistsDrop
		_, err = run(t, o)
		wantError(t, err, nil, "t.0000")
	}, testdb.WithArgs("--local-infile=0"))
}

// TestLoadLocalInfileTurnedOff has the server refuse what it had promised, for a table that was there, to which no server gets rows in bulk.
func TestLoadLocalInfileTurnedOff(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.StartOwn(t, k)
			schema := freshSchema(t, s)
			d := &testDump{schema: schema, tables: []testTable{numbered(1000, 300)}}
			h := &hooked{Reader: d.write(t), onList: func() { s.Exec(t, "SET GLOBAL local_infile=0") }}
			s.Exec(t, "CREATE DATABASE IF NOT EXISTS "+schema, "CREATE TABLE "+schema+"."+strings.TrimPrefix(d.tables[0].create, "CREATE TABLE "))
			o := options(s, h)
			o.IfExists = ExistsTruncate
			sum, err := run(t, o)
			must(t, err)
			if sum.Route != ViaInsert || sum.ChunksRetried != 0 {
				t.Errorf("route %s: %s, %d repeated", sum.Route, sum.RouteReason, sum.ChunksRetried)
			}
			wantRows(t, s.DB(t), schema+".t", 1000)
		})
	}
}

func TestLoadBusy(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}}
	client, err := s.DB(t).Conn(t.Context())
	must(t, err)
	defer client.Close()
	var got sql.NullInt64
	must(t, client.QueryRowContext(t.Context(), "SELECT GET_LOCK('gomove.load',0)").Scan(&got))
	_, err = run(t, options(s, d.write(t)))
	wantError(t, err, ErrBusy, "connection")
	if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='"+schema+"'"); n != 0 {
		t.Error("the schema was created")
	}
}

func TestLoadReadOnly(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.StartOwn(t, k)
			s.Exec(t, "SET GLOBAL read_only=1")
			d := &testDump{schema: "ro", tables: []testTable{numbered(10, 0)}}
			_, err := run(t, options(s, d.write(t)))
			wantError(t, err, ErrReadOnly)
		})
	}
}

// TestBuryHitsNoOther has a session lost and another opened before the lost one is looked for: that one must live on.
func TestBuryHitsNoOther(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		ctx := t.Context()
		l := newLoad(options(s, (&testDump{schema: s.Schema(t)}).write(t)).withDefaults())
		must(t, l.connect(ctx))
		defer l.server.Close()
		one, err := l.open(ctx)
		must(t, err)
		lost := one.lose()
		for ids := []int64{0}; len(ids) > 0; { // the server notices at its leisure
			ids, err = l.holders(ctx, []string{lost.name})
			must(t, err)
		}
		two, err := l.open(ctx)
		must(t, err)
		defer two.discard()
		must(t, l.bury(ctx, lost))
		var n int
		must(t, two.QueryRowContext(ctx, "SELECT 1").Scan(&n))
		three, err := l.open(ctx)
		must(t, err)
		defer three.discard()
		if three.slot.name != lost.name {
			t.Errorf("slot %s was not given back, the next is %s", lost.name, three.slot.name)
		}
	})
}
