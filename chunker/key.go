package chunker

import (
	"github.com/gomove/gomove/internal/mysql"
)

// Key is the unique key along which a table is cut.
type Key struct {
	Name  string
	Parts []Part
}

// Part is one column of a key.
type Part struct {
	Column    string
	Kind      PartKind
	Type      string // COLUMN_TYPE
	Charset   string // of text and ENUM and SET
	Collation string // of text and ENUM and SET; asked from the server where it is empty
	Nullable  bool
	Desc      bool     // a descending key part; ranges do not depend on it, probes do
	Members   []string // of ENUM and SET, in UTF-8, as COLUMN_TYPE lists them
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

// Nullable reports whether a part can be NULL: then the ranges say IS NOT NULL and one more chunk holds the NULL rows.
func (k *Key) Nullable() bool {
	for i := range k.Parts {
		if k.Parts[i].Nullable {
			return true
		}
	}
	return false
}

// KeyExpr returns the SQL to select key part i with, so that its bytes are those of a Tuple.
// Text arrives in its own charset only on a session whose character_set_results is binary or NULL.
func (k *Key) KeyExpr(i int) string {
	p := &k.Parts[i]
	if p.Kind == Float {
		return mysql.QuoteName(p.Column) + "+0e0" // the text of a FLOAT has 6 digits
	}
	return mysql.QuoteName(p.Column)
}

// tiled reports whether ranges fix the part by equality.
func (p *Part) tiled() bool { return p.Kind == Enum || p.Kind == Set }

// Tiled reports whether some ranges may fix parts by equality, so that Cut cannot always tell what lies behind a key.
func (k *Key) Tiled() bool { return k.firstTiled(0) < len(k.Parts) }

// backwards reports whether values of part i are found from the last to the first: below a prefix, MySQL reads a range of a
// descending part in that order only, and sorts it for the other.
func (k *Key) backwards(i int) bool { return i > 0 && k.Parts[i].Desc }

// firstTiled returns the index of the first ENUM or SET part at or after from, or the number of parts.
func (k *Key) firstTiled(from int) int {
	for i := from; i < len(k.Parts); i++ {
		if k.Parts[i].tiled() {
			return i
		}
	}
	return len(k.Parts)
}
