package catalog

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// TableReader is how the rows of a table are read.
type TableReader struct {
	*Table
	Key      *chunker.Key // along which it is cut; nil is none
	Plan     *ReadPlan
	unsorted atomic.Bool // the server would sort: ranges are read in any order and not cut
}

// NewTableReader reads a table along a key. charset is --charset.
func NewTableReader(t *Table, key *chunker.Key, charset string) *TableReader {
	return &TableReader{Table: t, Key: key, Plan: NewReadPlan(t.Columns, key, charset)}
}

// Tiled is the table as the chunker tiles it.
func (s *TableReader) Tiled() *chunker.Table {
	return &chunker.Table{
		Schema: s.Schema, Name: s.Name, Key: s.Key, Partitions: s.Partitions, Rows: s.Rows, Bytes: s.Bytes, Where: s.Where,
	}
}

// SelectSQL reads a range, in key order where the ranges of the table are cut along the key.
func (s *TableReader) SelectSQL(r chunker.Range) string {
	q := s.SelectWhere(r, s.Plan.Exprs, "")
	if s.Ordered(r) {
		q += " ORDER BY " + s.order()
	}
	return q
}

// UnloadSQL is SelectSQL of the columns alone, for a server that writes them itself.
func (s *TableReader) UnloadSQL(r chunker.Range) string {
	q := s.SelectWhere(r, s.Plan.Exprs[:len(s.Plan.Columns)], "")
	if s.Ordered(r) {
		q += " ORDER BY " + s.order()
	}
	return q
}

// worthBinary is how many rows a table has at least that are read by a prepared statement, which is one more round trip.
const worthBinary = 1000

// Query runs a query of the plan's expressions, by the binary protocol where the server would spend much on printing numbers.
func (s *TableReader) Query(ctx context.Context, conn *mysql.Conn, query string) (*mysql.RowReader, error) {
	read := mysql.Rows
	if s.Rows >= worthBinary && (slices.ContainsFunc(s.Columns, isDouble) || conn.Facts().PrintsSlowly() && s.manyIntegers()) {
		read = mysql.BinaryRows
	}
	return read(ctx, conn, query, s.Plan.Fixes)
}

// isDouble is a column that servers print in a microsecond for each value, ten times as long as all else that they do for it.
func isDouble(c Column) bool {
	switch c.DataType {
	case "double", "real", "float":
		return !c.Generated && c.Mask == nil
	}
	return false
}

// manyIntegers reports a table of whose columns more than half are integers.
func (s *TableReader) manyIntegers() bool {
	n := 0
	for _, c := range s.Columns {
		switch c.DataType {
		case "tinyint", "smallint", "mediumint", "int", "bigint":
			if !c.Generated && c.Mask == nil {
				n++
			}
		}
	}
	return 2*n > len(s.Columns)
}

// SelectWhere reads expressions of the rows of a range, those that meet a condition when there is one.
func (s *TableReader) SelectWhere(r chunker.Range, exprs []string, condition string) string {
	var b strings.Builder
	b.WriteString("SELECT SQL_NO_CACHE ")
	b.WriteString(strings.Join(exprs, ", "))
	b.WriteString(" FROM ")
	b.WriteString(s.Quoted())
	if r.Partition != "" {
		b.WriteString(" PARTITION (" + mysql.QuoteName(r.Partition) + ")")
	}
	if s.alongKey(r) {
		b.WriteString(" FORCE INDEX (" + mysql.QuoteName(s.Key.Name) + ")")
	}
	var conditions []string
	if s.Key != nil {
		if w := r.Where(s.Key); w != "" {
			conditions = append(conditions, "("+w+")")
		}
	}
	if s.Where != "" {
		conditions = append(conditions, "("+s.Where+")")
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
func (s *TableReader) alongKey(r chunker.Range) bool {
	return s.Key != nil && !r.Null && r.Partition == "" && (s.Key.Name == primaryKey || !r.Whole())
}

const primaryKey = "PRIMARY"

// Ordered reports whether a range is read in key order, so that its files can be cut by key.
func (s *TableReader) Ordered(r chunker.Range) bool { return s.alongKey(r) && !s.unsorted.Load() }

// order is the key's columns. All of a descending index is read in its own direction only backwards, which the ranges do not mind.
func (s *TableReader) order() string {
	cols := make([]string, len(s.Key.Parts))
	for i, p := range s.Key.Parts {
		cols[i] = mysql.QuoteName(p.Column)
	}
	return strings.Join(cols, ", ")
}

// CheckOrder asks whether the server would sort a range, as it does for an index with mixed directions: such ranges are
// read as they come, and a file that is too long is followed by another piece of the same range.
func (s *TableReader) CheckOrder(ctx context.Context, q chunker.Querier, r chunker.Range) error {
	lines, err := mysql.QueryNamed(ctx, q, "EXPLAIN FORMAT=TRADITIONAL "+s.SelectSQL(r))
	for _, l := range lines {
		if strings.Contains(l.Text("extra"), "filesort") {
			s.unsorted.Store(true)
		}
	}
	return err
}
