package dumper

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
)

// CopyOptions are those of a dump into a Pipe that the target stores as it comes.
type CopyOptions struct {
	ID   string           // of the dump; default a new one
	Kept *dump.Unfinished // what the target has of an interrupted copy with this ID; default nothing
	// NumbersLocked has several tables with AUTO_INCREMENT read at once: the target loads one chunk of each at a time. Default false.
	NumbersLocked bool
}

// Request tells what is asked of a source from what another run asks: the selection and the transforms, not the places.
func (o *Options) Request() ([]byte, error) {
	b, err := json.Marshal(o.asked())
	if err != nil {
		return nil, fmt.Errorf("selection: %w", err)
	}
	return b, nil
}

// openCopy takes up an interrupted copy. Its ID stands for what was asked for.
func openCopy(o Options, out dump.WriterOptions) (*resumption, error) {
	u := *o.Copy.Kept
	selection, err := o.Request()
	if err != nil {
		return nil, err
	}
	u.Selection = selection
	r := &resumption{Unfinished: &u, tables: map[[2]string]*takenUp{}}
	return r, r.sameRequest(o, out)
}

// anew reports a table of a resumed copy that is read from its beginning.
func (r *run) anew(t *tableState) bool {
	return r.resumed != nil && t.taken == nil
}

// whole drops what was taken of a table when the target has more of it than that: what lies beyond cannot be told from the rest.
func (r *run) whole(taken *takenUp, all []*dump.Chunk) *takenUp {
	if taken != nil && r.o.Pipe != nil && len(taken.chunks) != len(all) {
		return nil
	}
	return taken
}

// notResumable says why an interrupted run cannot be taken up, and what to do.
func (o *Options) notResumable(err error) error {
	if o.Pipe != nil && o.Snapshot.SameServer {
		return fmt.Errorf("%w: %w; source and target are one server, and what the copy itself writes moves that log too: begin it anew by --restart --skip-binlog:"+
			" it is then kept out of the log, and can be carried on while nobody else writes", ErrCopyMoved, err)
	}
	if o.Pipe != nil {
		return fmt.Errorf("%w: %w; begin it anew by --restart (a copy can be carried on while its source is not written to:"+
			" under super_read_only or read_only, or on a stopped replica)", ErrCopyMoved, err)
	}
	return fmt.Errorf("--resume: %w: %w; dump again into another directory (a dump can be resumed while its source is not written to:"+
		" under super_read_only or read_only, or on a stopped replica)", ErrNotResumable, err)
}

// ErrCopyMoved is an interrupted copy that cannot be gone on with: nothing shows that the source's data is as it was.
var ErrCopyMoved = errors.New("the interrupted copy cannot be carried on")

// SourceText says which state of the source was read, for people.
func (s *Summary) SourceText() string {
	var b strings.Builder
	snapshotText(&b, &s.Snapshot)
	if k := s.Resumed; k != nil {
		fmt.Fprintf(&b, "  resumed: %d chunks of %d rows were on the target already\n", k.Chunks, k.Rows)
	}
	s.warningText(&b)
	return b.String()
}
