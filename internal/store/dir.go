package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
	// tempPrefix starts the names of files that are not whole yet; such names are never listed nor opened.
	tempPrefix = ".gomove-tmp-"
)

// Dir is a directory of this machine. It is safe for concurrent use.
type Dir struct {
	path string
	made bool // by NewDir
}

var (
	_ Store  = (*Dir)(nil)
	_ Syncer = (*Dir)(nil)
	_ Stater = (*Dir)(nil)

	_ Exclusive = (*Dir)(nil)
)

// Access says what a directory is opened for.
type Access int

// What a directory is opened for.
const (
	ReadOnly Access = iota
	ReadWrite
)

// NewDir opens a directory. For ReadWrite it is created, mode 0700, when it is missing; its parent must exist.
func NewDir(path string, access Access) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", path, err)
	}
	d := &Dir{path: abs}
	if access == ReadWrite {
		err := os.Mkdir(abs, dirMode)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("create directory %s: %w", abs, unwrapPath(err))
		}
		d.made = err == nil
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", abs, unwrapPath(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a directory", abs)
	}
	f, err := os.Open(abs)
	if err != nil {
		return nil, fmt.Errorf("directory %s: not readable: %w", abs, unwrapPath(err))
	}
	_, err = f.ReadDir(1)
	err = errors.Join(ignoreEOF(err), f.Close())
	if err != nil {
		return nil, fmt.Errorf("directory %s: not readable: %w", abs, unwrapPath(err))
	}
	if access == ReadWrite {
		if err := d.tryWrite(); err != nil {
			return nil, errors.Join(fmt.Errorf("directory %s: not writable: %w", abs, unwrapPath(err)), d.RemoveUnused())
		}
	}
	return d, nil
}

// RemoveUnused removes the directory if NewDir has made it and nothing is in it.
func (d *Dir) RemoveUnused() error {
	if !d.made {
		return nil
	}
	if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) { // ErrExist is one that is not empty
		return fmt.Errorf("remove empty directory %s: %w", d.path, unwrapPath(err))
	}
	return nil
}

func (d *Dir) tryWrite() error {
	f, err := os.CreateTemp(d.path, tempPrefix)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// String is the absolute path.
func (d *Dir) String() string { return d.path }

// CheckEmpty returns an error that is ErrNotEmpty when the directory holds anything but lost+found.
func (d *Dir) CheckEmpty(context.Context) error {
	f, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("directory %s: %w", d.path, unwrapPath(err))
	}
	names, err := f.Readdirnames(2)
	if err := errors.Join(ignoreEOF(err), f.Close()); err != nil {
		return fmt.Errorf("directory %s: %w", d.path, unwrapPath(err))
	}
	for _, name := range names {
		if name != "lost+found" {
			return fmt.Errorf("directory %s: %w (it holds %s): give another directory or empty this one", d.path, ErrNotEmpty, name)
		}
	}
	return nil
}

// Open reads a file. A missing one is fs.ErrNotExist, a symbolic link ErrNotRegular.
func (d *Dir) Open(_ context.Context, name string) (io.ReadCloser, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, name)
	link, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, unwrapPath(err))
	}
	if !link.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: %w", path, ErrNotRegular)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, unwrapPath(err))
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(link, info) {
		err = ErrNotRegular
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, unwrapPath(err)), f.Close())
	}
	return f, nil
}

// List yields the regular files whose names start with prefix, in name order.
func (d *Dir) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		names, err := d.names(prefix)
		if err != nil {
			yield(Info{}, err)
			return
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				yield(Info{}, err)
				return
			}
			info, err := os.Lstat(filepath.Join(d.path, name))
			if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
				continue
			}
			if err != nil {
				yield(Info{}, fmt.Errorf("list %s: %w", d.path, err))
				return
			}
			if !yield(Info{Name: name, Bytes: info.Size()}, nil) {
				return
			}
		}
	}
}

// names returns the sorted names that a store may hold.
func (d *Dir) names(prefix string) ([]string, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.path, unwrapPath(err))
	}
	all, err := f.Readdirnames(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("list %s: %w", d.path, err)
	}
	all = slices.DeleteFunc(all, func(name string) bool {
		return !strings.HasPrefix(name, prefix) || CheckName(name) != nil
	})
	slices.Sort(all)
	return all, nil
}

// Stat returns the size of a file without opening it. A missing one is fs.ErrNotExist, a symbolic link ErrNotRegular.
func (d *Dir) Stat(_ context.Context, name string) (Info, error) {
	if err := CheckName(name); err != nil {
		return Info{}, err
	}
	info, err := os.Lstat(filepath.Join(d.path, name))
	if err != nil {
		return Info{}, fmt.Errorf("%s in %s: %w", name, d.path, unwrapPath(err))
	}
	if !info.Mode().IsRegular() {
		return Info{}, fmt.Errorf("%s in %s: %w", name, d.path, ErrNotRegular)
	}
	return Info{Name: name, Bytes: info.Size()}, nil
}

// Remove deletes a file. A missing one is no error.
func (d *Dir) Remove(_ context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(d.path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveTemporary removes the files that runs which were killed have left unfinished.
func (d *Dir) RemoveTemporary(context.Context) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("list %s: %w", d.path, unwrapPath(err))
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) && e.Type().IsRegular() {
			errs = append(errs, os.Remove(filepath.Join(d.path, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// unwrapPath drops the path that the os package puts into its errors: ours name it already.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
