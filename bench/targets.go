package main

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// target is a ratio, or a number, that gomove is to stay below.
type target struct {
	about   string
	jobs    []string
	sets    []string // empty: all
	except  []string
	against role // empty: an absolute number
	what    func(usage) float64
	name    string
	most    float64
}

func targets() []target {
	return []target{
		{about: "dump csv, uncompressed, against the fastest peer", jobs: []string{jobDump}, except: []string{"small"}, against: rival, what: wall, name: "wall", most: 0.97},
		{about: "the same, CPU of the client: narrow rows", jobs: []string{jobDump}, sets: []string{"sysbench", "integers"}, against: rival, what: usage.client, name: "client CPU", most: 0.75},
		{about: "the same, CPU of the client: mixed rows", jobs: []string{jobDump}, sets: []string{"mixed"}, against: rival, what: usage.client, name: "client CPU", most: 1},
		{about: "dump csv zstd against the fastest peer that compresses", jobs: []string{jobDumpZstd}, against: rival, what: wall, name: "wall", most: 0.5},
		{about: "the same, bytes stored", jobs: []string{jobDumpZstd}, against: rival, what: stored, name: "stored", most: 1.1},
		{about: "dump against the limit of reading", jobs: []string{jobDump}, except: []string{"small"}, against: limit, what: wall, name: "wall", most: 1.1},
		{about: "dump of one big table against its rows in several", jobs: []string{jobBig}, against: base, what: wall, name: "wall", most: 1.1},
		{about: "load csv against the fastest peer", jobs: []string{jobLoad}, except: []string{"small"}, against: rival, what: wall, name: "wall", most: 0.8},
		{about: "load against the limit of LOAD DATA", jobs: []string{jobLoad}, against: limit, what: wall, name: "wall", most: 1.05},
		{about: "many small tables, dump and load, against the fastest peer", jobs: []string{jobDump, jobLoad}, sets: []string{"small"}, against: rival, what: wall, name: "wall", most: 0.6},
		{about: "load of a file of mysqldump against the client that reads it", jobs: []string{jobLoadSQL}, against: rival, what: wall, name: "wall", most: 0.5},
		{about: "copy against mysqldump into mysql", jobs: []string{jobCopy}, against: rival, what: wall, name: "wall", most: 0.6},
		{about: "copy against dump, then load", jobs: []string{jobCopy}, against: base, what: wall, name: "wall", most: 0.8},
		{about: "dump to a local S3 server against one to a directory", jobs: []string{jobDumpS3}, against: base, what: wall, name: "wall", most: 1.25},
		{about: "load from a local S3 server against one from a directory", jobs: []string{jobLoadS3}, against: base, what: wall, name: "wall", most: 1.25},
		{about: "resident size", jobs: []string{jobDump, jobDumpZstd, jobBig, jobLoad, jobLoadSQL, jobCopy}, what: rss, name: "MB", most: 100},
		{about: "resident size, with 32 MiB a thread for parts on their way to S3", jobs: []string{jobDumpS3, jobLoadS3}, what: rss, name: "MB", most: 168},
	}
}

// verdict is a target on one entry.
type verdict struct {
	target
	entry *entry
	got   ratio
	peer  string
}

func (v verdict) met() bool { return v.got.Median <= v.most }

// judge holds the entries against the targets.
func judge(entries []entry) []verdict {
	var out []verdict
	for _, t := range targets() {
		for i := range entries {
			e := &entries[i]
			if !slices.Contains(t.jobs, e.Job) || slices.Contains(t.except, e.Set) || len(t.sets) > 0 && !slices.Contains(t.sets, e.Set) {
				continue
			}
			if v, ok := t.judge(e); ok {
				out = append(out, v)
			}
		}
	}
	return out
}

func (t target) judge(e *entry) (verdict, bool) {
	ours := e.fastest(subject)
	if ours == nil {
		return verdict{}, false
	}
	if t.against == "" {
		const mb = 1e6
		size := func(u usage) float64 { return t.what(u) / mb }
		return verdict{target: t, entry: e, got: ratio{Median: ours.of(size), Rounds: len(ours.Runs)}}, true
	}
	other := e.fastest(t.against)
	if other == nil {
		return verdict{}, false
	}
	r := ratioOf(ours, other, t.what)
	return verdict{target: t, entry: e, got: r, peer: other.Name}, !math.IsNaN(r.Median)
}

// spread is a ratio with its lowest and highest round.
func (r ratio) spread() string {
	if r.Low == 0 && r.High == 0 {
		return fmt.Sprintf("%.1f", r.Median)
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", r.Median, r.Low, r.High)
}

// printVerdicts prints each target as met or not.
func printVerdicts(out io.Writer, entries []entry) {
	all := judge(entries)
	if len(all) == 0 {
		return
	}
	met := 0
	fmt.Fprintln(out, "\nTargets")
	for _, v := range all {
		word := "NOT MET"
		if v.met() {
			met++
			word = "met"
		}
		fmt.Fprintf(out, "  %-7s  %s, %s on %s, %s: %s, at most %g\n", word, v.about, v.entry.Set, v.entry.Server, v.name, v.got.spread(), v.most)
	}
	fmt.Fprintf(out, "%d of %d met\n", met, len(all))
}
