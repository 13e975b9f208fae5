//go:build unix

package store

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// writeError names the file, and on a full disk what is left on it.
func writeError(what, path string, err error) error {
	err = unwrapPath(err)
	if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	dir := filepath.Dir(path)
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	free := uint64(s.Bavail) * uint64(s.Bsize) //nolint:unconvert // the types differ by system
	size := uint64(s.Blocks) * uint64(s.Bsize) //nolint:unconvert // the types differ by system
	if s.Files > 0 && s.Ffree == 0 {
		return fmt.Errorf("%s %s: %w: the file system of %s has no inode free (%d files)", what, path, err, dir, s.Files)
	}
	return fmt.Errorf("%s %s: %w: the file system of %s has %s free of %s", what, path, err, dir, humanize.IBytes(free), humanize.IBytes(size))
}
