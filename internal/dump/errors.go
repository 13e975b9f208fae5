package dump

import (
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/store"
)

// The errors of a dump that cannot be read. What wraps them names the place, the file and what to do.
var (
	// ErrIncomplete is a dump that did not finish.
	ErrIncomplete = errors.New("dump is incomplete")
	// ErrFormat is a dump that this gomove cannot read: not a dump, a newer format, or records that make no sense.
	ErrFormat = errors.New("dump format is not readable")
	// ErrCorrupt is a file that is not what the dump's records say.
	ErrCorrupt = errors.New("dump file is damaged")
	// ErrStatement is a statement in a chunk that no chunk needs.
	ErrStatement = errors.New("statement refused")
	// ErrRowTooLong is a row above the bound that its reader was given.
	ErrRowTooLong = errors.New("row is too long")
	// ErrNotEmpty is a place for a new dump that already holds files.
	ErrNotEmpty = store.ErrNotEmpty
)

// ListingError is a listing of a dump that cannot be understood: ErrFormat, or ErrCorrupt where it is cut off.
type ListingError struct {
	File  string
	Place string // the dump's
	Line  int    // counted from 1; 0 where there are none
	Err   error
}

func (e *ListingError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s in %s: %v", e.File, e.Place, e.Err)
	}
	if !errors.Is(e.Err, ErrFormat) {
		return fmt.Sprintf("%s in %s, line %d: %v", e.File, e.Place, e.Line, e.Err)
	}
	return fmt.Sprintf("dump file %s in %s is damaged in line %d, or another program wrote it: %v; copy it again, or dump again", e.File, e.Place, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *ListingError) Unwrap() error { return e.Err }
