package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Sync makes every file of the directory durable against a crash of the machine, by one syncfs(2): an fsync for each of
// a million small files would cost a journal commit each.
func (d *Dir) Sync(context.Context) error {
	f, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", d.path, unwrapPath(err))
	}
	err = unix.Syncfs(int(f.Fd()))
	if err := errors.Join(err, f.Close()); err != nil {
		return writeError("sync", d.path, err)
	}
	return nil
}

// startWriteback asks the kernel to begin writing a finished file, so that Sync at the end has little left to do.
func startWriteback(f *os.File) {
	_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
