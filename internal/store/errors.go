package store

import (
	"errors"
	"fmt"
	"strings"
)

// The errors of stores.
var (
	// ErrName is a name that cannot be a file's: empty, with a separator or NUL, "..", or starting with a dot.
	ErrName = errors.New("not a file name of a dump")
	// ErrNotRegular is a symbolic link, directory or device where a file should be.
	ErrNotRegular = errors.New("not a regular file")
	// ErrNotEmpty is a place for a new dump that already holds something.
	ErrNotEmpty = errors.New("not empty")
)

// maxNameBytes is what common file systems allow, less the room for a temporary suffix.
const maxNameBytes = 240

// CheckName returns an error that is ErrName when name cannot be the flat name of a file.
func CheckName(name string) error {
	switch {
	case name == "", len(name) > maxNameBytes, name[0] == '.':
	case strings.ContainsAny(name, "/\\\x00\n"), strings.Contains(name, ".."):
	default:
		return nil
	}
	return fmt.Errorf("%.80q: %w", name, ErrName)
}
