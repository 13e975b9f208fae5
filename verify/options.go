// Package verify compares what two servers hold, or a dump and a server: every row by order-independent checksums, then the
// rows that differ by the bytes of their keys, and the definitions of all objects.
package verify

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// ErrDiffers is a comparison that ran to its end and found a difference: exit code 3.
var ErrDiffers = errors.New("source and target differ")

// ErrUndecided is a comparison that found no difference, but rows that changed at every look while the target followed: exit code 3.
var ErrUndecided = errors.New("no difference was found, but it is not known of every row that it is equal")

// NotEqual reports a comparison that ran to its end and cannot say that all is equal.
func NotEqual(err error) bool { return errors.Is(err, ErrDiffers) || errors.Is(err, ErrUndecided) }

const (
	defaultMaxDifferences = 100
	maxMaxDifferences     = 10_000
	defaultRangeBytes     = 16 << 20
	defaultMaxWait        = 10 * time.Minute
	maxThreads            = 1024
)

// Options of one comparison.
type Options struct {
	Source         mysql.Options // not used with Dump
	Dump           *dump.Reader  // in place of a source; default none
	Target         mysql.Options
	Selection      catalog.Selection // of the source
	Names          transform.Names   // of the source's objects on the target; default the same
	Changes        transform.Changes // of definitions on the way; default none
	KeepDefiner    bool              // another DEFINER is a difference; default it is only listed
	Threads        int               // sessions for each side; default one per core of this machine
	MaxDifferences int               // rows named for each table; default 100
	RangeBytes     int64             // of a table that is read, and read again, at once; default 16 MiB
	Recheck        int               // times that rows which differ are read again while two servers are compared; default none
	Replicating    bool              // the target follows the source; default where it is seen to
	MaxWait        time.Duration     // for the target to apply what the source has; default 10 min
	MaxLockHold    time.Duration     // of rows on the source that differ while the target follows; default none are locked
	Report         io.Writer         // differences as JSON lines; default none
	Log            *slog.Logger      // default slog.Default()
	Progress       *progress.Counters
	DryRun         bool
}

// Validate checks what can be checked without a server; its errors name the flag.
func (o Options) Validate() error {
	var errs []error
	if o.Threads < 0 || o.Threads > maxThreads {
		errs = append(errs, fmt.Errorf("--threads: want 1 to %d, not %d", maxThreads, o.Threads))
	}
	if o.MaxDifferences < 0 || o.MaxDifferences > maxMaxDifferences {
		errs = append(errs, fmt.Errorf("--max-differences: want 1 to %d, not %d", maxMaxDifferences, o.MaxDifferences))
	}
	if o.Recheck < 0 || o.Recheck > 100 {
		errs = append(errs, fmt.Errorf("--recheck: want 0 to 100, not %d", o.Recheck))
	}
	if o.MaxWait < 0 || o.MaxLockHold < 0 {
		errs = append(errs, errors.New("--max-wait, --max-lock-hold: want a time that is not negative"))
	}
	if o.Replicating && o.Dump != nil {
		errs = append(errs, errors.New("--replicating goes with --source: a dump stands still"))
	}
	if o.Selection.NoData && o.Selection.NoSchema {
		errs = append(errs, errors.New("--no-data and --no-schema leave nothing to compare"))
	}
	return errors.Join(append(errs, o.Selection.Validate())...)
}

func (o Options) withDefaults() Options {
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.MaxDifferences == 0 {
		o.MaxDifferences = defaultMaxDifferences
	}
	if o.MaxWait == 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.RangeBytes == 0 {
		o.RangeBytes = defaultRangeBytes
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
	if o.Target.Label == "" {
		o.Target.Label = "target"
	}
	return o
}
