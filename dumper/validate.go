package dumper

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

const (
	defaultChunkBytes = 64 << 20
	minChunkBytes     = 1 << 10
	maxThreads        = 1024
)

// Validate checks what can be checked without a server; its errors name the flag.
func (o Options) Validate() error {
	var errs []error
	if o.Out == nil && o.Pipe == nil && !o.DryRun {
		errs = append(errs, errors.New("--out: a place for the dump is needed"))
	}
	if o.Pipe != nil {
		errs = append(errs, o.validatePipe())
	}
	if o.Threads < 0 || o.Threads > maxThreads {
		errs = append(errs, fmt.Errorf("--threads: want 1 to %d, not %d", maxThreads, o.Threads))
	}
	if o.ChunkBytes != 0 && o.ChunkBytes < minChunkBytes {
		errs = append(errs, fmt.Errorf("--chunk-size: want at least %d bytes, not %d", minChunkBytes, o.ChunkBytes))
	}
	if o.For == dump.ForAurora && o.ChunkBytes > dump.MaxS3ChunkBytes {
		errs = append(errs, errors.New("--chunk-size: at most 1GiB with --for aurora: Aurora keeps each file on the instance's local disk while it loads it"))
	}
	if o.Via == ViaS3 && o.For != dump.ForAurora {
		errs = append(errs, errors.New("--via s3: Aurora writes plain CSV to S3, which is --for aurora"))
	}
	switch o.Charset {
	case "", catalog.CharsetSource, catalog.CharsetUTF8:
	default:
		errs = append(errs, fmt.Errorf("--charset: want source or utf8mb4, not %q", o.Charset))
	}
	errs = append(errs, o.Snapshot.validate(), o.Selection.Validate(), o.Transform.validate(), o.validateAccounts())
	if _, err := o.output(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// validatePipe refuses what needs files that can be written twice, or looked for.
func (o Options) validatePipe() error {
	switch {
	case o.Resume:
		return errors.New("--resume: a stream keeps nothing that a dump could go on with; dump into a directory")
	case o.For != "" && o.For != dump.ForGomove:
		return fmt.Errorf("--for %s: a stream is read by gomove and tar; dump into a directory", o.For)
	}
	return nil
}

func (o SnapshotOptions) validate() error {
	switch o.Consistency {
	case "", ConsistencyAuto, ConsistencyLockFree, ConsistencyLock, ConsistencyTables, ConsistencyNone:
	default:
		return fmt.Errorf("--consistency: want auto, lockfree, lock, tables or none, not %q", o.Consistency)
	}
	if o.MaxLockWait < 0 {
		return fmt.Errorf("--max-lock-wait: want a positive duration, not %s", o.MaxLockWait)
	}
	if o.MaxLockHold < 0 {
		return fmt.Errorf("--max-lock-hold: want a positive duration, not %s", o.MaxLockHold)
	}
	return nil
}

// withDefaults fills in what was left at its zero value.
func (o Options) withDefaults() Options {
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.ChunkBytes == 0 {
		o.ChunkBytes = defaultChunkBytes
	}
	if o.Charset == "" {
		o.Charset = catalog.CharsetSource
	}
	if s := &o.Selection; s.NoSchema { // none of them would be written
		s.NoViews, s.NoTriggers, s.NoRoutines, s.NoEvents = true, true, true, true
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Progress == nil {
		o.Progress = &progress.Counters{}
	}
	if o.Source.Label == "" {
		o.Source.Label = "source"
	}
	if o.Source.Log == nil {
		o.Source.Log = o.Log
	}
	return o
}

// output settles preset, format and compression: what the user left open follows the preset, what contradicts it is refused.
func (o Options) output() (dump.WriterOptions, error) {
	w := dump.WriterOptions{For: o.For, Rows: o.Format, Compression: o.Compression}
	if err := w.Validate(); err != nil {
		return w, err
	}
	return w.WithDefaults(), nil
}
