package transform

import (
	"bytes"
	"errors"
	"strings"
)

// ErrNotCreateTable is SplitTable's error for a text that is not a whole CREATE TABLE.
var ErrNotCreateTable = errors.New("not a whole CREATE TABLE statement")

// TableDef is a CREATE TABLE taken apart.
type TableDef struct {
	Create      []byte   // without what is deferred
	Indexes     []Index  // secondary indexes to add after the data, in the order of the original
	ForeignKeys []string // "ADD CONSTRAINT `c` FOREIGN KEY ..."
	Engine      string   // as the statement names it; empty when it does not
	Partitioned bool
	NextValue   uint64 // AUTO_INCREMENT; 0 when the statement names none
}

// Index is one deferred index.
type Index struct {
	Name  string
	Class IndexClass // FULLTEXT goes one per ALTER, the others together
	Add   string     // "ADD UNIQUE KEY `u` (`a`)"
}

// IndexClass tells which indexes share an ALTER.
type IndexClass int

// The classes of indexes.
const (
	PlainIndex IndexClass = iota
	UniqueIndex
	FulltextIndex
	SpatialIndex
	VectorIndex // of MariaDB 11.7
)

// SplitTable takes a SHOW CREATE TABLE statement apart. Kept in Create: the primary key, or the unique key that InnoDB clusters
// by in its place, what AUTO_INCREMENT needs, what partitioning needs (every unique key of a partitioned table), and every key of
// an engine that cannot add them later. Once everything is added, SHOW CREATE TABLE prints the original again.
// deferIndexes false defers foreign keys only.
func SplitTable(stmt []byte, m Mode, deferIndexes bool) (TableDef, error) {
	t, err := readTable(stmt, m)
	if err != nil {
		return TableDef{}, err
	}
	def := TableDef{Create: stmt, Engine: t.engine, Partitioned: t.partitioned, NextValue: t.nextValue}
	keep := t.kept(deferIndexes)
	var out [][]byte
	for i, e := range t.elements {
		switch {
		case keep[i]:
			out = append(out, e.text)
		case e.kind == foreignKey:
			def.ForeignKeys = append(def.ForeignKeys, "ADD "+e.body)
		default:
			def.Indexes = append(def.Indexes, Index{Name: e.name, Class: e.kind.class(), Add: "ADD " + e.body})
		}
	}
	if len(out) == len(t.elements) {
		return def, nil
	}
	last := t.elements[len(t.elements)-1].text
	end := last[len(bytes.TrimRight(last, " \t\r\n")):] // the line end before the closing parenthesis
	create := append([]byte{}, stmt[:t.bodyFrom]...)
	create = append(create, bytes.Join(out, []byte{','})...)
	if !keep[len(keep)-1] {
		create = append(create, end...)
	}
	def.Create = append(create, stmt[t.bodyTo:]...)
	return def, nil
}

// kept says which elements stay in the CREATE TABLE.
func (t *table) kept(deferIndexes bool) []bool {
	keep := make([]bool, len(t.elements))
	deferrable := deferIndexes && t.canAddKeys()
	for i, e := range t.elements {
		switch {
		case e.whole:
			keep[i] = true
		case e.kind == foreignKey:
		case !e.kind.secondary() || !deferrable:
			keep[i] = true
		case e.kind == uniqueKey && (t.partitioned || t.versioned):
			keep[i] = true // a unique key cannot be added to a system-versioned table: 4119
		case e.kind == uniqueKey && strings.EqualFold(e.name, "FTS_DOC_ID_INDEX"):
			keep[i] = true // InnoDB makes it itself with the first FULLTEXT key
		}
	}
	if i := t.clusteredKey(); i >= 0 {
		keep[i] = true
	}
	for _, i := range t.autoIncrementKeys() {
		keep[i] = true
	}
	t.keepOrder(keep)
	return keep
}

// keepOrder keeps the keys that a server would otherwise list after a kept one. Servers sort keys by uniqueness and nullability
// and else list them in the order in which they were made (sql/sql_table.cc, sort_keys).
func (t *table) keepOrder(keep []bool) {
	for i, e := range t.elements {
		if !keep[i] || !e.kind.secondary() {
			continue
		}
		for j := range i {
			if f := t.elements[j]; f.kind.secondary() && t.rank(f) == t.rank(e) {
				keep[j] = true
			}
		}
	}
}

// rank is the group that servers sort a secondary key into.
func (t *table) rank(key element) int {
	switch {
	case key.kind == uniqueKey && !t.nullable(key):
		return 0
	case key.kind == uniqueKey:
		return 1
	case key.kind == fulltextKey:
		return 3
	}
	return 2
}

// canAddKeys reports whether the table's engine adds keys to a full table at no greater cost than keeping them up.
func (t *table) canAddKeys() bool {
	switch strings.ToLower(t.engine) {
	case "", "innodb", "myisam", "aria", "rocksdb", "tokudb":
		return true
	}
	return false
}

// clusteredKey is the unique key that InnoDB clusters a table without primary key by, -1 when there is none:
// adding it later would write the table a second time.
func (t *table) clusteredKey() int {
	if !strings.EqualFold(t.engine, "InnoDB") && t.engine != "" {
		return -1
	}
	for i, e := range t.elements {
		if e.kind == primaryKey || e.inlineKey {
			return -1
		}
		if e.kind == uniqueKey && !e.whole && !t.nullable(e) && !e.prefixed() {
			return i
		}
	}
	return -1
}

// autoIncrementKeys are the keys that the AUTO_INCREMENT column needs: one that starts with it,
// on engines that allow it further on every key that holds it.
func (t *table) autoIncrementKeys() []int {
	var column string
	for _, e := range t.elements {
		if e.kind == columnDef && e.autoIncrement {
			column = e.name
			if e.inlineKey {
				return nil
			}
		}
	}
	if column == "" {
		return nil
	}
	anywhere := strings.EqualFold(t.engine, "MyISAM") || strings.EqualFold(t.engine, "Aria")
	var found []int
	for i, e := range t.elements {
		at := e.position(column)
		switch {
		case at == 0 && !anywhere:
			return []int{i}
		case at >= 0 && anywhere:
			found = append(found, i)
		}
	}
	return found
}

// nullable reports whether a key has a column that can be NULL.
func (t *table) nullable(key element) bool {
	for _, p := range key.parts {
		if p.column == "" || !t.notNull[strings.ToLower(p.column)] {
			return true
		}
	}
	return false
}

// AutoIncrement is the AUTO_INCREMENT option of a CREATE TABLE statement: the next value. ok is false when there is none.
func AutoIncrement(stmt []byte, m Mode) (value uint64, ok bool) {
	t, err := readTable(stmt, m)
	if err != nil {
		return 0, false
	}
	return t.nextValue, t.nextValue > 0
}
