package foreign

import (
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/dump"
)

var (
	// ErrStatement is a statement, or a value, that is none of the known kinds: it is refused, never guessed.
	ErrStatement = dump.ErrStatement
	// ErrCut is a file that ends too early.
	ErrCut = fmt.Errorf("%w: the file was cut off", dump.ErrIncomplete)
	// ErrDump is a dump whose files do not fit together.
	ErrDump = errors.New("dump cannot be read")
)

// PlaceError is an error in a line of a file.
type PlaceError struct {
	File string
	Line int64
	Err  error
}

func (e *PlaceError) Error() string { return fmt.Sprintf("%s, line %d: %v", e.File, e.Line, e.Err) }

// Unwrap gives the cause.
func (e *PlaceError) Unwrap() error { return e.Err }
