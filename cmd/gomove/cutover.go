package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/replica"
	"github.com/gomove/gomove/verify"
)

const cutoverHelp = `Examples:
  1. The source becomes read-only, the target applies the rest and takes the writes
     gomove replicate cutover --source mysql://admin@old/ --target mysql://admin@new/
  2. With a comparison of the tables that count most, while nothing is written
     gomove replicate cutover --source mysql://admin@old/ --target mysql://admin@new/ --verify -T shop.orders -T shop.payments
  3. Of a source on RDS, whose writers were stopped by hand
     gomove replicate cutover --source mysql://admin@old/ --target mysql://admin@new/ --writes-stopped
  4. Back
     gomove replicate cutover --undo --source mysql://admin@old/ --target mysql://admin@new/`

func newReplicateCutoverCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.DurationFlag{Name: "max-lag", Value: 10 * time.Second, Usage: "lag up to which it begins, as a `TIME`"},
		&cli.DurationFlag{Name: "max-lock-wait", Value: 30 * time.Second, Usage: "longest `TIME` until the source is read-only"},
		&cli.DurationFlag{Name: "max-wait", Value: time.Minute, Usage: "longest `TIME` for the target to apply the rest; then everything is taken back"},
		&cli.BoolFlag{Name: "writes-stopped", Usage: "the writers were stopped by hand: the source is not set read-only, and its log is watched"},
		&cli.BoolFlag{Name: "leave-events", Usage: "leave events as they are on both sides"},
		&cli.BoolFlag{Name: "verify", Usage: "compare the rows of what the selection names, while nothing is written; where it differs everything is taken back"},
		&cli.BoolFlag{Name: "undo", Usage: "take back the last cut-over"},
		yesFlag(),
	}
	return replicateSub("cutover", "move the writers over: the source read-only, the target at its last change and open", "cutover --source URI --target URI",
		cutoverHelp, append(flags, comparedFlags()...), cutoverAction)
}

// comparedFlags are those of the selection that choose tables.
func comparedFlags() []cli.Flag {
	return slices.DeleteFunc(selectionFlags(), func(f cli.Flag) bool {
		return !slices.Contains([]string{"schema", "table", "exclude-schema", "exclude-table"}, f.Names()[0])
	})
}

func cutoverAction(c *cli.Context) (err error) {
	if c.Bool("undo") {
		return undoAction(c)
	}
	o := replica.CutoverOptions{
		MaxLag: c.Duration("max-lag"), MaxLockWait: c.Duration("max-lock-wait"), MaxWait: c.Duration("max-wait"),
		Quiet: c.Bool("writes-stopped"), NoEvents: c.Bool("leave-events"),
	}
	for name, d := range map[string]time.Duration{"max-lag": o.MaxLag, "max-lock-wait": o.MaxLockWait, "max-wait": o.MaxWait} {
		if d < time.Second || d > 24*time.Hour {
			return usagef("--%s %s: use a time from 1s to 24h", name, d)
		}
	}
	if o.Servers, err = replicateServers(c, true); err != nil {
		return err
	}
	selected, err := selection(c)
	if err != nil {
		return err
	}
	selected.NoSchema = true // counters of rows that were rolled back differ
	if !c.Bool("yes") {
		o.Confirm = askOnTerminal
	}
	return withConsole(c, cutoverInterrupted, func(ctx context.Context, con *console) error {
		o.Log = con.log
		var compared *verify.Summary
		if c.Bool("verify") {
			o.Verify = func(ctx context.Context) (err error) {
				compared, err = verify.Run(ctx, verify.Options{Source: *o.Source, Target: o.Target, Selection: selected, Log: con.log, Progress: con.counters})
				return err
			}
		}
		r, err := replica.Cutover(ctx, o)
		if r == nil {
			return err
		}
		if verify.NotEqual(err) {
			err = &exitError{exitFailed, err} // what was asked for was not done
			if !con.json {
				err = errors.Join(err, compared.WriteText(con.stdout))
			}
		}
		return con.finish(r, replicateExit(err))
	})
}

func undoAction(c *cli.Context) (err error) {
	var o replica.UndoOptions
	if o.Servers, err = replicateServers(c, true); err != nil {
		return err
	}
	if !c.Bool("yes") {
		o.Confirm = askOnTerminal
	}
	return withConsole(c, replicateInterrupted, func(ctx context.Context, con *console) error {
		o.Log = con.log
		r, err := replica.Undo(ctx, o)
		if r == nil {
			return err
		}
		return con.finish(r, err)
	})
}

func cutoverInterrupted(err error) error {
	if errors.Is(err, replica.ErrUndone) {
		return fmt.Errorf("interrupted: %w", err)
	}
	return replicateInterrupted(err)
}
