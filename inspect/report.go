package inspect

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// shownProblems bounds the problems that a report names.
const shownProblems = 1000

// Report is what a dump holds and what is wrong with it.
type Report struct {
	Place        string         `json:"place"`
	Kind         string         `json:"kind,omitempty"` // of what is read in one pass: stream or mysqldump
	OK           bool           `json:"ok"`             // whole, and every file what its record says
	Complete     bool           `json:"complete"`       // the dump came to its end
	Deep         bool           `json:"deep"`           // rows were decoded
	Manifest     *dump.Manifest `json:"manifest,omitempty"`
	Schemas      int            `json:"schemas"`
	Tables       int            `json:"tables"`
	Views        int            `json:"views"`
	Sequences    int            `json:"sequences"`
	Users        int            `json:"users,omitempty"`
	Triggers     int            `json:"triggers"`
	Routines     int            `json:"routines"`
	Events       int            `json:"events"`
	Chunks       int64          `json:"chunks"`
	Files        int64          `json:"files"` // that records tell of, without the listings
	Rows         int64          `json:"rows"`
	Bytes        int64          `json:"bytes"`        // of rows, before compression
	Stored       int64          `json:"stored_bytes"` // of chunk files
	Objects      []*Object      `json:"objects"`
	Problems     []dump.Problem `json:"problems"` // the first of them
	ProblemCount int            `json:"problem_count"`
	Warnings     []string       `json:"warnings,omitempty"`

	byFile map[string]bool // files with a problem
	unread bool            // what describes the dump could not be read: whether it is whole is not known
}

// Object is a schema, table, view or sequence of a dump.
type Object struct {
	Kind   dump.Kind `json:"kind"`
	Schema string    `json:"schema"`
	Name   string    `json:"name,omitempty"`
	Engine string    `json:"engine,omitempty"`
	Key    *dump.Key `json:"key,omitempty"`
	Where  string    `json:"where,omitempty"`
	Rows   int64     `json:"rows"` // -1: without rows
	Bytes  int64     `json:"bytes"`
	Stored int64     `json:"stored_bytes"`
	Chunks int64     `json:"chunks"`

	Triggers []string `json:"triggers,omitempty"`
	Routines []string `json:"routines,omitempty"`
	Events   []string `json:"events,omitempty"`
	Users    []string `json:"users,omitempty"`
}

// about takes what the dump says of itself.
func (r *Report) about(reader *dump.Reader) { r.Manifest = reader.Manifest() }

// object adds one.
func (r *Report) object(o *dump.Object) *Object {
	out := &Object{Kind: o.Kind, Schema: o.Schema, Name: o.Name, Engine: o.Engine, Key: o.Key, Where: o.Where, Rows: o.Rows,
		Triggers: o.Triggers, Routines: o.Routines, Events: o.Events, Users: o.Users}
	r.Objects = append(r.Objects, out)
	switch o.Kind {
	case dump.KindSchema:
		r.Schemas++
	case dump.KindTable:
		r.Tables++
	case dump.KindView:
		r.Views++
	case dump.KindSequence:
		r.Sequences++
	case dump.KindUsers: // counted one by one
	}
	r.Users += len(o.Users)
	r.Triggers += len(o.Triggers)
	r.Routines += len(o.Routines)
	r.Events += len(o.Events)
	return out
}

// add counts a problem. A chunk's file has one: its checksum says more than its size.
func (r *Report) add(p dump.Problem) {
	if r.byFile[p.File] && p.Kind == dump.FileAltered {
		for i := range r.Problems {
			if q := &r.Problems[i]; q.File == p.File && q.Kind == p.Kind {
				*q = p
				return
			}
		}
	}
	if r.byFile[p.File] && p.Kind == dump.FileMissing {
		return
	}
	r.ProblemCount++
	if len(r.Problems) < shownProblems {
		r.byFile[p.File] = true
		r.Problems = append(r.Problems, p)
	}
}

