package loader

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/gomove/gomove/internal/progress"
)

// Validate reports the first option that makes no sense, by its flag.
func (o *Options) Validate() error {
	if (o.From == nil) == (o.Feed == nil && o.Copy.Open == nil) {
		return errors.New("--in: nothing to load from")
	}
	if o.Threads < 0 {
		return fmt.Errorf("--threads %d: at least 1", o.Threads)
	}
	if err := o.Selection.Validate(); err != nil {
		return err
	}
	if err := oneOf("--via", o.Via, ViaAuto, ViaLocalInfile, ViaInsert, ViaS3); err != nil {
		return err
	}
	if err := oneOf("--if-exists", o.IfExists, ExistsFail, ExistsSkip, ExistsDrop, ExistsTruncate); err != nil {
		return err
	}
	if err := oneOf("--defer-indexes", o.DeferIndexes, DeferAuto, DeferAll, DeferNone); err != nil {
		return err
	}
	if err := oneOf("--warnings", o.Warnings, Fail, Report); err != nil {
		return err
	}
	return oneOf("--invalid-text", o.Session.InvalidText, Fail, Replace)
}

func oneOf[T ~string](flag string, value T, allowed ...T) error {
	for _, a := range allowed {
		if value == a || value == "" {
			return nil
		}
	}
	return fmt.Errorf("%s %s: one of %v", flag, value, allowed)
}

// withDefaults fills what was left empty.
func (o Options) withDefaults() Options {
	if o.Threads == 0 {
		o.Threads = max(1, runtime.NumCPU()/2)
	}
	setDefault(&o.Via, ViaAuto)
	setDefault(&o.IfExists, ExistsFail)
	setDefault(&o.DeferIndexes, DeferAuto)
	setDefault(&o.Warnings, Fail)
	setDefault(&o.Session.InvalidText, Fail)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Progress == nil {
		o.Progress = &progress.Counters{}
	}
	o.Target.Label = "target"
	if o.Target.Log == nil {
		o.Target.Log = o.Log
	}
	return o
}

func setDefault[T ~string](p *T, value T) {
	if *p == "" {
		*p = value
	}
}
