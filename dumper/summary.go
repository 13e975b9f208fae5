package dumper

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// Summary is what a dump did, for people by Text and for programs as JSON.
type Summary struct {
	ID          string                 `json:"id"`
	Place       string                 `json:"place,omitempty"`
	Server      string                 `json:"server"` // flavour and version
	DryRun      bool                   `json:"dry_run,omitempty"`
	Whole       bool                   `json:"already_whole,omitempty"` // there was nothing to resume
	Resumed     *dump.Resumption       `json:"resumed,omitempty"`       // what an interrupted run had written of this dump
	Schemas     int                    `json:"schemas"`
	Tables      int                    `json:"tables"`
	Views       int                    `json:"views"`
	Sequences   int                    `json:"sequences"`
	Triggers    int                    `json:"triggers"`
	Routines    int                    `json:"routines"`
	Events      int                    `json:"events"`
	Users       int                    `json:"users,omitempty"` // and roles
	Rows        int64                  `json:"rows"`
	Bytes       int64                  `json:"bytes"`        // before compression
	StoredBytes int64                  `json:"stored_bytes"` // of the chunk files
	Chunks      int64                  `json:"chunks"`
	ByServer    int64                  `json:"chunks_by_server,omitempty"` // that the source wrote to S3 itself
	Threads     int                    `json:"threads"`
	Retries     int64                  `json:"retries"`
	Seconds     float64                `json:"seconds"`
	MBPerSecond float64                `json:"mb_per_second"` // 10^6 bytes before compression
	Snapshot    dump.SnapshotFacts     `json:"snapshot"`
	Warnings    []string               `json:"warnings"`
	Adaptations []transform.Adaptation `json:"adaptations,omitempty"` // what is not written as the source has it, by its transforms
	Differences []string               `json:"differences,omitempty"` // values that are not in the dump as they are on the server
	Plan        []PlannedTable         `json:"plan,omitempty"`        // of --dry-run
	Aurora      []string               `json:"aurora,omitempty"`      // what a cluster needs to load a dump of --for aurora
}

// PlannedTable is one table of a dry run, by the server's estimates.
type PlannedTable struct {
	Table  string `json:"table"`
	Engine string `json:"engine"`
	Rows   int64  `json:"estimated_rows"`
	Bytes  int64  `json:"estimated_bytes"`
	Chunks int64  `json:"estimated_chunks"`
	Key    string `json:"key,omitempty"`
	Note   string `json:"note,omitempty"`
}

func (s *Summary) took(d time.Duration) {
	s.Seconds = d.Seconds()
	if s.Seconds > 0 {
		read := s.Bytes
		if s.Resumed != nil {
			read -= s.Resumed.Bytes
		}
		s.MBPerSecond = float64(read) / 1e6 / s.Seconds
	}
}

// WriteText writes the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	_, err := io.WriteString(w, s.Text())
	return err
}

// Text is the summary for people.
func (s *Summary) Text() string {
	var b strings.Builder
	if s.Whole {
		return fmt.Sprintf("dump %s in %s is whole: there is nothing to resume\n", s.ID, s.Place)
	}
	if s.DryRun {
		s.planText(&b)
		return b.String()
	}
	counted := progress.Counted[int]
	fmt.Fprintf(&b, "dumped %s of %s, %s (%s stored) in %.1f s, %.1f MB/s\n",
		counted(s.Tables, "table"), progress.Counted(s.Rows, "row"), progress.Bytes(s.Bytes), progress.Bytes(s.StoredBytes), s.Seconds, s.MBPerSecond)
	fmt.Fprintf(&b, "  %s, %s, %s, %s, %s; %s, %s\n", counted(s.Schemas, "schema"), counted(s.Views, "view"), counted(s.Triggers, "trigger"),
		counted(s.Routines, "routine"), counted(s.Events, "event"), progress.Counted(s.Chunks, "chunk"), counted(s.Threads, "thread"))
	if s.Users > 0 {
		fmt.Fprintf(&b, "  %s with their grants\n", counted(s.Users, "account"))
	}
	if k := s.Resumed; k != nil {
		fmt.Fprintf(&b, "  resumed: %s of %s, %s, were there already\n", progress.Counted(k.Chunks, "chunk"), progress.Counted(k.Rows, "row"), progress.Bytes(k.Bytes))
	}
	if s.ByServer > 0 {
		fmt.Fprintf(&b, "  %s by SELECT INTO OUTFILE S3\n", progress.Counted(s.ByServer, "chunk"))
	}
	if s.Retries > 0 {
		fmt.Fprintf(&b, "  %s lost and taken up by others of the same snapshot\n", progress.Counted(s.Retries, "session"))
	}
	snapshotText(&b, &s.Snapshot)
	s.warningText(&b)
	for _, a := range s.Aurora {
		fmt.Fprintf(&b, "  aurora: %s\n", a)
	}
	if s.Place != "" {
		fmt.Fprintf(&b, "  dump %s in %s\n", s.ID, s.Place)
	}
	return b.String()
}

func snapshotText(b *strings.Builder, f *dump.SnapshotFacts) {
	if f.LockHold > 0 {
		fmt.Fprintf(b, "  consistency %s: waited %s for the lock, held it %s\n", f.Mode, round(f.LockWait), round(f.LockHold))
	} else {
		fmt.Fprintf(b, "  consistency %s: no lock\n", f.Mode)
	}
	fmt.Fprintf(b, "  binary log: %s\n", &f.Coordinates)
	if f.Source != nil {
		fmt.Fprintf(b, "  source's binary log: %s\n", f.Source)
	}
	if f.PreparedXA > 0 {
		fmt.Fprintf(b, "  %s in no snapshot\n", progress.Counted(f.PreparedXA, "prepared XA transaction"))
	}
}

func (s *Summary) warningText(b *strings.Builder) {
	for _, d := range s.Differences {
		fmt.Fprintf(b, "  DIFFERS: %s\n", d)
	}
	for _, a := range s.Adaptations {
		fmt.Fprintf(b, "  changed: %s (%s: %s)\n", a.What, progress.Counted(a.Count, "time"), strings.Join(a.Objects, ", "))
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(b, "  warning: %s\n", w)
	}
}

func (s *Summary) planText(b *strings.Builder) {
	counted := progress.Counted[int]
	fmt.Fprintf(b, "would dump %s, %s, %s, %s, %s of %s\n", counted(s.Tables, "table"), counted(s.Views, "view"), counted(s.Triggers, "trigger"),
		counted(s.Routines, "routine"), counted(s.Events, "event"), counted(s.Schemas, "schema"))
	for _, t := range s.Plan {
		fmt.Fprintf(b, "  %s: about %s, %s, %s", t.Table, progress.Counted(t.Rows, "row"), progress.Bytes(t.Bytes), progress.Counted(t.Chunks, "chunk"))
		if t.Key != "" {
			fmt.Fprintf(b, " along %s", t.Key)
		}
		if t.Note != "" {
			fmt.Fprintf(b, ", %s", t.Note)
		}
		b.WriteByte('\n')
	}
	s.warningText(b)
	for _, a := range s.Aurora {
		fmt.Fprintf(b, "  aurora: %s\n", a)
	}
}
