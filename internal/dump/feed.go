package dump

import (
	"context"
	"io"
)

// Feed is a dump that is read in one pass: a stream, a copy that is under way, the files of another tool.
// It is used by one goroutine; the chunks that it gives may be read by others.
type Feed interface {
	// Manifest is known before the first event. Its ID is new for what can be read only once, and the same each time for
	// what gives the same events each time: a load that was interrupted goes on by it.
	Manifest() *Manifest
	// Next gives the next event. io.EOF is the end of a whole dump, proven as far as its kind can be; ErrIncomplete one that was cut off.
	// It may wait until chunks that it has given are released.
	Next(ctx context.Context) (Event, error)
	// String names the source for messages, without secrets.
	String() string
}

// ObjectsFirst is a Feed that can tell that all its objects come before its first Chunk or Finished: then what does not fit the
// target is refused before anything is changed there. Of other feeds that is known for a part at a time.
type ObjectsFirst interface {
	Feed
	ObjectsFirst() bool
}

// Warned is a Feed that has found what people should know of it; its warnings are whole once it has ended.
type Warned interface {
	Feed
	Warnings() []string
}

// Selective is a Feed that need not read the rows of a table that nobody asks for: it gives none of its chunks, and its Finished.
type Selective interface {
	Feed
	// Select has wanted asked before the rows of each table. It is called between two calls of Next, and wanted within one.
	Select(wanted func(schema, table string) bool)
}

// Ordered is an ObjectsFirst that gives statements too.
type Ordered interface {
	ObjectsFirst
	// Statements is how many there are.
	Statements() int
}

// Event is one step of a Feed: one of the fields is set. An object comes before its chunks; a table's Finished comes after its last
// chunk, and there is one for each table, also for those without rows. Views, routines, triggers and events may come at any time.
type Event struct {
	Object   *FedObject
	Chunk    *FedChunk
	Finished *Finished
	// Statement is to be run where it stands: all events before it have been done, none behind it.
	Statement *FedStatement
	// Defined is the end of all objects, of a Pipe that waits for Select there.
	Defined bool
}

// FedObject is an object with its definitions. A table, view or sequence comes once; a schema may come again with what was found
// later of it: triggers, routines, events, in files of other names.
type FedObject struct {
	Object          // Rows is -1 while they are not known; FileSums may be missing; Estimated is below 0 where nothing is known of it
	Texts  [][]byte // of Files, in their order

	// Definition tells one definition of the table from another on the server that it is read from. Only a copy has it.
	Definition string
	// Anew says of a copy that was taken up that the table is read from its beginning: what an earlier run has committed of it goes.
	Anew bool
}

// FedStatement is a statement of a script that makes nothing and brings no rows of its own.
type FedStatement struct {
	File     string
	Line     int
	Offset   int64 // names it: the same each time that the file is read
	Schema   string
	Text     []byte
	Shown    string            // its start, for messages
	RowsOnly bool              // it changes rows and ends no transaction, so that it is undone with the transaction where the engines can do that
	Settings map[string]string // of the session, by the names of transform.Environment; what was not set is missing
}

// FedChunk is a chunk in memory. Its record is whole: Rows, Bytes and Number are those of its content; Stored and FileSum may be
// missing in what another tool has written.
type FedChunk struct {
	Chunk
	// Open reads the rows from their start, decompressed, as Reader.OpenChunk does. It can be called again until Release.
	Open func() (io.ReadCloser, error)
	// Release gives the memory back, once the chunk is committed or will not be loaded.
	Release func()
}

// Finished is the end of a table: no more chunks of it come.
type Finished struct {
	Schema, Table string
	Rows          int64 // of all its chunks; -1 with --no-data
}
