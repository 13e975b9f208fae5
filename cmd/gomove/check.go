package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/preflight"
	"github.com/gomove/gomove/transform"
)

const checkHelp = `Examples:
  1. What stands in the way of a dump of this server?
     gomove check --source mysql://admin@old/
  2. And of a move to that one?
     gomove check --source mysql://admin@old/ --target mysql://admin@new/ -B shop
  3. Without the checks for tables without a key and for definers, as JSON
     gomove check --source mysql://admin@old/ --target mysql://admin@new/ --skip-check P03 --skip-check P04 --summary json`

func newCheckCommand() *cli.Command {
	flags := []cli.Flag{uriFlag("source"), uriFlag("target"), profileFlag("target")}
	flags = append(flags, selectionFlags()...)
	flags = append(flags, mapFlags()...)
	flags = append(flags, skipCheckFlag())
	return &cli.Command{
		Name:               "check",
		Usage:              "look for what would stop, slow or change a move, before anything moves",
		UsageText:          "gomove check --source URI [--target URI] [selection]",
		Description:        checkHelp,
		Flags:              append(flags, slices.DeleteFunc(runFlags(), func(f cli.Flag) bool { return f.Names()[0] == "dry-run" })...),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             checkAction,
	}
}

// skipCheckFlag leaves checks out.
func skipCheckFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "skip-check", Usage: "`ID` of a check to leave out, such as P03 (repeat)"}
}

func checkOptions(c *cli.Context) (o preflight.Options, err error) {
	if err := noArguments(c); err != nil {
		return o, err
	}
	if c.String("source") == "" {
		return o, usagef("--source is missing: name the server that is to be moved, as mysql://user@host/")
	}
	if o.Selection, err = selection(c); err != nil {
		return o, err
	}
	if o.Names, err = names(c); err != nil {
		return o, err
	}
	o.Skip = c.StringSlice("skip-check")
	if err := o.Validate(); err != nil {
		return o, usagef("%w", err)
	}
	if o.Source, err = resolveConnection(c, "source", "source", surroundings{}); err != nil {
		return o, err
	}
	if c.String("target") != "" {
		target, err := resolveConnection(c, "target", "target", surroundings{})
		if err != nil {
			return o, err
		}
		o.Target = &target
	}
	return o, nil
}

func checkAction(c *cli.Context) error {
	o, err := checkOptions(c)
	if err != nil {
		return err
	}
	return withConsole(c, checkInterrupted, func(ctx context.Context, con *console) error {
		o.Log, o.Progress = con.log, con.counters
		r, err := preflight.Run(ctx, o)
		if err != nil {
			return err
		}
		err = r.Err()
		if errors.Is(err, preflight.ErrWarned) {
			err = &exitError{exitDiffers, err}
		}
		return con.finish(r, err)
	})
}

// checkRights returns what runs, before a load changes anything, the one check that a load has no other way to make.
func checkRights(c *cli.Context) func(context.Context, *mysql.Server, []catalog.Demand) error {
	skip := c.StringSlice("skip-check")
	return func(ctx context.Context, s *mysql.Server, demands []catalog.Demand) error {
		r, err := preflight.ExamineLoad(ctx, s, demands, skip)
		if err != nil {
			return err
		}
		return r.Stop()
	}
}

// checkFirst returns what runs, before a dump locks or writes anything, the checks that cost it no query of its own, and stops it
// at errors. target is a copy's: all checks are run then, but those that a load makes by itself, before it changes anything.
func checkFirst(c *cli.Context, log *slog.Logger, o dumper.Options, names transform.Names, target *mysql.Options) func(context.Context, *mysql.Server, *catalog.Catalog) error {
	skip := c.StringSlice("skip-check")
	if o.Snapshot.Consistency == dumper.ConsistencyNone || o.Selection.NoData {
		skip = append(skip, "P21")
	}
	which := preflight.Free
	if target != nil {
		which, skip = preflight.All, append(skip, "P25", "P26")
	}
	return func(ctx context.Context, s *mysql.Server, selected *catalog.Catalog) (err error) {
		subject := preflight.Subject{Source: s, Catalog: selected, Selection: o.Selection, Names: names, Existing: true, Log: log}
		if target != nil {
			if subject.Target, err = mysql.Connect(ctx, *target, mysql.ForLoad); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, subject.Target.Close()) }()
		}
		r, err := preflight.Examine(ctx, subject, which, skip)
		if err != nil {
			return err
		}
		return r.Stop()
	}
}

func checkInterrupted(err error) error {
	return fmt.Errorf("interrupted: nothing was changed: %w", err)
}
