package plan

import (
	"time"

	"github.com/gomove/gomove/preflight"
)

// Report is a plan, for people by WriteText, as Markdown, and for programs as JSON.
type Report struct {
	Made      time.Time         `json:"made"`
	Words     Words             `json:"-"`
	Source    Server            `json:"source"`
	Target    *Server           `json:"target,omitempty"` // nil: a new Aurora cluster
	Size      Size              `json:"size"`
	Roads     []Road            `json:"methods"` // the chosen one first
	Downtime  string            `json:"downtime"`
	Following bool              `json:"with_replication"`
	Estimates []Estimate        `json:"estimates"`
	Sample    *Sample           `json:"sample,omitempty"` // of --measure
	Checks    *preflight.Report `json:"checks"`
	Steps     []Step            `json:"steps"`
	Rehearsed *Rehearsal        `json:"rehearsal,omitempty"`
}

// Size is what there is to move, by the server's statistics.
type Size struct {
	Schemas []SchemaSize `json:"schemas"`
	Largest []TableSize  `json:"largest_tables"`
	Tables  int          `json:"tables"`
	Rows    int64        `json:"estimated_rows"`
	Bytes   int64        `json:"estimated_bytes"`
	Indexes int64        `json:"estimated_index_bytes"` // secondary ones
	// Narrowed is how many tables have a --where: only what it is estimated to take of them is counted.
	Narrowed int `json:"tables_with_where,omitempty"`
}

// SchemaSize is one schema.
type SchemaSize struct {
	Name    string `json:"name"`
	Tables  int    `json:"tables"`
	Rows    int64  `json:"estimated_rows"`
	Bytes   int64  `json:"estimated_bytes"`
	Indexes int64  `json:"estimated_index_bytes"`
}

// TableSize is one table.
type TableSize struct {
	Name   string `json:"name"` // quoted
	Engine string `json:"engine"`
	// Share is what --where is estimated to take of its rows.
	Share   *float64 `json:"where_share,omitempty"`
	Rows    int64    `json:"estimated_rows"`
	Bytes   int64    `json:"estimated_bytes"`
	Indexes int64    `json:"estimated_index_bytes"`
}

// Road is one of the methods.
type Road struct {
	ID         string   `json:"id"` // copy, dump, s3, snapshot, xtrabackup, dms
	Name       string   `json:"name"`
	Fits       bool     `json:"fits"`
	Why        string   `json:"why"`
	Conditions []string `json:"conditions,omitempty"`
}

// Estimate is how long a step will take.
type Estimate struct {
	Step    string  `json:"step"` // dump, load, copy, verify
	Seconds float64 `json:"seconds"`
	How     string  `json:"how"`
}

// Sample is what was measured.
type Sample struct {
	Tables      int     `json:"tables"`
	Rows        int64   `json:"rows"`
	Bytes       int64   `json:"bytes"`
	DumpSeconds float64 `json:"dump_seconds"`
	LoadSeconds float64 `json:"load_seconds"`       // indexes included
	EmptyDump   float64 `json:"empty_dump_seconds"` // of the tables without rows
	EmptyLoad   float64 `json:"empty_load_seconds"`
	Fraction    float64 `json:"fraction"` // of all rows
}

// Step is one line of the checklist, and of its shadow.
type Step struct {
	ID       string   `json:"id"` // dump, load, ...; what a rehearsal runs has its estimate's name
	What     string   `json:"what"`
	Commands []string `json:"commands,omitempty"`
	Back     string   `json:"back"` // to a known state
	BackBy   []string `json:"back_commands,omitempty"`
	Downtime bool     `json:"downtime,omitempty"` // the applications stand still
	Seconds  *float64 `json:"rehearsed_seconds,omitempty"`
}

// Rehearsal is what a rehearsal found.
type Rehearsal struct {
	Seconds float64 `json:"seconds"`
	Rows    int64   `json:"rows"`
	Differs string  `json:"differs,omitempty"`
}

// estimate finds a step's estimate.
func (r *Report) estimate(step string) float64 {
	for _, e := range r.Estimates {
		if e.Step == step {
			return e.Seconds
		}
	}
	return 0
}
