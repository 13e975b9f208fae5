package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/stage"
)

const stageHelp = `Examples:
  1. A dump on disk to S3, decompressed, for LOAD DATA FROM S3
     gomove stage /backup/shop s3://bucket/moves/shop
  2. Then into Aurora, which reads the chunks by itself
     gomove load -h CLUSTER -u admin -p -d s3://bucket/moves/shop
  3. Again, after an interruption: the same command carries on
     gomove stage /backup/shop s3://bucket/moves/shop`

func stageFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of files that are copied at once", DefaultText: "one per core of this machine"},
	}
	flags = append(append(flags, placeFlags()...), keepFlags()...)
	return append(flags, runFlags()...)
}

func newStageCommand() *cli.Command {
	return &cli.Command{
		Name:               "stage",
		Usage:              "take a dump to S3 in the form that Aurora loads by itself: plain CSV, with a manifest for each table",
		UsageText:          "gomove stage DIR|s3://BUCKET/PREFIX s3://BUCKET/PREFIX",
		Description:        stageHelp,
		Flags:              stageFlags(),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             stageAction,
	}
}

// stagePlaces are the two arguments.
func stagePlaces(c *cli.Context) (from, to string, err error) {
	if c.NArg() != 2 {
		return "", "", usagef("stage takes the dump and its new place: gomove stage DIR s3://bucket/prefix")
	}
	from, to = c.Args().Get(0), c.Args().Get(1)
	if !store.IsS3(to) {
		return "", "", usagef("%s: the new place must be on S3, s3://bucket/prefix", to)
	}
	if err := checkPlace(c, "stage", to); err != nil {
		return "", "", err
	}
	if store.IsS3(from) {
		err = checkPlace(c, "stage", from)
	} else if slices.Contains([]string{"-", ""}, from) {
		err = usagef("stage reads a dump in a directory or on S3; a stream goes into a directory by tar x")
	}
	return from, to, err
}

func stageAction(c *cli.Context) error {
	from, to, err := stagePlaces(c)
	if err != nil {
		return err
	}
	o := stage.Options{Source: from, DryRun: c.Bool("dry-run")}
	if o.Threads, err = threads(c); err != nil {
		return err
	}
	boundMemory(o.Threads, to)
	in, err := openPlace(c, from, store.ReadOnly)
	if err != nil {
		return err
	}
	if o.From, err = dump.Open(c.Context, in); err != nil {
		return err
	}
	if err := o.From.Check(c.Context); err != nil {
		return err
	}
	if o.To, err = openPlace(c, to, store.ReadWrite); err != nil {
		return err
	}
	return withConsole(c, stageInterrupted, func(ctx context.Context, con *console) error {
		o.Log, o.Progress = con.log, con.counters
		s, err := stage.Run(ctx, o)
		if s == nil {
			return err
		}
		return con.finish(s, err)
	})
}

// stageInterrupted gives the exit code of a run that the same command carries on.
func stageInterrupted(err error) error {
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: the same command carries on: %w", err)}
}
