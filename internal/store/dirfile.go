package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// dirFile is a file of a Dir under a temporary name.
type dirFile struct {
	f    *os.File
	path string // under which it will be seen
	err  error  // the first error of a write
	done bool
}

// Create starts a file, mode 0600, under a temporary name in the same directory.
func (d *Dir) Create(ctx context.Context, name string) (File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, name)
	temp := filepath.Join(d.path, tempPrefix+name)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, os.ErrExist) { // left over by a run that was killed
		if err = os.Remove(temp); err == nil {
			f, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		}
	}
	if err != nil {
		return nil, writeError("create", path, err)
	}
	return &dirFile{f: f, path: path}, nil
}

// Write appends to the file.
func (f *dirFile) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	if err != nil {
		f.err = writeError("write", f.path, err)
		return n, f.err
	}
	return n, nil
}

// Sync makes what was written durable against a crash of the machine.
func (f *dirFile) Sync(context.Context) error {
	if err := f.f.Sync(); err != nil {
		f.err = writeError("sync", f.path, err)
		return f.err
	}
	return nil
}

// Close gives the file its name. A file with a failed write is thrown away and that error returned.
func (f *dirFile) Close() error {
	if f.done {
		return fmt.Errorf("close %s: %w", f.path, os.ErrClosed)
	}
	f.done = true
	startWriteback(f.f)
	err := f.err
	if closeErr := f.f.Close(); err == nil && closeErr != nil {
		err = writeError("close", f.path, closeErr)
	}
	if err == nil {
		if renameErr := os.Rename(f.f.Name(), f.path); renameErr != nil {
			err = writeError("rename", f.path, renameErr)
		}
	}
	if err != nil {
		_ = os.Remove(f.f.Name())
	}
	return err
}

// Abort removes the file; after Close it does nothing.
func (f *dirFile) Abort() {
	if f.done {
		return
	}
	f.done = true
	_ = f.f.Close()
	_ = os.Remove(f.f.Name())
}
