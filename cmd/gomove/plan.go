package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/plan"
)

const planHelp = `Examples:
  1. A plan for the move of this server to a new Aurora cluster
     gomove plan --source mysql://admin@old/ -o plan.md
  2. To a target that is there, with the times measured by moving a sample
     gomove plan --source mysql://admin@old/ --target mysql://admin@new/ -B shop --measure -o plan.md
  3. The whole move, tried on a target that holds nothing else
     gomove plan --source mysql://admin@old/ --target mysql://admin@test/ -B shop --rehearse --disposable -o plan.md
  4. A part of it, under another name
     gomove plan --source mysql://admin@old/ --target mysql://admin@new/ -B shop --where "shop.orders=made>='2024-01-01'" --schema-map shop=shop_2024`

func newPlanCommand() *cli.Command {
	flags := []cli.Flag{uriFlag("source"), uriFlag("target"), profileFlag("target")}
	flags = append(append(flags, selectionFlags()...), mapFlags()...)
	flags = append(flags,
		whereFlag(),
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "`FILE` for the plan", DefaultText: "standard output"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of connections that dump, load and copy will have", DefaultText: "each command's own"},
		&cli.DurationFlag{Name: "downtime", Usage: "how long the applications may stand still, as a `TIME`", DefaultText: "as short as can be"},
		&cli.BoolFlag{Name: "measure", Usage: "dump a sample and load it into scratch schemas of the target, which are dropped, and take the times from that"},
		&cli.DurationFlag{Name: "measure-time", Value: 10 * time.Second, Usage: "about how long the sample of --measure is loaded, as a `TIME`"},
		&cli.BoolFlag{Name: "rehearse", Usage: "run the plan's dump, load and comparison (or copy) into the target, and note how long each step takes"},
		&cli.BoolFlag{Name: "disposable", Usage: "with --rehearse: nothing on the target is of worth; a later rehearsal drops what this one leaves"},
		&cli.StringFlag{Name: "temp", Usage: "`DIR` for the dumps of --measure and --rehearse", DefaultText: "the system's folder for temporary files"},
		skipCheckFlag(),
	)
	for _, f := range runFlags() {
		if f.Names()[0] != "dry-run" {
			flags = append(flags, f)
		}
	}
	return &cli.Command{
		Name:               "plan",
		Usage:              "write the migration plan of a database: method, sizes, times, findings, checklist and the way back of each step",
		UsageText:          "gomove plan --source URI [--target URI] [selection] [--measure] [--rehearse --disposable] [-o FILE]",
		Description:        planHelp,
		Flags:              flags,
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             planAction,
	}
}

func planOptions(c *cli.Context) (o plan.Options, err error) {
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
	if o.Threads, err = threads(c); err != nil {
		return o, err
	}
	o.Skip, o.Downtime, o.Rehearse = c.StringSlice("skip-check"), c.Duration("downtime"), c.Bool("rehearse")
	o.Measure.Dir = c.String("temp")
	if c.Bool("measure") {
		if o.Measure.Time = c.Duration("measure-time"); o.Measure.Time <= 0 {
			return o, usagef("--measure-time %s: use a time from 1s to 1h", o.Measure.Time)
		}
	}
	switch {
	case o.Rehearse && !c.Bool("disposable"):
		return o, usagef("--rehearse writes to the target, and a later one drops what it has written: say --disposable if that may be")
	case c.Bool("disposable") && !o.Rehearse:
		return o, usagef("--disposable goes with --rehearse")
	}
	if o.Source, err = resolveConnection(c, "source", "source", surroundings{}); err != nil {
		return o, err
	}
	o.Words = plan.Words{Source: shownURI(c.String("source")), Selection: flagWords(c, selectionFlags()), Where: flagWords(c, []cli.Flag{whereFlag()}), Names: flagWords(c, mapFlags())}
	if c.String("target") != "" {
		target, err := resolveConnection(c, "target", "target", surroundings{})
		if err != nil {
			return o, err
		}
		o.Target, o.Words.Target = &target, shownURI(c.String("target"))
	}
	if err := o.Validate(); err != nil {
		return o, usagef("%w", err)
	}
	return o, nil
}

// shownURI is a URI without its password.
func shownURI(uri string) string {
	scheme, rest, _ := strings.Cut(uri, "://")
	slash := strings.IndexAny(rest, "/?")
	if slash < 0 {
		slash = len(rest)
	}
	at := strings.LastIndexByte(rest[:slash], '@')
	if at < 0 {
		return uri
	}
	user, _, _ := strings.Cut(rest[:at], ":")
	return scheme + "://" + user + rest[at:]
}

// flagWords are those flags that were given, for the commands of a plan.
func flagWords(c *cli.Context, flags []cli.Flag) (out []string) {
	for _, f := range flags {
		name := f.Names()[0]
		dashed := "--" + name
		if !c.IsSet(name) {
			continue
		}
		switch f.(type) {
		case *cli.StringSliceFlag:
			for _, v := range c.StringSlice(name) {
				out = append(out, dashed, v)
			}
		case *cli.BoolFlag:
			if c.Bool(name) {
				out = append(out, dashed)
			}
		case *cli.IntFlag:
			out = append(out, dashed, strconv.Itoa(c.Int(name)))
		default:
			out = append(out, dashed, c.String(name))
		}
	}
	return out
}

func planAction(c *cli.Context) error {
	o, err := planOptions(c)
	if err != nil {
		return err
	}
	boundMemory(o.Threads, "")
	return withConsole(c, planInterrupted, func(ctx context.Context, con *console) (err error) {
		o.Log, o.Progress = con.log, con.counters
		o.Mover = &mover{source: o.Source, target: o.Target, log: con.log, counters: con.counters}
		r, err := plan.Run(ctx, o)
		if r == nil {
			return err
		}
		if errors.Is(err, plan.ErrDiffers) {
			err = &exitError{exitDiffers, err}
		}
		if path := c.String("out"); path != "" {
			f, oerr := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if oerr != nil {
				return errors.Join(err, fmt.Errorf("--out: %w", oerr))
			}
			con.stdout = f
			defer func() { err = errors.Join(err, f.Close()) }()
		}
		return con.finish(r, err)
	})
}

func planInterrupted(err error) error {
	return fmt.Errorf("interrupted: no plan was written; scratch schemas on the target were dropped, a rehearsal's are there until the next one: %w", err)
}
