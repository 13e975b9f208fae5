package loader

import (
	"context"
	"errors"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// errPull is a test's way to pull the plug.
var errPull = errors.New("pulled the plug")

func TestLoadResumes(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, exists := range []IfExists{ExistsFail, ExistsDrop} {
			t.Run(string(exists), func(t *testing.T) {
				schema := freshSchema(t, s)
				db := s.DB(t)
				d := shop(schema, dump.CSV)
				h := &hooked{Reader: d.write(t), onChunk: func(n int64, _ *dump.Chunk) error {
					if n == 4 {
						return errPull
					}
					return nil
				}}
				o := options(s, h)
				o.IfExists = exists
				o.Threads = 1
				sum, err := run(t, o)
				wantError(t, err, errPull)
				if sum.Chunks != 3 || sum.Complete {
					t.Fatalf("summary %+v", sum)
				}
				s.Exec(t, "UPDATE "+schema+".orders SET note=CONCAT('mark ',id) WHERE id<=3") // of a chunk that is in: it must stay
				h.onChunk = nil
				if sum, err = run(t, o); err != nil {
					t.Fatal(err)
				}
				if sum.ChunksSkipped != 3 || sum.Chunks != 3 || !sum.Resumed {
					t.Errorf("summary %+v", sum)
				}
				wantRows(t, db, schema+".orders", 3000)
				wantRows(t, db, schema+".orders WHERE note LIKE 'mark%'", 3)
				wantRows(t, db, schema+".a_needs_b", 3000)
				noProgress(t, db)
			})
		}
	})
}

// TestLoadResumesAnyPhase cuts a load off at each of its phases.
func TestLoadResumesAnyPhase(t *testing.T) {
	phases := []string{"plan", "schema", "data", "foreign keys", "routines", "views", "triggers", "events", "foreign key check"}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for _, phase := range phases {
			t.Run(phase, func(t *testing.T) {
				schema := freshSchema(t, s)
				d := shop(schema, dump.CSV)
				r := d.write(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				o := options(s, r)
				cut := &phased{Reader: r, o: &o, phase: phase, cancel: cancel}
				o.From = cut
				o = o.withDefaults()
				if _, err := Run(ctx, o); err == nil {
					t.Fatal("the load was not cut off")
				}
				o.From = r
				sum, err := run(t, o)
				must(t, err)
				db := s.DB(t)
				wantRows(t, db, schema+".orders", 3000)
				wantRows(t, db, schema+".a_needs_b", 3000)
				if got := count(t, db, "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema='"+schema+"'"); got != 1 {
					t.Errorf("%d triggers", got)
				}
				wantShopKeys(t, db, schema)
				noProgress(t, db)
				if !sum.Complete {
					t.Errorf("summary %+v", sum)
				}
			})
		}
	})
}

// phased ends the run when the dump is read in a phase.
type phased struct {
	*dump.Reader
	o      *Options
	phase  string
	cancel func()
}

func (p *phased) look() {
	if p.o.Progress.Phase() == p.phase {
		p.cancel()
	}
}

func (p *phased) Objects(ctx context.Context) iter.Seq2[*dump.Object, error] {
	return func(yield func(*dump.Object, error) bool) {
		for o, err := range p.Reader.Objects(ctx) {
			if !yield(o, err) {
				return
			}
			if o.Kind != dump.KindSchema {
				p.look()
			}
		}
	}
}

func (p *phased) OpenSQL(ctx context.Context, o *dump.Object, file int) (io.ReadCloser, error) {
	p.look()
	return p.Reader.OpenSQL(ctx, o, file)
}

func (p *phased) Chunks(ctx context.Context) iter.Seq2[*dump.Chunk, error] {
	return func(yield func(*dump.Chunk, error) bool) {
		for c, err := range p.Reader.Chunks(ctx) {
			if !yield(c, err) {
				return
			}
			p.look()
		}
	}
}

func TestLoadRefusesOtherDump(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		first := &testDump{schema: schema, tables: []testTable{numbered(100, 10)}}
		h := &hooked{Reader: first.write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n > 3 {
				return errPull
			}
			return nil
		}}
		_, err := run(t, options(s, h))
		wantError(t, err, errPull)
		before := count(t, s.DB(t), "SELECT COUNT(*) FROM "+schema+".t")
		second := &testDump{schema: schema, tables: []testTable{numbered(50, 10)}}
		o := options(s, second.write(t))
		o.IfExists = ExistsDrop
		_, err = run(t, o)
		wantError(t, err, ErrOtherDump, first.id, "--restart")
		wantRows(t, s.DB(t), schema+".t", before)
		o.After.Restart = true
		_, err = run(t, o)
		must(t, err)
		wantRows(t, s.DB(t), schema+".t", 50)
		noProgress(t, s.DB(t))
	})
}

// TestLoadRestartsPlainTables interrupts a table whose engine cannot roll back.
func TestLoadRestartsPlainTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		tt := keyless("MyISAM")
		d := &testDump{schema: schema, tables: []testTable{tt}}
		h := &hooked{Reader: d.write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n > 5 {
				return errPull
			}
			return nil
		}}
		_, err := run(t, options(s, h))
		wantError(t, err, errPull, "no transactions")
		s.Exec(t, "INSERT INTO "+schema+".t VALUES (12345)") // as a chunk that was cut off would leave it
		h.onChunk = nil
		sum, err := run(t, options(s, h))
		must(t, err)
		if sum.Chunks != 10 || sum.ChunksSkipped != 0 {
			t.Errorf("summary %+v", sum)
		}
		wantRows(t, s.DB(t), schema+".t", 100)
		wantRows(t, s.DB(t), schema+".t WHERE id=12345", 0)
	})
}

// TestIdleSessionIsRenewed has a session rest for longer than it may: it is renewed before the server ends it under a statement.
func TestIdleSessionIsRenewed(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	ctx := t.Context()
	l := newLoad(options(s, (&testDump{schema: s.Schema(t)}).write(t)).withDefaults())
	must(t, l.connect(ctx))
	defer l.server.Close()
	var held, one *session
	do := func(s *session, _ bool) error {
		one = s
		_, err := s.ExecContext(ctx, "DO 1")
		return err
	}
	must(t, l.steadily(ctx, &held, "x", do))
	first := one
	must(t, l.steadily(ctx, &held, "x", do))
	if one != first {
		t.Error("a session was renewed that had not rested")
	}
	first.used = time.Now().Add(-mysql.LoadIdle)
	must(t, l.steadily(ctx, &held, "x", do))
	defer held.discard()
	if one == first || l.summary.Repeated != 0 {
		t.Errorf("the session was not renewed, or that counts as one of %d repetitions", l.summary.Repeated)
	}
}
