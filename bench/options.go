package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// options is what one run measures.
type options struct {
	servers    []testdb.Kind
	only       []string // sets, jobs, or job:set; empty: all
	rows       int      // of the set sysbench; the others in proportion
	tables     int      // of the set small
	rounds     int
	threads    int
	seed       uint64
	peers      []peer
	gomove     string // the binary
	dir        string // where dumps go
	out        string // where results are kept
	save       bool
	slow       float64
	seconds    float64 // of a job's rounds
	reportOnly bool
	quick      bool     // also no rest for the server between runs
	given      []string // the command line, without places
}

// peer is another tool, given as --peer.
type peer struct{ name, command string }

const (
	quickRows   = 2000
	quickTables = 20
)

func parseOptions(args []string, out io.Writer) (options, error) {
	o := options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(out)
	servers := fs.String("servers", "mariadb,mysql56,mysql97", "servers to start, separated by commas")
	only := fs.String("only", "", "what to measure, separated by commas: a set, a job, or job:set; -list shows them")
	fs.IntVar(&o.rows, "rows", 500_000, "rows of the set sysbench; the other sets grow with it")
	fs.IntVar(&o.tables, "tables", 10_000, "tables of the set small")
	fs.IntVar(&o.rounds, "rounds", 5, "measured rounds at most, after one to warm up")
	fs.Float64Var(&o.seconds, "seconds", 8, "of one job's rounds: where more do not fit, at least 3 are run, or 1 when one takes longer than that; 0: no limit")
	fs.IntVar(&o.threads, "threads", 2, "connections of each contender")
	fs.Uint64Var(&o.seed, "seed", 1, "of the data")
	fs.StringVar(&o.gomove, "gomove", filepath.Join("bin", "gomove"), "the gomove to measure")
	fs.StringVar(&o.dir, "dir", "/dev/shm", "where dumps go")
	fs.StringVar(&o.out, "out", "bench", "folder of results.json, RESULTS.md and ratios.svg")
	fs.BoolVar(&o.save, "save", false, "add what was measured to the results in -out")
	fs.Float64Var(&o.slow, "slow", 2, "a peer that takes this many times as long as the fastest one runs once only; 0: never")
	fs.BoolVar(&o.reportOnly, "report", false, "write RESULTS.md and ratios.svg from results.json, and measure nothing")
	fs.BoolVar(&o.quick, "quick", false, "tiny data and one round: does it work at all")
	list := fs.Bool("list", false, "show sets and jobs")
	fs.Func("peer", "NAME=COMMAND of one more tool (repeat): a dump when it has {out}, a load when it has {in}; also {host} {port} {user} {schema} {threads}", func(s string) error {
		name, command, ok := strings.Cut(s, "=")
		if !ok || strings.Contains(command, "{out}") == strings.Contains(command, "{in}") {
			return errors.New("use NAME=COMMAND with either {out} or {in} in the command")
		}
		o.peers = append(o.peers, peer{name, command})
		return nil
	})
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	fs.Visit(func(f *flag.Flag) {
		if f.Name != "gomove" && f.Name != "dir" && f.Name != "out" && f.Name != "peer" { // places of this machine
			o.given = append(o.given, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	for _, p := range o.peers {
		o.given = append(o.given, fmt.Sprintf("-peer '%s=%s'", p.name, p.command))
	}
	if *list {
		printList(out)
		return o, flag.ErrHelp
	}
	if o.quick {
		o.rows, o.tables, o.rounds = quickRows, quickTables, 1
	}
	o.only = split(*only)
	return o, o.complete(split(*servers))
}

func (o *options) complete(servers []string) error {
	for _, s := range servers {
		k := testdb.Kind(s)
		if !slices.Contains(testdb.All(), k) {
			return fmt.Errorf("-servers: no server %q; there are %v", s, testdb.All())
		}
		o.servers = append(o.servers, k)
	}
	for _, w := range o.only {
		if !slices.ContainsFunc(pairs(), func(p pair) bool { return p.is(w) }) {
			return fmt.Errorf("-only: nothing is called %q; -list shows what there is", w)
		}
	}
	if o.rows < 1 || o.tables < 1 || o.rounds < 1 || o.threads < 1 {
		return errors.New("-rows, -tables, -rounds and -threads are above zero")
	}
	var err error
	if o.gomove, err = filepath.Abs(o.gomove); err != nil {
		return err
	}
	if o.reportOnly {
		return nil
	}
	if _, err := os.Stat(o.gomove); err != nil {
		return fmt.Errorf("%w: run `make build`, or name one by -gomove", err)
	}
	return nil
}

func (o *options) resultsFile() string { return filepath.Join(o.out, "results.json") }

// wants reports whether a job of a set is to be measured.
func (o *options) wants(p pair) bool {
	return len(o.only) == 0 || slices.ContainsFunc(o.only, p.is)
}

// pair is a job on a set.
type pair struct{ job, set string }

func (p pair) is(word string) bool {
	return word == p.job || word == p.set || word == p.job+":"+p.set
}

// pairs are all jobs on all sets, in the order in which they run.
func pairs() []pair {
	var out []pair
	for _, s := range sets() {
		for _, j := range s.jobs {
			out = append(out, pair{j, s.name})
		}
	}
	return out
}

func printList(out io.Writer) {
	for _, s := range sets() {
		fmt.Fprintf(out, "%-10s %s; jobs: %s\n", s.name, s.about, strings.Join(s.jobs, ", "))
	}
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
