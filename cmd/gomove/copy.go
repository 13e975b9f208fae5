package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/loader"
)

const copyHelp = `Examples:
  1. Everything from one server to another, and a comparison of every row
     gomove copy --source mysql://admin@old/ --target mysql://admin@new/ --verify
  2. One schema beside itself on the same server
     gomove copy --source mysql://admin@db/ --target mysql://admin@db/ -B shop --schema-map shop=shop_test
  3. Again, after an interruption: the same command carries on as long as the source's data has not changed
     gomove copy --source mysql://admin@old/ --target mysql://admin@new/
  4. Again, from the beginning
     gomove copy --source mysql://admin@old/ --target mysql://admin@new/ --restart`

func newCopyCommand() *cli.Command {
	flags := []cli.Flag{uriFlag("source"), uriFlag("target"), profileFlag("target")}
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		whereFlag(),
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of pairs: connections that read rows, and as many that write them", DefaultText: "one per core of this machine"},
		&cli.StringFlag{Name: "chunk-size", Value: "4MiB", Usage: "largest uncompressed `SIZE` of the rows of a transaction, up to 4MiB"},
		&cli.BoolFlag{Name: "verify", Usage: "compare every row and definition at the end"},
	)
	flags = append(append(flags, snapshotFlags()...), targetFlags()...)
	flags = append(append(append(append(flags, mapFlags()...), columnFlags()...), changeFlags()...), charsetFlag())
	return &cli.Command{
		Name:               "copy",
		Usage:              "copy from one server to another, with no file in between",
		UsageText:          "gomove copy --source URI --target URI [selection]",
		Description:        copyHelp,
		Flags:              append(flags, runFlags()...),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             copyAction,
	}
}

// copying is one copy: the dump that feeds it, and the load.
type copying struct {
	dump   dumper.Options
	load   loader.Options
	verify bool
	whole  bool // the copy has come to its end
}

func copyOptions(c *cli.Context) (o copying, err error) {
	if err := noArguments(c); err != nil {
		return o, err
	}
	for _, side := range []string{"source", "target"} {
		if c.String(side) == "" {
			return o, usagef("--%s is missing: name the server as mysql://user@host/", side)
		}
	}
	if o.dump.Selection, err = selection(c); err != nil {
		return o, err
	}
	if o.dump.Snapshot, err = snapshotOptions(c); err != nil {
		return o, err
	}
	if o.dump.ChunkBytes, err = size(c, "chunk-size"); err != nil {
		return o, err
	}
	if o.dump.ChunkBytes > dump.PipeChunkBytes {
		return o, usagef("--chunk-size %s: a copy holds its chunks in memory, 4MiB is the largest", c.String("chunk-size"))
	}
	if o.dump.Threads, err = threads(c); err != nil {
		return o, err
	}
	if err := targetOptions(c, &o.load); err != nil {
		return o, err
	}
	o.load.Selection.Users = o.dump.Selection.Users
	o.dump.Compression = dump.None // rows stay in memory
	if o.dump.Threads == 0 {
		o.dump.Threads = runtime.NumCPU()
	}
	o.load.Threads = o.dump.Threads
	o.dump.DryRun, o.load.DryRun = c.Bool("dry-run"), c.Bool("dry-run")
	o.verify = c.Bool("verify")
	return o, checkDump(o.dump)
}

func copyAction(c *cli.Context) (err error) {
	o, err := copyOptions(c)
	if err != nil {
		return err
	}
	if o.dump.Source, err = resolveConnection(c, "source", "source", surroundings{}); err != nil {
		return err
	}
	if o.load.Target, err = resolveConnection(c, "target", "target", surroundings{}); err != nil {
		return err
	}
	boundMemory(o.dump.Threads, "")
	return withConsole(c, o.interrupted, func(ctx context.Context, con *console) error {
		o.load.Log, o.load.Progress = con.log, con.counters
		o.dump.Log = con.log
		o.dump.Check = checkFirst(c, con.log, o.dump, o.load.Names, &o.load.Target)
		s, err := o.run(ctx)
		if s == nil {
			return err
		}
		return con.finish(s, err)
	})
}

// interrupted gives the exit code of a run that the same command carries on.
func (o *copying) interrupted(err error) error {
	if o.whole {
		return fmt.Errorf("interrupted: the copy is whole, and was not compared to the end: run gomove verify with the same servers and selection: %w", err)
	}
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: the same command carries on as long as the source's data has not changed, else with --restart from the beginning: %w", err)}
}
