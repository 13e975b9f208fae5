package loader

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// table is what the load knows of one table. There may be 100,000, so it is small: the statements to create it are
// read again when they are needed.
type table struct {
	schema, name string    // on the target
	from         [2]string // its names in the dump
	files        []string  // of its statements
	columns      string    // packed, see packColumns
	rows         int64     // that the dump has; -1 without data
	bytes        int64     // of its chunks
	chunks       int
	estimated    int64  // rows, of a feed; below 0: nothing is known
	autoInc      uint64 // AUTO_INCREMENT of the dump's CREATE TABLE; 0: none
	bare         bool   // the dump has no definition of it
	kept         bool   // it was there before and stays
	left         bool   // and nothing of the dump goes into it (--if-exists skip)
	adapted      bool   // its definition was changed for this target
	enums        bool   // it has an ENUM column
	indexed      bool   // it has indexes that can be added after the data
	deferred     bool   // its indexes are added after the data
	foreignKeys  bool
	parents      []string    // tables that its foreign keys refer to: schema, NUL, table, on the target
	plainEngine  bool        // the target's engine has no transactions
	bulkable     bool        // its values can go by MariaDB's bulk protocol
	notInBulk    atomic.Bool // a chunk of it did not go by the bulk protocol
	unsure       bool        // a statement on it was lost: what the target has must be looked at

	ready  *readyCreate // until it is created
	recast *recast      // of its rows; nil: they go as they are

	mu       sync.Mutex
	pending  int     // chunks that are not in yet
	loaded   int64   // rows that are in
	done     numbers // chunks that an earlier run committed
	seen     numbers // chunks that a feed has given
	anew     bool    // a copy reads it from its beginning
	closed   bool    // a feed has given its last chunk
	zeros    int64   // -0 in its chunks
	convert  map[string]string
	numbered string // the AUTO_INCREMENT column, where some text must be converted
	probed   bool   // convert and numbered are known
}

func (t *table) String() string { return mysql.QuoteTable(t.schema, t.name) }

// column is one column of a chunk's rows.
type tableColumn struct {
	name     string
	encoding dump.Encoding
	charset  string // of the dump's column
	kind     string // see columnKind
}

// setColumns sets the columns that rows have on the target.
func (t *table) setColumns(cols []dump.Column) {
	t.columns, t.enums = packColumns(cols)
	t.bulkable = t.bulkKinds() != nil
}

// packColumns keeps the columns in one string, which costs a quarter of a slice of structs.
func packColumns(cols []dump.Column) (packed string, enums bool) {
	var b strings.Builder
	for i, c := range cols {
		if i > 0 {
			b.WriteByte(0)
		}
		kind := columnKind(c.Type)
		if isEnum(c.Type) {
			kind, enums = columnEnum, true
		}
		b.WriteString(c.Name + "\x00" + string(c.Encoding) + "\x00" + c.Charset + "\x00" + kind)
	}
	return b.String(), enums
}

const packedFields = 4

// unpack gives the columns that rows have on the target.
func (t *table) unpack() []tableColumn { return unpackColumns(t.columns) }

// inDump gives the columns that rows have in the dump.
func (t *table) inDump() []tableColumn {
	if t.recast != nil {
		return t.recast.columns
	}
	return t.unpack()
}

func unpackColumns(packed string) []tableColumn {
	if packed == "" {
		return nil
	}
	parts := strings.Split(packed, "\x00")
	cols := make([]tableColumn, 0, len(parts)/packedFields)
	for i := 0; i+packedFields <= len(parts); i += packedFields {
		cols = append(cols, tableColumn{parts[i], dump.Encoding(parts[i+1]), parts[i+2], parts[i+3]})
	}
	return cols
}

// committed counts a chunk that is in. It reports whether it was the table's last.
func (t *table) committed(rows int64) (last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending--
	t.loaded += rows
	return t.pending == 0
}

// announce counts a chunk that is on its way.
func (t *table) announce() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending++
}

// numbers is a set of numbers that are mostly dense: 64 of them in a word.
type numbers map[int]uint64

// add reports whether n is new.
func (s numbers) add(n int) bool {
	if s.has(n) {
		return false
	}
	s[n/64] |= 1 << (n % 64)
	return true
}

// count is how many there are.
func (s numbers) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

func (s numbers) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

// refuseCharsets refuses text in a charset that the target lacks: only a server that has it can convert it.
func refuseCharsets(o *dump.Object, t *table, to transform.Target, rows bool) (refused []string) {
	moved := t.unpack()
	for _, c := range o.Columns {
		if !slices.ContainsFunc(moved, func(m tableColumn) bool { return m.name == c.Name }) {
			continue
		}
		if rows && c.Encoding == dump.Bytes && c.Charset != "" && c.Charset != "binary" && !to.HasCharset(c.Charset) {
			refused = append(refused, fmt.Sprintf("table %s column %s: its text is in charset %s, which the target lacks; dump with --charset utf8mb4", t, mysql.QuoteName(c.Name), c.Charset))
		}
	}
	return refused
}
