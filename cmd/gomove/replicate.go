package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/replica"
)

const replicateHelp = `Examples:
  1. The target follows the source from where the last copy into it was taken
     gomove replicate start --source mysql://admin@old/ --target mysql://admin@new/
  2. How does it fare, and what to do?
     gomove replicate status --source mysql://admin@old/ --target mysql://admin@new/
  3. The writers move over
     gomove replicate cutover --source mysql://admin@old/ --target mysql://admin@new/`

func newReplicateCommand() *cli.Command {
	return &cli.Command{
		Name:               "replicate",
		Usage:              "have a target follow its source after a copy, watch it, repair it, and move over at the end",
		UsageText:          "gomove replicate start|status|stop|restart|skip|cutover --target URI [--source URI]",
		Description:        replicateHelp,
		CustomHelpTemplate: groupHelp,
		OnUsageError:       onUsageError,
		HideHelpCommand:    true,
		Subcommands: []*cli.Command{
			newReplicateStartCommand(), newReplicateStatusCommand(),
			newRepairCommand("stop", "stop replication", replica.Stop,
				&cli.BoolFlag{Name: "forget", Usage: "forget source and place too, and drop the account that gomove made on --source"}),
			newRepairCommand("restart", "stop and start replication", replica.Restart,
				&cli.BoolFlag{Name: "next-log", Usage: "go on at the source's next log file, when it cannot give the one that the target needs: changes may be lost"}),
			newRepairCommand("skip", "leave out the transaction at which replication has stopped", replica.Skip),
			newReplicateCutoverCommand(),
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("replicate has no command %q: use start, status, stop, restart, skip or cutover", c.Args().First())
			}
			return usagef("replicate what? start, status, stop, restart, skip or cutover")
		},
	}
}

// groupHelp is the help of a command that has commands.
const groupHelp = `NAME:
   {{.HelpName}} - {{.Usage}}

USAGE:
   {{.UsageText}}

COMMANDS:
{{range .VisibleCommands}}   {{.Name}}{{"\t"}}{{.Usage}}
{{end}}
{{.Description}}
`

// replicateSub puts a command of replicate together.
func replicateSub(name, usage, text, help string, flags []cli.Flag, action cli.ActionFunc) *cli.Command {
	flags = append([]cli.Flag{uriFlag("source"), uriFlag("target")}, flags...)
	for _, f := range runFlags() {
		if p, ok := f.(*cli.StringFlag); ok && p.Name == "progress" {
			p.Value, p.Hidden = string(progress.None), true // what these commands do has no rows to count
		}
		if f.Names()[0] != "dry-run" {
			flags = append(flags, f)
		}
	}
	return &cli.Command{
		Name: name, Usage: usage, UsageText: "gomove replicate " + text, Description: help,
		Flags: flags, CustomHelpTemplate: commandHelp, OnUsageError: onUsageError, HideHelpCommand: true, Action: action,
	}
}

func yesFlag() cli.Flag { return &cli.BoolFlag{Name: "yes", Usage: "do not ask"} }

// replicateServers are the servers of a command of replicate.
func replicateServers(c *cli.Context, needSource bool) (s replica.Servers, err error) {
	if err := noArguments(c); err != nil {
		return s, err
	}
	if c.String("target") == "" {
		return s, usagef("--target is missing: name the server that replicates, as mysql://user@host/")
	}
	if needSource && c.String("source") == "" {
		return s, usagef("--source is missing: name the server that is replicated, as mysql://user@host/")
	}
	if c.String("source") != "" {
		source, err := resolveConnection(c, "source", "source", surroundings{})
		if err != nil {
			return s, err
		}
		s.Source = &source
	}
	s.Target, err = resolveConnection(c, "target", "target", surroundings{})
	return s, err
}

const replicateStartHelp = `Examples:
  1. From where the last copy into the target was taken
     gomove replicate start --source mysql://admin@old/ --target mysql://admin@new/
  2. From where a dump was taken that was loaded into it; only print what would be run
     gomove replicate start --source mysql://admin@old/ --target mysql://admin@new/ -d /backup/db --print
  3. With a replication account that is there, for a target that knows the source by another name
     gomove replicate start --source mysql://admin@old/ --target mysql://admin@new/ --source-address db1.internal:3306 --replication-user repl --replication-password-file /etc/gomove/repl`

func newReplicateStartCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "in", Aliases: []string{"d"}, Usage: "`DIR` of the dump that was loaded into the target", DefaultText: "the place of the last gomove copy into it"},
		&cli.StringFlag{Name: "from", Usage: "`PLACE` in the source's binary log, in place of a dump's or a copy's: FILE:POSITION or a GTID set"},
		&cli.StringFlag{Name: "by", Value: string(replica.Auto), Usage: "`WAY` to name the place: auto, gtid or position"},
		&cli.StringFlag{Name: "source-address", Usage: "`HOST:PORT` of the source as the target reaches it", DefaultText: "as --source"},
		&cli.StringFlag{Name: "replication-user", Usage: "`ACCOUNT` on the source that the target uses", DefaultText: replica.DefaultUser + ", which is made"},
		&cli.StringFlag{Name: "replication-password-file", Usage: "`FILE` whose first line is its password (default: gomove makes one up, and sets it)"},
		&cli.StringSliceFlag{Name: "exclude-schema", Usage: "`SCHEMA` whose changes the target ignores (repeat)"},
		&cli.BoolFlag{Name: "allow-missing", Usage: "go on when the target lacks schemas of the source: they were created after the copy"},
		&cli.BoolFlag{Name: "print", Usage: "print the statements and change nothing"},
	}
	return replicateSub("start", "configure replication from the place of a copy or dump, and start it",
		"start --source URI --target URI [-d DIR | --from PLACE]", replicateStartHelp, append(flags, placeFlags()...), replicateStartAction)
}

func replicateStartAction(c *cli.Context) (err error) {
	var o replica.StartOptions
	if o.By, err = enum(c, "by", replica.Auto, replica.ByGTID, replica.ByPosition); err != nil {
		return err
	}
	if c.IsSet("in") && c.IsSet("from") {
		return usagef("-d/--in and --from exclude each other")
	}
	if c.IsSet("replication-user") != c.IsSet("replication-password-file") && !c.IsSet("replication-user") {
		return usagef("--replication-password-file goes with --replication-user")
	}
	if o.Servers, err = replicateServers(c, true); err != nil {
		return err
	}
	o.Address, o.User = c.String("source-address"), c.String("replication-user")
	o.ExcludeSchemas, o.AllowMissing, o.Print = c.StringSlice("exclude-schema"), c.Bool("allow-missing"), c.Bool("print")
	if path := c.String("replication-password-file"); path != "" {
		if o.Password, err = mysql.ReadPasswordFile(path); err != nil {
			return fmt.Errorf("--replication-password-file: %w", errors.Unwrap(err))
		}
	}
	if o.Places, err = replicatePlaces(c); err != nil {
		return err
	}
	return withConsole(c, replicateInterrupted, func(ctx context.Context, con *console) error {
		o.Log = con.log
		r, err := replica.Start(ctx, o)
		if r == nil {
			return err
		}
		return con.finish(r, replicateExit(err))
	})
}

// replicatePlaces are those of -d or --from; none are those of the last copy.
func replicatePlaces(c *cli.Context) ([]replica.Place, error) {
	if from := c.String("from"); from != "" {
		p, err := replica.ParsePlace(from)
		if err != nil {
			return nil, usagef("--from: %w", err)
		}
		return []replica.Place{p}, nil
	}
	place := c.String("in")
	if place == "" {
		return nil, nil
	}
	if err := checkPlace(c, "--in", place); err != nil {
		return nil, err
	}
	dir, err := openPlace(c, place, store.ReadOnly)
	if err != nil {
		return nil, err
	}
	r, err := dump.Open(c.Context, dir)
	if err != nil {
		return nil, err
	}
	return replica.PlacesOf(r.Manifest())
}

// replicateExit gives a replication that works, and needs attention, its exit code.
func replicateExit(err error) error {
	if errors.Is(err, replica.ErrUnwell) {
		return &exitError{exitDiffers, err}
	}
	return err
}

