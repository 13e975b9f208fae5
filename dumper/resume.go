package dumper

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// ErrNotResumable is an interrupted dump that cannot be gone on with: another one was asked for, or nothing shows that the
// source's data is as it was.
var ErrNotResumable = errors.New("the dump cannot be resumed")

// resumption is an interrupted dump on its way to be whole.
type resumption struct {
	*dump.Unfinished
	tables map[[2]string]*takenUp
	kept   dump.Resumption
}

// takenUp is a table of which an earlier run has kept chunks.
type takenUp struct {
	chunks []*dump.Chunk
	rest   []chunker.Range // what they do not hold
}

// openResumption reads the interrupted dump, nil where there is none, and compares what was asked for.
func openResumption(ctx context.Context, o Options, out dump.WriterOptions) (*resumption, error) {
	if o.Copy.Kept != nil {
		return openCopy(o, out)
	}
	if !o.Resume || o.DryRun {
		return nil, nil
	}
	u, err := dump.ReadUnfinished(ctx, o.Out)
	if errors.Is(err, dump.ErrNothingKept) {
		o.Log.Info("nothing to resume: a new dump begins", "place", o.Out.String())
		return nil, nil
	}
	if err != nil {
		return &resumption{Unfinished: u}, err
	}
	r := &resumption{Unfinished: u, tables: map[[2]string]*takenUp{}}
	return r, r.sameRequest(o, out)
}

// sameRequest refuses flags that ask for another dump than the interrupted one. Threads and the size of chunks may differ.
func (u *resumption) sameRequest(o Options, out dump.WriterOptions) error {
	var was asked
	if err := json.Unmarshal(u.Selection, &was); err != nil {
		return fmt.Errorf("%s in %s: %w: %w", dump.PlanName, o.Out, dump.ErrFormat, err)
	}
	m, s := u.Manifest, o.asked()
	for _, c := range []struct {
		flag     string
		was, now any
	}{
		{"gomove", m.Tool, "gomove " + dump.Version},
		{"--for", m.For, out.For},
		{"--format", m.Rows, out.Rows},
		{"--compress", m.Compression, out.Compression},
		{"--charset", m.Charset, o.Charset},
		{"--schema", was.Schemas, s.Schemas},
		{"--table", was.Tables, s.Tables},
		{"--exclude-schema", was.ExcludeSchemas, s.ExcludeSchemas},
		{"--exclude-table", was.ExcludeTables, s.ExcludeTables},
		{"--where", was.Where, s.Where},
		{"--columns", was.Columns, s.Columns},
		{"--exclude-columns", was.ExcludeColumns, s.ExcludeColumns},
		{"--mask", was.Masks, s.Masks},
		{"the key of --mask", was.MaskKey.Fingerprint(), s.MaskKey.Fingerprint()},
		{"--schema-map and --table-map", was.Names, s.Names},
		{"--engine", was.Engine, s.Engine},
		{"--collation-map", was.Collations, s.Collations},
		{"--no-data", was.NoData, s.NoData},
		{"--no-schema", was.NoSchema, s.NoSchema},
		{"--no-views", was.NoViews, s.NoViews},
		{"--no-triggers", was.NoTriggers, s.NoTriggers},
		{"--no-routines", was.NoRoutines, s.NoRoutines},
		{"--no-events", was.NoEvents, s.NoEvents},
		{"--users", was.Users, s.Users},
	} {
		if was, now := fmt.Sprint(c.was), fmt.Sprint(c.now); was != now {
			return fmt.Errorf("--resume: %w: %s was %s in the interrupted run and is %s now; repeat its command, or dump into another directory",
				ErrNotResumable, c.flag, was, now)
		}
	}
	return nil
}

// verify drops chunks whose files are not what was written.
func (u *resumption) verify(ctx context.Context, o Options) error {
	o.Progress.SetPhase("resume")
	dropped, err := u.Verify(ctx, o.Threads)
	if dropped > 0 {
		o.Log.Warn("chunk files are missing or damaged and are read again", "chunks", dropped)
	}
	return err
}

// takeUp decides what stays of the interrupted run, and opens its directory for the rest.
func (r *run) takeUp(ctx context.Context, snap *Snapshot) (err error) {
	u := r.resumed
	if r.o.Selection.NoData {
		u.Chunks = nil
	} else if err := r.proveUnmoved(ctx, snap); err != nil {
		return err
	}
	if err := u.sameDefinitions(r.catalog, r.nameOf); err != nil {
		return r.o.notResumable(err)
	}
	probes := &catalog.Prober{Server: r.server}
	defer probes.Close()
	all := map[[2]string][]*dump.Chunk{}
	for _, c := range u.Chunks {
		name := [2]string{c.Schema, c.Table}
		all[name] = append(all[name], c)
	}
	u.Chunks = nil
	for _, t := range r.catalog.Tables {
		name := r.nameOf(t)
		taken, err := u.takeTable(ctx, probes, r.newTableState(t, ""), all[name])
		if err != nil {
			return err
		}
		if taken = r.whole(taken, all[name]); taken == nil {
			continue
		}
		u.tables[name] = taken
		u.Chunks = append(u.Chunks, taken.chunks...)
		for _, c := range taken.chunks {
			u.kept.Chunks++
			u.kept.Rows += c.Rows
			u.kept.Bytes += c.Bytes
		}
	}
	snap.Facts.Plan = append(snap.Facts.Plan, fmt.Sprintf("%s of %s kept from the interrupted run", progress.Counted(u.kept.Chunks, "chunk"), progress.Bytes(u.kept.Bytes)))
	r.o.Log.Info("dump resumed", "kept_chunks", u.kept.Chunks, "kept_rows", u.kept.Rows, "kept_bytes", u.kept.Bytes)
	if r.o.Pipe != nil {
		return nil
	}
	return opened(r, func() (*dump.Writer, error) { return dump.ResumeWriter(ctx, r.o.Out, r.out, u.Unfinished) })
}

