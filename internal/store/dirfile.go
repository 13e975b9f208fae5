package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dirFile is a file of a Dir under a temporary name.
type dirFile struct {
	f    *os.File
	path string // under which it will be seen
	only bool   // there must be no file of that name
	size int    // that was written
	err  error  // the first error of a write
	done bool
}

// Create starts a file, mode 0600, under a temporary name in the same directory.
func (d *Dir) Create(ctx context.Context, name string) (File, error) {
	f, err := d.create(ctx, name, tempPrefix+name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// CreateNew is Create, but for a Close that fails with fs.ErrExist when the name is taken by then.
func (d *Dir) CreateNew(ctx context.Context, name string) (File, error) {
	f, err := d.create(ctx, name, fmt.Sprintf("%s%d-%s", tempPrefix, os.Getpid(), name))
	if err != nil {
		return nil, err
	}
	f.only = true
	return f, nil
}

func (d *Dir) create(ctx context.Context, name, temporary string) (*dirFile, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, name)
	temp := filepath.Join(d.path, temporary)
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
	f.size += n
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

// writebackBytes is the size from which a file is written to the disk before Sync at the end, which writes small ones together.
const writebackBytes = 1 << 20

// Close gives the file its name. A file with a failed write is thrown away and that error returned.
func (f *dirFile) Close() error {
	if f.done {
		return fmt.Errorf("close %s: %w", f.path, os.ErrClosed)
	}
	f.done = true
	if f.size >= writebackBytes {
		startWriteback(f.f)
	}
	err := f.err
	if closeErr := f.f.Close(); err == nil && closeErr != nil {
		err = writeError("close", f.path, closeErr)
	}
	if err == nil {
		if nameErr := f.name(); nameErr != nil {
			err = writeError("rename", f.path, nameErr)
		}
	}
	if err != nil {
		_ = os.Remove(f.f.Name())
	}
	return err
}

// name gives the file its name. A hard link fails where the name is taken; file systems without links cannot tell.
func (f *dirFile) name() error {
	if !f.only {
		return syscall.Rename(f.f.Name(), f.path) // os.Rename looks first what there is
	}
	err := os.Link(f.f.Name(), f.path)
	switch {
	case err == nil:
		return os.Remove(f.f.Name())
	case errors.Is(err, os.ErrExist):
		return err
	}
	return os.Rename(f.f.Name(), f.path)
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
