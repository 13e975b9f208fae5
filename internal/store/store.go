// Package store is where the files of a dump live: a directory now, S3 and a tar stream later.
// A file is visible under its name only when it is whole.
package store

import (
	"context"
	"io"
	"iter"
)

// Store holds the files of one dump under flat names.
// Names hold no separator, no `..` and no NUL; every method refuses those with ErrName.
type Store interface {
	// Create starts a file. It has its name only once Close has returned nil; Abort throws it away.
	// An existing file of the name is replaced by Close.
	Create(ctx context.Context, name string) (File, error)
	// Open reads a file. A missing one is fs.ErrNotExist.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// List yields the files whose names start with prefix, in name order.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Journal opens a file for appending records, each of them durable against a crash of gomove once Append has returned.
	// A torn last record of an earlier run is cut off.
	Journal(ctx context.Context, name string) (Journal, error)
	// Remove deletes a file. A missing one is no error.
	Remove(ctx context.Context, name string) error
	// String names the place for messages: a path, or a URI without secrets.
	String() string
}

// Syncer is a Store, or a File before its Close, whose contents may be lost by a crash of the machine until Sync has returned.
type Syncer interface {
	Sync(ctx context.Context) error
}

// Exclusive is a Store that can make a file only if there is none of its name, whoever else writes there.
type Exclusive interface {
	// CreateNew is Create, but for a Close that fails with fs.ErrExist when the name is taken by then.
	CreateNew(ctx context.Context, name string) (File, error)
}

// Sweeper is a Store where a killed run leaves what no listing shows.
type Sweeper interface {
	// Sweep removes it and returns how much there was.
	Sweep(ctx context.Context) (removed int, err error)
}

// Stater is a Store that tells the size of one file without opening it. A missing one is fs.ErrNotExist.
type Stater interface {
	Stat(ctx context.Context, name string) (Info, error)
}

// File is a file being written.
type File interface {
	io.Writer
	// Close makes the file visible. After an error nothing is left under the name.
	Close() error
	// Abort throws the file away; after Close it does nothing.
	Abort()
}

// Journal is a file of records, one line each.
type Journal interface {
	// Append adds one record, which holds no newline, and its newline. It is safe for concurrent use.
	Append(ctx context.Context, record []byte) error
	Close() error
}

// Info is a file in a listing.
type Info struct {
	Name  string
	Bytes int64
}
