package verify

import (
	"cmp"
	"slices"

	"github.com/gomove/gomove/internal/dump"
	"github.com/zeebo/xxh3"
)

const (
	// maxCandidates bounds the rows of a side that are compared one by one, of 40 bytes each.
	maxCandidates = 200_000
	// maxKept bounds the bytes of rows that are kept to show, for each side.
	maxKept = 8 << 20
	// shownBytes is how much of a value is shown.
	shownBytes = 100
)

// candidate is a row of one side that may differ.
type candidate struct {
	key, hash dump.RowSum
	kept      *keptRow // nil where there was no room
}

// keptRow is what a report needs of a row.
type keptRow struct {
	cells []keptCell
	key   [][]byte // whole
}

// keptCell stands for a value: its first bytes, its length, and a hash to tell it from another.
type keptCell struct {
	head []byte // nil is NULL
	size int
	hash uint64
}

func keep(r *row, keyAt []int) (k *keptRow, size int) {
	k = &keptRow{cells: make([]keptCell, len(r.cells))}
	size = 64 * len(r.cells)
	for i, c := range r.cells {
		if c == nil {
			continue
		}
		k.cells[i] = keptCell{head: append([]byte{}, c[:min(len(c), shownBytes)]...), size: len(c), hash: xxh3.Hash(c)}
		size += len(k.cells[i].head)
	}
	for _, at := range keyAt {
		var v []byte
		if r.cells[at] != nil {
			v = append([]byte{}, r.cells[at]...)
		}
		k.key = append(k.key, v)
		size += 32 + len(v)
	}
	return k, size
}

// same reports whether two values are the same.
func (c keptCell) same(o keptCell) bool {
	return (c.head == nil) == (o.head == nil) && c.size == o.size && c.hash == o.hash
}

// collection is the candidates of one side.
type collection struct {
	rows []candidate
	kept int // bytes
	over bool
}

// collector keeps the rows that pass a filter, or whose keys are wanted.
type collector struct {
	filter filter
	wanted map[dump.RowSum]bool // nil: all that pass
	keyAt  []int
	found  collection
	into   func(c *collector)
}

var _ visitor = (*collector)(nil)

func (c *collector) visit(r *row) {
	if c.wanted != nil && !c.wanted[r.key] || !c.filter.passes(r.key) {
		return
	}
	if len(c.found.rows) >= 4*maxCandidates {
		c.found.over = true // more than were counted before: the table grows as it is read
		return
	}
	n := candidate{key: r.key, hash: r.hash}
	if c.found.kept < maxKept {
		k, size := keep(r, c.keyAt)
		n.kept = k
		c.found.kept += size
	}
	c.found.rows = append(c.found.rows, n)
}

func (c *collector) merge() { c.into(c) }

// add takes over the rows of a job.
func (c *collection) add(o collection) {
	for _, r := range o.rows {
		if r.kept != nil && c.kept >= maxKept {
			r.kept = nil
		}
		c.rows = append(c.rows, r)
	}
	c.kept = min(c.kept+o.kept, maxKept)
	c.over = c.over || o.over
}

func (c *collection) sort() {
	slices.SortFunc(c.rows, func(a, b candidate) int { return cmp.Or(compareSums(a.key, b.key), compareSums(a.hash, b.hash)) })
}

func compareSums(a, b dump.RowSum) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

// mismatch is a row that one side lacks, or that both have differently.
type mismatch struct {
	source, target *candidate // one of them may be nil
}

func (m mismatch) key() dump.RowSum {
	if m.source != nil {
		return m.source.key
	}
	return m.target.key
}

// match sorts both sides and pairs their rows: first those that are the same, then those of the same key.
func match(source, target *collection) []mismatch {
	source.sort()
	target.sort()
	var out []mismatch
	a, b := source.rows, target.rows
	for len(a) > 0 || len(b) > 0 {
		var n, m int // rows of the next key
		switch {
		case len(b) == 0 || len(a) > 0 && compareSums(a[0].key, b[0].key) < 0:
			n = sameKey(a)
		case len(a) == 0 || compareSums(a[0].key, b[0].key) > 0:
			m = sameKey(b)
		default:
			n, m = sameKey(a), sameKey(b)
		}
		out = matchKey(out, a[:n], b[:m])
		a, b = a[n:], b[m:]
	}
	return out
}

// sameKey is how many rows share the first one's key.
func sameKey(rows []candidate) int {
	n := 1
	for n < len(rows) && rows[n].key == rows[0].key {
		n++
	}
	return n
}

func matchKey(out []mismatch, a, b []candidate) []mismatch {
	var onlyA, onlyB []*candidate
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch c := order(a, b, i, j); {
		case c == 0:
			i, j = i+1, j+1
		case c < 0:
			onlyA = append(onlyA, &a[i])
			i++
		default:
			onlyB = append(onlyB, &b[j])
			j++
		}
	}
	for k := range max(len(onlyA), len(onlyB)) {
		var m mismatch
		if k < len(onlyA) {
			m.source = onlyA[k]
		}
		if k < len(onlyB) {
			m.target = onlyB[k]
		}
		out = append(out, m)
	}
	return out
}

func order(a, b []candidate, i, j int) int {
	switch {
	case i == len(a):
		return 1
	case j == len(b):
		return -1
	}
	return compareSums(a[i].hash, b[j].hash)
}
