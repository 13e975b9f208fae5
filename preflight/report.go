package preflight

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/progress"
)

// Severity says what a finding means for a migration.
type Severity string

// The severities: an Error stops or spoils it, a Warning needs a decision, a Note is what gomove handles or what is good to know.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one thing that a check found.
type Finding struct {
	Check    string   `json:"check"`
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Objects  []Object `json:"objects,omitempty"` // the first of them
	Count    int      `json:"object_count,omitempty"`
	Why      string   `json:"why"`
	Fix      string   `json:"fix"` // for all objects; a statement of its own stands with an object
}

// Object is what a finding is about.
type Object struct {
	Name   string `json:"name"` // "`shop`.`orders`"
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"` // SQL
}

const (
	maxObjects   = 1000 // of a finding
	shownObjects = 5    // of a finding in text
)

// Report is what all checks found.
type Report struct {
	Source   string    `json:"source"` // flavour and version
	Target   string    `json:"target,omitempty"`
	Schemas  int       `json:"schemas"`
	Tables   int       `json:"tables"`
	Bytes    int64     `json:"bytes"`  // of the tables' rows, as the server estimates them
	Checks   int       `json:"checks"` // that were run
	Skipped  []string  `json:"skipped,omitempty"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Notes    int       `json:"notes"`
	Seconds  float64   `json:"seconds"`
	Findings []Finding `json:"findings"` // errors first
}

func newReport(s Subject) *Report {
	r := &Report{Findings: []Finding{}}
	if s.Source != nil {
		r.Source = s.Source.Facts.Describe()
	}
	if s.Target != nil {
		r.Target = s.Target.Facts.Describe()
	}
	if s.Catalog != nil {
		r.Schemas, r.Tables = len(s.Catalog.Schemas), len(s.Catalog.Tables)
		for _, t := range s.Catalog.Tables {
			r.Bytes += t.Bytes
		}
	}
	return r
}

func (r *Report) add(f Finding) {
	f.Count = len(f.Objects)
	f.Objects = f.Objects[:min(len(f.Objects), maxObjects)]
	switch f.Severity {
	case Error:
		r.Errors++
	case Warning:
		r.Warnings++
	case Note:
		r.Notes++
	}
	r.Findings = append(r.Findings, f)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
}

func rank(s Severity) int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// Err is nil when there are only notes; it wraps ErrFound when there are errors, else ErrWarned. It names the first of them.
func (r *Report) Err() error {
	if r.Errors > 0 {
		return fmt.Errorf("%w: %s: %s %s", ErrFound, progress.Counted(r.Errors, "error"), r.Findings[0].Check, r.Findings[0].head())
	}
	if r.Warnings > 0 {
		return fmt.Errorf("%w: %d; %s %s", ErrWarned, r.Warnings, r.Findings[0].Check, r.Findings[0].head())
	}
	return nil
}

// Stop is nil when there are no errors. It names each of them, with what to do and how to go on in spite of it.
func (r *Report) Stop() error {
	if r.Errors == 0 {
		return nil
	}
	var b strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity == Error {
			f.write(&b)
		}
	}
	return fmt.Errorf("%w; nothing was changed, --skip-check ID goes on in spite of one:\n%s", ErrFound, strings.TrimSuffix(b.String(), "\n"))
}

// head is the finding in a line, with its first object.
func (f *Finding) head() string {
	if len(f.Objects) == 0 {
		return f.What
	}
	return f.What + ": " + f.Objects[0].text()
}

func (o *Object) text() string {
	if o.Detail == "" {
		return o.Name
	}
	return o.Name + ": " + o.Detail
}

// WriteText writes the report for people: a table, errors first.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "checked %s in %s, %s, of %s", progress.Counted(r.Tables, "table"), progress.Counted(r.Schemas, "schema"), progress.Bytes(r.Bytes), r.Source)
	if r.Target != "" {
		fmt.Fprintf(&b, " for %s", r.Target)
	}
	fmt.Fprintf(&b, " by %s in %.1f s: %s, %s, %s\n", progress.Counted(r.Checks, "check"), r.Seconds,
		progress.Counted(r.Errors, "error"), progress.Counted(r.Warnings, "warning"), progress.Counted(r.Notes, "note"))
	if len(r.Skipped) > 0 {
		fmt.Fprintf(&b, "left out: %s\n", strings.Join(r.Skipped, ", "))
	}
	group := Severity("")
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity != group {
			group = f.Severity
			fmt.Fprintf(&b, "\n%sS\n", strings.ToUpper(string(group)))
		}
		f.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Finding) write(b *strings.Builder) {
	line := func(head, text string) { fmt.Fprintf(b, "%-4s %s\n", head, plain(text)) }
	line(f.Check, f.What)
	fix := ""
	for i := range f.Objects {
		if i < shownObjects {
			line("", "  "+f.Objects[i].text())
		}
		if fix == "" {
			fix = f.Objects[i].Fix
		}
	}
	if more := f.Count - min(len(f.Objects), shownObjects); more > 0 {
		line("", fmt.Sprintf("  and %s more (--summary json names them)", progress.Count(int64(more))))
	}
	line("", "why: "+f.Why)
	if f.Fix != "" {
		line("", "fix: "+f.Fix)
	}
	if fix != "" {
		line("", "sql: "+fix)
	}
}

// plain keeps names and definitions of a server from writing control characters to the terminal.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 {
			return '?'
		}
		return c
	}, s)
}
