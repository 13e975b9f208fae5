package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/gomove/gomove/internal/progress"
)

// summary is what a run ends with; it also marshals to JSON.
type summary interface {
	WriteText(w io.Writer) error
}

// console is what a run shows: logs and progress on stderr, the summary on stdout.
type console struct {
	log      *slog.Logger
	counters *progress.Counters
	stdout   io.Writer
	json     bool
	stop     func()
	told     func() // notes that a summary is printed
}

// withConsole runs f with progress shown, from the flags that every command has. The error of a run that a signal ended
// goes through interrupted.
func withConsole(c *cli.Context, interrupted func(error) error, f func(ctx context.Context, con *console) error) error {
	mode, err := enum(c, "progress", progress.Auto, progress.Bar, progress.Plain, progress.JSON, progress.None)
	if err != nil {
		return err
	}
	form, err := enum(c, "summary", "text", "json")
	if err != nil {
		return err
	}
	stderr := c.App.ErrWriter
	if mode == progress.Auto {
		mode = progress.Plain
		if isTerminal(stderr) {
			mode = progress.Bar
		}
	}
	logTo := stderr
	if mode == progress.Bar {
		logTo = progress.OverBar(stderr)
	}
	con := &console{counters: &progress.Counters{}, stdout: c.App.Writer, json: form == "json"}
	con.told = func() { c.App.Metadata[summaryTold] = true }
	if con.log, err = logger(c, logTo); err != nil {
		return err
	}
	con.stop = progress.Start(stderr, mode, con.counters)
	defer con.stop()
	err = f(c.Context, con)
	if err == nil || c.Err() == nil {
		return err
	}
	return interrupted(err)
}

// finish ends the progress display and prints the summary, also of a run that failed: it says what was done until then.
func (con *console) finish(s summary, err error) error {
	con.stop()
	if s == nil {
		return err
	}
	con.told()
	var werr error
	if con.json {
		enc := json.NewEncoder(con.stdout)
		enc.SetIndent("", "  ")
		werr = enc.Encode(s)
	} else {
		werr = s.WriteText(con.stdout)
	}
	return errors.Join(err, werr)
}

// isTerminal reports whether a reader or writer is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
