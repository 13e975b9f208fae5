package dumper

import (
	"context"
	"iter"

	"github.com/gomove/gomove/internal/dump"
)

// output is where a dump goes: the files of a store, or a pipe that is read in one pass.
type output interface {
	Base(schema, table string) string
	WriteManifest(ctx context.Context, m *dump.Manifest) error
	WritePlan(ctx context.Context, lines iter.Seq[*dump.PlanLine]) error
	WriteSQL(ctx context.Context, name string, text []byte) error
	WriteObject(ctx context.Context, o *dump.Object) error
	CreateChunk(ctx context.Context, o *dump.Object, number int) (*dump.ChunkFile, error)
	Keep(ctx context.Context, o *dump.Object, c *dump.Chunk) error
	Finish(ctx context.Context, m *dump.Manifest) error
	Abandon()
}

// announcer is an output to which a table has to be announced before its chunks.
type announcer interface {
	output
	Announce(ctx context.Context, o *dump.FedObject) error
}

var (
	_ output    = (*dump.Writer)(nil)
	_ announcer = (*dump.PipeWriter)(nil)
)

// opened sets where a run writes, if that can be opened.
func opened[W output](r *run, open func() (W, error)) error {
	w, err := open()
	if err == nil {
		r.writer = w
	}
	return err
}

// fileBytes is the size from which a chunk file ends.
func (r *run) fileBytes() int64 {
	if r.o.Pipe != nil {
		return min(r.o.ChunkBytes, dump.PipeChunkBytes)
	}
	return r.o.ChunkBytes
}

// announceTable tells a pipe of a table that it is to come.
func (r *run) announceTable(ctx context.Context, t *tableState) error {
	a, ok := r.writer.(announcer)
	if !ok {
		return nil
	}
	o := &dump.FedObject{Object: *t.object, Definition: t.Definition(), Anew: r.anew(t)}
	err := a.Announce(ctx, o)
	t.object.FileSums = o.FileSums
	return err
}
