package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// record is what a cut-over has changed, for its undoing.
type record struct {
	SourceReadOnly []string `json:"source_read_only,omitempty"` // variables that were off
	TargetReadOnly []string `json:"target_read_only,omitempty"` // variables that were on
	SourceEvents   bool     `json:"source_events,omitempty"`    // its event_scheduler ran
	TargetEvents   bool     `json:"target_events,omitempty"`    // its event_scheduler was switched on
	Events         []event  `json:"events,omitempty"`           // that were enabled
	Source         string   `json:"source"`                     // its address
	End            *Point   `json:"end,omitempty"`              // of the target's own log, when it was handed over
}

const cutoversTable = "`gomove`.`cutovers`"

// keepRecord writes down on the target what was changed. It stays out of the binary log, so that a write of somebody else can be told.
func (e *ends) keepRecord(ctx context.Context, r *record) error {
	r.Source = e.source.Options.Address()
	unlogged := func(sql string) error { return run(ctx, e.target, statement{sql: sql, unlogged: true}) }
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS `gomove`",
		"CREATE TABLE IF NOT EXISTS " + cutoversTable + " (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, done DATETIME(6) NOT NULL, undone DATETIME(6) NULL, record MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL) ENGINE=InnoDB",
	} {
		if err := unlogged(sql); err != nil {
			return err
		}
	}
	if e.target.Facts.LogBin {
		if end, _, err := logEnd(ctx, e.target); err == nil {
			r.End = &end
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return unlogged("INSERT INTO " + cutoversTable + " (done, record) VALUES (UTC_TIMESTAMP(6), " + mysql.QuoteString(string(text)) + ")")
}

// UndoOptions of a cut-over's undoing.
type UndoOptions struct {
	Servers
	Confirm Confirm // asks where the target was written to; default goes on
}

// cutoverRecord is a cut-over that was neither taken back nor made for good.
type cutoverRecord struct {
	record
	id, done string
}

// lastCutover is nil where there is none.
func (e *ends) lastCutover(ctx context.Context) (*cutoverRecord, error) {
	rows, err := mysql.QueryNamed(ctx, e.target.DB(), "SELECT id, done, record FROM "+cutoversTable+" WHERE undone IS NULL ORDER BY id DESC LIMIT 1")
	if n := mysql.Number(err); n == errNoTable || n == errNoSchema || mysql.IsDenied(err) || err == nil && len(rows) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cutoversTable, err)
	}
	r := &cutoverRecord{id: rows[0].Text("id"), done: rows[0].Text("done")}
	if err := json.Unmarshal([]byte(rows[0].Text("record")), &r.record); err != nil {
		return nil, fmt.Errorf("%s: %w", cutoversTable, err)
	}
	return r, nil
}

// notCutOver refuses what would have a target follow again, or be handed over twice, that has the writes already.
func (e *ends) notCutOver(ctx context.Context) error {
	r, err := e.lastCutover(ctx)
	if err != nil || r == nil {
		return err
	}
	return fmt.Errorf("%w: the target took the writes over from %s at %s UTC: gomove replicate cutover --undo has it follow again, gomove replicate stop --forget makes it for good", ErrRefused, r.Source, r.done)
}

