package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// commandHelp is the library's template with the flags by category and the examples last.
const commandHelp = `NAME:
   {{.HelpName}} - {{.Usage}}

USAGE:
   {{.UsageText}}
{{range .VisibleFlagCategories}}
{{if .Name}}{{.Name}}{{else}}OPTIONS{{end}}:
{{range .Flags}}   {{.}}
{{end}}{{end}}
{{.Description}}
`

// The categories of flags, after a command's own.
const (
	connectionCategory = "CONNECTION"
	selectionCategory  = "SELECTION"
	runCategory        = "THE RUN"
)

// flagText is a flag's line of help: its names, the word in backticks as its value, what it does, and its default unless
// that says nothing.
func flagText(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	usage, value := d.GetUsage(), "VALUE"
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		if word, after, ok := strings.Cut(rest, "`"); ok {
			usage, value = before+word+after, word
		}
	}
	var names []string
	for _, n := range d.Names() {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		names = append(names, dashes+n)
	}
	name := strings.Join(names, ", ")
	if d.TakesValue() {
		name += " " + value
	}
	byDefault := strings.Trim(d.GetDefaultText(), `"`)
	if b, ok := f.(*cli.BoolFlag); ok && b.DefaultText == "" || byDefault == "0" || strings.Contains(usage, "(default: ") {
		byDefault = ""
	}
	if byDefault != "" {
		usage += fmt.Sprintf(" (default: %s)", byDefault)
	}
	return name + "\t" + usage
}
