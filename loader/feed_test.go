package loader

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// dirFeed gives a directory as a feed: all objects first, or each table's before its chunks.
type dirFeed struct {
	*dump.Reader
	first  bool
	events []dump.Event
	next   int
	out    atomic.Int64 // chunks that were given and are not released
	cutAt  int          // event before which the feed breaks off; 0: never
}

var _ dump.ObjectsFirst = (*dirFeed)(nil)

var (
	errCut     = errors.New("the stream was cut")
	errStopped = errors.New("the load was stopped")
)

func (f *dirFeed) ObjectsFirst() bool { return f.first }
func (f *dirFeed) String() string     { return "test feed" }

// feedOf reads a dump into events.
func feedOf(t testing.TB, r *dump.Reader, first bool) *dirFeed {
	t.Helper()
	f, err := readFeed(r, first)
	must(t, err)
	return f
}

func readFeed(r *dump.Reader, first bool) (*dirFeed, error) {
	ctx := context.Background()
	f := &dirFeed{Reader: r, first: first}
	chunks := map[[2]string][]dump.Event{}
	for c, err := range r.Chunks(ctx) {
		if err != nil {
			return nil, err
		}
		one := &dump.FedChunk{Chunk: *c, Release: func() { f.out.Add(-1) }}
		one.Open = func() (io.ReadCloser, error) { return r.OpenChunk(ctx, &one.Chunk) }
		name := [2]string{c.Schema, c.Table}
		chunks[name] = append(chunks[name], dump.Event{Chunk: one})
	}
	var rest []dump.Event
	for o, err := range r.Objects(ctx) {
		if err != nil {
			return nil, err
		}
		one := &dump.FedObject{Object: *o}
		one.Rows, one.Estimated = -1, o.Rows
		for i := range o.Files {
			in, err := r.OpenSQL(ctx, o, i)
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(in)
			if err != nil {
				return nil, err
			}
			one.Texts = append(one.Texts, text)
		}
		f.events = append(f.events, dump.Event{Object: one})
		if o.Kind != dump.KindTable {
			continue
		}
		rows := append(chunks[[2]string{o.Schema, o.Name}], dump.Event{Finished: &dump.Finished{Schema: o.Schema, Table: o.Name, Rows: o.Rows}})
		if first {
			rest = append(rest, rows...)
		} else {
			f.events = append(f.events, rows...)
		}
	}
	f.events = append(f.events, rest...)
	return f, nil
}

func (f *dirFeed) Next(ctx context.Context) (dump.Event, error) {
	if f.cutAt > 0 && f.next == f.cutAt {
		return dump.Event{}, errCut
	}
	if f.next == len(f.events) {
		return dump.Event{}, io.EOF
	}
	e := f.events[f.next]
	f.next++
	if e.Chunk != nil {
		f.out.Add(1)
	}
	return e, ctx.Err()
}

func feedOptions(s *testdb.Server, f dump.Feed) Options {
	o := options(s, nil)
	o.Feed = f
	return o
}

func eachFeed(t *testing.T, test func(t *testing.T, s *testdb.Server, first bool)) {
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("objects first %v", first), func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *testdb.Server) { test(t, s, first) })
		})
	}
}

func TestFeedWhole(t *testing.T) {
	eachFeed(t, func(t *testing.T, s *testdb.Server, first bool) {
		schema := freshSchema(t, s)
		d := shop(schema, dump.CSV)
		f := feedOf(t, d.write(t), first)
		sum, err := run(t, feedOptions(s, f))
		must(t, err)
		if sum.Tables != 3 || sum.RowsTotal != 3010 || sum.Rows != 3010 || sum.Chunks != 6 || sum.Schemas != 1 || sum.Indexes == 0 {
			t.Errorf("summary %+v", sum)
		}
		if n := f.out.Load(); n != 0 {
			t.Errorf("%d chunks were not released", n)
		}
		wantShop(t, s, schema)
	})
}

// wantShop compares what shop holds.
func wantShop(t *testing.T, s *testdb.Server, schema string) {
	t.Helper()
	db := s.DB(t)
	wantRows(t, db, schema+".orders", 3000)
	wantRows(t, db, schema+".customers", 10)
	wantRows(t, db, schema+".empty", 0)
	wantRows(t, db, schema+".a_needs_b", 3000)
	wantShopKeys(t, db, schema)
	checkTrigger(t, s, schema)
	noProgress(t, db)
}

func TestFeedResumes(t *testing.T) {
	eachFeed(t, func(t *testing.T, s *testdb.Server, first bool) {
		schema := freshSchema(t, s)
		db := s.DB(t)
		r := shop(schema, dump.CSV).write(t)
		f := feedOf(t, r, first)
		for i, e := range f.events {
			if e.Chunk != nil && e.Chunk.Number == 2 {
				f.cutAt = i
			}
		}
		sum, err := run(t, feedOptions(s, f))
		wantError(t, err, errCut, "carries on")
		if sum.Chunks != 2 || sum.Complete {
			t.Fatalf("summary %+v", sum)
		}
		s.Exec(t, "UPDATE "+schema+".orders SET note=CONCAT('mark ',id) WHERE id<=3") // of a chunk that is in: it must stay
		f = feedOf(t, r, first)
		sum, err = run(t, feedOptions(s, f))
		must(t, err)
		if sum.ChunksSkipped != 2 || sum.Chunks != 4 || !sum.Resumed || f.out.Load() != 0 {
			t.Errorf("%d chunks not released, summary %+v", f.out.Load(), sum)
		}
		wantRows(t, db, schema+".orders WHERE note LIKE 'mark%'", 3)
		wantShop(t, s, schema)
	})
}

