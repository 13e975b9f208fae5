package verify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/progress"
)

// Summary is what a comparison found, for people by WriteText and for programs as JSON.
type Summary struct {
	Source      string   `json:"source"` // flavour and version, or the dump
	Target      string   `json:"target"`
	DryRun      bool     `json:"dry_run,omitempty"` // nothing was compared but which tables there are; rows are estimates
	Tables      int      `json:"tables"`            // whose rows were compared
	Objects     int      `json:"objects"`           // whose definitions were compared
	SourceRows  int64    `json:"source_rows"`
	TargetRows  int64    `json:"target_rows"`
	Bytes       int64    `json:"bytes"` // read of both sides
	Threads     int      `json:"threads"`
	Retries     int64    `json:"retries"`
	Seconds     float64  `json:"seconds"`
	Followed    string   `json:"replicated_to,omitempty"` // the last place of the source's log that the target was waited for at
	Agreed      int64    `json:"agreed,omitempty"`        // rows that differed at first, and agreed when the target had applied them
	Equal       bool     `json:"equal"`
	Differing   []*Table `json:"differing_tables,omitempty"`
	Undecided   []*Table `json:"undecided_tables,omitempty"` // of which no row is known to differ, but some changed at every look
	Differences []Object `json:"differing_objects,omitempty"`
	Notes       []string `json:"notes,omitempty"` // what differs and is no difference by what was asked
	Warnings    []string `json:"warnings,omitempty"`
}

// Object is an object whose definition or state differs.
type Object struct {
	Object string `json:"object"` // "view `shop`.`v`"
	What   string `json:"what"`
	Source string `json:"source,omitempty"`
	Target string `json:"target,omitempty"`
}

func (o Object) text() string {
	s := o.Object + ": " + o.What
	if o.Source != "" || o.Target != "" {
		s += fmt.Sprintf(": %s, on the target %s", orNone(o.Source), orNone(o.Target))
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// sort puts what was found in the order of its names: it was found in that of the sessions' work.
func (s *Summary) sort() {
	byName := func(a, b *Table) int {
		return cmp.Or(cmp.Compare(cmp.Or(a.Source, a.Target), cmp.Or(b.Source, b.Target)), cmp.Compare(a.Target, b.Target))
	}
	slices.SortStableFunc(s.Differing, byName)
	slices.SortStableFunc(s.Undecided, byName)
	slices.SortStableFunc(s.Differences, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.What, b.What), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
	})
	slices.Sort(s.Notes)
	slices.Sort(s.Warnings)
}

// WriteText writes the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	verdict := "no difference"
	if n := len(s.Differing) + len(s.Differences); n > 0 {
		verdict = progress.Counted(n, "difference")
	}
	if len(s.Undecided) > 0 {
		verdict += fmt.Sprintf(", %s not decided", progress.Counted(len(s.Undecided), "table"))
	}
	if s.DryRun {
		fmt.Fprintf(&b, "would compare %s of about %s\n", progress.Counted(s.Tables, "table"), progress.Counted(s.SourceRows, "row"))
	} else {
		fmt.Fprintf(&b, "compared %s of %s with %s on the target, %s in %.1f s: %s\n",
			progress.Counted(s.Tables, "table"), progress.Counted(s.SourceRows, "row"), progress.Count(s.TargetRows), progress.Bytes(s.Bytes), s.Seconds, verdict)
	}
	fmt.Fprintf(&b, "  %s with %s; %s, %s a side\n", s.Source, s.Target, progress.Counted(s.Objects, "definition"), progress.Counted(s.Threads, "thread"))
	if s.Followed != "" {
		fmt.Fprintf(&b, "  while the target followed the source, to %s; %s that differed at first agreed when the target had applied the source's place\n", s.Followed, progress.Counted(s.Agreed, "row"))
	}
	for _, t := range s.Differing {
		t.write(&b, "DIFFERS")
	}
	for _, t := range s.Undecided {
		t.write(&b, "UNDECIDED")
	}
	for _, o := range s.Differences {
		fmt.Fprintf(&b, "  DIFFERS: %s\n", o.text())
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "  note: %s\n", n)
	}
	for _, m := range s.Warnings {
		fmt.Fprintf(&b, "  warning: %s\n", m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// verdict is the error of what was found; nil when all is equal.
func (s *Summary) verdict(maxLockHold time.Duration) error {
	switch {
	case len(s.Differing)+len(s.Differences) > 0:
		return ErrDiffers
	case len(s.Undecided) == 0:
		return nil
	}
	var rows int64
	names := make([]string, len(s.Undecided))
	for i, t := range s.Undecided {
		rows, names[i] = rows+t.Undecided, t.Source
	}
	return fmt.Errorf("%w: %s of %s changed on the source at every look; stop their writers for a moment, wait until the target keeps up, or raise --max-lock-hold (%s), and verify again",
		ErrUndecided, progress.Counted(rows, "row"), strings.Join(names, ", "), maxLockHold)
}

// write writes a table and the rows that are named of it.
func (t *Table) write(b *strings.Builder, verdict string) {
	fmt.Fprintf(b, "  %s: %s\n", verdict, t.text())
	for i := range t.Rows {
		fmt.Fprintf(b, "    %s\n", t.Rows[i].text())
	}
	if more := t.Differing + t.Missing + t.Extra + t.Undecided - t.shown(); more > 0 {
		fmt.Fprintf(b, "    %s\n", progress.Counted(more, "more row"))
	}
}

// shown is how many rows are named.
func (t *Table) shown() int64 {
	n := int64(0)
	for _, r := range t.Rows {
		n += int64(max(r.Times, 1))
	}
	return n
}

// writeReport writes a line for each difference.
func (s *Summary) writeReport(w io.Writer) error {
	enc := json.NewEncoder(w)
	for _, t := range slices.Concat(s.Differing, s.Undecided) {
		head := *t
		head.Rows = nil
		if err := enc.Encode(struct {
			Kind string `json:"kind"`
			*Table
		}{"table", &head}); err != nil {
			return err
		}
		for i := range t.Rows {
			if err := enc.Encode(struct {
				Table string `json:"table"`
				*RowDifference
			}{t.Source, &t.Rows[i]}); err != nil {
				return err
			}
		}
	}
	for _, o := range s.Differences {
		if err := enc.Encode(struct {
			Kind string `json:"kind"`
			Object
		}{"object", o}); err != nil {
			return err
		}
	}
	return nil
}
