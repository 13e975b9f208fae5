package plan

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/preflight"
)

// shownObjects is how many objects of a finding are named.
const shownObjects = 5

// WriteText writes the plan as Markdown.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	to := "a new Aurora MySQL cluster"
	if r.Target != nil {
		to = r.Target.What
	}
	fmt.Fprintf(&b, "# Migration plan: %s to %s\n\n", text(r.Source.What), text(to))
	fmt.Fprintf(&b, "Made by gomove on %s from the servers as they were then. Source: `%s`", r.Made.Format(time.RFC3339), r.Words.Source)
	if r.Words.Target != "" {
		fmt.Fprintf(&b, ", target: `%s`", r.Words.Target)
	}
	fmt.Fprintf(&b, ". Commands ask for passwords, or take them from MYSQL_PWD or an option file.\n\n")
	r.writeMethod(&b)
	r.writeSize(&b)
	r.writeTimes(&b)
	r.writeFindings(&b)
	r.writeSteps(&b)
	r.writeShadow(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// text keeps names of a server from being taken for Markdown.
func text(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 {
			return '?'
		}
		return c
	}, s)
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "[", `\[`).Replace(s)
}

func (r *Report) writeMethod(b *strings.Builder) {
	best := r.Roads[0]
	fmt.Fprintf(b, "## Method\n\n**%s**: %s.\n\n**Downtime**: %s.\n\n", best.Name, text(best.Why), text(r.Downtime))
	if len(best.Conditions) > 0 {
		b.WriteString("Conditions:\n")
		for _, c := range best.Conditions {
			fmt.Fprintf(b, "- %s\n", c)
		}
		b.WriteString("\n")
	}
	b.WriteString("| Other methods | fits | why, and on what conditions |\n|---|---|---|\n")
	for _, x := range r.Roads[1:] {
		fits := "no"
		if x.Fits {
			fits = "yes"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", x.Name, fits, text(strings.Join(append([]string{x.Why}, x.Conditions...), "; ")))
	}
	b.WriteString("\n")
}

func (r *Report) writeSize(b *strings.Builder) {
	s := &r.Size
	fmt.Fprintf(b, "## Size\n\n%s of about %s, %s, and %s of secondary indexes, by the server's statistics. Source: %s, binary log %s.\n\n",
		progress.Counted(s.Tables, "table"), progress.Counted(s.Rows, "row"), progress.Bytes(s.Bytes), progress.Bytes(s.Indexes), text(r.Source.What), r.Source.Binlog)
	if s.Narrowed > 0 {
		fmt.Fprintf(b, "Of %s only the rows that --where takes are counted, estimated from an index or from some %s rows of each.\n\n", progress.Counted(s.Narrowed, "table"), progress.Count(whereRows))
	}
	b.WriteString("| schema | tables | rows | data | indexes |\n|---|---|---|---|---|\n")
	for _, x := range s.Schemas {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", text(x.Name), progress.Count(int64(x.Tables)), progress.Count(x.Rows), progress.Bytes(x.Bytes), progress.Bytes(x.Indexes))
	}
	b.WriteString("\n| largest tables | engine | rows | data | indexes |\n|---|---|---|---|---|\n")
	for _, x := range s.Largest {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", text(x.Name), text(x.Engine), progress.Count(x.Rows), progress.Bytes(x.Bytes), progress.Bytes(x.Indexes))
	}
	b.WriteString("\n")
}

func (r *Report) writeTimes(b *strings.Builder) {
	b.WriteString("## Time\n\n| step | estimated | rehearsed | how it was estimated |\n|---|---|---|---|\n")
	for _, e := range r.Estimates {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", e.Step, duration(e.Seconds), r.rehearsed(e.Step), e.How)
	}
	if x := r.Rehearsed; x != nil {
		fmt.Fprintf(b, "\nRehearsed: %s in %s.", progress.Counted(x.Rows, "row"), duration(x.Seconds))
		if x.Differs != "" {
			fmt.Fprintf(b, " **It found differences**: %s.", text(x.Differs))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func (r *Report) rehearsed(step string) string {
	for _, s := range r.Steps {
		if s.ID == step && s.Seconds != nil {
			return duration(*s.Seconds)
		}
	}
	return ""
}

func (r *Report) writeFindings(b *strings.Builder) {
	c := r.Checks
	fmt.Fprintf(b, "## What stands in the way\n\n%s: %s, %s, %s.\n\n", progress.Counted(c.Checks, "check"),
		progress.Counted(c.Errors, "error"), progress.Counted(c.Warnings, "warning"), progress.Counted(c.Notes, "note"))
	for _, severity := range []preflight.Severity{preflight.Error, preflight.Warning, preflight.Note} {
		for i := range c.Findings {
			if f := &c.Findings[i]; f.Severity == severity {
				writeFinding(b, f)
			}
		}
	}
	b.WriteString("\n")
}

func writeFinding(b *strings.Builder, f *preflight.Finding) {
	fmt.Fprintf(b, "- **%s %s**: %s", f.Severity, f.Check, text(f.What))
	var names []string
	for i := range f.Objects {
		if i < shownObjects {
			names = append(names, text(strings.TrimSuffix(f.Objects[i].Name+" "+f.Objects[i].Detail, " ")))
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(b, " (%s", strings.Join(names, "; "))
		if more := f.Count - len(names); more > 0 {
			fmt.Fprintf(b, "; and %s more", progress.Count(int64(more)))
		}
		b.WriteString(")")
	}
	fmt.Fprintf(b, ". Why: %s.", text(f.Why))
	if f.Fix != "" {
		fmt.Fprintf(b, " Fix: %s.", text(f.Fix))
	}
	b.WriteString("\n")
}

func (r *Report) writeSteps(b *strings.Builder) {
	b.WriteString("## Checklist\n\n")
	for i, s := range r.Steps {
		fmt.Fprintf(b, "%d. [ ] %s", i+1, s.What)
		switch estimated := r.estimate(s.ID); {
		case s.Seconds != nil:
			fmt.Fprintf(b, " Rehearsed: %s.", duration(*s.Seconds))
		case estimated > 0:
			fmt.Fprintf(b, " Estimated: %s.", duration(estimated))
		}
		if s.Downtime {
			b.WriteString(" *(downtime)*")
		}
		writeCommands(b, s.Commands)
	}
	b.WriteString("\nThe servers' accounts are not moved unless `--users` is given.\n\n")
}

func writeCommands(b *strings.Builder, commands []string) {
	b.WriteString("\n")
	if len(commands) == 0 {
		return
	}
	b.WriteString("\n   ```\n")
	for _, c := range commands {
		fmt.Fprintf(b, "   %s\n", strings.ReplaceAll(c, "\n", " "))
	}
	b.WriteString("   ```\n\n")
}

func (r *Report) writeShadow(b *strings.Builder) {
	b.WriteString("## Shadow checklist: the way back from each step\n\nTry each of these in the rehearsal: what was not tried does not work.\n\n")
	for i, s := range r.Steps {
		fmt.Fprintf(b, "%d. [ ] (%s) %s", i+1, s.ID, s.Back)
		writeCommands(b, s.BackBy)
	}
}
