// Package dump is the dump format, version 1: the names of its files, the records in them, and the codecs of rows.
// It knows nothing of servers. docs/format.md describes the format for readers without gomove.
package dump

import (
	"fmt"
	"strings"
	"time"
)

// FormatVersion is the version that this gomove writes. It reads this one and older ones.
const FormatVersion = 1

// The names of the files that describe a dump.
const (
	ManifestName        = "gomove.json"
	TablesName          = "tables.jsonl"
	ChunksName          = "chunks.jsonl"
	MetadataName        = "metadata"
	PartialMetadataName = "metadata.partial"
)

// Format is how rows stand in a chunk file.
type Format string

// The formats of chunk files.
const (
	CSV Format = "csv"
	SQL Format = "sql"
)

// Compression is how a chunk file is compressed.
type Compression string

// The compressions of chunk files.
const (
	Zstd Compression = "zstd"
	Gzip Compression = "gzip"
	None Compression = "none"
)

// Preset is whom a dump is written for.
type Preset string

// The presets of --for.
const (
	ForGomove   Preset = "gomove"
	ForMyloader Preset = "myloader"
	ForMySQL    Preset = "mysql"
	ForAurora   Preset = "aurora"
)

// Manifest is gomove.json.
type Manifest struct {
	Format      int           `json:"format"`
	Requires    []string      `json:"requires,omitempty"` // capabilities that a reader must have
	ID          string        `json:"id"`                 // UUID of this dump
	Tool        string        `json:"tool"`               // "gomove 0.1.0"
	Started     time.Time     `json:"started"`
	For         Preset        `json:"for"`
	Rows        Format        `json:"rows"`
	Compression Compression   `json:"compression"`
	Charset     string        `json:"charset"` // "source" or "utf8mb4"
	Server      ServerFacts   `json:"server"`
	Snapshot    SnapshotFacts `json:"snapshot"`
	Resumed     []Resumption  `json:"resumed,omitempty"` // how often the dump was taken up after an interruption
	Sealed      bool          `json:"sealed,omitempty"`  // metadata holds its own checksum; the Writer fills it
}

// ServerFacts is what the manifest says of the source.
type ServerFacts struct {
	Flavor              string `json:"flavor"`
	Version             string `json:"version"`
	VersionComment      string `json:"version_comment,omitempty"`
	Number              int    `json:"number"`
	UUID                string `json:"uuid,omitempty"`
	ServerID            uint64 `json:"server_id"`
	LowerCaseTableNames int    `json:"lower_case_table_names"`
	SQLMode             string `json:"sql_mode"`
	TimeZone            string `json:"time_zone"`
	Charset             string `json:"charset"`
	Collation           string `json:"collation"`
}

// SnapshotFacts is how the dump was made consistent.
type SnapshotFacts struct {
	Mode           string        `json:"mode"`                        // lockfree, lock, tables or none
	Plan           []string      `json:"plan"`                        // what was tried and what was settled on, for people
	LockWait       time.Duration `json:"lock_wait_ns"`                // waiting for the barrier's lock
	LockHold       time.Duration `json:"lock_hold_ns"`                // holding it
	Coordinates    Coordinates   `json:"coordinates"`                 // of this server's binary log
	Source         *Coordinates  `json:"source"`                      // where this server, a replica, stands in its source's log
	PreparedXA     int           `json:"prepared_xa"`                 // transactions prepared before the barrier, in no snapshot
	NonTransaction []string      `json:"non_transactional,omitempty"` // schema.table read under a lock
}

// CoordinatesState says whether there are coordinates, and why not.
type CoordinatesState string

// The states of coordinates.
const (
	Recorded     CoordinatesState = "recorded"
	BinlogOff    CoordinatesState = "binlog off"
	NoPrivilege  CoordinatesState = "no privilege"
	NotASnapshot CoordinatesState = "no consistent snapshot" // --consistency none
)

// Coordinates is a place in a binary log.
type Coordinates struct {
	State    CoordinatesState `json:"state"`
	File     string           `json:"file,omitempty"`
	Position uint64           `json:"position,omitempty"`
	GTIDSet  string           `json:"gtid_set,omitempty"` // MySQL's executed set, or MariaDB's gtid_binlog_pos
	Host     string           `json:"host,omitempty"`     // of a replica's source
	Port     int              `json:"port,omitempty"`
	Channel  string           `json:"channel,omitempty"`
}

// String is the place as people note it: "bin.000001:9732, GTID 0-1-5", or why there is none.
func (c *Coordinates) String() string {
	if c.State != Recorded {
		return "no coordinates, " + string(c.State)
	}
	s := ""
	if c.File != "" {
		s = fmt.Sprintf("%s:%d", c.File, c.Position)
	}
	if c.GTIDSet != "" {
		if s != "" {
			s += ", "
		}
		s += "GTID " + strings.ReplaceAll(c.GTIDSet, "\n", "")
	}
	return s
}

// The object of KindUsers.
const (
	UsersName = "users"
	UsersFile = "users.sql"
)

// Kind is the kind of an object.
type Kind string

// The kinds of objects that have a line in tables.jsonl.
const (
	KindSchema   Kind = "schema"
	KindTable    Kind = "table"
	KindView     Kind = "view"
	KindSequence Kind = "sequence"
	KindUsers    Kind = "users" // accounts and what they may do: one object, of schema mysql
)

