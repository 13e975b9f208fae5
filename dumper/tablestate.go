package dumper

import (
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// tableState is a table while it is dumped.
type tableState struct {
	*table
	key      *chunker.Key
	plan     *readPlan
	object   *dump.Object
	numbers  atomic.Int64 // of its chunk files
	unsorted atomic.Bool  // the server would sort: ranges are read in any order and not cut

	mu   sync.Mutex
	open int   // ranges not yet read, and 1 each for planning and for its SQL files
	read int64 // rows in finished files
}

// newTableState decides along which key a table is cut and how its columns are read.
func newTableState(t *table, base, charset string) *tableState {
	s := &tableState{table: t, open: 2}
	if t.transactional {
		s.key = chunker.ChooseKey(t.indexes)
	}
	s.plan = newReadPlan(t.columns, s.key, charset)
	s.object = &dump.Object{
		Kind: dump.KindTable, Schema: t.schema, Name: t.name, Base: base, Engine: t.engine, Transactional: t.transactional,
		Columns: s.plan.columns, Estimated: t.rows, Where: t.where,
	}
	// The key tells rows apart also where the table is read in one piece.
	if key := chunker.ChooseKey(t.indexes); key != nil {
		s.object.Key = &dump.Key{Name: key.Name, Nullable: key.Nullable()}
		for _, p := range key.Parts {
			s.object.Key.Columns = append(s.object.Key.Columns, p.Column)
		}
	}
	return s
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

// selectSQL reads a range, in key order where the ranges of the table are cut along the key.
func (s *tableState) selectSQL(r chunker.Range) string {
	q := s.selectWhere(r, s.plan.exprs, "")
	if s.ordered(r) {
		q += " ORDER BY " + s.order()
	}
	return q
}

// selectWhere reads expressions of the rows of a range, those that meet a condition when there is one.
func (s *tableState) selectWhere(r chunker.Range, exprs []string, condition string) string {
	var b strings.Builder
	b.WriteString("SELECT SQL_NO_CACHE ")
	b.WriteString(strings.Join(exprs, ", "))
	b.WriteString(" FROM ")
	b.WriteString(s.quoted())
	if r.Partition != "" {
		b.WriteString(" PARTITION (" + mysql.QuoteName(r.Partition) + ")")
	}
	if s.alongKey(r) {
		b.WriteString(" FORCE INDEX (" + mysql.QuoteName(s.key.Name) + ")")
	}
	var conditions []string
	if s.key != nil {
		if w := r.Where(s.key); w != "" {
			conditions = append(conditions, "("+w+")")
		}
	}
	if s.where != "" {
		conditions = append(conditions, "("+s.where+")")
	}
	if condition != "" {
		conditions = append(conditions, condition)
	}
	if len(conditions) > 0 {
		b.WriteString(" WHERE " + strings.Join(conditions, " AND "))
	}
	return b.String()
}

// alongKey reports whether a range is read by the key's index. All of a table is only where that index holds the rows.
func (s *tableState) alongKey(r chunker.Range) bool {
	return s.key != nil && !r.Null && r.Partition == "" && (s.key.Name == primaryKey || !r.Whole())
}

const primaryKey = "PRIMARY"

// ordered reports whether a range is read in key order, so that its files can be cut by key.
func (s *tableState) ordered(r chunker.Range) bool { return s.alongKey(r) && !s.unsorted.Load() }

// order is the key's columns. All of a descending index is read in its own direction only backwards, which the ranges do not mind.
func (s *tableState) order() string {
	cols := make([]string, len(s.key.Parts))
	for i, p := range s.key.Parts {
		cols[i] = mysql.QuoteName(p.Column)
	}
	return strings.Join(cols, ", ")
}

// dumpRange is a range as chunks.jsonl records it.
func dumpRange(r chunker.Range, piece int) dump.Range {
	return dump.Range{
		Equal: hexTuple(r.Equal), Lower: hexTuple(r.Lower), LowerOpen: r.LowerOpen, Upper: hexTuple(r.Upper),
		Null: r.Null, Partition: r.Partition, Piece: piece,
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
