package chunker

// Index is one index of a table, as information_schema.statistics describes it.
type Index struct {
	Name      string
	Unique    bool
	Type      string // INDEX_TYPE; only BTREE has an order
	Invisible bool   // INVISIBLE or IGNORED: the server would not use it
	Parts     []IndexPart
}

// IndexPart is one part of an Index.
type IndexPart struct {
	Part        // Column is empty for a functional part
	Prefix bool // the index holds only the column's first bytes
}

// ChooseKey returns the key along which to cut: the primary key, else a unique key without nullable columns, else a
// unique key; fewer columns first, then more integers, then the order given. Nil when there is none.
func ChooseKey(indexes []Index) *Key {
	var best *Index
	var bestRank [4]int
	for i := range indexes {
		ix := &indexes[i]
		if !ix.usable() {
			continue
		}
		if r := ix.rank(); best == nil || less(r, bestRank) {
			best, bestRank = ix, r
		}
	}
	if best == nil {
		return nil
	}
	k := &Key{Name: best.Name}
	for _, p := range best.Parts {
		k.Parts = append(k.Parts, p.Part)
	}
	return k
}

func (ix *Index) usable() bool {
	if !ix.Unique || ix.Invisible || len(ix.Parts) == 0 || ix.Type != "" && ix.Type != "BTREE" {
		return false
	}
	for _, p := range ix.Parts {
		if p.Column == "" || p.Prefix {
			return false
		}
	}
	return true
}

// rank orders usable indexes, the best one lowest.
func (ix *Index) rank() (r [4]int) {
	if ix.Name != "PRIMARY" {
		r[0] = 1
	}
	r[2] = len(ix.Parts)
	for _, p := range ix.Parts {
		if p.Nullable {
			r[1] = 1
		}
		switch p.Kind {
		case Integer:
		case Enum, Set, Other:
			r[3] += 2
		case Decimal, Float, Text, Binary, Temporal, Year, Bit:
			r[3]++
		}
	}
	return r
}

func less(a, b [4]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
