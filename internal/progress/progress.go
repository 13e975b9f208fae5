// Package progress counts what a run has done and shows it: one live line on a terminal, a plain line every few seconds
// elsewhere, or JSON events.
package progress

import (
	"io"
	"sync/atomic"
)

// Mode is --progress.
type Mode string

// The modes of --progress.
const (
	Auto  Mode = "auto"
	Bar   Mode = "bar"
	Plain Mode = "plain"
	JSON  Mode = "json"
	None  Mode = "none"
)

// Counters is what a run counts; its fields may be used concurrently.
type Counters struct {
	Rows, RowsTotal     atomic.Int64 // total 0: unknown
	Bytes, BytesTotal   atomic.Int64 // before compression
	Stored              atomic.Int64
	Chunks, ChunksTotal atomic.Int64 // total grows while ranges are found
	Tables, TablesTotal atomic.Int64
	Busy, Threads       atomic.Int64
	Retries             atomic.Int64
	phase               atomic.Value // string
}

// SetPhase names what the run is at: "schema", "data", "indexes".
func (c *Counters) SetPhase(phase string) { c.phase.Store(phase) }

// Phase is the last SetPhase.
func (c *Counters) Phase() string { s, _ := c.phase.Load().(string); return s }

// Start shows c on w until stop is called; stop draws the last state and waits for the drawing to end.
func Start(w io.Writer, mode Mode, c *Counters) (stop func()) { panic("skeleton") }
