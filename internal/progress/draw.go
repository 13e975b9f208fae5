package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// newDrawer returns nil for None.
func newDrawer(w io.Writer, mode Mode, c *Counters) drawer {
	f, isFile := w.(*os.File)
	terminal := isFile && term.IsTerminal(int(f.Fd()))
	if mode == Auto || mode == "" {
		mode = Plain
		if terminal {
			mode = Bar
		}
	}
	switch mode {
	case Bar:
		width := func() int { return 100 }
		if terminal {
			width = func() int {
				n, _, err := term.GetSize(int(f.Fd()))
				if err != nil || n <= 0 {
					return 80
				}
				return n
			}
		}
		return &barDrawer{w: w, width: width}
	case JSON:
		return &jsonDrawer{w: w}
	case Plain:
		return &plainDrawer{w: w}
	case Auto, None:
	}
	return nil
}

// parts are the pieces of a status, the most important first.
func parts(s state) []string {
	var p []string
	add := func(format string, args ...any) { p = append(p, fmt.Sprintf(format, args...)) }
	if s.phase != "" {
		add("%s", s.phase)
	}
	if f := fraction(s); f > 0 {
		add("%d%%", min(int(f*100), 100))
	}
	add("%s", Counted(s.rows, "row"))
	add("%s", Bytes(s.bytes))
	add("%s", perSecond(s.perSecond))
	if s.chunksTotal > 0 || s.chunks > 0 {
		add("chunks %d/%d", s.chunks, max(s.chunks, s.chunksTotal))
	}
	if s.eta >= 0 {
		add("ETA %s", Duration(s.eta.Round(time.Second)))
	}
	if s.threads > 0 {
		add("threads %d/%d", s.busy, s.threads)
	}
	if s.tablesTotal > 0 {
		add("tables %d/%d", s.tables, s.tablesTotal)
	}
	if s.retries > 0 {
		add("retries %d", s.retries)
	}
	return p
}

// barDrawer redraws one line of a terminal.
type barDrawer struct {
	w     io.Writer
	width func() int
}

func (b *barDrawer) every() time.Duration { return barEvery }

// draw leaves out the last parts where the line is too narrow; one more column stays free, so that nothing wraps.
func (b *barDrawer) draw(s state) {
	width := b.width() - 1
	line := ""
	for i, p := range parts(s) {
		if i > 0 {
			p = "  " + p
		}
		if len(line)+len(p) > width {
			break
		}
		line += p
	}
	_, _ = io.WriteString(b.w, "\r"+line+"\x1b[K")
}

func (b *barDrawer) last(s state) {
	b.draw(s)
	_, _ = io.WriteString(b.w, "\n")
}

// OverBar returns a writer for log lines while a bar is shown on the terminal w: each write clears the bar's line
// first, and the next redraw puts the bar under it.
func OverBar(w io.Writer) io.Writer { return overBar{w} }

type overBar struct{ w io.Writer }

func (o overBar) Write(p []byte) (int, error) {
	line := append([]byte("\r\x1b[K"), p...)
	n, err := o.w.Write(line)
	return max(0, n-(len(line)-len(p))), err
}

// plainDrawer writes lines.
type plainDrawer struct{ w io.Writer }

func (d *plainDrawer) every() time.Duration { return plainEvery }

func (d *plainDrawer) draw(s state) {
	_, _ = io.WriteString(d.w, Duration(s.elapsed)+"  "+strings.Join(parts(s), "  ")+"\n")
}

// last says nothing of a run that failed before it began.
func (d *plainDrawer) last(s state) {
	if s.phase != "" {
		d.draw(s)
	}
}

// jsonDrawer writes an event per line.
type jsonDrawer struct{ w io.Writer }

// event is one line of --progress json. Totals are left out while they are unknown.
type event struct {
	Event       string   `json:"event"`
	Time        string   `json:"time"` // RFC 3339, UTC
	Phase       string   `json:"phase"`
	Elapsed     float64  `json:"elapsed_seconds"`
	Rows        int64    `json:"rows"`
	RowsTotal   int64    `json:"rows_total,omitempty"`
	Bytes       int64    `json:"bytes"`
	BytesTotal  int64    `json:"bytes_total,omitempty"`
	Stored      int64    `json:"stored_bytes"`
	PerSecond   int64    `json:"bytes_per_second"`
	Chunks      int64    `json:"chunks"`
	ChunksTotal int64    `json:"chunks_total,omitempty"`
	Tables      int64    `json:"tables"`
	TablesTotal int64    `json:"tables_total,omitempty"`
	Busy        int64    `json:"busy_threads"`
	Threads     int64    `json:"threads"`
	Retries     int64    `json:"retries"`
	ETA         *float64 `json:"eta_seconds,omitempty"`
}

func (d *jsonDrawer) every() time.Duration { return jsonEvery }

func (d *jsonDrawer) draw(s state) { d.write(s, "progress") }

func (d *jsonDrawer) last(s state) { d.write(s, "progress_end") }

func (d *jsonDrawer) write(s state, name string) {
	e := event{
		Event: name, Time: s.at.UTC().Format(time.RFC3339Nano), Phase: s.phase, Elapsed: s.elapsed.Seconds(),
		Rows: s.rows, RowsTotal: s.rowsTotal, Bytes: s.bytes, BytesTotal: s.bytesTotal, Stored: s.stored,
		PerSecond: int64(s.perSecond), Chunks: s.chunks, ChunksTotal: s.chunksTotal,
		Tables: s.tables, TablesTotal: s.tablesTotal, Busy: s.busy, Threads: s.threads, Retries: s.retries,
	}
	if s.eta >= 0 {
		seconds := s.eta.Seconds()
		e.ETA = &seconds
	}
	if line, err := json.Marshal(e); err == nil {
		_, _ = d.w.Write(append(line, '\n'))
	}
}
