package loader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// What a load can be refused for, or end with.
var (
	// ErrExists is a target that already holds objects of the dump, under --if-exists fail.
	ErrExists = errors.New("already exists on the target")
	// ErrBusy is another load that runs on the same target.
	ErrBusy = errors.New("another load runs on this target")
	// ErrReadOnly is a target that takes no writes.
	ErrReadOnly = errors.New("target is read-only")
	// ErrOtherDump is a target on which another dump is half loaded, or this one with other settings.
	ErrOtherDump = errors.New("another load is half done there")
	// ErrUnsupported is a dump with objects that the target cannot hold.
	ErrUnsupported = errors.New("target cannot hold the dump")
	// ErrNoAccount is a definer that the target does not know.
	ErrNoAccount = errors.New("no such account")
	// ErrUnsafe is a statement that no dump needs.
	ErrUnsafe = errors.New("statement refused")
	// ErrMayHaveRun is a statement that was cut off, and that a transaction does not undo.
	ErrMayHaveRun = errors.New("a load was cut off while it ran this statement, and nobody can tell whether it has run: look at the target, and begin anew by --restart --if-exists drop")
	// ErrDamaged is a dump whose records contradict each other.
	ErrDamaged = errors.New("dump is damaged")
	// ErrRows is a chunk that did not arrive as it was dumped.
	ErrRows = errors.New("rows did not arrive as they were dumped")
	// ErrSameServer is a copy that would write where it reads.
	ErrSameServer = errors.New("source and target are the same server")
	// ErrDiffers is a load that finished, but something differs or warned: exit code 3.
	ErrDiffers = errors.New("load finished, but the target differs from the dump")
)

// StatementError is a statement of the dump that the target refused.
type StatementError struct {
	Phase     string
	Object    string // "view `shop`.`v`"
	File      string
	Line      int
	Statement string // its first characters
	Err       error
}

const shownStatement = 200

func (e *StatementError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Phase, e.Object)
	if e.File != "" {
		fmt.Fprintf(&b, ", %s line %d", e.File, e.Line)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Statement != "" {
		fmt.Fprintf(&b, "; statement: %s", e.Statement)
	}
	return b.String()
}

// Unwrap gives the server's error.
func (e *StatementError) Unwrap() error { return e.Err }

// ChunkError is a chunk that was not loaded; nothing of it stays unless the table's engine has no transactions.
type ChunkError struct {
	Table string // `schema`.`table`
	File  string
	Err   error
}

func (e *ChunkError) Error() string {
	var damaged *dump.Problem
	if errors.As(e.Err, &damaged) && damaged.File == e.File {
		return fmt.Sprintf("data: %v; then the same command carries on with table %s", e.Err, e.Table)
	}
	return fmt.Sprintf("data: table %s, chunk %s: %v", e.Table, e.File, e.Err)
}

// Unwrap gives the cause.
func (e *ChunkError) Unwrap() error { return e.Err }

// ExistsError lists what is in the way.
type ExistsError struct {
	Objects []string // "table `shop`.`orders`"
}

const shownObjects = 20

func (e *ExistsError) Error() string {
	return fmt.Sprintf("the target has %s of the dump already, nothing was changed: %s; "+
		"choose --if-exists skip, truncate or drop, or another schema by --schema-map", progress.Counted(len(e.Objects), "object"), shorten(e.Objects))
}

// Is makes errors.Is(err, ErrExists) true.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }

// shorten joins the first of a list and counts the others.
func shorten(list []string) string { return listed(list, len(list)) }

// listed is shorten for a list that is itself the start of total.
func listed(list []string, total int) string {
	shown := list[:min(len(list), shownObjects)]
	if len(shown) == total {
		return strings.Join(shown, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), total-len(shown))
}

// excerpt is the start of a statement on one line.
func excerpt(stmt []byte) string {
	s := strings.ToValidUTF8(string(stmt[:min(len(stmt), 4*shownStatement)]), "?")
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > shownStatement {
		return string(r[:shownStatement]) + "..."
	}
	return s
}
