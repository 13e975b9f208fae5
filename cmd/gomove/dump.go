package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/accounts"
	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/dump"
	pattern "github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/preflight"
	"github.com/gomove/gomove/transform"
)

const dumpHelp = `Examples:
  1. Every schema of a server into a new directory
     gomove dump -h db.example.com -u admin -p -o /backup/db
  2. Two schemas, one table left out, as SQL that the mysql client restores
     gomove dump -B shop -B crm --exclude-table shop.log --for mysql -o /backup/shop
  3. A part of one table
     gomove dump -T shop.orders --where "shop.orders=created >= '2026-01-01'" -o /backup/orders
  4. What would be done, and nothing more
     gomove dump -B shop -o /backup/shop --dry-run
  5. Go on with a dump that was interrupted, of a replica that is stopped or read-only
     gomove dump -h replica.example.com -u admin -p -o /backup/db --resume
  6. Through a pipe into another server, with no file in between
     gomove dump -B shop -o - | ssh target.example.com gomove load -d -`

func newDumpCommand() *cli.Command {
	flags := connectionFlags()
	flags = append(flags, uriFlag("source"))
	flags = append(flags, selectionFlags()...)
	flags = append(flags,
		whereFlag(),
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "new or empty `DIR`, or s3://bucket/prefix, for the dump, or - for a tar stream on stdout"},
		&cli.StringFlag{Name: "format", Usage: "`FORMAT` of rows: csv or sql", DefaultText: "csv; sql with --for myloader"},
		&cli.StringFlag{Name: "compress", Usage: "`METHOD` for chunk files: zstd, gzip or none", DefaultText: "zstd; none with --for mysql and aurora, gzip or none with --for myloader"},
		&cli.StringFlag{Name: "charset", Value: "source", Usage: "`CHARSET` of text: each column's own (source), or all of it as utf8mb4"},
		&cli.StringFlag{Name: "for", Value: "gomove", Usage: "`TOOL` that restores it: gomove, myloader, mysql or aurora (LOAD DATA FROM S3)"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of connections that read rows", DefaultText: "one per core of this machine"},
		&cli.StringFlag{Name: "chunk-size", Value: "64MiB", Usage: "largest uncompressed `SIZE` of a chunk file"},
		&cli.StringFlag{Name: "via", Value: "client", Usage: "`WHO` writes the chunk files: client (this program), or s3 (an Aurora source, by SELECT INTO OUTFILE S3; implies --for aurora)"},
		&cli.BoolFlag{Name: "resume", Usage: "go on with an interrupted dump in DIR, when the source's data has not changed since"},
	)
	flags = append(flags, snapshotFlags()...)
	flags = append(append(append(flags, mapFlags()...), columnFlags()...), changeFlags()...)
	flags = append(append(flags, placeFlags()...), keepFlags()...)
	return &cli.Command{
		Name:               "dump",
		Usage:              "dump a server to a directory, to S3 or into a pipe",
		UsageText:          "gomove dump [connection] [selection] -o DIR|s3://BUCKET/PREFIX|-",
		Description:        dumpHelp,
		Flags:              append(flags, runFlags()...),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             dumpAction,
	}
}

func selection(c *cli.Context) (catalog.Selection, error) {
	s := catalog.Selection{
		Schemas:        c.StringSlice("schema"),
		Tables:         c.StringSlice("table"),
		ExcludeSchemas: c.StringSlice("exclude-schema"),
		ExcludeTables:  c.StringSlice("exclude-table"),
		NoData:         c.Bool("no-data"),
		NoSchema:       c.Bool("no-schema"),
		NoViews:        c.Bool("no-views"),
		NoTriggers:     c.Bool("no-triggers"),
		NoRoutines:     c.Bool("no-routines"),
		NoEvents:       c.Bool("no-events"),
		Users:          accounts.Filter{Wanted: c.Bool("users"), Include: c.StringSlice("include-users"), Exclude: c.StringSlice("exclude-users")},
	}
	for _, w := range c.StringSlice("where") {
		table, condition, ok := pattern.CutAtEqual(w)
		if !ok || strings.TrimSpace(condition) == "" {
			return s, usagef("--where %q: use schema.table=CONDITION", w)
		}
		if s.Where == nil {
			s.Where = map[string]string{}
		}
		s.Where[table] = condition
	}
	err := readColumnFlags(c, &s)
	return s, err
}

