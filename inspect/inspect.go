// Package inspect lists what a dump holds and checks every stored file against the dump's own records, without a server.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
)

// ErrDiffers is a dump that is not whole, or of which a file is not what its record says.
var ErrDiffers = errors.New("the dump is not whole and right")

// Options of one inspection.
type Options struct {
	Store    store.Store
	Threads  int                // files that are read at once; default one per core of this machine
	Deep     bool               // decode every row, and compare the checksums of rows
	Progress *progress.Counters // default a new one
}

// Run reads everything that the dump's records tell of. The report says what was found, with an error too. ErrDiffers is
// an inspection that came to its end and found a problem; any other error is a dump that could not be read.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.Progress == nil {
		o.Progress = &progress.Counters{}
	}
	i := &inspection{o: o, counters: o.Progress, seed: maphash.MakeSeed(), tables: map[[2]string]*tableState{},
		report: &Report{Place: o.Store.String(), Deep: o.Deep, byFile: map[string]bool{}}}
	var err error
	if i.reader, err = dump.OpenUnfinished(ctx, o.Store); err != nil {
		var p *dump.Problem
		if !errors.As(err, &p) {
			return nil, err
		}
		i.report.add(*p)
		i.report.unread = true
		return i.report, i.report.verdict()
	}
	i.report.about(i.reader)
	if err := i.all(ctx); err != nil {
		return i.report, err
	}
	i.report.Complete = i.reader.Complete()
	i.report.OK = i.report.Complete && i.report.ProblemCount == 0
	if !i.report.OK {
		return i.report, i.report.verdict()
	}
	return i.report, nil
}

// verdict says in a line what is wrong.
func (r *Report) verdict() error {
	switch {
	case r.ProblemCount > 0:
		// What is missing may be what an altered list of files tells of.
		first := max(0, slices.IndexFunc(r.Problems, func(p dump.Problem) bool { return p.Kind == dump.FileAltered }))
		return fmt.Errorf("dump %s: %w: %s, the first: %s: %s", r.Place, ErrDiffers, progress.Counted(r.ProblemCount, "problem"), r.Problems[first].File, r.Problems[first].What)
	default:
		return fmt.Errorf("dump %s: %w: there is no %s, so it was interrupted; what it holds was checked as far as that can be", r.Place, ErrDiffers, dump.MetadataName)
	}
}

// inspection is the state of one run.
type inspection struct {
	o        Options
	counters *progress.Counters
	reader   *dump.Reader
	seed     maphash.Seed

	mu     sync.Mutex // for what follows
	report *Report
	tables map[[2]string]*tableState
	files  []uint64 // hashes of the names that records tell of
}

// tableState is what deep needs of a table, and where its chunks are counted.
type tableState struct {
	listed  *Object
	columns []dump.Column
}

func (i *inspection) all(ctx context.Context) error {
	i.counters.SetPhase("listings")
	if err := i.listed(i.reader.CheckEach(ctx, i.found)); err != nil {
		return err
	}
	if err := i.listed(i.readObjects(ctx)); err != nil {
		return err
	}
	i.counters.SetPhase("files")
	if err := i.listed(i.readChunks(ctx)); err != nil {
		return err
	}
	if err := i.findExtra(ctx); err != nil {
		return err
	}
	return i.nameSwapped(ctx)
}

// listed makes a problem of a listing that is damaged or cannot be understood: the others are looked at all the same.
func (i *inspection) listed(err error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err == nil || i.report.problem(err) {
		return nil
	}
	return err
}

func (i *inspection) found(p *dump.Problem) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.report.add(*p)
}

