// Package progress counts what a run has done and shows it: one live line on a terminal, a plain line every few seconds
// elsewhere, or JSON events.
package progress

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
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

// Reset begins to count anew, for what a run does next.
func (c *Counters) Reset() {
	for _, n := range []*atomic.Int64{&c.Rows, &c.RowsTotal, &c.Bytes, &c.BytesTotal, &c.Stored, &c.Chunks, &c.ChunksTotal, &c.Tables, &c.TablesTotal, &c.Busy, &c.Threads} {
		n.Store(0)
	}
}

// SetPhase names what the run is at: "schema", "data", "indexes".
func (c *Counters) SetPhase(phase string) { c.phase.Store(phase) }

// Phase is the last SetPhase.
func (c *Counters) Phase() string { s, _ := c.phase.Load().(string); return s }

// How often each mode looks at the counters and writes.
const (
	barEvery   = 200 * time.Millisecond
	jsonEvery  = time.Second
	plainEvery = 5 * time.Second
	// phaseEvery is how often a change of the phase is looked for.
	phaseEvery = 100 * time.Millisecond
)

// Start shows c on w until stop is called; stop draws the last state and waits for the drawing to end.
// stop may be called more than once. In Bar mode other lines go to w through OverBar.
func Start(w io.Writer, mode Mode, c *Counters) (stop func()) {
	return start(w, mode, c, time.Now)
}

func start(w io.Writer, mode Mode, c *Counters, now func() time.Time) (stop func()) {
	d := newDrawer(w, mode, c)
	if d == nil {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		run(d, c, quit, now)
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(quit) })
		<-ended
	}
}

// drawer shows one state.
type drawer interface {
	every() time.Duration
	draw(s state)
	last(s state)
}

// run draws every so often and when the phase changes.
func run(d drawer, c *Counters, quit <-chan struct{}, now func() time.Time) {
	tick := time.NewTicker(min(d.every(), phaseEvery))
	defer tick.Stop()
	meter := newMeter(now())
	var drawn time.Time
	phase := ""
	for {
		select {
		case <-quit:
			d.last(meter.look(c, now()))
			return
		case <-tick.C:
			s := meter.look(c, now())
			if s.phase != phase || drawn.IsZero() || s.at.Sub(drawn) >= d.every() {
				phase, drawn = s.phase, s.at
				d.draw(s)
			}
		}
	}
}