// Undo takes back the last cut-over of a target: the source takes the writes again, and the target follows it.
func Undo(ctx context.Context, o UndoOptions) (_ *CutoverReport, err error) {
	e, err := connect(ctx, o.Servers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	r, err := e.undoable(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.askWritten(ctx, &r.record, o.Confirm); err != nil {
		return nil, err
	}
	report := &CutoverReport{Source: described(e.source), Target: described(e.target), Address: e.source.Options.Address()}
	for _, s := range []step{
		{name: "the target is read-only as before", undo: func(ctx context.Context) error { return e.closeTarget(ctx, r.TargetReadOnly) }},
		{name: "events of the target are disabled", undo: func(ctx context.Context) error { return e.disableEvents(ctx, &r.record) }},
		{name: "the target follows the source", undo: func(ctx context.Context) error { return e.speak.start().run(ctx, e) }},
		{name: "the source takes writes", undo: func(ctx context.Context) error { return e.openSource(ctx, r.SourceReadOnly) }},
		{name: "events of the source run", undo: func(ctx context.Context) error { return e.runEvents(ctx, r.SourceEvents) }},
	} {
		if err := s.undo(ctx); err != nil {
			return report, fmt.Errorf("%s: %w", s.name, err)
		}
		report.Steps = append(report.Steps, StepReport{Name: s.name})
	}
	report.Undone = true
	if value, err := word(ctx, e.source, "SELECT @@GLOBAL.read_only"); err == nil && isOn(value) {
		report.ReadOnly = true
	}
	if err := run(ctx, e.target, statement{sql: "UPDATE " + cutoversTable + " SET undone=UTC_TIMESTAMP(6) WHERE id=" + r.id, unlogged: true}); err != nil {
		return report, err
	}
	return report, e.closeSuper(ctx, r.TargetReadOnly)
}

// undoable is the cut-over that can be taken back.
func (e *ends) undoable(ctx context.Context) (*cutoverRecord, error) {
	r, err := e.lastCutover(ctx)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, fmt.Errorf("%w: the target has no record of a cut-over that can be taken back", ErrRefused)
	case r.Source != e.source.Options.Address():
		return nil, fmt.Errorf("%w: the cut-over was from %s, and --source is %s", ErrRefused, r.Source, e.source.Options.Address())
	}
	st, err := readStatus(ctx, e)
	if err == nil && st == nil {
		err = fmt.Errorf("%w: the target has no source any more that it could follow again: %w", ErrRefused, ErrNotConfigured)
	}
	if err == nil {
		err = e.follows(st)
	}
	return r, err
}

// askWritten asks before changes are left behind that were made on the target since it was handed over.
func (e *ends) askWritten(ctx context.Context, r *record, ask Confirm) error {
	question := "Whether the target was written to since the cut-over is not known: its binary log is off. Such changes are not on the source. Go on?"
	if r.End != nil {
		end, _, err := logEnd(ctx, e.target)
		if err != nil {
			return err
		}
		if end == *r.End {
			return nil
		}
		question = fmt.Sprintf("The target was written to since the cut-over (its binary log went from %s to %s): those changes are not on the source, and may stop replication. Go on?", r.End, end)
	}
	if ask == nil {
		return nil
	}
	return confirmed(ctx, ask, question)
}

// StepReport is one step that was taken.
type StepReport struct {
	Name    string  `json:"name"`
	Detail  string  `json:"detail,omitempty"`
	Seconds float64 `json:"seconds"`
}

// CutoverReport is what a cut-over, or its undoing, did.
type CutoverReport struct {
	Source   string       `json:"source"`
	Target   string       `json:"target"`
	Address  string       `json:"address"` // where the applications belong now
	Steps    []StepReport `json:"steps"`
	NoWrites float64      `json:"no_writes_seconds"` // how long neither side took writes
	Done     bool         `json:"done"`
	Undone   bool         `json:"undone"`
	ReadOnly bool         `json:"read_only,omitempty"` // the source still is, after the undoing, as it was before the cut-over
}

// WriteText writes the report for people.
func (r *CutoverReport) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%8.3f s  %s", s.Seconds, s.Name)
		if s.Detail != "" {
			fmt.Fprintf(&b, ": %s", plain(s.Detail))
		}
		b.WriteByte('\n')
	}
	if r.NoWrites > 0 {
		fmt.Fprintf(&b, "the source took no writes, and the target none yet, for %.3f s\n", r.NoWrites)
	}
	switch {
	case r.Undone && r.ReadOnly:
		fmt.Fprintf(&b, "taken back: the target follows; the source %s was read-only before the cut-over and is it still\n", r.Source)
	case r.Undone:
		fmt.Fprintf(&b, "taken back: %s takes the writes\n", r.Source)
	case r.Done:
		fmt.Fprintf(&b, "point the applications at %s now; the source %s stays read-only\n", r.Address, r.Source)
		b.WriteString("  back, while nothing was written to the target: gomove replicate cutover --undo, with the same servers\n")
		b.WriteString("  for good: gomove replicate stop --forget, with the same servers; then switch the source off\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
