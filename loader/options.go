// Package loader writes a dump into a server: schemas and tables first, chunks in parallel, then indexes, foreign keys,
// views, routines, triggers and events, and a check of it all.
package loader

import (
	"context"
	"io"
	"iter"
	"log/slog"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// Source is what is loaded. *dump.Reader is one.
type Source interface {
	Manifest() *dump.Manifest
	Objects(ctx context.Context) iter.Seq2[*dump.Object, error]
	Chunks(ctx context.Context) iter.Seq2[*dump.Chunk, error]
	OpenSQL(ctx context.Context, o *dump.Object, file int) (io.ReadCloser, error)
	OpenChunk(ctx context.Context, c *dump.Chunk) (io.ReadCloser, error)
}

// Options of one load.
type Options struct {
	Target       mysql.Options
	From         Source    // a dump that is there whole; or:
	Feed         dump.Feed // one that is read in one pass; or:
	Copy         CopyOptions
	Selection    catalog.Selection // of what the dump holds; default all
	Threads      int               // sessions that write rows; default one per two cores of this machine, at least 1
	Via          Via
	Definer      transform.Definer // default strip
	IfExists     IfExists
	DeferIndexes Defer
	Names        transform.Names   // --schema-map, --table-map
	Changes      transform.Changes // --engine, --collation-map, --charset
	Warnings     OnProblem         // of data; default fail
	Session      SessionOptions
	After        AfterOptions
	// Check is called once it is known what goes where, before anything is changed; its error ends the load. Default none.
	Check    func(ctx context.Context, s *mysql.Server, demands []catalog.Demand) error
	Log      *slog.Logger       // default slog.Default()
	Progress *progress.Counters // default a new one
	DryRun   bool
}

// SessionOptions is what a load does beyond its rows in its own sessions.
type SessionOptions struct {
	SkipBinlog  bool      // --skip-binlog
	AllowUnsafe bool      // --allow-unsafe-sql: pass over statements that no dump needs, in place of failing
	InvalidText OnProblem // text that is not valid in its charset; default fail
}

// AfterOptions is what a load does when the rows are in.
type AfterOptions struct {
	Analyze      bool // ANALYZE TABLE
	EnableEvents bool // create events as they were, in place of disabled
	KeepProgress bool // leave the progress table
	Restart      bool // forget what an interrupted load has done
}

// Via is the route of rows.
type Via string

// The routes of --via.
const (
	ViaAuto        Via = "auto"
	ViaLocalInfile Via = "local-infile"
	ViaInsert      Via = "insert"
	ViaS3          Via = "s3"
)

// IfExists is what happens to a table that is already there.
type IfExists string

// The values of --if-exists.
const (
	ExistsFail     IfExists = "fail"
	ExistsSkip     IfExists = "skip"
	ExistsDrop     IfExists = "drop"
	ExistsTruncate IfExists = "truncate"
)

// Defer is --defer-indexes.
type Defer string

// The values of --defer-indexes.
const (
	DeferAuto Defer = "auto"
	DeferAll  Defer = "all"
	DeferNone Defer = "none"
)

// OnProblem is what happens at a warning or a value that cannot be stored as it is.
type OnProblem string

// The values of --warnings and --invalid-text.
const (
	Fail    OnProblem = "fail"
	Report  OnProblem = "report"
	Replace OnProblem = "replace"
)
