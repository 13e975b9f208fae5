package verify

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// Table is a table that differs.
type Table struct {
	Source     string          `json:"source,omitempty"` // schema.table, quoted; empty where the source lacks it
	Target     string          `json:"target,omitempty"`
	SourceRows int64           `json:"source_rows"`
	TargetRows int64           `json:"target_rows"`
	Differing  int64           `json:"differing"`           // rows of the same key
	Missing    int64           `json:"missing"`             // on the target
	Extra      int64           `json:"extra"`               // on the target
	Undecided  int64           `json:"undecided,omitempty"` // changed at every look while the target followed the source
	Partial    bool            `json:"partial,omitempty"`
	Problem    string          `json:"problem,omitempty"` // why the rows could not be compared
	Rows       []RowDifference `json:"rows,omitempty"`    // at most --max-differences
}

// undecided reports a table of which no row is known to differ.
func (t *Table) undecided() bool {
	return t.Undecided > 0 && t.Differing+t.Missing+t.Extra == 0 && !t.Partial && t.Problem == ""
}

// Kind of a difference of rows.
type Kind string

// The kinds of differences of rows.
const (
	Differs Kind = "differs"
	Missing Kind = "missing"
	Extra   Kind = "extra"
	Moving  Kind = "undecided"
)

// RowDifference is one row that differs.
type RowDifference struct {
	Kind    Kind     `json:"kind"`
	Key     []Value  `json:"key"`               // all columns of a table without a key
	Columns []Change `json:"columns,omitempty"` // of a row that both sides have
	Times   int      `json:"times,omitempty"`   // of equal rows of a table without a key; default 1
}

// Value is a column's value as a server's text, its first bytes where it is long: quoted, or in hex where it is no text.
type Value struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

// Change is a column whose values differ.
type Change struct {
	Column string `json:"column"`
	Source string `json:"source"`
	Target string `json:"target"`
	Reason string `json:"reason,omitempty"` // where the target's server cannot hold the value
}

// noNegativeZero is the reason why a -0 of MySQL is 0 on MariaDB.
const noNegativeZero = "MariaDB stores no negative zero"

// because gives the reason of a change that the target's server leaves no choice about.
func (c *comparison) because(ch *Change) {
	if ch.Source == "-0" && ch.Target == "0" && c.servers[target].Facts.Flavor == mysql.MariaDB {
		ch.Reason = noNegativeZero
	}
}

// describe turns what was found in a table into a result.
func (c *comparison) describe(p *pair, f *finding) *Table {
	t := &Table{
		Source: p.quoted(source), Target: p.quoted(target), SourceRows: p.total[source].rows, TargetRows: p.total[target].rows, Partial: f.partial,
	}
	columns := p.sides[target].Plan.Columns
	if p.sides[source] != nil {
		columns = p.sides[source].Plan.Columns
	}
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = mysql.QuoteName(col.Name)
	}
	var shown []shownRow
	for i := range f.mismatches {
		m := &f.mismatches[i]
		r := shownRow{source: m.source, target: m.target}
		switch {
		case f.moving[m.key()]:
			t.Undecided++
			r.kind = Moving
		case m.target == nil:
			t.Missing++
			r.kind = Missing
		case m.source == nil:
			t.Extra++
			r.kind = Extra
		default:
			t.Differing++
			r.kind = Differs
		}
		if r.kept() != nil && len(shown) < c.o.MaxDifferences {
			shown = append(shown, r)
		}
	}
	slices.SortStableFunc(shown, func(a, b shownRow) int {
		return cmp.Or(compareKeys(a.kept().key, b.kept().key), cmp.Compare(a.kind, b.kind))
	})
	for _, r := range shown {
		t.addRow(r, names, p.keyAt)
	}
	for i := range t.Rows {
		for j := range t.Rows[i].Columns {
			c.because(&t.Rows[i].Columns[j])
		}
	}
	return t
}

// shownRow is a row on its way into the result.
type shownRow struct {
	kind           Kind
	source, target *candidate
}

func (r shownRow) kept() *keptRow {
	if r.source != nil {
		return r.source.kept
	}
	return r.target.kept
}