// problem takes an error of a file or of what it says. false is one of the machine.
func (r *Report) problem(err error) bool {
	var p *dump.Problem
	var listing *dump.ListingError
	switch {
	case errors.As(err, &p):
		r.add(*p)
	case errors.As(err, &listing):
		r.add(dump.Problem{File: listing.File, Kind: dump.FileAltered, What: fmt.Sprintf("line %d: %v", listing.Line, listing.Err)})
	default:
		return false
	}
	return true
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	r.writeHead(&b)
	r.writeObjects(&b)
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "PROBLEM    %s: %s: %s\n", p.File, p.Kind, p.What)
	}
	if more := r.ProblemCount - len(r.Problems); more > 0 {
		fmt.Fprintf(&b, "PROBLEM    and %d more\n", more)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning    %s\n", plain(w))
	}
	checked := "every file's checksum"
	if r.Deep {
		checked += " and every row"
	}
	switch {
	case r.OK && r.Kind == KindMysqldump:
		b.WriteString("whole, as far as its end tells, and every row was read: such a file has no checksums\n")
	case r.OK:
		fmt.Fprintf(&b, "whole and right: %s was compared with the dump's records\n", checked)
	case !r.Complete && r.Kind != "":
		b.WriteString("NOT READ TO ITS END: what is listed came before\n")
	case !r.Complete && !r.unread:
		fmt.Fprintf(&b, "NOT WHOLE: there is no %s: the dump was interrupted\n", dump.MetadataName)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) writeHead(b *strings.Builder) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	line("dump", "%s", r.Place)
	m := r.Manifest
	if m == nil {
		return
	}
	if r.Kind == KindMysqldump {
		line("by", "%s", plain(m.Tool))
	} else {
		line("id", "%s, format %d, by %s", plain(m.ID), m.Format, plain(m.Tool))
	}
	switch {
	case r.Kind == KindMysqldump && !m.Started.IsZero():
		line("completed", "%s", m.Started.Format(time.DateTime)) // in the zone of the tool's machine
	case !m.Started.IsZero():
		line("started", "%s", m.Started.UTC().Format(time.DateTime)+" UTC")
	}
	if r.Kind == KindMysqldump {
		line("server", "%s %s", plain(m.Server.Flavor), plain(m.Server.Version))
		at := "the file has no coordinates"
		if m.Snapshot.Coordinates.State != "" {
			at = m.Snapshot.Coordinates.String()
		}
		line("position", "%s", plain(at))
	} else {
		line("server", "%s %s, sql_mode '%s', time zone %s", plain(m.Server.Flavor), plain(m.Server.Version), plain(m.Server.SQLMode), plain(m.Server.TimeZone))
		line("snapshot", "%s; %s", plain(m.Snapshot.Mode), plain(m.Snapshot.Coordinates.String()))
	}
	if m.Snapshot.Source != nil {
		line("replica of", "%s; %s", plain(m.Snapshot.Source.Host), plain(m.Snapshot.Source.String()))
	}
	if r.Kind != KindMysqldump {
		line("settings", "--for %s --format %s --compress %s --charset %s", plain(string(m.For)), m.Rows, m.Compression, plain(m.Charset))
	}
	counted := progress.Counted[int]
	line("objects", "%s, %s, %s, %s, %s, %s, %s", counted(r.Schemas, "schema"), counted(r.Tables, "table"), counted(r.Views, "view"),
		counted(r.Sequences, "sequence"), counted(r.Triggers, "trigger"), counted(r.Routines, "routine"), counted(r.Events, "event"))
	if r.Users > 0 {
		line("accounts", "%s with their grants", counted(r.Users, "account"))
	}
	if r.Kind == KindMysqldump {
		line("rows", "%s, %s", progress.Count(r.Rows), progress.Bytes(r.Bytes))
		return
	}
	line("rows", "%s in %s, %s, stored as %s", progress.Count(r.Rows), progress.Counted(r.Chunks, "chunk"), progress.Bytes(r.Bytes), progress.Bytes(r.Stored))
}

func (r *Report) writeObjects(b *strings.Builder) {
	for _, o := range r.Objects {
		name := mysql.QuoteName(o.Schema)
		if o.Name != "" {
			name = mysql.QuoteTable(o.Schema, o.Name)
		}
		fmt.Fprintf(b, "%-10s %s", o.Kind, plain(name))
		if o.Kind == dump.KindTable {
			fmt.Fprintf(b, "  %s, %s", plain(o.Engine), rows(o))
			switch {
			case o.Key != nil:
				fmt.Fprintf(b, ", key %s (%s)", plain(o.Key.Name), plain(strings.Join(o.Key.Columns, ", ")))
			case r.Kind != KindMysqldump:
				b.WriteString(", no key")
			}
			if o.Where != "" {
				fmt.Fprintf(b, ", where %s", plain(o.Where))
			}
		}
		b.WriteByte('\n')
		for _, list := range []struct {
			what  string
			names []string
		}{{"trigger", o.Triggers}, {"", o.Routines}, {"event", o.Events}} {
			for _, name := range list.names {
				fmt.Fprintf(b, "%-10s   %s\n", "", plain(strings.TrimSpace(list.what+" "+name)))
			}
		}
	}
}

func rows(o *Object) string {
	if o.Rows < 0 {
		return "without rows"
	}
	return fmt.Sprintf("%s, %s in %s", progress.Counted(o.Rows, "row"), progress.Bytes(o.Bytes), progress.Counted(o.Chunks, "chunk"))
}

// plain keeps a dump from writing to the terminal what its names or settings hold: control characters and line ends.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 {
			return '?'
		}
		return c
	}, s)
}
