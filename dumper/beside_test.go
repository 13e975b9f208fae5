package dumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// TestNumberedBeside: a copy to a target that locks numbers reads two numbered tables at once; without that lock one after the other.
func TestNumberedBeside(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	for i, name := range []string{"a", "b"} {
		s.Exec(t, "CREATE TABLE "+schema+"."+name+" (id INT AUTO_INCREMENT PRIMARY KEY, v CHAR(200)) ENGINE=InnoDB")
		s.Exec(t, fmt.Sprintf("INSERT INTO %s.%s (v) SELECT REPEAT('x', 200) FROM %s.seq_1_to_%d", schema, name, schema, 20_000-2000*i))
		s.Exec(t, "ANALYZE TABLE "+schema+"."+name)
	}
	for _, locked := range []bool{false, true} {
		order := chunkOrder(t, s, schema, locked)
		before := slices.Index(order, "b") // chunks of a
		if len(order) < 20 || locked != (before < len(order)/4) {
			t.Errorf("locked %v: %d of %d chunks came before the first of the second table", locked, before, len(order))
		}
	}
}

// chunkOrder names the tables of the chunks of a copy as they come.
func chunkOrder(t *testing.T, s *testdb.Server, schema string, locked bool) (order []string) {
	t.Helper()
	p := dump.NewPipe("the source", 0)
	g, ctx := errgroup.WithContext(t.Context())
	g.Go(func() error {
		o := Options{Source: sourceOf(s), Pipe: p, Compression: dump.None, Threads: 2, ChunkBytes: 256 << 10, Log: quietLog()}
		o.Copy = CopyOptions{ID: "beside", NumbersLocked: locked}
		o.Selection.Schemas = []string{schema}
		_, err := Run(ctx, o)
		return err
	})
	g.Go(func() error {
		feed, err := p.Feed(ctx)
		if err != nil {
			return err
		}
		return eachChunk(ctx, feed, func(c *dump.FedChunk) { order = append(order, c.Table) })
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return order
}

func eachChunk(ctx context.Context, feed dump.Feed, do func(*dump.FedChunk)) error {
	for {
		e, err := feed.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Chunk != nil {
			do(e.Chunk)
			e.Chunk.Release()
		}
	}
}
