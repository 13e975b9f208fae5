// Package chunker cuts a table into key ranges that tile it: half-open, disjoint, their union the whole key space,
// whatever the boundaries are. Boundaries are real key tuples, compared by the server with the columns' own collations.
// A bad guess costs balance, never rows. See DESIGN: Chunks.
package chunker

import (
	"context"
	"database/sql"
	"iter"
)

// Querier runs the probes.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Table is a table to cut.
type Table struct {
	Schema, Name string
	Key          *Key     // nil: no usable key
	Partitions   []string // names, when it is partitioned and has no key
	Rows         int64    // the server's estimate
	Bytes        int64    // the server's estimate of its data
	Where        string   // --where; not needed for the cut, only for sizing
}

// Key is the unique key along which a table is cut.
type Key struct {
	Name  string
	Parts []Part
}

// Nullable reports whether a part can be NULL: then the ranges say IS NOT NULL and one more chunk holds the NULL rows.
func (k *Key) Nullable() bool { panic("skeleton") }

// Part is one column of a key.
type Part struct {
	Column   string
	Kind     PartKind
	Type     string // COLUMN_TYPE
	Charset  string // of text and ENUM and SET
	Nullable bool
	Members  []string // of ENUM and SET
}

// PartKind decides how values are guessed and written.
type PartKind int

// The kinds of key parts.
const (
	Integer PartKind = iota
	Decimal
	Float // FLOAT and DOUBLE; read as c+0e0
	Text
	Binary
	Temporal // DATE, DATETIME, TIMESTAMP, TIME
	Year
	Bit
	Enum
	Set
	Other // UUID, INET6 and what else the server compares and we only snap to
)

// Tuple is the values of a key's first parts: each the column's own bytes (numbers and times as the server's text).
type Tuple [][]byte

// Range is a set of rows. The zero value is the whole table.
type Range struct {
	Equal     Tuple // values of the key's first parts
	Lower     Tuple // over the parts after Equal; inclusive; nil is unbounded
	Upper     Tuple // exclusive; nil is unbounded
	Null      bool  // the rows with a NULL key part
	Partition string
}

// Where returns the range as a condition, "" for the whole table: `(a>x OR (a=x AND b>=y)) AND (...)`, never row constructors.
// Values stand as literals in the column's own charset.
func (r Range) Where(k *Key) string { panic("skeleton") }

// Cut splits r at a key that lies in it: rows before at, rows from at on. ok is false when the key's order cannot be
// expressed by inequalities there (an ENUM or SET part decides): then the pieces stay one range.
func (r Range) Cut(k *Key, at Tuple) (before, after Range, ok bool) { panic("skeleton") }

// KeyExpr returns the SQL to select key part i with, so that its bytes are those of a Tuple.
func (k *Key) KeyExpr(i int) string { panic("skeleton") }

// Options of a cut.
type Options struct {
	TargetBytes int64 // bytes of rows in a range; default 64 MiB
	Log         func(msg string, args ...any)
}

// Ranges yields ranges that tile the table, in key order, found lazily.
func Ranges(ctx context.Context, q Querier, t *Table, o Options) iter.Seq2[Range, error] {
	panic("skeleton")
}
