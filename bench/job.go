package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is what one job on one set and one server gave. It is what results.json keeps.
type entry struct {
	Server  string    `json:"server"`
	Version string    `json:"version"`
	Set     string    `json:"set"`
	Job     string    `json:"job"`
	Tables  int       `json:"tables"`
	Rows    int       `json:"rows"`
	Bytes   int64     `json:"bytes"` // of gomove's uncompressed CSV
	Threads int       `json:"threads"`
	Rounds  int       `json:"rounds"`
	Command string    `json:"command"` // of this program
	Date    time.Time `json:"date"`
	Machine machine   `json:"machine"`
	Results []result  `json:"results"`
}

// result is what a contender took, a usage for each round.
type result struct {
	Name    string  `json:"name"`
	Role    role    `json:"role"`
	Command string  `json:"command"`
	Runs    []usage `json:"runs,omitempty"`
	Failed  string  `json:"failed,omitempty"` // why it could not run
}

// job measures one job on a set that is filled.
func (h *host) job(ctx context.Context, s *set, job string) (entry, error) {
	e := entry{
		Server: string(h.Kind), Version: h.Version, Set: s.name, Job: job, Tables: s.tables(h.o), Rows: s.allRows(h.o),
		Threads: h.o.threads, Rounds: h.o.rounds, Command: "go run ./bench " + strings.Join(h.o.given, " "), Date: time.Now().UTC().Truncate(time.Second),
	}
	var err error
	if e.Machine, err = thisMachine(ctx, h.o); err != nil {
		return e, err
	}
	work := filepath.Join(h.dir, "work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return e, err
	}
	defer os.RemoveAll(work)
	all, bytes, err := h.contenders(ctx, s, job, work)
	if err != nil {
		return e, err
	}
	e.Bytes = bytes
	e.Results = make([]result, len(all))
	for i, c := range all {
		e.Results[i] = result{Name: c.name, Role: c.role, Command: c.command}
	}
	e.Rounds, err = h.rounds(ctx, all, e.Results, s)
	return e, err
}

// rounds runs all contenders in turn: once to warm up, which shows what works, and then the rounds that count. It returns how many those were.
func (h *host) rounds(ctx context.Context, all []*contender, results []result, s *set) (int, error) {
	warm := make([]usage, len(all))
	for i, c := range all {
		u, err := h.once(ctx, c)
		if err == nil && (c.loads || c.copies) {
			err = h.checkLoaded(ctx, c, s)
		}
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil && c.role == rival:
			results[i].Failed = firstLine(err.Error())
			fmt.Fprintf(h.out, "  %s does not work here: %s\n", c.name, results[i].Failed)
		case err != nil:
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
		warm[i] = u
	}
	slow := h.slowOnes(all, warm, results)
	rounds := h.o.roundsOf(warm, slow)
	for range rounds {
		for i, c := range all {
			if results[i].Failed != "" || slow[i] {
				continue
			}
			u, err := h.once(ctx, c)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", c.name, err)
			}
			results[i].Runs = append(results[i].Runs, u)
		}
	}
	return rounds, nil
}

// leastRounds are run whatever they take, unless one alone takes the time of all.
const leastRounds = 3

// roundsOf is how many rounds fit the time of a job, by what its first one took.
func (o *options) roundsOf(warm []usage, slow []bool) int {
	const rest = 0.3 // seconds until a server has come to rest
	one := 0.0
	for i, u := range warm {
		if !slow[i] && u.Wall > 0 {
			one += u.Wall + rest
		}
	}
	switch {
	case o.seconds <= 0 || one*float64(o.rounds) <= o.seconds:
		return o.rounds
	case one > o.seconds:
		return 1
	}
	return min(o.rounds, max(leastRounds, int(o.seconds/one)))
}

// slowOnes finds the peers that are so far behind the fastest one that a single run says enough.
func (h *host) slowOnes(all []*contender, warm []usage, results []result) []bool {
	slow := make([]bool, len(all))
	fastest := 0.0
	for i, c := range all {
		if c.role == rival && results[i].Failed == "" && (fastest == 0 || warm[i].Wall < fastest) {
			fastest = warm[i].Wall
		}
	}
	for i, c := range all {
		if c.role == rival && results[i].Failed == "" && h.o.slow > 0 && warm[i].Wall > h.o.slow*fastest {
			slow[i] = true
			results[i].Runs = []usage{warm[i]}
		}
	}
	return slow
}

// once is one run of a contender, from a server that has come to rest.
func (h *host) once(ctx context.Context, c *contender) (usage, error) {
	if err := h.reset(ctx, c); err != nil {
		return usage{}, err
	}
	before, err := h.cpu()
	if err != nil {
		return usage{}, err
	}
	u, err := measure(ctx, h.dir, h.expand(c))
	if err != nil {
		return u, err
	}
	after, err := h.cpu()
	if err != nil {
		return u, err
	}
	u.Server = after - before
	for _, path := range []string{h.outDir(), h.outDir() + ".sql"} {
		n, err := size(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return u, err
		}
		u.Stored += n
	}
	return u, nil
}

// checkLoaded makes sure that a contender has loaded every row.
func (h *host) checkLoaded(ctx context.Context, c *contender, s *set) error {
	tables, rows, err := countRows(ctx, h.db, c.filled())
	if err != nil {
		return err
	}
	if want := s.tables(h.o); tables != want || rows != int64(s.allRows(h.o)) {
		return fmt.Errorf("it loaded %d tables with %d rows in place of %d with %d", tables, rows, want, s.allRows(h.o))
	}
	return nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return firstLine(s[strings.LastIndexByte(s, '\n')+1:])
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s[:min(len(s), 200)]
}

// find returns the results of a role.
func (e *entry) find(r role) []result {
	return slices.DeleteFunc(slices.Clone(e.Results), func(x result) bool { return x.Role != r || len(x.Runs) == 0 })
}