func (u *resumption) sameDefinitions(c *catalog.Catalog, nameOf func(*catalog.Table) [2]string) error {
	var changed []string
	left := len(u.Tables)
	for _, t := range c.Tables {
		l := u.Tables[nameOf(t)]
		if l != nil {
			left--
		}
		switch {
		case l == nil:
			changed = append(changed, t.String()+" created")
		case l.Definition != t.Definition():
			changed = append(changed, t.String()+" altered")
		}
	}
	if left > 0 {
		changed = append(changed, fmt.Sprintf("%d dropped or renamed", left))
	}
	if len(changed) == 0 {
		return nil
	}
	if n := len(changed); n > 10 {
		changed = append(changed[:10:10], fmt.Sprintf("and %d more", n-10))
	}
	return fmt.Errorf("tables have changed since the interrupted run (%s)", strings.Join(changed, ", "))
}

// takeTable keeps the whole ranges of a table. Nil is a table that is read from its beginning, as when nothing tells which of
// its ranges are missing.
func (u *resumption) takeTable(ctx context.Context, q chunker.Querier, t *tableState, chunks []*dump.Chunk) (*takenUp, error) {
	whole := u.wholeRanges(chunks)
	taken := &takenUp{}
	var have []chunker.Range
	for _, pieces := range whole {
		r, err := chunkerRange(pieces[0].Range)
		if err != nil {
			return nil, fmt.Errorf("%s: key of %s: %w", dump.ChunksName, pieces[0].File, err)
		}
		have = append(have, r)
		taken.chunks = append(taken.chunks, pieces...)
	}
	rows := int64(0)
	for _, c := range taken.chunks {
		rows += c.Rows
	}
	if finished, ok := u.Finished[[2]string{t.object.Schema, t.object.Name}]; ok && finished == rows {
		return taken, nil
	}
	if len(have) == 0 {
		return nil, nil
	}
	rest, ok, err := chunker.Complement(ctx, q, t.Tiled(), have)
	if err != nil || !ok {
		return nil, err
	}
	taken.rest = rest
	return taken, nil
}

// wholeRanges groups a table's chunks by their ranges and leaves out those of which a piece is missing, and those whose rows
// have to be looked at once more, since only the end of a run tells of values that the dump cannot hold.
func (u *resumption) wholeRanges(chunks []*dump.Chunk) [][]*dump.Chunk {
	groups := map[string][]*dump.Chunk{}
	var order []string
	for _, c := range chunks {
		r := c.Range
		r.Piece, r.More = 0, false
		text, err := json.Marshal(r)
		if err != nil {
			continue
		}
		if groups[string(text)] == nil {
			order = append(order, string(text))
		}
		groups[string(text)] = append(groups[string(text)], c)
	}
	var out [][]*dump.Chunk
	for _, k := range order {
		g := groups[k]
		slices.SortFunc(g, func(a, b *dump.Chunk) int { return a.Range.Piece - b.Range.Piece })
		whole := true
		for i, c := range g {
			whole = whole && c.Range.Piece == i && c.Range.More == (i < len(g)-1) && !c.Differs
		}
		if whole {
			out = append(out, g)
		}
	}
	return out
}

// plan is what resume.jsonl says of this dump.
func (r *run) planLines(selection []byte) iter.Seq[*dump.PlanLine] {
	return func(yield func(*dump.PlanLine) bool) {
		if !yield(&dump.PlanLine{Selection: selection}) {
			return
		}
		for _, t := range r.catalog.Tables {
			name := r.nameOf(t)
			l := &dump.PlanLine{Schema: name[0], Name: name[1], Base: r.writer.Base(name[0], name[1]), Definition: t.Definition()}
			if !yield(l) {
				return
			}
		}
	}
}

func (r *run) writePlan(ctx context.Context) error {
	selection, err := json.Marshal(r.o.asked())
	if err != nil {
		return fmt.Errorf("%s: %w", dump.PlanName, err)
	}
	return r.writer.WritePlan(ctx, r.planLines(selection))
}

// keep counts what an earlier run has written of a table.
func (r *run) keep(ctx context.Context, t *tableState) error {
	if r.resumed == nil {
		return nil
	}
	t.taken = r.resumed.tables[r.nameOf(t.Table)]
	if t.taken == nil {
		return nil
	}
	p := r.o.Progress
	for _, c := range t.taken.chunks {
		if err := r.writer.Keep(ctx, t.object, c); err != nil {
			return err
		}
		t.count(c.Rows)
		t.numbers.Store(max(t.numbers.Load(), int64(c.Number)+1))
		p.Rows.Add(c.Rows)
		p.Bytes.Add(c.Bytes)
		p.Stored.Add(c.Stored)
		p.Chunks.Add(1)
		p.ChunksTotal.Add(1)
	}
	return nil
}

// chunkerRange is a range of chunks.jsonl as the chunker has it.
func chunkerRange(r dump.Range) (out chunker.Range, err error) {
	out = chunker.Range{LowerOpen: r.LowerOpen, Null: r.Null, Partition: r.Partition}
	for _, p := range []struct {
		from []string
		to   *chunker.Tuple
	}{{r.Equal, &out.Equal}, {r.Lower, &out.Lower}, {r.Upper, &out.Upper}} {
		for _, h := range p.from {
			b, err := hex.DecodeString(h)
			if err != nil {
				return out, err
			}
			*p.to = append(*p.to, b)
		}
	}
	return out, nil
}
