package loader

import (
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/progress"
)

// WriteText prints the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	switch {
	case s.DryRun:
		s.planText(&b)
	case !s.Changed:
		fmt.Fprintf(&b, "nothing was changed: %s\n", s.what("was not loaded", "was not copied"))
	default:
		s.doneText(&b)
	}
	for _, a := range s.Adaptations {
		fmt.Fprintf(&b, "  adapted  %s (%s: %s)\n", a.What, times(a.Count), listed(a.Objects, a.Count))
	}
	for _, d := range s.Definers {
		done := "was replaced"
		if s.DryRun {
			done = "would be replaced"
		}
		fmt.Fprintf(&b, "  definer  %s %s (%s)\n", d.Account, done, times(d.Count))
	}
	if s.Coordinates != nil {
		fmt.Fprintf(&b, "  binary log of the dumped server: %s\n", s.Coordinates)
	}
	if s.SourceCoordinates != nil {
		fmt.Fprintf(&b, "  binary log of its source: %s\n", s.SourceCoordinates)
	}
	if s.Kept > 0 {
		fmt.Fprintf(&b, "  kept     %s as found: %s\n", progress.Counted(s.Kept, "object"), listed(s.KeptObjects, s.Kept))
	}
	if len(s.EventsDisabled) > 0 {
		fmt.Fprintf(&b, "  events   created disabled, enable them after cut-over: %s\n", shorten(s.EventsDisabled))
	}
	if s.Users != nil && !s.DryRun {
		accountText(&b, s.Users)
	}
	for _, list := range []struct {
		head string
		what []string
	}{{"REFUSED", s.Refused}, {"DIFFERS", s.Differences}, {"warning", s.Warnings}} {
		for _, d := range list.what {
			fmt.Fprintf(&b, "  %s  %s\n", list.head, d)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// target is where the load went, with the server's version where it was reached.
func (s *Summary) target() string {
	if s.TargetVersion == "" {
		return s.Target
	}
	return s.Target + " (" + s.TargetVersion + ")"
}

// what says what went where.
func (s *Summary) what(load, copied string) string {
	done, from := load, "dump "+s.DumpID
	if s.Source != "" {
		done, from = copied, s.Source
	}
	if strings.Contains(done, " not ") {
		return from + " " + done + " into " + s.target()
	}
	return done + " " + from + " into " + s.target()
}

// doneText is what was done, also by a load that failed on its way.
func (s *Summary) doneText(b *strings.Builder) {
	state := ""
	if !s.Complete {
		state = "NOT COMPLETE: "
	}
	counted := progress.Counted[int]
	fmt.Fprintf(b, "%s%s\n", state, s.what("loaded", "copied"))
	fmt.Fprintf(b, "  tables   %d of %d in %s, %s, %s (%s stored)\n", s.Tables, s.TablesTotal, counted(s.Schemas, "schema"),
		progress.Counted(s.Rows, "row"), progress.Bytes(s.Bytes), progress.Bytes(s.StoredBytes))
	fmt.Fprintf(b, "  objects  %s after the data, %s, %s, %s, %s, %s\n", counted(s.Indexes, "index"), counted(s.ForeignKeys, "foreign key"),
		counted(s.Views, "view"), counted(s.Routines, "routine"), counted(s.Triggers, "trigger"), counted(s.Events, "event"))
	inBulk := ""
	if s.ChunksInBulk > 0 {
		inBulk = fmt.Sprintf(" (%d by MariaDB's bulk protocol)", s.ChunksInBulk)
	}
	fmt.Fprintf(b, "  chunks   %d loaded%s, %d were in already, %d repeated\n", s.Chunks, inBulk, s.ChunksSkipped, s.ChunksRetried)
	fmt.Fprintf(b, "  time     %.1f s, data %.1f s at %.1f MB/s by %s\n", s.Seconds, s.DataSeconds, s.MBPerSecond, counted(s.Threads, "thread"))
	if s.RouteReason != "" {
		fmt.Fprintf(b, "  route    %s: %s\n", s.Route, s.RouteReason)
	}
}

// planText is what a load would do.
func (s *Summary) planText(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n", s.what("would load", "would copy"))
	fmt.Fprintf(b, "  %s, %s, %s in %s\n", progress.Counted(s.TablesTotal, "table"), progress.Counted(s.RowsTotal, "row"), progress.Bytes(s.BytesTotal), progress.Counted(s.ChunksTotal, "chunk"))
	for i, p := range s.Plan {
		if i == shownPlanned {
			fmt.Fprintf(b, "  ...      and %d more; --summary json lists them all\n", len(s.Plan)-i)
			break
		}
		fmt.Fprintf(b, "  %-9s%s%s\n", p.Action, p.Object, p.detail())
	}
}

// shownPlanned bounds the lines of a plan on a terminal.
const shownPlanned = 200

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return progress.Counted(n, "time")
}
