package chunker

import "bytes"

// Range is a set of rows. The zero value is the whole table.
type Range struct {
	Equal     Tuple  // values of the key's first parts
	Lower     Tuple  // over the parts after Equal, the first of them or all; inclusive; nil is unbounded
	LowerOpen bool   // Lower itself is excluded, with every key that begins with it
	Upper     Tuple  // exclusive, with every key that begins with it; nil is unbounded
	Last      []byte // in place of Upper's last value: no row of the range has more; nil is not known. See LastKeySQL
	Null      bool   // the rows with a NULL key part
	Partition string
	Rows      int64 // about how many rows it holds; 0 where the server's statistics are of no use
}

// Whole reports whether r is the whole table.
func (r *Range) Whole() bool {
	return len(r.Equal) == 0 && len(r.Lower) == 0 && len(r.Upper) == 0 && !r.Null && r.Partition == ""
}

// Cut splits r at a key that lies in it: rows before at, rows from at on. ok is false when the key's order cannot be
// expressed by inequalities there (an ENUM or SET part decides, or at holds text that is invalid in its charset, or r
// holds NULL keys): then the pieces stay one range.
func (r Range) Cut(k *Key, at Tuple) (before, after Range, ok bool) {
	if k == nil || r.Null || r.Partition != "" || r.Whole() && k.Nullable() {
		return r, Range{}, false
	}
	n := len(r.Equal)
	if len(at) <= n || len(at) > len(k.Parts) || k.firstTiled(n) < len(at) {
		return r, Range{}, false
	}
	for i, v := range at {
		if v == nil || !validValue(&k.Parts[i], v) {
			return r, Range{}, false
		}
	}
	before, after = r, r
	before.Upper, before.Last = at[n:].clone(), nil
	after.Lower, after.LowerOpen = before.Upper, false
	before.Rows, after.Rows = 0, 0
	return before, after, true
}

func (t Tuple) clone() Tuple {
	c := make(Tuple, len(t))
	for i, v := range t {
		c[i] = bytes.Clone(v)
	}
	return c
}

// with returns a new tuple that has v as one more part.
func (t Tuple) with(v []byte) Tuple {
	c := make(Tuple, len(t)+1)
	copy(c, t)
	c[len(t)] = v
	return c
}
