package stage

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// Summary is what was staged.
type Summary struct {
	ID          string   `json:"id"`
	Source      string   `json:"source"`
	Place       string   `json:"place"`
	DryRun      bool     `json:"dry_run,omitempty"`
	Whole       bool     `json:"already_whole,omitempty"` // all of it was there
	Tables      int      `json:"tables"`
	Rows        int64    `json:"rows"`
	Chunks      int64    `json:"chunks"`
	Bytes       int64    `json:"bytes"`        // of rows, as the dump has them
	StoredBytes int64    `json:"stored_bytes"` // of chunk files on S3
	Kept        int64    `json:"kept_chunks"`  // that an interrupted run had staged
	Threads     int      `json:"threads"`
	Seconds     float64  `json:"seconds"`
	MBPerSecond float64  `json:"mb_per_second"`
	Warnings    []string `json:"warnings"`
	Aurora      []string `json:"aurora"` // what a cluster needs to load it

	mu         sync.Mutex
	keptStored int64
}

// keep counts a chunk that was there.
func (s *Summary) keep(c *dump.Chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Kept++
	s.keptStored += c.Stored
}

func (s *Summary) took(p *progress.Counters, d time.Duration) {
	s.StoredBytes, s.Seconds = p.Stored.Load()+s.keptStored, d.Seconds()
	if s.Seconds > 0 {
		s.MBPerSecond = float64(p.Stored.Load()) / 1e6 / s.Seconds
	}
}

// WriteText writes the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	counts := fmt.Sprintf("%s in %s, %s", progress.Counted(s.Rows, "row"), progress.Counted(s.Chunks, "chunk"), progress.Bytes(s.Bytes))
	switch {
	case s.Whole:
		fmt.Fprintf(&b, "dump %s is whole in %s: there is nothing to do\n", s.ID, s.Place)
	case s.DryRun:
		fmt.Fprintf(&b, "would stage dump %s of %s to %s: %s\n", s.ID, s.Source, s.Place, counts)
	default:
		fmt.Fprintf(&b, "staged dump %s of %s to %s: %s, %s in %.1f s, %.1f MB/s\n", s.ID, s.Source, s.Place, progress.Counted(s.Tables, "table"), counts, s.Seconds, s.MBPerSecond)
	}
	if s.Kept > 0 {
		fmt.Fprintf(&b, "  resumed: %s were there already\n", progress.Counted(s.Kept, "chunk"))
	}
	for _, line := range s.Warnings {
		fmt.Fprintf(&b, "  warning: %s\n", line)
	}
	for _, line := range s.Aurora {
		fmt.Fprintf(&b, "  aurora: %s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