// TestFeedAnew stops a load while it empties a table that its feed gives from the beginning, as a copy does with one that it cannot take
// up: the rows that were in are not there twice afterwards.
func TestFeedAnew(t *testing.T) {
	for _, at := range []moment{atEmptying, atTruncated, atEmptied} {
		t.Run(string(at), func(t *testing.T) {
			s := testdb.Start(t, testdb.MariaDB)
			schema := freshSchema(t, s)
			r := shop(schema, dump.CSV).write(t)
			first, again := feedOf(t, r, true), func() *dirFeed {
				f := feedOf(t, r, true)
				for _, e := range f.events {
					if e.Object != nil {
						e.Object.Anew = true
					}
				}
				return f
			}
			for i, e := range first.events {
				if e.Chunk != nil && e.Chunk.Number == 2 {
					first.cutAt = i
				}
			}
			_, err := run(t, feedOptions(s, first))
			wantError(t, err, errCut)
			_, err = stopped(feedOptions(s, again()), stop{at, "orders", 1}, func(*session) error { return errStopped }).execute(t.Context())
			wantError(t, err, errStopped)
			_, err = run(t, feedOptions(s, again()))
			must(t, err)
			wantShop(t, s, schema)
		})
	}
}

// TestFeedRefuses has feeds that contradict themselves, or that the target cannot take.
func TestFeedRefuses(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	cases := []struct {
		name   string
		spoil  func(f *dirFeed, o *Options)
		target error
		says   string
	}{
		{"chunk missing", func(f *dirFeed, _ *Options) {
			f.remove(func(e dump.Event) bool { return e.Chunk != nil && e.Chunk.Number == 2 })
		}, ErrDamaged, "3000 rows, its chunks hold 2300"},
		{"chunk twice", func(f *dirFeed, _ *Options) {
			for _, e := range f.events {
				if e.Chunk != nil && e.Chunk.Number == 1 {
					e.Chunk.Number = 0
				}
			}
		}, ErrDamaged, "two chunks with number 0"},
		{"table without end", func(f *dirFeed, _ *Options) {
			f.remove(func(e dump.Event) bool { return e.Finished != nil && e.Finished.Table == "empty" })
		}, ErrDamaged, "empty"},
		{"table unknown", func(f *dirFeed, _ *Options) {
			f.remove(func(e dump.Event) bool { return e.Object != nil && e.Object.Name == "customers" })
		}, ErrDamaged, "customers"},
		{"selection of nothing", func(_ *dirFeed, o *Options) { o.Selection.Tables = []string{"nowhere.t"} }, nil, "nowhere"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			schema := freshSchema(t, s)
			f := feedOf(t, shop(schema, dump.CSV).write(t), true)
			o := feedOptions(s, f)
			c.spoil(f, &o)
			_, err := run(t, o)
			wantError(t, err, c.target, c.says)
		})
	}
}

func (f *dirFeed) remove(which func(dump.Event) bool) {
	var left []dump.Event
	for _, e := range f.events {
		if !which(e) {
			left = append(left, e)
		}
	}
	f.events = left
}

// TestFeedSmallChunks cuts a feed of small chunks, which go several to a transaction while the writer is at work, and carries on.
func TestFeedSmallChunks(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		r := (&testDump{schema: schema, tables: []testTable{smalls()}}).write(t)
		feed := feedOf(t, r, true)
		feed.cutAt = len(feed.events) - 3
		run := func() (*Summary, int64, error) {
			o := feedOptions(s, feed)
			o.Threads = 1
			l := newLoad(o.withDefaults())
			var commits, failed atomic.Int64
			l.onMoment = func(m moment, _ *session, _ string) error {
				if m == atCommitted {
					commits.Add(1)
				}
				if m == atChecked && commits.Load() == 1 && failed.Add(1) == 1 {
					// Several chunks are loaded one by one, and one chunk, where the feed was slower than its writer, is repeated.
					return fmt.Errorf("%w: %w", errPull, driver.ErrBadConn)
				}
				return nil
			}
			sum, err := l.execute(t.Context())
			return sum, commits.Load(), err
		}
		sum, commits, err := run()
		wantError(t, err, errCut)
		if want := smallChunks - 2; sum.Chunks != want || commits > int64(want)/2 || feed.out.Load() != 0 {
			t.Errorf("%d transactions, %d chunks not released, summary %+v", commits, feed.out.Load(), sum)
		}
		feed = feedOf(t, r, true)
		sum, _, err = run()
		must(t, err)
		if sum.Chunks != 2 || sum.ChunksSkipped != smallChunks-2 || feed.out.Load() != 0 {
			t.Errorf("%d chunks not released, summary %+v", feed.out.Load(), sum)
		}
		wantSmalls(t, s.DB(t), schema)
	})
}
