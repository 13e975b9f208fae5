package transform

// TableDef is a CREATE TABLE taken apart.
type TableDef struct {
	Create      []byte   // without what is deferred
	Indexes     []Index  // secondary indexes to add after the data
	ForeignKeys []string // "ADD CONSTRAINT `c` FOREIGN KEY ..."
}

// Index is one deferred index.
type Index struct {
	Name  string
	Class IndexClass // several plain ones go in one ALTER, FULLTEXT one per ALTER, SPATIAL apart
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
)

// SplitTable takes a SHOW CREATE TABLE statement apart. Kept in Create: the primary key, what AUTO_INCREMENT needs, what
// partitioning needs (every unique key of a partitioned table). deferIndexes false defers foreign keys only.
func SplitTable(stmt []byte, m Mode, deferIndexes bool) (TableDef, error) { panic("skeleton") }
