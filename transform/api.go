// Package transform reads and rewrites SQL text without parsing more of it than the rewrite needs:
// a lexer, DEFINER clauses, renames, the split of CREATE TABLE, and what another kind of server asks for.
// Bodies, strings and comments are never touched.
package transform

// Definer says what becomes of DEFINER clauses.
type Definer struct {
	Action  DefinerAction
	Account string // of ReplaceDefiner: user@host
}

// DefinerAction is one of --definer's.
type DefinerAction int

// What --definer can ask for.
const (
	StripDefiner DefinerAction = iota
	KeepDefiner
	ReplaceDefiner
)

// ParseDefiner reads --definer's value: strip, keep or USER@HOST.
func ParseDefiner(s string) (Definer, error) { panic("skeleton") }

// Apply rewrites the DEFINER clause in the header of CREATE VIEW, TRIGGER, PROCEDURE, FUNCTION, EVENT, PACKAGE (BODY), also within
// versioned comments; SQL SECURITY stays. It returns the clause's old account, empty when there was none.
func (d Definer) Apply(stmt []byte, m Mode) (out []byte, old string) { panic("skeleton") }

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

// Names maps schemas and tables (--schema-map, --table-map).
type Names struct {
	Schemas map[string]string
	Tables  map[[2]string][2]string
}

// Rename rewrites the names of schemas (and tables) in a statement, also in bodies of views, routines and triggers, by its tokens;
// strings and comments stay. current is the schema that unqualified names belong to.
func (n Names) Rename(stmt []byte, m Mode, current string) (out []byte, changed bool) {
	panic("skeleton")
}

// Target is what the adaptation needs to know of the server that the SQL is for.
type Target struct {
	Flavor            string          // "mysql" or "mariadb" or "percona"
	Number            int             // 50624, 101119, 90704
	Collations        map[string]bool // every collation that it has, lower case
	Charsets          map[string]bool
	Engines           map[string]bool // those it can create tables with, lower case
	ExplicitTimestamp bool            // explicit_defaults_for_timestamp is on in the session
}

// Origin is where the SQL comes from.
type Origin struct {
	Flavor string
	Number int
}

// Note is one adaptation, or one thing that the target cannot hold.
type Note struct {
	Object  string // "table `shop`.`orders` column `c`"
	What    string // "collation utf8mb4_0900_ai_ci becomes utf8mb4_unicode_520_ci"
	Refused bool   // the target cannot hold it: reported before any data moves
}

// Adapt rewrites a CREATE or ALTER statement for a target of another kind. object names it in the notes.
func Adapt(stmt []byte, m Mode, from Origin, to Target, object string) (out []byte, notes []Note) {
	panic("skeleton")
}

// AdaptSQLMode drops the modes that the target does not know.
func AdaptSQLMode(mode string, to Target) (out string, dropped []string) { panic("skeleton") }

// AdaptCollation returns the collation that stands for one that the target may lack: itself when it is there.
func AdaptCollation(collation string, to Target) (out string, changed bool, err error) {
	panic("skeleton")
}
