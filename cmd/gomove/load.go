package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/transform"
)

const loadHelp = `Examples:
  1. A dump into a server
     gomove load -h db.example.com -u admin -p -d /backup/db
  2. Under another schema name, definers replaced
     gomove load -d /backup/shop --schema-map shop=shop_test --definer app@%
  3. Again, after an interruption: the same command carries on
     gomove load -d /backup/db
  4. Over tables that are already there
     gomove load -d /backup/db --if-exists drop
  5. One table of the dump, beside the live one
     gomove load -d /backup/db -T shop.orders --schema-map shop=shop_restored`

func newLoadCommand() *cli.Command {
	flags := connectionFlags()
	flags = append(flags, uriFlag("target"))
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		&cli.StringFlag{Name: "in", Aliases: []string{"d"}, Usage: "`DIR`, s3://bucket/prefix, or a file of the dump; - is standard input"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of connections that write rows", DefaultText: "one per two cores of this machine"},
		&cli.StringFlag{Name: "via", Value: "auto", Usage: "`ROUTE` of rows: auto, local-infile or insert"},
		&cli.StringFlag{Name: "definer", Value: "strip", Usage: "`WHO` becomes the DEFINER: strip (the loading account), keep (the dump's) or USER@HOST"},
		&cli.StringFlag{Name: "if-exists", Value: "fail", Usage: "`WHAT` to do with a table that is there: fail, skip, drop or truncate"},
		&cli.StringFlag{Name: "defer-indexes", Value: "auto", Usage: "`WHICH` secondary indexes are built after the rows: auto, all or none"},
		&cli.BoolFlag{Name: "skip-binlog", Usage: "keep the load out of the target's binary log, where the account may"},
		&cli.StringFlag{Name: "warnings", Value: "fail", Usage: "`WHAT` to do when the target warns about a row: fail or report"},
		&cli.StringFlag{Name: "invalid-text", Value: "fail", Usage: "`WHAT` to do with text that is not valid in its charset on the target: fail, or replace (by ?, named in the summary)"},
		&cli.BoolFlag{Name: "analyze", Usage: "ANALYZE TABLE after the rows"},
		&cli.BoolFlag{Name: "enable-events", Usage: "events as they were, in place of disabled"},
		&cli.BoolFlag{Name: "keep-progress", Usage: "leave the table of progress on the target"},
		&cli.BoolFlag{Name: "allow-unsafe-sql", Usage: "take definitions that reach other servers or files, and pass over statements that no dump needs, in place of failing"},
		&cli.StringFlag{Name: "into", Usage: "`SCHEMA` that a file of mysqldump is of, where it names none"},
		&cli.BoolFlag{Name: "restart", Usage: "forget what an interrupted load has done"},
	)
	flags = append(append(flags, mapFlags()...), placeFlags()...)
	return &cli.Command{
		Name:               "load",
		Usage:              "load a dump into a server",
		UsageText:          "gomove load [connection] [selection] -d DIR|s3://BUCKET/PREFIX|FILE|-",
		Description:        loadHelp,
		Flags:              append(flags, runFlags()...),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             loadAction,
	}
}

func loadOptions(c *cli.Context) (o loader.Options, err error) {
	if err := noArguments(c); err != nil {
		return o, err
	}
	if c.String("in") == "" {
		return o, usagef("-d/--in is missing: name the directory of the dump")
	}
	if in := c.String("in"); in != "-" {
		if err := checkPlace(c, "--in", in); err != nil {
			return o, err
		}
	}
	if o.Selection, err = selection(c); err != nil {
		return o, err
	}
	if err := o.Selection.Validate(); err != nil {
		return o, usagef("%w", err)
	}
	if o.Selection.NoData && o.Selection.NoSchema {
		return o, usagef("--no-data and --no-schema leave nothing to load")
	}
	if o.Via, err = enum(c, "via", loader.ViaAuto, loader.ViaLocalInfile, loader.ViaInsert); err != nil {
		return o, err
	}
	if o.Definer, err = transform.ParseDefiner(c.String("definer")); err != nil {
		return o, usagef("--definer: %w", err)
	}
	if o.IfExists, err = enum(c, "if-exists", loader.ExistsFail, loader.ExistsSkip, loader.ExistsDrop, loader.ExistsTruncate); err != nil {
		return o, err
	}
	if o.DeferIndexes, err = enum(c, "defer-indexes", loader.DeferAuto, loader.DeferAll, loader.DeferNone); err != nil {
		return o, err
	}
	if o.Warnings, err = enum(c, "warnings", loader.Fail, loader.Report); err != nil {
		return o, err
	}
	if o.Session.InvalidText, err = enum(c, "invalid-text", loader.Fail, loader.Replace); err != nil {
		return o, err
	}
	if o.Names, err = names(c); err != nil {
		return o, err
	}
	if o.Threads, err = threads(c); err != nil {
		return o, err
	}
	o.Session.AllowUnsafe = c.Bool("allow-unsafe-sql")
	o.Session.SkipBinlog = c.Bool("skip-binlog")
	o.After = loader.AfterOptions{
		Analyze:      c.Bool("analyze"),
		EnableEvents: c.Bool("enable-events"),
		KeepProgress: c.Bool("keep-progress"),
		Restart:      c.Bool("restart"),
	}
	o.DryRun = c.Bool("dry-run")
	return o, nil
}

func loadAction(c *cli.Context) error {
	o, err := loadOptions(c)
	if err != nil {
		return err
	}
	if o.Target, err = resolveConnection(c, "target", "target", surroundings{}); err != nil {
		return err
	}
	in, err := openInput(c, o.Threads)
	if err != nil {
		return err
	}
	defer in.close() //nolint:errcheck // it was only read
	o.From, o.Feed = in.from, in.feed
	boundMemory(o.Threads, c.String("in"))
	return withConsole(c, loadInterrupted, func(ctx context.Context, con *console) error {
		o.Log, o.Progress = con.log, con.counters
		if in.start != nil {
			feed, done, err := in.start(ctx, con, &o)
			if err != nil {
				return err
			}
			defer done() //nolint:errcheck // it was only read
			o.Feed = feed
		}
		s, err := loader.Run(ctx, o)
		if errors.Is(err, loader.ErrDiffers) {
			err = &exitError{exitDiffers, err}
		}
		if s == nil {
			return err
		}
		return con.finish(s, err)
	})
}

// loadInterrupted gives the exit code of a run that the same command carries on.
func loadInterrupted(err error) error {
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: the same command carries on: %w", err)}
}
