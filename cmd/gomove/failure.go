package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/mysql"
)

// summaryTold is where a console notes that a summary, or a part of one, was printed.
const summaryTold = "summary"

// failure is the summary of a run that ended before it had one.
type failure struct {
	Complete bool   `json:"complete"` // false
	ExitCode int    `json:"exit_code"`
	Error    string `json:"error"`
	Hint     string `json:"hint,omitempty"`
}

// writeFailure has a program that asked for JSON find some on stdout, however early a run has failed.
func writeFailure(app *cli.App, args []string, stdout io.Writer, err error, code int) error {
	if app.Metadata[summaryTold] != nil || !asksJSON(args) {
		return nil
	}
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(failure{ExitCode: code, Error: err.Error(), Hint: mysql.Hint(err)})
}

// asksJSON reports whether a command line has --summary json, and leaves stdout to the summary.
func asksJSON(args []string) bool {
	if len(args) < 2 || !slices.Contains([]string{"dump", "load", "copy", "verify", "inspect", "stage"}, args[1]) {
		return false
	}
	asks := false
	for i, a := range args {
		name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name == a {
			continue
		}
		if !given && i+1 < len(args) {
			value = args[i+1]
		}
		switch {
		case name == "summary":
			asks = value == "json"
		case (name == "out" || name == "o") && value == streamPlace:
			return false
		}
	}
	return asks
}
