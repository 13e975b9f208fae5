package dumper

import (
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/transform"
)

// tableState is a table while it is dumped.
type tableState struct {
	*catalog.TableReader
	object  *dump.Object
	numbers atomic.Int64 // of its chunk files
	taken   *takenUp     // what an earlier run has kept; nil is nothing
	left    bool         // its rows are not read, as nobody wants them
	plan    func()       // makes Plan and the object's columns

	mu   sync.Mutex
	open int   // ranges not yet read, and 1 each for planning and for its SQL files
	read int64 // rows in finished files
}

// newTableState decides along which key a table is cut and how its columns are read.
func (r *run) newTableState(t *catalog.Table, base string) *tableState {
	var key *chunker.Key
	if t.Transactional {
		key = chunker.ChooseKey(t.Indexes)
	}
	s := &tableState{TableReader: &catalog.TableReader{Table: t, Key: key}, open: 2}
	s.object = &dump.Object{
		Kind: dump.KindTable, Schema: t.Schema, Name: t.Name, Base: base, Engine: t.Engine, Transactional: t.Transactional,
		Estimated: t.Rows, Where: t.Where,
	}
	s.object.Schema, s.object.Name = r.named(t.Schema, t.Name)
	if e := r.o.Transform.Changes.Engine; e != "" {
		s.object.Engine = e
	}
	s.plan = func() { r.planColumns(s) }
	s.plan()
	// The key tells rows apart also where the table is read in one piece.
	if key := chunker.ChooseKey(t.Indexes); key != nil {
		s.object.Key = &dump.Key{Name: key.Name, Nullable: key.Nullable()}
		for _, p := range key.Parts {
			s.object.Key.Columns = append(s.object.Key.Columns, p.Column)
		}
	}
	return s
}

// isNumbered reports a table with AUTO_INCREMENT.
func (s *tableState) isNumbered() bool {
	return slices.ContainsFunc(s.Columns, func(c catalog.Column) bool { return c.Numbered })
}

// planColumns decides how the columns of a table are read, and how the dump describes them.
func (r *run) planColumns(s *tableState) {
	s.Plan = catalog.NewReadPlan(s.Columns, s.Key, r.o.Charset)
	s.object.Columns = s.Plan.Columns
	for i := range s.object.Columns {
		c := &s.object.Columns[i]
		c.Collation = r.o.Transform.Changes.Collation(c.Collation, r.origin(), transform.Target{})
	}
}

// prepare makes again what forget has freed. Whoever plans or reads ranges of the table calls it first.
func (s *tableState) prepare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Plan == nil {
		s.plan()
	}
}

// forget frees how the columns are read, while nobody reads: a copy knows all tables before it reads the first.
func (s *tableState) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Plan, s.object.Columns = nil, nil
}

// add counts one more range to be read.
func (s *tableState) add() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
}

// count adds rows of a finished file.
func (s *tableState) count(rows int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read += rows
}

// finish ends a range, the planning or the SQL files, and reports whether that was the last of them.
func (s *tableState) finish() (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.object.Rows = s.read
	return s.open == 0
}

// dumpRange is a range as chunks.jsonl records it.
func dumpRange(r chunker.Range, piece int, more bool) dump.Range {
	return dump.Range{
		Equal: hexTuple(r.Equal), Lower: hexTuple(r.Lower), LowerOpen: r.LowerOpen, Upper: hexTuple(r.Upper),
		Null: r.Null, Partition: r.Partition, Piece: piece, More: more,
	}
}

func hexTuple(t chunker.Tuple) []string {
	if t == nil {
		return nil
	}
	out := make([]string, len(t))
	for i, v := range t {
		out[i] = hex.EncodeToString(v)
	}
	return out
}
