package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/transform"
	"github.com/gomove/gomove/verify"
)

const verifyHelp = `Examples:
  1. Is everything on the target as it is on the source?
     gomove verify --source mysql://admin@old/ --target mysql://admin@new/
  2. Is a dump on the target as it was dumped?
     gomove verify -d /backup/db --target mysql://admin@new/
  3. One schema under another name, its rows alone, differences as JSON lines
     gomove verify --source mysql://admin@old/ --target mysql://admin@new/ -B shop --schema-map shop=shop_test --no-schema --report differences.jsonl`

func newVerifyCommand() *cli.Command {
	flags := []cli.Flag{uriFlag("source"), uriFlag("target")}
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		whereFlag(),
		&cli.StringFlag{Name: "in", Aliases: []string{"d"}, Usage: "`DIR` of a dump, in place of --source"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of connections to each server", DefaultText: "one per core of this machine"},
		&cli.IntFlag{Name: "max-differences", Value: 100, Usage: "`NUMBER` of rows to name for each table"},
		&cli.IntFlag{Name: "recheck", Value: 3, Usage: "`NUMBER` of times that rows which differ are read again, while the servers are written to"},
		&cli.BoolFlag{Name: "replicating", Usage: "the target follows the source: rows are held against each other once it has applied them (seen by itself where it reads the source's log)"},
		&cli.DurationFlag{Name: "max-wait", Value: 10 * time.Minute, Usage: "longest `TIME` for a target that follows to apply what the source has"},
		&cli.DurationFlag{Name: "max-lock-hold", Value: time.Second, Usage: "longest `TIME` to lock rows on the source that differ, or do not hold still, while the target follows; 0 is never"},
		&cli.StringFlag{Name: "definer", Value: "strip", Usage: "`WHETHER` another DEFINER is a difference: strip (no) or keep (yes)"},
		&cli.StringFlag{Name: "report", Usage: "write the differences to this `FILE`, a line of JSON each"},
	)
	flags = append(append(flags, mapFlags()...), columnFlags()...)
	flags = append(append(append(flags, changeFlags()...), charsetFlag()), placeFlags()...)
	return &cli.Command{
		Name:               "verify",
		Usage:              "compare two servers, or a dump and a server, row by row",
		UsageText:          "gomove verify --source URI --target URI [selection]\n   gomove verify -d DIR --target URI [selection]",
		Description:        verifyHelp,
		Flags:              append(flags, runFlags()...),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             verifyAction,
	}
}

func verifyOptions(c *cli.Context) (o verify.Options, err error) {
	if err := noArguments(c); err != nil {
		return o, err
	}
	switch {
	case c.String("target") == "":
		return o, usagef("--target is missing: name the server that is compared, as mysql://user@host/")
	case c.String("source") == "" && c.String("in") == "":
		return o, usagef("--source or -d/--in is missing: name what the target is compared with")
	case c.String("source") != "" && c.String("in") != "":
		return o, usagef("--source and -d/--in exclude each other")
	case c.String("in") != "" && len(c.StringSlice("where")) > 0:
		return o, usagef("--where goes with --source: of a dump all rows are compared")
	}
	if err := checkPlace(c, "--in", c.String("in")); err != nil {
		return o, err
	}
	if o.Selection, err = selection(c); err != nil {
		return o, err
	}
	if o.Names, err = names(c); err != nil {
		return o, err
	}
	if o.Changes, err = changes(c); err != nil {
		return o, err
	}
	if o.Changes.Charset, err = tableCharset(c); err != nil {
		return o, err
	}
	if o.Selection.MaskKey == nil { // masked columns are not compared, whatever the key was
		if o.Selection.MaskKey, err = transform.NewMaskKey(make([]byte, 16)); err != nil {
			return o, err
		}
	}
	if o.Threads, err = threads(c); err != nil {
		return o, err
	}
	definer, err := enum(c, "definer", "strip", "keep")
	if err != nil {
		return o, err
	}
	o.KeepDefiner = definer == "keep"
	o.MaxDifferences, o.Recheck = c.Int("max-differences"), c.Int("recheck")
	o.Replicating, o.MaxWait, o.MaxLockHold = c.Bool("replicating"), c.Duration("max-wait"), c.Duration("max-lock-hold")
	if o.Replicating && c.String("in") != "" {
		return o, usagef("--replicating goes with --source: a dump stands still")
	}
	o.DryRun = c.Bool("dry-run")
	if o.MaxDifferences < 1 {
		return o, usagef("--max-differences %d: use a number from 1 on", o.MaxDifferences)
	}
	if err := o.Validate(); err != nil {
		return o, usagef("%w", err)
	}
	return o, nil
}

func verifyAction(c *cli.Context) (err error) {
	o, err := verifyOptions(c)
	if err != nil {
		return err
	}
	if o.Dump, err = verifiedDump(c); err != nil {
		return err
	}
	if o.Dump == nil {
		if o.Source, err = resolveConnection(c, "source", "source", surroundings{}); err != nil {
			return err
		}
	}
	if o.Target, err = resolveConnection(c, "target", "target", surroundings{}); err != nil {
		return err
	}
	if path := c.String("report"); path != "" {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
		o.Report = f
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	boundMemory(o.Threads, c.String("in"))
	return withConsole(c, verifyInterrupted, func(ctx context.Context, con *console) error {
		o.Log, o.Progress = con.log, con.counters
		s, err := verify.Run(ctx, o)
		if s == nil {
			return err
		}
		return con.finish(s, err)
	})
}

// verifiedDump opens the dump of -d; nil when there is none.
func verifiedDump(c *cli.Context) (*dump.Reader, error) {
	if c.String("in") == "" {
		return nil, nil
	}
	dir, err := openPlace(c, c.String("in"), store.ReadOnly)
	if err != nil {
		return nil, err
	}
	r, err := dump.Open(c.Context, dir)
	if err != nil {
		return nil, err
	}
	return r, r.Check(c.Context)
}

func verifyInterrupted(err error) error {
	return fmt.Errorf("interrupted: nothing is known about what was not compared; run it again: %w", err)
}
