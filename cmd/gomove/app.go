package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/inspect"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/verify"
)

// The exit codes, as docs/cli.md lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiffers     = 3
	exitInterrupted = 4
)

// usageError is an error of the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitError carries an exit code that is not the plain failure.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// run is the whole program: its result is the exit code. args are normalizeArgs's.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := newApp(stdin, stdout, stderr)
	err := app.RunContext(ctx, flagsFirst(args))
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	report(stderr, err)
	if code == exitUsage {
		fmt.Fprintf(stderr, "see %s --help\n", commandIn(app, args))
	}
	if err := writeFailure(app, args, stdout, err, code); err != nil {
		report(stderr, err)
	}
	return code
}

// exitCode is what an error ends the program with.
func exitCode(err error) int {
	var withCode *exitError
	var usage *usageError
	switch {
	case errors.As(err, &withCode):
		return withCode.code
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, dumper.ErrDiffers), errors.Is(err, loader.ErrDiffers), verify.NotEqual(err), errors.Is(err, inspect.ErrDiffers):
		return exitDiffers
	default:
		return exitFailed
	}
}

// commandIn is the program with the command that args name, if there is one.
func commandIn(app *cli.App, args []string) string {
	name, of := app.Name, app.Command
	for _, a := range args[min(1, len(args)):] {
		c := of(a)
		if c == nil {
			break
		}
		name += " " + a
		of = func(sub string) *cli.Command {
			for _, s := range c.Subcommands {
				if s.HasName(sub) {
					return s
				}
			}
			return nil
		}
	}
	return name
}

// report prints an error once, with what can be done about it.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "gomove: %v\n", err)
	hint := mysql.Hint(err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT): // above all: what else failed, such as sessions that were cut, follows from it
		hint = "this machine's disk or quota is full: free space, or give -o/--out a directory on another disk; what was written is no dump and can be deleted"
	case errors.Is(err, store.ErrS3): // the error tells what to do
		hint = ""
	case hint != "":
	case errors.Is(err, fs.ErrPermission):
		hint = "check the owner and the mode of the file or directory, and of those above it"
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	// -h is --host, as in every MySQL client.
	cli.HelpFlag = &cli.BoolFlag{Name: "help", Usage: "show help"}
	cli.VersionFlag = &cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version"}
	cli.FlagStringer = flagText
	return &cli.App{
		Name:    "gomove",
		Usage:   "move MySQL-compatible databases: dump in parallel, load in parallel, nothing lost, nothing altered",
		Version: version(),
		Commands: []*cli.Command{
			newDumpCommand(),
			newLoadCommand(),
			newCopyCommand(),
			newCheckCommand(),
			newPlanCommand(),
			newInspectCommand(),
			newVerifyCommand(),
			newStageCommand(),
			newReplicateCommand(),
			newCompletionCommand(),
		},
		Reader:                    stdin,
		Writer:                    stdout,
		ErrWriter:                 stderr,
		Metadata:                  map[string]any{},
		DisableSliceFlagSeparator: true,
		HideHelpCommand:           true,
		Suggest:                   true,
		ExitErrHandler:            func(*cli.Context, error) {}, // run reports and exits
		OnUsageError:              onUsageError,
		CommandNotFound: func(c *cli.Context, name string) {
			fmt.Fprintf(c.App.ErrWriter, "gomove: no command %q; see gomove --help\n", name)
		},
		Action: func(c *cli.Context) error {
			if c.Args().First() == "help" {
				if of := c.App.Command(c.Args().Get(1)); of != nil {
					return cli.ShowCommandHelp(c, of.Name)
				}
				return cli.ShowAppHelp(c)
			}
			if c.Args().Present() {
				return usagef("no command %q", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error {
	return usagef("%w", err)
}

// noArguments refuses what stands behind the flags: a forgotten flag name, or the space in `-p secret`.
func noArguments(c *cli.Context) error {
	if !c.Args().Present() {
		return nil
	}
	if c.Bool(askPasswordFlag) { // it may be the password
		return usagef("%s takes no arguments: -p and --password= take the password without a space", c.Command.Name)
	}
	return usagef("%s takes no argument %q (a value must follow its flag; -p takes its password without a space)", c.Command.Name, c.Args().First())
}

// enum reads a flag that takes one of a few words.
func enum[T ~string](c *cli.Context, flag string, allowed ...T) (T, error) {
	v := T(c.String(flag))
	var words []string
	for _, a := range allowed {
		if a == v {
			return v, nil
		}
		if a != "" { // the command's own default
			words = append(words, string(a))
		}
	}
	return "", usagef("--%s %q: use one of %s", flag, v, strings.Join(words, ", "))
}

// logger builds the run's logger from --log-level and --log-format.
func logger(c *cli.Context, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, usagef("--log-level %q: use debug, info, warn or error", c.String("log-level"))
	}
	format, err := enum(c, "log-format", "text", "json")
	if err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}