func replicateInterrupted(err error) error {
	return fmt.Errorf("interrupted: gomove replicate status says where replication stands: %w", err)
}

const replicateStatusHelp = `Examples:
  1. How does replication fare?
     gomove replicate status --target mysql://admin@new/
  2. With how far it is behind the source, and the true lag of a row
     gomove replicate status --source mysql://admin@old/ --target mysql://admin@new/ --heartbeat
  3. Again and again, a line each
     gomove replicate status --source mysql://admin@old/ --target mysql://admin@new/ --watch`

func newReplicateStatusCommand() *cli.Command {
	return replicateSub("status", "say how replication fares, why, and what to do", "status --target URI [--source URI]", replicateStatusHelp, []cli.Flag{
		&cli.DurationFlag{Name: "interval", Value: 5 * time.Second, Usage: "`TIME` between two readings, where one does not tell"},
		&cli.BoolFlag{Name: "heartbeat", Usage: "write a row on the source (gomove.heartbeat) and measure how long it takes to the target"},
		&cli.BoolFlag{Name: "watch", Usage: "look again and again, until Ctrl-C"},
	}, replicateStatusAction)
}

func replicateStatusAction(c *cli.Context) (err error) {
	o := replica.StatusOptions{Interval: c.Duration("interval"), Heartbeat: c.Bool("heartbeat"), Watch: c.Bool("watch")}
	if o.Interval < 100*time.Millisecond || o.Interval > time.Hour {
		return usagef("--interval %s: use a time from 100ms to 1h", o.Interval)
	}
	if o.Heartbeat && c.String("source") == "" {
		return usagef("--heartbeat needs --source: the row is written there")
	}
	if o.Servers, err = replicateServers(c, false); err != nil {
		return err
	}
	interrupted := replicateInterrupted
	if o.Watch {
		interrupted = func(error) error { return nil }
	}
	return withConsole(c, interrupted, func(ctx context.Context, con *console) error {
		o.Log = con.log
		o.Seen = func(r *replica.Report) error { return writeWatched(con, r) }
		r, err := replica.Look(ctx, o)
		if err != nil {
			return err
		}
		return con.finish(r, replicateExit(r.Err()))
	})
}

// writeWatched writes one line of a watch.
func writeWatched(con *console, r *replica.Report) error {
	if con.json {
		return json.NewEncoder(con.stdout).Encode(r)
	}
	_, err := io.WriteString(con.stdout, r.Line()+"\n")
	return err
}

func newRepairCommand(name, usage string, run func(context.Context, replica.RepairOptions) (*replica.RepairReport, error), flags ...cli.Flag) *cli.Command {
	return replicateSub(name, usage, name+" --target URI [--source URI]", "", append(flags, yesFlag()), func(c *cli.Context) (err error) {
		o := replica.RepairOptions{Forget: c.Bool("forget"), NextLog: c.Bool("next-log")}
		if o.NextLog && c.String("source") == "" {
			return usagef("--next-log needs --source: its logs are looked at")
		}
		if o.Servers, err = replicateServers(c, false); err != nil {
			return err
		}
		if !c.Bool("yes") {
			o.Confirm = askOnTerminal
		}
		return withConsole(c, replicateInterrupted, func(ctx context.Context, con *console) error {
			o.Log = con.log
			r, err := run(ctx, o)
			if r == nil {
				return err
			}
			return con.finish(r, replicateExit(err))
		})
	})
}

// askOnTerminal asks a question that yes agrees to.
func askOnTerminal(_ context.Context, question string) (bool, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("%w: there is no terminal to ask on: say --yes if this is right: %s", replica.ErrUnconfirmed, question)
	}
	defer tty.Close()
	if _, err := fmt.Fprintf(tty, "%s [yes/no] ", question); err != nil {
		return false, err
	}
	var answer string
	if _, err := fmt.Fscanln(tty, &answer); err != nil {
		return false, nil
	}
	return strings.EqualFold(answer, "yes") || strings.EqualFold(answer, "y"), nil
}
