package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/inspect"
	"github.com/gomove/gomove/internal/store"
)

const inspectHelp = `Examples:
  1. What a dump holds, and whether every file is what it was
     gomove inspect /backup/db
  2. Every row too, as JSON for a program
     gomove inspect /backup/db --deep --summary json
  3. In a script: exit code 0 is whole and right, 3 is not
     gomove inspect /backup/db >/dev/null && echo fine
  4. A stream of gomove, or a file of mysqldump
     gomove inspect shop.sql.gz
     zstd -dc shop.tar.zst | gomove inspect -d -`

func inspectFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "in", Aliases: []string{"d"}, Usage: "`DIR` of the dump, a file, or - for standard input; it may also stand without the flag"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`NUMBER` of files that are read at once (default: one per core of this machine)"},
		&cli.StringFlag{Name: "into", Usage: "`SCHEMA` that a file of mysqldump is of, where it names none"},
		&cli.BoolFlag{Name: "deep", Usage: "also decode every row, and compare the number and the checksum of the rows of each chunk"},
	}
	flags = append(flags, placeFlags()...)
	return append(flags, slices.DeleteFunc(runFlags(), func(f cli.Flag) bool { return f.Names()[0] == "dry-run" })...)
}

func newInspectCommand() *cli.Command {
	return &cli.Command{
		Name:               "inspect",
		Usage:              "list what a dump holds and check every file of it, without a server",
		UsageText:          "gomove inspect DIR|s3://BUCKET/PREFIX|FILE|- [--deep]",
		Description:        inspectHelp,
		Flags:              inspectFlags(),
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action:             inspectAction,
	}
}

// flagsFirst puts the flags of `inspect DIR --deep` before DIR: the library takes none behind it. args are normalizeArgs's.
func flagsFirst(args []string) []string {
	if len(args) < 2 {
		return args
	}
	of := map[string]func() []cli.Flag{"inspect": inspectFlags, "stage": stageFlags}[args[1]]
	if of == nil {
		return args
	}
	takes := map[string]bool{}
	for _, f := range of() {
		for _, name := range f.Names() {
			takes[name] = takesValue(f)
		}
	}
	flags, places := slices.Clone(args[:2]), []string(nil)
	for i := 2; i < len(args); i++ {
		name := strings.TrimLeft(args[i], "-")
		switch {
		case args[i] == "--":
			return slices.Concat(flags, []string{"--"}, places, args[i+1:])
		case name == args[i] || name == "":
			places = append(places, args[i])
		case takes[name] && i+1 < len(args):
			flags = append(flags, args[i], args[i+1])
			i++
		default:
			flags = append(flags, args[i])
		}
	}
	return append(flags, places...)
}

// inspectPlace is DIR or -d DIR.
func inspectPlace(c *cli.Context) (string, error) {
	place := c.String("in")
	switch {
	case c.NArg() > 1 || c.NArg() == 1 && place != "":
		return "", usagef("inspect takes one directory, and %q is there too", c.Args().Get(c.NArg()-1))
	case c.NArg() == 1:
		place = c.Args().First()
	case place == "":
		return "", usagef("name the directory of the dump: gomove inspect DIR")
	}
	if place == "-" {
		return place, nil
	}
	return place, checkPlace(c, "inspect", place)
}

func inspectAction(c *cli.Context) error {
	place, err := inspectPlace(c)
	if err != nil {
		return err
	}
	o := inspect.Options{Deep: c.Bool("deep")}
	if o.Threads, err = threads(c); err != nil {
		return err
	}
	if info, err := os.Stat(place); place == "-" || err == nil && !info.IsDir() && !store.IsS3(place) {
		boundMemory(o.Threads, "")
		return inspectFile(c, place, place != "-" && info.Mode().IsRegular())
	}
	if o.Store, err = openPlace(c, place, store.ReadOnly); err != nil {
		return err
	}
	boundMemory(o.Threads, place)
	return withConsole(c, inspectInterrupted, func(ctx context.Context, con *console) error {
		o.Progress = con.counters
		report, err := inspect.Run(ctx, o)
		if report == nil {
			return err
		}
		return con.finish(report, err)
	})
}

func inspectInterrupted(err error) error {
	return fmt.Errorf("interrupted: %w", err)
}
