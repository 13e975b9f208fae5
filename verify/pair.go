package verify

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// pair is a table of the source and the one on the target that it is compared with.
type pair struct {
	names  [2][2]string
	sides  [2]*catalog.TableReader // nil for a dump
	object *dump.Object            // of a dump
	kept   []int                   // the places of its columns that are compared; nil: all
	keyAt  []int                   // where the key's columns are; nil: rows are told apart by all that is in them
	key    *chunker.Key            // of the source's names and charsets
	shared bool                    // both sides are read in the same ranges
	large  bool                    // its buckets are added up while it is read

	mu     sync.Mutex
	open   [2]int // ranges that are not read, and 1 while they are found
	total  [2]total
	by     [2][]total
	ranges []*rangeTotal // those that are not known to be equal
	level  *level        // the buckets that differ, nil when not added up
	in     int64         // rows in them, of the side that has more
}

// rangeTotal is a range that both sides read.
type rangeTotal struct {
	rng   chunker.Range
	total [2]total
	read  [2]bool
}

func (p *pair) name(s sideOf) string { return p.names[s][0] + "." + p.names[s][1] }

// quoted is the table's name on a side as SQL takes it.
func (p *pair) quoted(s sideOf) string { return mysql.QuoteTable(p.names[s][0], p.names[s][1]) }

// rows is the server's estimate of the larger side.
func (p *pair) rows() int64 {
	var n int64
	for _, s := range p.sides {
		if s != nil {
			n = max(n, s.Rows)
		}
	}
	if p.object != nil {
		n = max(n, p.object.Rows)
	}
	return n
}

// size is the server's estimate of the larger side, in bytes.
func (p *pair) size() int64 {
	var n int64
	for _, s := range p.sides {
		if s != nil {
			n = max(n, s.Bytes)
		}
	}
	return n
}

// largeRows is how many rows are compared one by one without a look at their buckets first.
const largeRows = 50_000

// newPair plans how two tables are read so that equal rows have equal bytes. problem says why they cannot be compared.
func (c *comparison) newPair(names [2][2]string, columns []dump.Column, keyColumns []string, src, dst *catalog.Table) (p *pair, problem string) {
	p = &pair{names: names}
	on := make([]catalog.Column, len(columns))
	as := make([]string, len(columns))
	srcAs := make([]string, len(columns))
	for i, col := range columns {
		j := slices.IndexFunc(dst.Columns, func(d catalog.Column) bool { return !d.Generated && strings.EqualFold(d.Name, col.Name) })
		if j < 0 {
			return nil, fmt.Sprintf("column %s is missing on the target", mysql.QuoteName(col.Name))
		}
		on[i] = dst.Columns[j]
		if as[i], problem = c.commonCharset(col, src != nil); problem != "" {
			return nil, problem
		}
		if as[i] != col.Charset {
			srcAs[i] = as[i]
		}
		if col.Charset == "" && col.Encoding == dump.UTF8 {
			as[i] = catalog.CharsetUTF8
		}
		p.findKey(i, col, keyColumns)
	}
	if len(p.keyAt) < len(keyColumns) {
		p.keyAt = nil
	}
	dstKey := chunker.ChooseKey(dst.Indexes)
	p.sides[target] = &catalog.TableReader{Table: dst, Key: dstKey, Plan: catalog.NewPlanAs(on, as)}
	if src != nil {
		srcKey := chunker.ChooseKey(src.Indexes)
		var own []catalog.Column
		for _, col := range src.Columns {
			if !col.Generated && col.Mask == nil {
				own = append(own, col)
			}
		}
		p.sides[source] = &catalog.TableReader{Table: src, Key: srcKey, Plan: catalog.NewPlanAs(own, srcAs)}
		p.key = srcKey
		p.shared = c.sameOrder(srcKey, dstKey)
	}
	p.large = p.rows() > largeRows || p.size() > c.o.RangeBytes
	return p, ""
}

// findKey notes where a key column is.
func (p *pair) findKey(i int, col dump.Column, keyColumns []string) {
	for k, name := range keyColumns {
		if strings.EqualFold(name, col.Name) {
			if p.keyAt == nil {
				p.keyAt = make([]int, 0, len(keyColumns))
			}
			for len(p.keyAt) <= k && len(p.keyAt) < len(keyColumns) {
				p.keyAt = append(p.keyAt, -1)
			}
			p.keyAt[k] = i
		}
	}
}

// commonCharset is the charset in which a column's text is compared: the source's, or utf8mb4 where the target lacks it.
func (c *comparison) commonCharset(col dump.Column, convertible bool) (charset, problem string) {
	switch {
	case col.Encoding == dump.UTF8 && col.Charset != "":
		return catalog.CharsetUTF8, ""
	case col.Charset == "" || col.Encoding != dump.Bytes || c.to.Charsets[col.Charset]:
		return col.Charset, ""
	case isUTF8(col.Charset), convertible:
		return catalog.CharsetUTF8, ""
	}
	return "", fmt.Sprintf("column %s is in charset %s, which the target lacks: make the dump with --charset utf8mb4", mysql.QuoteName(col.Name), col.Charset)
}

func isUTF8(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "ascii":
		return true
	}
	return false
}

// sameOrder reports whether the boundaries of one side's ranges are in the same order on the other.
func (c *comparison) sameOrder(a, b *chunker.Key) bool {
	if a == nil || b == nil || len(a.Parts) != len(b.Parts) {
		return false
	}
	family := c.servers[source].Facts.Flavor == mysql.MariaDB == (c.servers[target].Facts.Flavor == mysql.MariaDB)
	for i := range a.Parts {
		if !sameOrderPart(&a.Parts[i], &b.Parts[i], family) {
			return false
		}
	}
	return true
}

// sameOrderPart takes the order of a collation other than _bin to be the same on servers of one family only.
func sameOrderPart(a, b *chunker.Part, family bool) bool {
	if a.Column != b.Column || a.Kind != b.Kind || a.Nullable != b.Nullable {
		return false
	}
	switch a.Kind {
	case chunker.Integer, chunker.Decimal, chunker.Year, chunker.Binary, chunker.Bit:
		return true
	case chunker.Float, chunker.Temporal:
		return a.Type == b.Type
	case chunker.Text:
		return transform.SameCharset(a.Charset, b.Charset) && transform.SameCharset(a.Collation, b.Collation) && (family || strings.HasSuffix(a.Collation, "_bin"))
	case chunker.Enum, chunker.Set:
		return family && a.Charset == b.Charset && a.Collation == b.Collation && slices.Equal(a.Members, b.Members)
	case chunker.Other:
	}
	return false
}
