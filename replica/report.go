package replica

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/progress"
)

// Verdict is how replication fares, in a word.
type Verdict string

// The verdicts.
const (
	NotConfigured Verdict = "not configured"
	Stopped       Verdict = "stopped"
	Broken        Verdict = "broken"
	Connecting    Verdict = "connecting"
	Silent        Verdict = "receiving nothing"
	Moving        Verdict = "moving"
	Slow          Verdict = "slow"
	Busy          Verdict = "busy with a large transaction"
	Blocked       Verdict = "blocked by a lock"
	RelaySpace    Verdict = "waiting for relay log space"
	Idle          Verdict = "idle"
	CaughtUp      Verdict = "caught up"
	CutOver       Verdict = "cut over"
)

// Report is a verdict with its evidence.
type Report struct {
	Target    string    `json:"target"`
	Verdict   Verdict   `json:"verdict"`
	Why       string    `json:"why"`
	Error     int       `json:"error,omitempty"` // the server's number
	Evidence  []string  `json:"evidence,omitempty"`
	Do        []string  `json:"do,omitempty"`
	Measures  []Measure `json:"measures,omitempty"` // of a slow one
	Lag       *int64    `json:"lag_seconds"`        // as the server counts; null where it does not
	Heartbeat *float64  `json:"heartbeat_seconds,omitempty"`
	Late      bool      `json:"heartbeat_late,omitempty"` // it had not come when the wait was over
	ETA       *int64    `json:"eta_seconds,omitempty"`    // until the lag is zero
	Behind    *int64    `json:"bytes_behind,omitempty"`   // of the source's log, where the source was asked
	NextLog   string    `json:"next_log,omitempty"`       // of the source, to which replication may be moved on
	Status    *Status   `json:"status"`
	At        time.Time `json:"at"`
}

// Measure is one of the ways to make a slow replica faster.
type Measure struct {
	Measure string `json:"measure"`
	Applies bool   `json:"applies"`
	Why     string `json:"why"`
}

func (r *Report) say(format string, args ...any) {
	r.Evidence = append(r.Evidence, fmt.Sprintf(format, args...))
}

func (r *Report) advise(format string, args ...any) {
	r.Do = append(r.Do, fmt.Sprintf(format, args...))
}

// Err is nil for a replication that is well. It wraps ErrNotConfigured, ErrBroken or ErrUnwell.
func (r *Report) Err() error {
	switch r.Verdict {
	case NotConfigured:
		return ErrNotConfigured
	case Broken:
		return fmt.Errorf("%w: %s", ErrBroken, r.Why)
	case Stopped, Connecting, Silent, Slow, Blocked:
		return fmt.Errorf("%w: %s: %s", ErrUnwell, r.Verdict, r.Why)
	default:
		return nil
	}
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	from := ""
	if r.Status != nil {
		from = fmt.Sprintf(" of %s:%d", r.Status.SourceHost, r.Status.SourcePort)
	}
	fmt.Fprintf(&b, "replication%s on %s: %s\n", from, r.Target, r.Verdict)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-9s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	line("why", "%s", r.Why)
	if s := r.Status; s != nil {
		line("lag", "%s", r.lagText())
		line("threads", "receiving %s%s, applying %s%s", s.IO, inBrackets(s.IOState), s.SQL, inBrackets(s.SQLState))
		line("received", "%s", s.Read)
		line("applied", "%s", s.Applied)
	}
	for _, e := range r.Evidence {
		line("evidence", "%s", e)
	}
	for _, d := range r.Do {
		line("do", "%s", d)
	}
	for _, m := range r.Measures {
		mark := "no: "
		if m.Applies {
			mark = "yes: "
		}
		line("faster", "%s? %s%s", m.Measure, mark, m.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func (r *Report) lagText() string {
	s := "unknown"
	if r.Lag != nil {
		s = fmt.Sprintf("%d s", *r.Lag)
	}
	if r.Behind != nil {
		s += ", " + progress.Bytes(*r.Behind) + " of the source's log"
	}
	if r.ETA != nil {
		s += ", none in " + progress.Duration(time.Duration(*r.ETA)*time.Second)
	}
	switch {
	case r.Heartbeat != nil && r.Late:
		s += fmt.Sprintf("; a row written on the source had not come after %.1f s", *r.Heartbeat)
	case r.Heartbeat != nil:
		s += fmt.Sprintf("; a row written on the source came after %.3f s", *r.Heartbeat)
	}
	return s
}

// plain keeps what a server says from writing control characters to the terminal.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 {
			return '?'
		}
		return c
	}, s)
}

// WriteText writes what a start found and did.
func (r *StartReport) WriteText(w io.Writer) error {
	var b strings.Builder
	if r.Printed {
		for _, f := range r.Findings {
			fmt.Fprintf(&b, "-- %s\n", plain(f.text()))
		}
		for _, s := range r.Statements {
			server, sql, _ := strings.Cut(s, ": ")
			fmt.Fprintf(&b, "-- on the %s\n%s;\n", server, sql)
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	tls := "plain text"
	if r.TLS {
		tls = "TLS"
	}
	verb := "follows"
	if r.Status == nil {
		verb = "was to follow"
	}
	fmt.Fprintf(&b, "%s %s %s\n  from      %s (%s)\n  by        %s, %s\n", r.Target, verb, r.Source, r.Place, r.Place.Of, r.By, tls)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  found     %s\n", plain(f.text()))
	}
	for _, s := range r.Statements {
		fmt.Fprintf(&b, "  ran on    %s\n", plain(s))
	}
	if _, err := io.WriteString(w, b.String()); err != nil || r.Status == nil {
		return err
	}
	return r.Status.WriteText(w)
}

func (f Finding) text() string {
	s := "warning: "
	if f.Stops {
		s = "error: "
	}
	s += f.What
	if f.Fix != "" {
		s += "; fix: " + f.Fix
	}
	return s
}

// Line is the report in a line, for a watch.
func (r *Report) Line() string {
	s := fmt.Sprintf("%s  %s, lag %s", r.At.UTC().Format(time.TimeOnly), r.Verdict, r.lagText())
	if r.Status != nil {
		s += ", applied " + r.Status.Applied.String()
	}
	return plain(s + ": " + r.Why)
}