// Object is one line of tables.jsonl: a schema, table, view or sequence. Schemas come before what they hold.
type Object struct {
	Kind          Kind     `json:"kind"`
	Schema        string   `json:"schema"`
	Name          string   `json:"name,omitempty"` // empty for a schema
	Base          string   `json:"base"`           // start of its file names: "shop", "shop.orders", or an alias
	Engine        string   `json:"engine,omitempty"`
	Transactional bool     `json:"transactional,omitempty"`
	Columns       []Column `json:"columns,omitempty"` // in file order: every column but the generated ones
	Key           *Key     `json:"key,omitempty"`
	Estimated     int64    `json:"estimated_rows,omitempty"`
	Rows          int64    `json:"rows"`            // as read; -1 with --no-data
	Where         string   `json:"where,omitempty"` // condition of --where
	Triggers      []string `json:"triggers,omitempty"`
	Routines      []string `json:"routines,omitempty"`  // of a schema: "procedure p", "function f"
	Events        []string `json:"events,omitempty"`    // of a schema
	Users         []string `json:"users,omitempty"`     // accounts and roles
	Files         []string `json:"files,omitempty"`     // SQL files, in the order in which they load
	FileSums      []string `json:"file_sums,omitempty"` // XXH3-128 of each of Files, hex; the Writer fills it
	// S3Manifest is the list of the table's files for LOAD DATA FROM S3 MANIFEST, where the preset has one; the Writer fills it.
	S3Manifest    string `json:"s3_manifest,omitempty"`
	S3ManifestSum string `json:"s3_manifest_sum,omitempty"` // XXH3-128, hex
}

// Column is one column of a table in file order.
type Column struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`              // COLUMN_TYPE: "int(10) unsigned"
	Charset   string   `json:"charset,omitempty"` // of the column; empty for types without one
	Collation string   `json:"collation,omitempty"`
	Encoding  Encoding `json:"encoding"`
	Expr      string   `json:"expr,omitempty"` // SQL it was read with, when that is not the bare column
	Nullable  bool     `json:"nullable,omitempty"`
	Invisible bool     `json:"invisible,omitempty"`
	Numbered  bool     `json:"auto_increment,omitempty"` // has AUTO_INCREMENT
	Mask      string   `json:"mask,omitempty"`           // method by which its values were replaced
}

// Encoding is how a column's value stands in a chunk file.
type Encoding string

// The encodings of columns.
const (
	// Plain is a number, date or time: ASCII that needs neither enclosure nor escape.
	Plain Encoding = "plain"
	// Bytes is the value's own bytes, for text in the column's own charset, escaped and enclosed; loads with CHARACTER SET binary and no SET clause.
	Bytes Encoding = "bytes"
	// UTF8 is utf8mb4 text that loads as SET c=CONVERT(@c USING utf8mb4): JSON, UUID, INET4, INET6, and all text with --charset utf8mb4.
	UTF8 Encoding = "utf8mb4"
)

// Key is the unique key that tells a table's rows apart, along which it was cut.
type Key struct {
	Name     string   `json:"name"` // "PRIMARY" or the index's name
	Columns  []string `json:"columns"`
	Nullable bool     `json:"nullable,omitempty"`
}

// Chunk is one line of chunks.jsonl: one finished file.
type Chunk struct {
	Schema  string `json:"schema"`
	Table   string `json:"table"`
	File    string `json:"file"`
	Number  int    `json:"number"` // NNNNN of the file's name; unique in the table
	Range   Range  `json:"range"`
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`    // before compression
	Stored  int64  `json:"stored"`   // of the file
	FileSum string `json:"file_sum"` // XXH3-128 of the stored file, hex, as `xxhsum -H2` prints it
	RowSum  string `json:"row_sum"`  // RowSum of its rows, hex
	// Script is the LOAD DATA statement for the file that other tools run, where the preset has one.
	Script    string `json:"script,omitempty"`
	ScriptSum string `json:"script_sum,omitempty"` // XXH3-128, hex
	// NegativeZeros counts the cells -0 of FLOAT and DOUBLE columns, which MariaDB stores as 0.
	NegativeZeros int64 `json:"negative_zeros,omitempty"`
	// Differs says that the run has told of values in these rows that the file does not hold as they are.
	Differs bool `json:"differs,omitempty"`
	// LargestRow is how many bytes of the file its largest row takes; 0 where that is not much, or not known. It is not in the listing.
	LargestRow int64 `json:"-"`
}

// Range is the key range that a chunk holds: half-open, [lower, upper).
// Each bound is hex of the parts' own bytes, one for each of the key's first parts; nil is no bound.
// A range with more than one file has pieces 0, 1, 2 that are not told apart by key (tables without a key).
type Range struct {
	Equal     []string `json:"equal,omitempty"`      // values of the key's first parts
	Lower     []string `json:"lower,omitempty"`      // of the parts after Equal; inclusive
	LowerOpen bool     `json:"lower_open,omitempty"` // Lower itself is excluded, with every key that begins with it
	Upper     []string `json:"upper,omitempty"`      // of the parts after Equal; exclusive
	Null      bool     `json:"null,omitempty"`       // the rows with a NULL in a nullable key
	Partition string   `json:"partition,omitempty"`  // rows of one partition
	Piece     int      `json:"piece,omitempty"`
	More      bool     `json:"more,omitempty"` // another piece of the range follows
}