// addRow adds a row; one that is like the last, of a table without a key, counts with it.
func (t *Table) addRow(r shownRow, names []string, keyAt []int) {
	d := RowDifference{Kind: r.kind}
	k := r.kept()
	if keyAt == nil {
		for i, cell := range k.cells {
			d.Key = append(d.Key, Value{names[i], cell.text()})
		}
	}
	for i, at := range keyAt {
		d.Key = append(d.Key, Value{names[at], valueText(k.key[i], len(k.key[i]))})
	}
	if r.kind == Differs && r.target.kept != nil {
		for i, cell := range k.cells {
			if other := r.target.kept.cells[i]; !cell.same(other) {
				d.Columns = append(d.Columns, Change{Column: names[i], Source: cell.text(), Target: other.text()})
			}
		}
	}
	if n := len(t.Rows); n > 0 && keyAt == nil && t.Rows[n-1].Kind == d.Kind && slices.Equal(t.Rows[n-1].Key, d.Key) {
		t.Rows[n-1].Times = max(t.Rows[n-1].Times, 1) + 1
		return
	}
	t.Rows = append(t.Rows, d)
}

// compareKeys orders by numbers where both are, else by bytes.
func compareKeys(a, b [][]byte) int {
	for i := range min(len(a), len(b)) {
		x, errX := strconv.ParseFloat(string(a[i]), 64)
		y, errY := strconv.ParseFloat(string(b[i]), 64)
		c := bytes.Compare(a[i], b[i])
		if errX == nil && errY == nil && x != y {
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (c keptCell) text() string { return valueText(c.head, c.size) }

// valueText shows a value of size bytes by its first ones.
func valueText(head []byte, size int) string {
	if head == nil {
		return "NULL"
	}
	if rest, ok := bytes.CutSuffix(head, []byte(lostInCharset)); ok {
		return valueText(rest, len(rest)) + " (it " + lostInCharset[1:] + ")"
	}
	cut := ""
	if len(head) > shownBytes {
		head = head[:shownBytes]
	}
	if size > len(head) {
		cut = fmt.Sprintf("... (%d bytes)", size)
		for n := 0; n < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); n++ {
			head = head[:len(head)-1]
		}
	}
	if isNumber(head) && cut == "" {
		return string(head)
	}
	if !utf8.Valid(head) || bytes.ContainsFunc(head, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' }) {
		return "0x" + strings.ToUpper(hex.EncodeToString(head)) + cut
	}
	return strconv.Quote(string(head)) + cut
}

func isNumber(b []byte) bool {
	_, err := strconv.ParseFloat(string(b), 64)
	return err == nil && (b[0] == '-' || b[0] >= '0' && b[0] <= '9')
}

// text is a row for people.
func (d *RowDifference) text() string {
	parts := make([]string, len(d.Key))
	for i, v := range d.Key {
		parts[i] = v.Column + "=" + v.Value
	}
	s := "row (" + strings.Join(parts, ", ") + ")"
	switch d.Kind {
	case Missing:
		s += " is missing on the target"
	case Extra:
		s += " is on the target only"
	case Moving:
		s += " changed on the source at every look: it is not known whether the target has it"
	case Differs:
		changes := make([]string, len(d.Columns))
		for i, ch := range d.Columns {
			changes[i] = fmt.Sprintf("column %s is %s, on the target %s", ch.Column, ch.Source, ch.Target)
			if ch.Reason != "" {
				changes[i] += " (" + ch.Reason + ")"
			}
		}
		s += ": " + strings.Join(changes, "; ")
	}
	if d.Times > 1 {
		s += fmt.Sprintf(", %d times", d.Times)
	}
	return s
}

// text is a table's differences in one line.
func (t *Table) text() string {
	name := t.Source
	switch {
	case t.Source == "":
		return "table " + t.Target + " is on the target only"
	case t.Target == "":
		return "table " + t.Source + " is missing on the target"
	case t.Source != t.Target:
		name += " (" + t.Target + " on the target)"
	}
	if t.Problem != "" {
		return "table " + name + ": its rows were not compared: " + t.Problem
	}
	if t.undecided() {
		return fmt.Sprintf("table %s: %s changed on the source at every look, no other row differs (%s, on the target %s)",
			name, progress.Counted(t.Undecided, "row"), progress.Counted(t.SourceRows, "row"), progress.Count(t.TargetRows))
	}
	least := ""
	if t.Partial {
		least = "at least "
	}
	moving := ""
	if t.Undecided > 0 {
		moving = fmt.Sprintf(", not known: %d", t.Undecided)
	}
	return fmt.Sprintf("table %s: rows that differ: %s%d, missing on the target: %d, on the target only: %d%s (%s, on the target %s)",
		name, least, t.Differing, t.Missing, t.Extra, moving, progress.Counted(t.SourceRows, "row"), progress.Count(t.TargetRows))
}
