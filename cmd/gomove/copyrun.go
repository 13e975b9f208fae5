package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/verify"
)

// run has the load begin the dump that feeds it.
func (o *copying) run(ctx context.Context) (*copySummary, error) {
	o.load.Progress.SetPhase("connect")
	same, locked, err := o.servers(ctx)
	if err != nil {
		return nil, err
	}
	id, err := o.id()
	if err != nil {
		return nil, err
	}
	s := &copySummary{}
	pipe := dump.NewPipe(o.dump.Source.Address(), feedBytes(o.dump.Threads))
	if o.load.IfExists == loader.ExistsSkip && !o.load.DryRun {
		pipe.AwaitSelect() // tables that are left alone are not read
	}
	var source errgroup.Group
	open := func(ctx context.Context, past *dump.Unfinished) (dump.Feed, error) {
		o.load.Progress.SetPhase("snapshot")
		d := o.dump
		d.Pipe, d.Copy = pipe, dumper.CopyOptions{ID: id, Kept: past, NumbersLocked: locked}
		d.Snapshot.SameServer = same
		if o.load.DryRun {
			d.DryRun, d.Selection.NoData, d.Copy.Kept = false, true, nil // definitions are read, no row is
		}
		source.Go(func() (err error) {
			s.Source, err = dumper.Run(ctx, d)
			return err
		})
		return pipe.Feed(ctx)
	}
	o.load.Copy = loader.CopyOptions{ID: id, Source: o.dump.Source.Address(), Same: same, Open: open}
	s.Target, err = loader.Run(ctx, o.load)
	pipe.Close(err) // a dump that is not at its end by now has nobody to write for
	dumpErr := source.Wait()
	switch {
	case err != nil && !errors.Is(err, loader.ErrDiffers), o.load.DryRun:
		return s, err // the dump's, if that was the first
	case dumpErr != nil && !errors.Is(dumpErr, dumper.ErrDiffers):
		return s, dumpErr
	}
	o.whole = true
	err = errors.Join(err, dumpErr)
	if !o.verify {
		return s, err
	}
	found := o.compare(ctx, s)
	if found != nil && !verify.NotEqual(found) {
		return s, found // which counts for more than what differs: the summary tells that
	}
	return s, errors.Join(err, found)
}

// id is the same for the same copy: what an interrupted one has done is found by it.
func (o *copying) id() (string, error) {
	request, err := o.dump.Request()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{o.dump.Source.Address(), string(request), o.load.Names.List()})
	if err != nil {
		return "", err
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, text).String(), nil
}

// servers reports whether source and target are one server, and whether the target loads into a table with AUTO_INCREMENT one statement
// at a time.
func (o *copying) servers(ctx context.Context) (same, locked bool, err error) {
	var servers [2]*mysql.Server
	var errs [2]error
	var both sync.WaitGroup
	for i, side := range []mysql.Options{o.dump.Source, o.load.Target} {
		both.Go(func() { servers[i], errs[i] = mysql.Connect(ctx, side, mysql.ForLoad) })
	}
	both.Wait()
	for _, s := range servers {
		if s != nil {
			defer func() { err = errors.Join(err, s.Close()) }()
		}
	}
	if err := cmp.Or(errs[0], errs[1]); err != nil {
		return false, false, err
	}
	same, err = mysql.SameServer(ctx, servers[0], servers[1])
	return same, servers[1].Facts.LocksNumbers(), err
}

// compare is --verify.
func (o *copying) compare(ctx context.Context, s *copySummary) (err error) {
	p := o.load.Progress
	p.Reset()
	s.Verify, err = verify.Run(ctx, verify.Options{
		Source: o.dump.Source, Target: o.load.Target, Selection: o.dump.Selection, Names: o.load.Names, Changes: o.load.Changes, Threads: o.dump.Threads,
		Log: o.load.Log, Progress: p,
	})
	return err
}

// copySummary is what a copy did.
type copySummary struct {
	Source *dumper.Summary `json:"source,omitempty"`
	Target *loader.Summary `json:"target,omitempty"`
	Verify *verify.Summary `json:"verify,omitempty"`
}

var _ summary = (*copySummary)(nil)

// WriteText writes what was done on the target, from which state of the source, and what a comparison says of it.
func (s *copySummary) WriteText(w io.Writer) error {
	var err error
	if s.Target != nil {
		err = s.Target.WriteText(w)
	}
	if s.Source != nil && !s.Target.DryRun {
		_, sourceErr := fmt.Fprint(w, s.Source.SourceText())
		err = errors.Join(err, sourceErr)
	}
	if s.Verify != nil {
		err = errors.Join(err, s.Verify.WriteText(w))
	}
	return err
}
