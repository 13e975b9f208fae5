package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// host is a running server that the jobs of one kind use, one after the other.
type host struct {
	*testdb.Server
	db  *sql.DB
	o   options
	dir string // for what jobs write
	out io.Writer
	s3  *testdb.S3Server // nil before the first job on S3

	prefixes int // of dumps in its bucket
}

// serverArgs make a server that holds the data in memory, as one that is sized for its data does.
func serverArgs(k testdb.Kind) []string {
	args := []string{"--innodb-buffer-pool-size=1G", "--max-connections=200", "--table-open-cache=12000", "--open-files-limit=40000"}
	if k == testdb.MySQL97 {
		return append(args, "--innodb-redo-log-capacity=512M")
	}
	return append(args, "--innodb-log-file-size=256M")
}

// benchServer runs every job that is asked for on one server.
func benchServer(ctx context.Context, o options, k testdb.Kind, dir string, out io.Writer) (entries []entry, err error) {
	if !testdb.Installed(k) {
		fmt.Fprintf(out, "\n%s is not installed: left out (`make setup`)\n", k)
		return nil, nil
	}
	if !anySet(o) {
		return nil, nil
	}
	s, err := testdb.Launch(ctx, k, "", serverArgs(k))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Remove()) }()
	db, err := s.Open("")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	h := &host{Server: s, db: db, o: o, dir: dir, out: out}
	defer func() { err = errors.Join(err, h.stopBucket()) }()
	fmt.Fprintf(out, "\n%s %s\n", k, s.Version)
	for _, one := range sets() {
		got, err := h.benchSet(ctx, one)
		entries = append(entries, got...)
		if err != nil {
			return entries, fmt.Errorf("%s, %s: %w", k, one.name, err)
		}
	}
	return entries, nil
}

func anySet(o options) bool {
	return slices.ContainsFunc(pairs(), o.wants)
}

// benchSet fills one set and runs its jobs.
func (h *host) benchSet(ctx context.Context, s *set) (entries []entry, err error) {
	var jobs []string
	for _, j := range s.jobs {
		if h.o.wants(pair{j, s.name}) {
			jobs = append(jobs, j)
		}
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	needed := []*set{s}
	for _, j := range jobs {
		if j == jobBig {
			needed = append(needed, findSet("parts"))
		}
	}
	for _, n := range needed {
		begin := time.Now()
		if err := fill(ctx, h.db, n, h.o); err != nil {
			return nil, err
		}
		fmt.Fprintf(h.out, "%s: %d rows in %d tables, filled in %.1f s\n", n.name, n.allRows(h.o), n.tables(h.o), time.Since(begin).Seconds())
		defer func() { err = errors.Join(err, quietly(ctx, h.db, "DROP DATABASE IF EXISTS "+n.schema())) }()
	}
	for _, j := range jobs {
		e, err := h.job(ctx, s, j)
		if err != nil {
			return entries, fmt.Errorf("%s: %w", j, err)
		}
		entries = append(entries, e)
		printEntry(h.out, e)
	}
	return entries, nil
}

// cpu is the CPU seconds that the server has used.
func (h *host) cpu() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.PID()))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const user, system, perSecond = 11, 12, 100 // proc(5); USER_HZ is 100 on Linux
	if len(fields) <= system {
		return 0, fmt.Errorf("/proc/%d/stat is too short", h.PID())
	}
	u, err1 := strconv.ParseFloat(fields[user], 64)
	s, err2 := strconv.ParseFloat(fields[system], 64)
	return (u + s) / perSecond, errors.Join(err1, err2)
}

const (
	calmStep  = 100 * time.Millisecond
	calmShare = 0.15 // of one core
	calmLimit = 5 * time.Second
)

// calm waits until the server has nothing left to do of what came before: purge and flushing would count for the next.
func (h *host) calm(ctx context.Context) error {
	for begin := time.Now(); !h.o.quick && time.Since(begin) < calmLimit; {
		before, err := h.cpu()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(calmStep):
		}
		after, err := h.cpu()
		if err != nil {
			return err
		}
		if after-before < calmShare*calmStep.Seconds() {
			return nil
		}
	}
	return nil
}
