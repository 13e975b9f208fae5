package dump

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/store"
)

// PlanName is what an unfinished dump notes down for the run that takes it up. A whole dump has no such file.
const PlanName = "resume.jsonl"

var (
	// ErrWhole is a dump that has nothing left to resume.
	ErrWhole = errors.New("dump is whole")
	// ErrNothingKept is a place where no dump has begun, or none that came to its first row.
	ErrNothingKept = errors.New("nothing to resume")
)

// PlanLine is one line of resume.jsonl: the first says what was asked for, each other one names a table.
type PlanLine struct {
	Selection json.RawMessage `json:"selection,omitempty"`

	Schema     string `json:"schema,omitempty"`
	Name       string `json:"name,omitempty"`
	Base       string `json:"base,omitempty"`       // start of its file names
	Definition string `json:"definition,omitempty"` // tells one definition of the table from another
}

// Resumption is one time that a dump was taken up after it was interrupted.
type Resumption struct {
	Chunks int64 `json:"kept_chunks"`
	Rows   int64 `json:"kept_rows"`
	Bytes  int64 `json:"kept_bytes"` // before compression
}

// WritePlan writes resume.jsonl.
func (w *Writer) WritePlan(ctx context.Context, lines iter.Seq[*PlanLine]) error {
	return writeLines(ctx, w.store, PlanName, lines)
}

// Unfinished is what an interrupted dump has kept.
type Unfinished struct {
	Manifest  *Manifest
	Selection json.RawMessage
	Tables    map[[2]string]*PlanLine // by schema and name
	Finished  map[[2]string]int64     // rows of the tables that are whole
	Chunks    []*Chunk

	reader *Reader
	bases  map[string]bool
}

// ReadUnfinished reads what an interrupted dump has kept. A whole one is ErrWhole, with its manifest; a place where no row has
// been kept, and that is no other's, is ErrNothingKept.
func ReadUnfinished(ctx context.Context, s store.Store) (*Unfinished, error) {
	r, err := OpenUnfinished(ctx, s)
	if err != nil {
		return nil, onlyBeginnings(ctx, s, err)
	}
	u := &Unfinished{Manifest: r.Manifest(), reader: r, Tables: map[[2]string]*PlanLine{}, Finished: map[[2]string]int64{}}
	if r.Complete() {
		return u, fmt.Errorf("dump %s in %s: %w", u.Manifest.ID, s, ErrWhole)
	}
	if err := u.readPlan(ctx, s); err != nil {
		return nil, err
	}
	for o, err := range r.Objects(ctx) {
		if errors.Is(err, ErrCorrupt) {
			break // it is missing: a run that resumed was interrupted before it made it anew
		}
		if err != nil {
			return nil, err
		}
		if o.Kind == KindTable {
			u.Finished[[2]string{o.Schema, o.Name}] = o.Rows
		}
	}
	for c, err := range r.Chunks(ctx) {
		if err != nil {
			return nil, err
		}
		u.Chunks = append(u.Chunks, c)
	}
	return u, nil
}

// onlyBeginnings tells a place where a dump has not come to its manifest from one that holds something else.
func onlyBeginnings(ctx context.Context, s store.Store, err error) error {
	for info, listErr := range s.List(ctx, "") {
		if listErr != nil {
			return listErr
		}
		if !slices.Contains([]string{PartialMetadataName, PlanName, TablesName, ChunksName}, info.Name) {
			return err
		}
	}
	return ErrNothingKept
}

func (u *Unfinished) readPlan(ctx context.Context, s store.Store) error {
	for l, err := range readLines[PlanLine](ctx, s, listing{name: PlanName}) {
		if errors.Is(err, fs.ErrNotExist) || u.Selection == nil && errors.Is(err, ErrCorrupt) {
			return fmt.Errorf("dump %s: %w: there is no %s, so it cannot be resumed: dump again into another directory", s, ErrIncomplete, PlanName)
		}
		if err != nil {
			return err
		}
		if l.Selection != nil {
			u.Selection = l.Selection
			continue
		}
		if err := store.CheckName(l.Base); err != nil || strings.Count(l.Base, ".") != 1 {
			return fmt.Errorf("%s in %s: %w: base %.80q", PlanName, s, ErrFormat, l.Base)
		}
		u.Tables[[2]string{l.Schema, l.Name}] = l
	}
	return nil
}

// Verify reads the files of all chunks and drops the chunks whose file is not what their line says, as after a crash of the
// machine. It returns how many those are.
func (u *Unfinished) Verify(ctx context.Context, workers int) (dropped int, err error) {
	good := make([]bool, len(u.Chunks))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range max(workers, 1) {
		g.Go(func() error {
			for i := next.Add(1) - 1; int(i) < len(u.Chunks); i = next.Add(1) - 1 {
				err := u.checkFiles(ctx, u.Chunks[i])
				var p *Problem
				if err != nil && !errors.As(err, &p) && !errors.Is(err, ErrCorrupt) {
					return err
				}
				good[i] = err == nil
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	all := u.Chunks
	u.Chunks = nil
	for i, c := range all {
		if good[i] {
			u.Chunks = append(u.Chunks, c)
		}
	}
	return len(all) - len(u.Chunks), nil
}

func (u *Unfinished) checkFiles(ctx context.Context, c *Chunk) error {
	if err := u.reader.CheckStored(ctx, c); err != nil || c.Script == "" {
		return err
	}
	sum, err := u.reader.hashFile(ctx, c.Script)
	if errors.Is(err, fs.ErrNotExist) || err == nil && sum != c.ScriptSum {
		return u.reader.problem(c.Script, FileAltered, errors.New("it is not the file that was written"))
	}
	return err
}

// hasBase reports whether a table's file names start so.
func (u *Unfinished) hasBase(base string) bool {
	if u.bases == nil {
		u.bases = map[string]bool{}
		for _, l := range u.Tables {
			u.bases[l.Base] = true
		}
	}
	return u.bases[base]
}

func exists(ctx context.Context, s store.Store, name string) (bool, error) {
	f, err := s.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}
