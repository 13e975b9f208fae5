package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

func readResults(path string) ([]entry, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []entry
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func writeResults(path string, all []entry) error {
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // for everybody to read
}

// merge puts new entries in the place of older ones of the same server, set and job, in the order in which jobs run.
func merge(old, measured []entry) []entry {
	all := slices.Clone(old)
	for _, e := range measured {
		i := slices.IndexFunc(all, func(x entry) bool { return x.Server == e.Server && x.Set == e.Set && x.Job == e.Job })
		if i < 0 {
			all = append(all, e)
		} else {
			all[i] = e
		}
	}
	order := pairs()
	place := func(e entry) int { return slices.Index(order, pair{e.Job, e.Set}) }
	slices.SortStableFunc(all, func(a, b entry) int {
		if c := strings.Compare(a.Server, b.Server); c != 0 {
			return c
		}
		return place(a) - place(b)
	})
	return all
}

const mb = 1e6

// cells are a result's numbers as they are printed.
func (r *result) cells(bytes int64) []string {
	if len(r.Runs) == 0 {
		return []string{r.Name, "does not work: " + r.Failed, "", "", "", "", "", ""}
	}
	num := func(what func(usage) float64) string { return fmt.Sprintf("%.2f", r.of(what)) }
	kept := ""
	if s := r.of(stored); s > 0 {
		kept = fmt.Sprintf("%.1f", s/mb)
	}
	return []string{
		r.Name, num(wall), num(func(u usage) float64 { return u.User }), num(func(u usage) float64 { return u.System }),
		num(func(u usage) float64 { return u.Server }), fmt.Sprintf("%.1f", r.of(rss)/mb), kept, fmt.Sprintf("%.0f", float64(bytes)/mb/r.of(wall)),
	}
}

func columns() []string {
	return []string{"", "wall s", "user s", "system s", "server CPU s", "resident MB", "stored MB", "MB/s"}
}

func (e *entry) title() string {
	return fmt.Sprintf("%s %s, %s, %s: %d rows in %d tables, %.1f MB", e.Server, e.Version, e.Job, e.Set, e.Rows, e.Tables, float64(e.Bytes)/mb)
}

func printEntry(out io.Writer, e entry) {
	fmt.Fprintf(out, "\n%s; medians of %d\n", e.title(), e.Rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join(columns(), "\t")+"\t")
	for _, r := range e.Results {
		fmt.Fprintln(w, strings.Join(r.cells(e.Bytes), "\t")+"\t")
	}
	_ = w.Flush() // to a terminal
	for _, line := range e.ratios() {
		fmt.Fprintln(out, "  "+line)
	}
}

// ratios are the lines that compare gomove with the best of each role.
func (e *entry) ratios() []string {
	ours := e.fastest(subject)
	if ours == nil {
		return nil
	}
	var out []string
	for _, r := range []role{rival, limit, base, beside} {
		if other := e.fastest(r); other != nil {
			out = append(out, fmt.Sprintf("gomove / %s: wall %s, client CPU %s", other.Name,
				ratioOf(ours, other, wall).spread(), ratioOf(ours, other, usage.client).spread()))
		}
	}
	return out
}

// writeReports writes RESULTS.md and the chart.
func writeReports(o options, all []entry, out io.Writer) error {
	if len(all) == 0 {
		return errors.New("there are no results yet: measure with -save")
	}
	for name, text := range map[string]string{"RESULTS.md": markdown(all), "ratios.svg": chart(all)} {
		path := filepath.Join(o.out, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // for everybody to read
			return err
		}
		fmt.Fprintf(out, "wrote %s\n", path)
	}
	return nil
}

func markdown(all []entry) string {
	var b bytes.Buffer
	b.WriteString(`# Results

What ` + "`make bench`" + ` measured. Servers and dumps are in memory (/dev/shm), on the machine that runs the tools; contenders run in
turn, round by round, each from a server that has come to rest. Numbers are medians; a ratio is the median of the rounds' ratios, with
the lowest and the highest round. "client" is the tool with its children, "server" the server's process. The peers verify nothing;
gomove's checks are on. The limit of dumps is connections that read the same rows and look at nothing but packet headers; the limit
of loads is the server's own client with LOAD DATA of the same files, keys afterwards and no binary log. A peer that takes more than
twice as long as the fastest one ran once.

`)
	writeTargets(&b, all)
	b.WriteString("\n## Commands\n\n`{placeholders}` are filled in for each run.\n\n")
	seen := map[string]bool{}
	for _, e := range all {
		for _, r := range e.Results {
			if !seen[r.Name+r.Command] {
				seen[r.Name+r.Command] = true
				fmt.Fprintf(&b, "- %s: `%s`\n", r.Name, r.Command)
			}
		}
	}
	b.WriteString("\n## Measured\n")
	for _, e := range all {
		writeEntry(&b, &e)
	}
	return b.String()
}

func writeTargets(b *bytes.Buffer, all []entry) {
	b.WriteString("## Targets\n\n| target | at most | server | set | measured | |\n|---|---|---|---|---|---|\n")
	for _, v := range judge(all) {
		word := "**not met**"
		if v.met() {
			word = "met"
		}
		fmt.Fprintf(b, "| %s: %s | %g | %s | %s | %s | %s |\n", v.about, v.name, v.most, v.entry.Server, v.entry.Set, v.got.spread(), word)
	}
}

func writeEntry(b *bytes.Buffer, e *entry) {
	fmt.Fprintf(b, "\n### %s\n\n", e.title())
	fmt.Fprintf(b, "%s, %d cores (%s), %d threads, %d rounds: `%s`  \n%s\n\n", e.Date.Format("2006-01-02"), e.Machine.Cores, e.Machine.CPU,
		e.Threads, e.Rounds, strings.TrimSpace(e.Command), strings.Join(e.Machine.Tools, "; "))
	fmt.Fprintf(b, "| %s |\n|---%s\n", strings.Join(columns(), " | "), strings.Repeat("|---:", len(columns())-1)+"|")
	for _, r := range e.Results {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r.cells(e.Bytes), " | "))
	}
	b.WriteString("\n")
	for _, line := range e.ratios() {
		b.WriteString("- " + line + "\n")
	}
}
