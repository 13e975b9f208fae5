// Command bench runs gomove and other tools side by side on private servers, and the servers' own limit beside them.
//
// It makes its data, runs the contenders in turn (A B C, A B C, ...), and prints wall time, CPU of client and server,
// resident size and what was stored, as medians, with the ratios of gomove to the best of the others, paired by round.
// It is a measurement: a target that is missed is printed, and the exit code is 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the program. Two of its commands are for itself: the process that measures another one, and the limit's reader.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case measureCommand:
			return measureMain(args[1:])
		case readCommand:
			return readMain(ctx, args[1:])
		}
	}
	o, err := parseOptions(args, out)
	if err != nil {
		return err
	}
	return bench(ctx, o, out)
}

// bench runs what was asked for, server by server, and writes the results.
func bench(ctx context.Context, o options, out io.Writer) (err error) {
	found, err := readResults(o.resultsFile())
	if err != nil {
		return err
	}
	if o.reportOnly {
		return writeReports(o, found, out)
	}
	dir, err := os.MkdirTemp(o.dir, "gomove-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var measured []entry
	for _, kind := range o.servers {
		got, err := benchServer(ctx, o, kind, dir, out)
		measured = append(measured, got...)
		if err != nil {
			return errors.Join(err, save(o, found, measured, out))
		}
	}
	return save(o, found, measured, out)
}

// save prints the verdicts on this run and, when asked to, adds it to the results that are kept.
func save(o options, found, measured []entry, out io.Writer) error {
	printVerdicts(out, measured)
	if !o.save || len(measured) == 0 {
		return nil
	}
	all := merge(found, measured)
	if err := writeResults(o.resultsFile(), all); err != nil {
		return err
	}
	return writeReports(o, all, out)
}
