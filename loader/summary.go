package loader

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
	"github.com/gomove/gomove/transform"
)

// Summary is what a load did. It is returned with an error too: then it says how far the load came.
type Summary struct {
	DumpID         string       `json:"dump_id"`
	Target         string       `json:"target"`
	TargetVersion  string       `json:"target_version"`
	Route          Via          `json:"route"`
	RouteReason    string       `json:"route_reason,omitempty"`
	Complete       bool         `json:"complete"`
	DryRun         bool         `json:"dry_run,omitempty"`
	Resumed        bool         `json:"resumed,omitempty"` // it carried on from an interrupted load
	Schemas        int          `json:"schemas"`
	Tables         int          `json:"tables"` // whose rows are all in
	TablesTotal    int          `json:"tables_total"`
	Sequences      int          `json:"sequences,omitempty"`
	Views          int          `json:"views"`
	Routines       int          `json:"routines"`
	Triggers       int          `json:"triggers"`
	Events         int          `json:"events"`
	Kept           int          `json:"objects_kept,omitempty"` // that were there before: nothing of the dump went into them
	KeptObjects    []string     `json:"kept,omitempty"`         // the first of them: "table `shop`.`orders`"
	Rows           int64        `json:"rows"`
	Bytes          int64        `json:"bytes"`        // of rows, before compression
	StoredBytes    int64        `json:"stored_bytes"` // read from the dump
	Chunks         int          `json:"chunks"`
	ChunksSkipped  int          `json:"chunks_skipped"` // that were in already
	ChunksRetried  int          `json:"chunks_retried"`
	Indexes        int          `json:"indexes"`
	ForeignKeys    int          `json:"foreign_keys"`
	Threads        int          `json:"threads"`
	Seconds        float64      `json:"seconds"`
	DataSeconds    float64      `json:"data_seconds"`
	MBPerSecond    float64      `json:"mb_per_second"` // of rows before compression, while data was loaded
	Adaptations    []Adaptation `json:"adaptations,omitempty"`
	Definers       []Rewritten  `json:"definers,omitempty"` // accounts in DEFINER clauses that were changed
	EventsDisabled []string     `json:"events_disabled,omitempty"`
	Retries        []string     `json:"retries,omitempty"` // the first of them
	Differences    []string     `json:"differences,omitempty"`
	Warnings       []string     `json:"warnings,omitempty"`

	mu sync.Mutex
}

// Adaptation is one kind of change that the target asked for.
type Adaptation struct {
	What    string   `json:"what"`
	Count   int      `json:"count"`
	Objects []string `json:"objects"` // the first of them
}

// Rewritten is an account of DEFINER clauses.
type Rewritten struct {
	Account string `json:"account"`
	Count   int    `json:"count"`
}

// Lists in a summary are bounded: a dump may have 100,000 objects.
const (
	shownAdapted = 3
	shownRetries = 20
	shownDiffers = 100
)

func (s *Summary) count(field *int, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*field += n
}

func (s *Summary) chunk(c *dump.Chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Chunks++
	s.Rows += c.Rows
	s.Bytes += c.Bytes
	s.StoredBytes += c.Stored
}

func (s *Summary) retried(table, file string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ChunksRetried++
	if len(s.Retries) < shownRetries {
		s.Retries = append(s.Retries, fmt.Sprintf("table %s, chunk %s: %v", table, file, err))
	}
}

func (s *Summary) route(via Via, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Route, s.RouteReason = via, why
}

func (s *Summary) definer(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.Definers {
		if s.Definers[i].Account == account {
			s.Definers[i].Count++
			return
		}
	}
	s.Definers = append(s.Definers, Rewritten{account, 1})
}

func (s *Summary) adapted(n transform.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.Adaptations, func(a Adaptation) bool { return a.What == n.What })
	if i < 0 {
		i = len(s.Adaptations)
		s.Adaptations = append(s.Adaptations, Adaptation{What: n.What})
	}
	a := &s.Adaptations[i]
	if a.Count++; len(a.Objects) < shownAdapted {
		a.Objects = append(a.Objects, n.Object)
	}
}

func (s *Summary) stored(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case "view":
		s.Views++
	case "trigger":
		s.Triggers++
	case "event":
		s.Events++
	default:
		s.Routines++
	}
}

func (s *Summary) kept(object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Kept++
	if len(s.KeptObjects) < shownDiffers {
		s.KeptObjects = append(s.KeptObjects, object)
	}
}

func (s *Summary) disabled(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.EventsDisabled = append(s.EventsDisabled, event)
}

func (s *Summary) differs(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.Differences) < shownDiffers {
		s.Differences = append(s.Differences, what)
	}
}

func (s *Summary) warned(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.Warnings) < shownDiffers {
		s.Warnings = append(s.Warnings, what)
	}
}

// finish fills the figures that depend on time.
func (s *Summary) finish(total, data time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Seconds, s.DataSeconds = total.Seconds(), data.Seconds()
	if data > 0 {
		s.MBPerSecond = float64(s.Bytes) / 1e6 / data.Seconds()
	}
}

// WriteText prints the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	state := "loaded"
	switch {
	case s.DryRun:
		state = "would load"
	case !s.Complete:
		state = "NOT COMPLETE: loaded"
	}
	fmt.Fprintf(&b, "%s dump %s into %s (%s)\n", state, s.DumpID, s.Target, s.TargetVersion)
	fmt.Fprintf(&b, "  tables   %d of %d in %d schemas, %s rows, %s (%s stored)\n", s.Tables, s.TablesTotal, s.Schemas,
		humanize.Comma(s.Rows), progress.Bytes(s.Bytes), progress.Bytes(s.StoredBytes))
	fmt.Fprintf(&b, "  objects  %d indexes after the data, %d foreign keys, %d views, %d routines, %d triggers, %d events\n",
		s.Indexes, s.ForeignKeys, s.Views, s.Routines, s.Triggers, s.Events)
	fmt.Fprintf(&b, "  chunks   %d loaded, %d were in already, %d repeated\n", s.Chunks, s.ChunksSkipped, s.ChunksRetried)
	fmt.Fprintf(&b, "  time     %.1f s, data %.1f s at %.1f MB/s by %d threads\n", s.Seconds, s.DataSeconds, s.MBPerSecond, s.Threads)
	if s.RouteReason != "" {
		fmt.Fprintf(&b, "  route    %s: %s\n", s.Route, s.RouteReason)
	}
	for _, a := range s.Adaptations {
		fmt.Fprintf(&b, "  adapted  %s (%d times: %s)\n", a.What, a.Count, strings.Join(a.Objects, ", "))
	}
	for _, d := range s.Definers {
		fmt.Fprintf(&b, "  definer  %s was replaced (%d times)\n", d.Account, d.Count)
	}
	if s.Kept > 0 {
		fmt.Fprintf(&b, "  kept     %d objects that were there, as they were: %s\n", s.Kept, listed(s.KeptObjects, s.Kept))
	}
	if len(s.EventsDisabled) > 0 {
		fmt.Fprintf(&b, "  events   created disabled, enable them after cut-over: %s\n", shorten(s.EventsDisabled))
	}
	for _, d := range s.Differences {
		fmt.Fprintf(&b, "  DIFFERS  %s\n", d)
	}
	for _, d := range s.Warnings {
		fmt.Fprintf(&b, "  warning  %s\n", d)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
