package loader

import (
	"fmt"
	"sync"
	"time"

	"github.com/gomove/gomove/accounts"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/transform"
)

// Summary is what a load did. It is returned with an error too: then it says how far the load came.
type Summary struct {
	DumpID         string                `json:"dump_id"`
	Source         string                `json:"source,omitempty"` // of a copy
	Target         string                `json:"target"`
	TargetVersion  string                `json:"target_version"`
	Route          Via                   `json:"route"`
	RouteReason    string                `json:"route_reason,omitempty"`
	Complete       bool                  `json:"complete"`
	Changed        bool                  `json:"changed"` // the target is not as it was: false when the plan failed
	DryRun         bool                  `json:"dry_run,omitempty"`
	Resumed        bool                  `json:"resumed,omitempty"` // it carried on from an interrupted load
	Schemas        int                   `json:"schemas"`
	Tables         int                   `json:"tables"` // whose rows are all in
	TablesTotal    int                   `json:"tables_total"`
	Sequences      int                   `json:"sequences,omitempty"`
	Views          int                   `json:"views"`
	Routines       int                   `json:"routines"`
	Triggers       int                   `json:"triggers"`
	Events         int                   `json:"events"`
	Kept           int                   `json:"objects_kept,omitempty"` // that were there before: nothing of the dump went into them
	KeptObjects    []string              `json:"kept,omitempty"`         // the first of them: "table `shop`.`orders`"
	Rows           int64                 `json:"rows"`
	Bytes          int64                 `json:"bytes"`        // of rows, before compression
	StoredBytes    int64                 `json:"stored_bytes"` // read from the dump
	Chunks         int                   `json:"chunks"`
	ChunksSkipped  int                   `json:"chunks_skipped"` // that were in already
	ChunksRetried  int                   `json:"chunks_retried"`
	ChunksInBulk   int                   `json:"chunks_in_bulk,omitempty"` // by MariaDB's bulk protocol
	Repeated       int                   `json:"statements_repeated"`      // after a lost connection: index and foreign-key ALTERs, checks
	Indexes        int                   `json:"indexes"`
	ForeignKeys    int                   `json:"foreign_keys"`
	RowsTotal      int64                 `json:"rows_total"` // of the dump, without the tables that are left alone
	BytesTotal     int64                 `json:"bytes_total"`
	ChunksTotal    int                   `json:"chunks_total"`
	Threads        int                   `json:"threads"`
	Seconds        float64               `json:"seconds"`
	DataSeconds    float64               `json:"data_seconds"`
	MBPerSecond    float64               `json:"mb_per_second"` // of rows before compression, while data was loaded
	Adaptations    transform.Adaptations `json:"adaptations,omitempty"`
	Definers       []Rewritten           `json:"definers,omitempty"` // accounts in DEFINER clauses that were changed
	EventsDisabled []string              `json:"events_disabled,omitempty"`
	Users          *accounts.Report      `json:"users,omitempty"`   // what became of accounts
	Retries        []string              `json:"retries,omitempty"` // the first of them
	Differences    []string              `json:"differences,omitempty"`
	Refused        []string              `json:"refused,omitempty"` // what the target cannot hold
	Plan           []Planned             `json:"plan,omitempty"`    // of a dry run
	Warnings       []string              `json:"warnings"`

	Coordinates       *dump.Coordinates `json:"coordinates,omitempty"`        // of what was loaded, in the binary log of the dumped server
	SourceCoordinates *dump.Coordinates `json:"source_coordinates,omitempty"` // in that of its source, where it is a replica

	mu sync.Mutex
}

// Rewritten is an account of DEFINER clauses.
type Rewritten struct {
	Account string `json:"account"`
	Count   int    `json:"count"`
}

// Lists in a summary are bounded: a dump may have 100,000 objects.
const (
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

func (s *Summary) retriedStatement(table string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Repeated++
	if len(s.Retries) < shownRetries {
		s.Retries = append(s.Retries, fmt.Sprintf("table %s: %v", table, err))
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
	s.Adaptations.Add(n)
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

// Of takes up what a dump says of the server that it is of, and what was found while it was read.
func (s *Summary) Of(m *dump.Manifest, warnings []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Snapshot.Coordinates.State == dump.Recorded {
		s.Coordinates = &m.Snapshot.Coordinates
	}
	if c := m.Snapshot.Source; c != nil && c.State == dump.Recorded {
		s.SourceCoordinates = c
	}
	s.Warnings = append(s.Warnings, warnings...)
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