func dumpOptions(c *cli.Context) (o dumper.Options, err error) {
	if err := noArguments(c); err != nil {
		return o, err
	}
	if c.String("out") == "" && !c.Bool("dry-run") {
		return o, usagef("-o/--out is missing: name a new directory for the dump")
	}
	if c.String("out") != streamPlace {
		if err := checkPlace(c, "--out", c.String("out")); err != nil {
			return o, err
		}
	}
	if o.Selection, err = selection(c); err != nil {
		return o, err
	}
	if o.For, err = enum(c, "for", dump.ForGomove, dump.ForMyloader, dump.ForMySQL, dump.ForAurora); err != nil {
		return o, err
	}
	if o.Via, err = enum(c, "via", dumper.ViaClient, dumper.ViaS3); err != nil {
		return o, err
	}
	if o.Via == dumper.ViaS3 && !c.IsSet("for") {
		o.For = dump.ForAurora
	}
	if out := c.String("out"); o.For == dump.ForAurora && out != "" && !store.IsS3(out) {
		return o, usagef("--for aurora: Aurora reads from S3 alone: give -o s3://bucket/prefix, or dump into a directory and take that there by gomove stage")
	}
	if o.Format, err = enum(c, "format", "", dump.CSV, dump.SQL); err != nil {
		return o, err
	}
	if o.Compression, err = enum(c, "compress", "", dump.Zstd, dump.Gzip, dump.None); err != nil {
		return o, err
	}
	if o.Charset, err = enum(c, "charset", "source", "utf8mb4"); err != nil {
		return o, err
	}
	if o.Transform.Names, err = names(c); err != nil {
		return o, err
	}
	if o.Transform.Changes, err = changes(c); err != nil {
		return o, err
	}
	if o.Snapshot, err = snapshotOptions(c); err != nil {
		return o, err
	}
	if o.ChunkBytes, err = size(c, "chunk-size"); err != nil {
		return o, err
	}
	if o.Threads, err = threads(c); err != nil {
		return o, err
	}
	o.DryRun, o.Resume = c.Bool("dry-run"), c.Bool("resume")
	if c.String("out") == streamPlace {
		if err := checkStream(c, o); err != nil {
			return o, err
		}
	}
	return o, checkDump(o)
}

// checkDump refuses flags that contradict each other before there is a place or a server.
func checkDump(o dumper.Options) error {
	if o.Selection.NoData && o.Selection.NoSchema {
		return usagef("--no-data and --no-schema leave nothing to dump")
	}
	o.DryRun = true // no place is needed
	if err := o.Validate(); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// snapshotFlags say how a source is read at one state.
func snapshotFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "consistency", Value: "auto", Usage: "`WAY` to one consistent snapshot: auto, lockfree, lock, tables or none"},
		&cli.DurationFlag{Name: "max-lock-wait", Value: 30 * time.Second, Usage: "longest `TIME` to wait for a lock"},
		&cli.DurationFlag{Name: "max-lock-hold", Value: 5 * time.Second, Usage: "longest `TIME` to hold one"},
		skipCheckFlag(),
	}
}

func snapshotOptions(c *cli.Context) (o dumper.SnapshotOptions, err error) {
	o.Consistency, err = enum(c, "consistency", dumper.ConsistencyAuto, dumper.ConsistencyLockFree,
		dumper.ConsistencyLock, dumper.ConsistencyTables, dumper.ConsistencyNone)
	if err != nil {
		return o, err
	}
	for flag, into := range map[string]*time.Duration{"max-lock-wait": &o.MaxLockWait, "max-lock-hold": &o.MaxLockHold} {
		if *into = c.Duration(flag); *into <= 0 {
			return o, usagef("--%s %s: use a duration above zero, such as 5s", flag, *into)
		}
	}
	if err := preflight.ValidateSkip(c.StringSlice("skip-check")); err != nil {
		return o, usagef("%w", err)
	}
	return o, nil
}

func dumpAction(c *cli.Context) (err error) {
	o, err := dumpOptions(c)
	if err != nil {
		return err
	}
	if o.Source, err = resolveConnection(c, "source", "source", surroundings{}); err != nil {
		return err
	}
	toStream := c.String("out") == streamPlace
	if !o.DryRun && !toStream {
		if o.Out, err = openPlace(c, c.String("out"), store.ReadWrite); err != nil {
			return err
		}
		if d, ok := o.Out.(*store.Dir); ok {
			defer func() { err = errors.Join(err, d.RemoveUnused()) }()
		}
	}
	boundMemory(o.Threads, c.String("out"))
	interrupted := dumpInterrupted
	if toStream {
		interrupted = streamInterrupted
	}
	return withConsole(c, interrupted, func(ctx context.Context, con *console) error {
		o.Log, o.Progress = con.log, con.counters
		o.Check = checkFirst(c, con.log, o, transform.Names{}, nil)
		run := dumper.Run
		if toStream {
			run = streamRun(c, con)
		}
		s, err := run(ctx, o)
		if s == nil {
			return err
		}
		return con.finish(s, err)
	})
}

// dumpInterrupted: most often a dump cannot be carried on with, as its snapshot went with its sessions, so this is a failure.
func dumpInterrupted(err error) error {
	return fmt.Errorf("interrupted: the dump is not whole; the same command with --resume goes on with it as long as the source's data does not change, else dump again into another directory: %w", err)
}
