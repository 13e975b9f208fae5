//go:build !linux

package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Sync makes every file of the directory durable against a crash of the machine.
func (d *Dir) Sync(ctx context.Context) error {
	names, err := d.names("")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.OpenFile(filepath.Join(d.path, name), os.O_RDWR, 0) // some systems sync only what is open for writing
		if err != nil {
			return err
		}
		err = f.Sync()
		if err := errors.Join(err, f.Close()); err != nil {
			return writeError("sync", filepath.Join(d.path, name), err)
		}
	}
	return nil
}

func startWriteback(*os.File) {}
