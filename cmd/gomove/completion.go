package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const completionHelp = `Examples:
  1. For this bash session
     source <(gomove completion bash)
  2. For every zsh session
     gomove completion zsh > "${fpath[1]}/_gomove"
  3. For every fish session
     gomove completion fish > ~/.config/fish/completions/gomove.fish`

func newCompletionCommand() *cli.Command {
	return &cli.Command{
		Name:               "completion",
		Usage:              "print the completion of a shell: bash, zsh or fish",
		UsageText:          "gomove completion bash|zsh|fish",
		Description:        completionHelp,
		CustomHelpTemplate: commandHelp,
		OnUsageError:       onUsageError,
		Action: func(c *cli.Context) error {
			write := map[string]func(io.Writer, *cli.App) error{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Args().First()]
			if write == nil || c.NArg() != 1 {
				return usagef("completion: name one shell: bash, zsh or fish")
			}
			return write(c.App.Writer, c.App)
		},
	}
}

// valuesOf are the words that a flag takes, where they are known.
func valuesOf(flag string) []string {
	words := map[string]string{
		"format": "csv sql", "compress": "zstd gzip none", "charset": "source utf8mb4", "for": "gomove myloader mysql aurora",
		"consistency": "auto lockfree lock tables none", "via": "auto local-infile insert s3", "definer": "strip keep",
		"if-exists": "fail skip drop truncate", "defer-indexes": "auto all none", "warnings": "fail report", "invalid-text": "fail replace",
		"progress": "auto bar plain json none", "log-level": "debug info warn error", "log-format": "text json", "summary": "text json",
		"ssl-mode": "DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY", "protocol": "tcp socket",
		"engine": "innodb",
	}
	return strings.Fields(words[flag])
}

// takesPath reports a flag whose value is a file or directory.
func takesPath(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && (strings.Contains(d.GetUsage(), "`FILE`") || strings.Contains(d.GetUsage(), "`DIR`") || strings.Contains(d.GetUsage(), "`PATH`"))
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// bashCompletion completes commands, flags, and the values of flags where they are known.
func bashCompletion(w io.Writer, app *cli.App) error {
	var b strings.Builder
	b.WriteString("# bash completion for gomove\n_gomove() {\n" +
		"  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n" +
		"  COMPREPLY=()\n  case $prev in\n")
	seen := map[string]bool{}
	var commands []string
	for _, c := range app.VisibleCommands() {
		commands = append(commands, c.Name)
		for _, f := range flagsOf(c) {
			name := f.Names()[0]
			if seen[name] || !takesValue(f) {
				continue
			}
			seen[name] = true
			pattern := strings.Join(mapped(f.Names(), dashed), "|")
			switch values := valuesOf(name); {
			case takesPath(f):
				fmt.Fprintf(&b, "    %s) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n", pattern)
			default:
				fmt.Fprintf(&b, "    %s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return;;\n", pattern, strings.Join(values, " "))
			}
		}
	}
	b.WriteString("  esac\n  case ${COMP_WORDS[1]} in\n")
	for _, c := range app.VisibleCommands() {
		words := slices.Clone(shellsOf(c))
		for _, f := range flagsOf(c) {
			words = append(words, dashed(f.Names()[0]))
		}
		fmt.Fprintf(&b, "    %s) words=\"%s\";;\n", c.Name, strings.Join(words, " "))
	}
	fmt.Fprintf(&b, "  esac\n  if [ \"$COMP_CWORD\" = 1 ]; then words=\"%s --help --version\"; fi\n"+
		"  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _gomove gomove\n", strings.Join(commands, " "))
	_, err := io.WriteString(w, b.String())
	return err
}

// zshCompletion has zsh read the completion of bash.
func zshCompletion(w io.Writer, app *cli.App) error {
	if _, err := io.WriteString(w, "#compdef gomove\nautoload -U +X bashcompinit && bashcompinit\n"); err != nil {
		return err
	}
	return bashCompletion(w, app)
}

func fishCompletion(w io.Writer, app *cli.App) error {
	var b strings.Builder
	b.WriteString("# fish completion for gomove\ncomplete -c gomove -f\n")
	for _, c := range app.VisibleCommands() {
		fmt.Fprintf(&b, "complete -c gomove -n __fish_use_subcommand -a %s -d %s\n", c.Name, fishQuoted(c.Usage))
		in := "complete -c gomove -n '__fish_seen_subcommand_from " + c.Name + "'"
		if shells := shellsOf(c); shells != nil {
			fmt.Fprintf(&b, "%s -a '%s'\n", in, strings.Join(shells, " "))
		}
		for _, f := range flagsOf(c) {
			b.WriteString(in)
			for _, n := range f.Names() {
				option := " -l "
				if len(n) == 1 {
					option = " -s "
				}
				b.WriteString(option + n)
			}
			switch {
			case takesPath(f):
				b.WriteString(" -r -F")
			case takesValue(f):
				fmt.Fprintf(&b, " -x -a '%s'", strings.Join(valuesOf(f.Names()[0]), " "))
			}
			_, usage, _ := strings.Cut(f.String(), "\t")
			b.WriteString(" -d " + fishQuoted(usage) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shellsOf are the words that a command itself takes.
func shellsOf(c *cli.Command) []string {
	if c.Name == "completion" {
		return []string{"bash", "zsh", "fish"}
	}
	var names []string
	for _, sub := range c.Subcommands {
		names = append(names, sub.Name)
	}
	return names
}

// flagsOf are a command's flags, with those of its own commands.
func flagsOf(c *cli.Command) []cli.Flag {
	flags := c.VisibleFlags()
	seen := map[string]bool{}
	for _, sub := range c.Subcommands {
		for _, f := range sub.VisibleFlags() {
			if name := f.Names()[0]; !seen[name] {
				seen[name] = true
				flags = append(flags, f)
			}
		}
	}
	return flags
}

func mapped(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

func fishQuoted(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
