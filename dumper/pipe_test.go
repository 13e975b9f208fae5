package dumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// TestDumpIntoPipe: all objects come before the first chunk, chunks are small and whole, each table's end has its rows.
func TestDumpIntoPipe(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".keyed (id INT PRIMARY KEY, v VARBINARY(60000)) ENGINE=InnoDB")
			s.Exec(t, "CREATE TABLE "+schema+".keyless (v VARBINARY(60000)) ENGINE=InnoDB")
			s.Exec(t, "CREATE TABLE "+schema+".none (id INT PRIMARY KEY) ENGINE=InnoDB")
			s.Exec(t, "CREATE VIEW "+schema+".seen AS SELECT id FROM "+schema+".keyed")
			for i := range 300 {
				s.Exec(t, fmt.Sprintf("INSERT INTO %s.keyed VALUES (%d, REPEAT('x', 50000))", schema, i))
				s.Exec(t, "INSERT INTO "+schema+".keyless VALUES (REPEAT('x', 50000))")
			}
			p := dump.NewPipe("the source", 0)
			g, ctx := errgroup.WithContext(t.Context())
			g.Go(func() error {
				o := Options{Source: sourceOf(s), Pipe: p, Compression: dump.None, Threads: 2, Log: quietLog()}
				o.Selection.Schemas = []string{schema}
				_, err := Run(ctx, o)
				return err
			})
			got := pipedTables{rows: map[string]int64{}}
			if err := got.read(ctx, p); err != nil {
				t.Error(err)
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			if want := "schema table table table view"; strings.Join(got.kinds, " ") != want {
				t.Errorf("objects %s, want %s", got.kinds, want)
			}
			if got.rows["keyed"] != 300 || got.rows["keyless"] != 300 || got.rows["none"] != 0 || len(got.rows) != 3 {
				t.Errorf("rows: %v", got.rows)
			}
			if got.chunks < 8 {
				t.Errorf("30 MB in %d chunks", got.chunks)
			}
		})
	}
}

// pipedTables is what a feed gave.
type pipedTables struct {
	kinds  []string
	rows   map[string]int64
	chunks int
}

func (p *pipedTables) read(ctx context.Context, pipe *dump.Pipe) error {
	feed, err := pipe.Feed(ctx)
	if err != nil {
		return err
	}
	counted := map[string]int64{}
	for {
		e, err := feed.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case e.Object != nil && p.chunks > 0:
			return errors.New("an object after a chunk")
		case e.Object != nil:
			p.kinds = append(p.kinds, string(e.Object.Kind))
		case e.Chunk != nil:
			p.chunks++
			n, err := readRows(e.Chunk)
			if err != nil {
				return err
			}
			if n != e.Chunk.Rows || e.Chunk.Bytes > dump.PipeChunkBytes+100_000 {
				return errors.New("a chunk of another number of rows, or too large")
			}
			counted[e.Chunk.Table] += n
			e.Chunk.Release()
		case counted[e.Finished.Table] != e.Finished.Rows:
			return errors.New("a table's end before its last chunk")
		default:
			p.rows[e.Finished.Table] = e.Finished.Rows
		}
	}
}

func readRows(c *dump.FedChunk) (n int64, err error) {
	in, err := c.Open()
	if err != nil {
		return 0, err
	}
	rows := dump.NewCSVReader(in, map[string]int{"keyed": 2, "keyless": 1}[c.Table], 1<<20)
	for {
		_, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return n, in.Close()
		}
		if err != nil {
			return n, err
		}
		n++
	}
}

// TestDumpIntoClosedPipe: what took the dump has gone.
func TestDumpIntoClosedPipe(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".a (id INT PRIMARY KEY) ENGINE=InnoDB")
	s.Exec(t, "INSERT INTO "+schema+".a VALUES (1)")
	p := dump.NewPipe("the source", 0)
	gone := errors.New("the load failed")
	p.Close(gone)
	o := Options{Source: sourceOf(s), Pipe: p, Log: quietLog()}
	o.Selection.Schemas = []string{schema}
	if _, err := Run(t.Context(), o); !errors.Is(err, gone) {
		t.Errorf("dump: %v", err)
	}
}