func (i *inspection) readObjects(ctx context.Context) error {
	for o, err := range i.reader.Objects(ctx) {
		if err != nil {
			return err
		}
		listed := i.report.object(o)
		for _, name := range o.Files {
			i.files = append(i.files, maphash.String(i.seed, name))
			i.report.Files++
		}
		if o.S3Manifest != "" {
			i.files = append(i.files, maphash.String(i.seed, o.S3Manifest))
			i.report.Files++
		}
		if o.Kind == dump.KindTable {
			t := &tableState{listed: listed}
			if i.o.Deep {
				t.columns = o.Columns
			}
			i.tables[[2]string{o.Schema, o.Name}] = t
		}
	}
	return nil
}

// readChunks checks the files of chunks, several at once. Where the listing is damaged, the files that it told of before
// are checked all the same.
func (i *inspection) readChunks(ctx context.Context) error {
	var listing error
	g, ctx := errgroup.WithContext(ctx)
	chunks := make(chan *dump.Chunk)
	g.Go(func() error {
		defer close(chunks)
		for c, err := range i.reader.Chunks(ctx) {
			if err != nil {
				listing = err
				return nil
			}
			i.count(c)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case chunks <- c:
			}
		}
		return nil
	})
	i.counters.Threads.Store(int64(i.o.Threads))
	for range i.o.Threads {
		g.Go(func() error {
			for c := range chunks {
				i.counters.Busy.Add(1)
				err := i.check(ctx, c)
				i.counters.Busy.Add(-1)
				if err != nil {
					return err
				}
				i.counters.Chunks.Add(1)
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), listing)
}

func (i *inspection) count(c *dump.Chunk) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.files = append(i.files, maphash.String(i.seed, c.File))
	if c.Script != "" {
		i.files = append(i.files, maphash.String(i.seed, c.Script))
		i.report.Files++
	}
	i.tally(c)
}

// tally adds up what chunks hold.
func (i *inspection) tally(c *dump.Chunk) {
	r := i.report
	r.Chunks++
	r.Files++
	r.Rows += c.Rows
	r.Bytes += c.Bytes
	r.Stored += c.Stored
	i.counters.ChunksTotal.Add(1)
	i.counters.BytesTotal.Add(c.Bytes)
	i.counters.RowsTotal.Add(c.Rows)
	if t := i.tables[[2]string{c.Schema, c.Table}]; t != nil {
		t.listed.Chunks++
		t.listed.Bytes += c.Bytes
		t.listed.Stored += c.Stored
	}
}

// check compares one chunk's file with its record.
func (i *inspection) check(ctx context.Context, c *dump.Chunk) error {
	err := i.reader.CheckStored(ctx, c)
	if err == nil && i.o.Deep {
		err = i.decode(ctx, c)
	}
	if err == nil || i.listed(err) == nil {
		i.counters.Bytes.Add(c.Bytes)
		i.counters.Rows.Add(c.Rows)
		i.counters.Stored.Add(c.Stored)
		return nil
	}
	return err
}

// fixedNames are the files that no record tells of.
var fixedNames = []string{dump.ManifestName, dump.TablesName, dump.ChunksName, dump.MetadataName, dump.RestoreName, dump.PartialMetadataName}

// findExtra reports the files that are none of the dump's.
func (i *inspection) findExtra(ctx context.Context) error {
	if i.report.byFile[dump.TablesName] || i.report.byFile[dump.ChunksName] {
		return nil // they did not tell of all
	}
	slices.Sort(i.files)
	for info, err := range i.o.Store.List(ctx, "") {
		if err != nil {
			return err
		}
		if i.isKnown(info.Name) {
			continue
		}
		i.found(&dump.Problem{File: info.Name, Kind: dump.FileExtra, What: "it is no file of this dump"})
	}
	return nil
}

func (i *inspection) isKnown(name string) bool {
	for _, known := range fixedNames {
		switch {
		case name != known:
		case name == dump.PartialMetadataName:
			return !i.reader.Complete()
		case name == dump.RestoreName:
			return i.reader.Manifest().For == dump.ForMySQL
		default:
			return true
		}
	}
	_, found := slices.BinarySearch(i.files, maphash.String(i.seed, name))
	return found || !i.reader.Complete() // an interrupted dump has files that were not finished
}
