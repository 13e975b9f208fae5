package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/preflight"
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
     gomove load -d /backup/db -T shop.orders --schema-map shop=shop_restored
  6. CSV files of another system, into a table that is there
     gomove load -d /export --csv-table shop.orders='orders*.csv.gz' --csv-header`

func newLoadCommand() *cli.Command {
	flags := connectionFlags()
	flags = append(flags, uriFlag("target"))
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		&cli.StringFlag{Name: "in", Aliases: []string{"d"}, Usage: "`DIR`, s3://bucket/prefix, or a file of the dump; - is standard input"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of connections that write rows", DefaultText: "one per two cores of this machine"},
		&cli.StringFlag{Name: "into", Usage: "`SCHEMA` that a file of mysqldump is of, where it names none"},
		&cli.StringFlag{Name: "chunk-size", Usage: "`SIZE` of rows of another tool's dump in one transaction", DefaultText: "4MiB"},
	)
	flags = append(flags, csvFlags()...)
	flags = append(flags, targetFlags()...)
	flags = append(append(append(flags, mapFlags()...), columnFlags()...), skipCheckFlag())
	flags = append(flags, &cli.StringSliceFlag{Name: "where", Hidden: true}) // to say what takes it
	flags = append(append(append(flags, changeFlags()...), charsetFlag()), placeFlags()...)
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
	if c.IsSet("where") {
		return o, usagef("--where chooses rows where they are read, and a load has read them already: give it to gomove dump or gomove copy")
	}
	if err := preflight.ValidateSkip(c.StringSlice("skip-check")); err != nil {
		return o, usagef("%w", err)
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
	if err := targetOptions(c, &o); err != nil {
		return o, err
	}
	if o.Threads, err = threads(c); err != nil {
		return o, err
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
		o.Log, o.Progress, o.Check = con.log, con.counters, checkRights(c)
		if in.start != nil {
			feed, done, err := in.start(ctx, con, &o)
			if err != nil {
				return err
			}
			defer done() //nolint:errcheck // it was only read
			o.Feed = feed
		}
		s, err := loader.Run(ctx, o)
		if s == nil {
			return err
		}
		describe(s, &o)
		return con.finish(s, err)
	})
}

// loadInterrupted gives the exit code of a run that the same command carries on.
func loadInterrupted(err error) error {
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: the same command carries on: %w", err)}
}
