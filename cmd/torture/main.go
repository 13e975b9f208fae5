// Command torture breaks gomove at random moments, runs the same command again until it is done, and compares the target
// with the source row by row. It starts its own servers, and leaves nothing behind. What was lost, doubled or altered is
// counted and printed; all must be 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gomove/gomove/internal/testdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	gomove string // path of the binary
	seed   uint64
	faults int
	rows   int
	pairs  [][2]testdb.Kind
	move   string // "files", "copy" or "both"
	only   []kind
	s3     bool // dumps go to a bucket
	log    bool
}

func readOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	f.StringVar(&o.gomove, "gomove", "bin/gomove", "the program to break")
	f.Uint64Var(&o.seed, "seed", 1, "the same seed gives the same faults in the same order; their moments depend on the machine's speed too")
	f.IntVar(&o.faults, "faults", 1000, "how many faults, at least")
	f.IntVar(&o.rows, "rows", 400, "rows of the larger tables")
	servers := f.String("servers", "mariadb:mariadb,mysql56:mysql97,mysql97:mariadb,mysql56:mysql56,mysql97:mysql97", "pairs of source:target, in turn")
	only := f.String("only", "", "kinds of faults, separated by commas: "+kindNames())
	f.StringVar(&o.move, "move", "both", "what is broken: files (dump and load), copy, or both in turn")
	f.BoolVar(&o.s3, "s3", false, "dumps go to an S3 server, which has faults of its own, in place of a directory")
	f.BoolVar(&o.log, "v", false, "print every fault")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("argument %q is not known", f.Arg(0))
	}
	if o.move != "files" && o.move != "copy" && o.move != "both" {
		return o, fmt.Errorf("--move %q: use files, copy or both", o.move)
	}
	for name := range strings.SplitSeq(*servers, ",") {
		from, to, ok := strings.Cut(name, ":")
		if !ok {
			return o, fmt.Errorf("--servers %q: use SOURCE:TARGET", name)
		}
		o.pairs = append(o.pairs, [2]testdb.Kind{testdb.Kind(from), testdb.Kind(to)})
	}
	for _, name := range strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }) {
		if k := kind(name); k.known() {
			o.only = append(o.only, k)
		} else {
			return o, fmt.Errorf("--only %q: use %s", name, kindNames())
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string) (err error) {
	o, err := readOptions(args)
	if err != nil {
		return err
	}
	if _, err := os.Stat(o.gomove); err != nil {
		return fmt.Errorf("%w: run `make build` in the project's folder", err)
	}
	t := &torture{options: o, out: os.Stdout, count: map[kind]*tally{}}
	for i, pair := range o.pairs {
		if !testdb.Installed(pair[0]) || !testdb.Installed(pair[1]) {
			fmt.Fprintf(t.out, "!!! NOT TESTED: %s to %s: a server is not installed (`make setup`)\n", pair[0], pair[1])
			continue
		}
		share := (o.faults-t.done)/(len(o.pairs)-i) + min(1, (o.faults-t.done)%(len(o.pairs)-i))
		if err = t.pair(ctx, pair, share); err != nil {
			break
		}
	}
	t.report()
	return errors.Join(err, t.verdict())
}
