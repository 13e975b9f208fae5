package verify

import (
	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/dump"
)

// row is one row as both sides have it: the cells in the source's columns and charsets.
type row struct {
	cells  [][]byte
	packet []byte // the cells in canonical form, where the server has sent them so; else nil
	hash   dump.RowSum
	key    dump.RowSum // hash of the key's cells; of the whole row where the table has no key
}

// size is the row's bytes.
func (r *row) size() int64 {
	if r.packet != nil {
		return int64(len(r.packet))
	}
	n := len(r.cells)
	for _, c := range r.cells {
		n += len(c)
	}
	return int64(n)
}

// visitor takes the rows of one job. Its results count once merge is called, after the last row.
type visitor interface {
	visit(r *row)
	merge()
}

// rowReader hashes the rows of a table.
type rowReader struct {
	keyAt   []int // where the key's cells are; nil is the whole row
	scratch []byte
	hasher  dump.RowHasher
}

// read fills in the hashes of a row.
func (h *rowReader) read(r *row) {
	h.hasher.Reset()
	if r.packet != nil {
		h.hasher.Sum.AddCanonical(r.packet)
	} else {
		h.hasher.Add(r.cells)
	}
	r.hash = h.hasher.Sum
	if h.keyAt == nil {
		r.key = r.hash
		return
	}
	b := h.scratch[:0]
	for _, at := range h.keyAt {
		c := r.cells[at]
		n := len(c)
		if c == nil {
			n = -1
		}
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		b = append(b, c...)
	}
	h.scratch = b
	sum := xxh3.Hash128(b)
	r.key = dump.RowSum{Hi: sum.Hi, Lo: sum.Lo}
}

// total is the checksum of rows.
type total struct {
	rows int64
	sum  dump.RowSum
}

func (t *total) add(o total) {
	t.rows += o.rows
	t.sum.Merge(o.sum)
}

// bucketBits is the bits of a key's hash that tell buckets apart.
const (
	bucketBits = 14
	buckets    = 1 << bucketBits
	maxLevels  = 8
)

// bucketOf is the bucket of a key at a level: other bits of its hash at each.
func bucketOf(key dump.RowSum, level int) int {
	half := key.Lo
	if level >= maxLevels/2 {
		half = key.Hi
	}
	return int(half >> (level % (maxLevels / 2) * bucketBits) & (buckets - 1))
}

// filter is the buckets, by levels, in which a row must be to be looked at.
type filter []*level

// level is the buckets of one level that differ.
type level [buckets / 64]uint64

func (l *level) set(i int)      { l[i/64] |= 1 << (i % 64) }
func (l *level) clear(i int)    { l[i/64] &^= 1 << (i % 64) }
func (l *level) has(i int) bool { return l[i/64]>>(i%64)&1 == 1 }

func (f filter) passes(key dump.RowSum) bool {
	for i, l := range f {
		if !l.has(bucketOf(key, i)) {
			return false
		}
	}
	return true
}

// tally adds up the rows of a job that pass a filter, in all and by bucket.
type tally struct {
	filter filter
	total  total
	by     []total // of the level after the filter's; nil when there is none
	into   func(t *tally)
}

var _ visitor = (*tally)(nil)

func (t *tally) visit(r *row) {
	if len(t.filter) > 0 && !t.filter.passes(r.key) {
		return
	}
	t.total.rows++
	t.total.sum.Merge(r.hash)
	if t.by != nil {
		b := &t.by[bucketOf(r.key, len(t.filter))%len(t.by)]
		b.rows++
		b.sum.Merge(r.hash)
	}
}

func (t *tally) merge() { t.into(t) }
