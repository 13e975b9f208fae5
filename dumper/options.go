// Package dumper reads a server into a dump: its catalog, a consistent snapshot over N sessions, key ranges read in
// parallel, rows encoded into chunk files.
package dumper

import (
	"context"
	"log/slog"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
)

// Options of one dump.
type Options struct {
	Source      mysql.Options
	Selection   catalog.Selection
	Out         store.Store // or Pipe
	Pipe        *dump.Pipe  // what takes the dump in one pass; it is closed with the error of a dump that fails
	Copy        CopyOptions
	For         dump.Preset      // default dump.ForGomove
	Format      dump.Format      // default dump.CSV
	Compression dump.Compression // default dump.Zstd
	Charset     string           // "source" (default) or "utf8mb4"
	Transform   TransformOptions // default none
	Via         Via              // default ViaClient
	Threads     int              // sessions that read rows; default one per core of this machine
	ChunkBytes  int64            // uncompressed bytes of a chunk; default 64 MiB
	Snapshot    SnapshotOptions
	// Check is called once it is known what is selected, before anything is locked or written; its error ends the dump. Default none.
	Check    func(ctx context.Context, s *mysql.Server, c *catalog.Catalog) error
	Log      *slog.Logger       // default slog.Default()
	Progress *progress.Counters // default a new one
	DryRun   bool
	Resume   bool // go on with the interrupted dump in Out, when there is one
}

// Consistency is --consistency.
type Consistency string

// The modes of --consistency.
const (
	ConsistencyAuto     Consistency = "auto"
	ConsistencyLockFree Consistency = "lockfree"
	ConsistencyLock     Consistency = "lock"
	ConsistencyTables   Consistency = "tables"
	ConsistencyNone     Consistency = "none"
)

// SnapshotOptions bounds what the barrier may cost other clients.
type SnapshotOptions struct {
	Consistency Consistency   // default auto
	MaxLockWait time.Duration // waiting for a lock; default 30 s
	MaxLockHold time.Duration // holding it; default 5 s
	SameServer  bool          // the dump is loaded into the same server meanwhile: no lock may keep DDL off it
}
