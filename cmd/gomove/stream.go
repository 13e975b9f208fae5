package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/dumper"
	"github.com/gomove/gomove/internal/dump"
)

// streamPlace stands for stdout, or stdin, in the place of a dump.
const streamPlace = "-"

// checkStream refuses what does not go with `dump -o -`.
func checkStream(c *cli.Context, o dumper.Options) error {
	for _, f := range append(placeFlags(), keepFlags()...) {
		if name := f.Names()[0]; c.IsSet(name) {
			return usagef("--%s goes with a place on S3, and -o - writes to standard output", name)
		}
	}
	switch {
	case o.Resume:
		return usagef("--resume: a stream keeps nothing that a dump could go on with; dump into a directory")
	case o.For != dump.ForGomove:
		return usagef("--for %s: a stream is read by gomove and tar alone; dump into a directory", o.For)
	case !o.DryRun && isTerminal(c.App.Writer):
		return usagef("-o -: standard output is a terminal; send it to a file, or into another command such as gomove load -d -, tar x or ssh")
	}
	return nil
}

// pipeBytes is how much of a stream waits between those that read rows and those that take them.
func pipeBytes(threads int) int64 {
	if threads < 1 {
		threads = runtime.NumCPU()
	}
	return int64(max(threads, 4)) * dump.PipeChunkBytes
}

// streamPatience is how long an interrupted dump waits for what does not take its stream.
const streamPatience = 2 * time.Second

// streamRun is dumper.Run for a dump to stdout, which leaves stderr for the summary.
func streamRun(c *cli.Context, con *console) func(context.Context, dumper.Options) (*dumper.Summary, error) {
	con.stdout = c.App.ErrWriter
	return func(ctx context.Context, o dumper.Options) (*dumper.Summary, error) {
		return dumpStream(ctx, o, c.App.Writer)
	}
}

// dumpStream dumps to out as a tar stream.
func dumpStream(ctx context.Context, o dumper.Options, out io.Writer) (*dumper.Summary, error) {
	if o.DryRun {
		return dumper.Run(ctx, o)
	}
	signal.Ignore(syscall.SIGPIPE) // the write fails, in place of a death without a word
	o.Pipe = dump.NewPipe("the stream on standard output", pipeBytes(o.Threads))
	asked := ctx // ends by the user's will alone
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	written := make(chan error, 1)
	go func() {
		err := o.Pipe.WriteTar(ctx, out)
		if err != nil {
			cancel()
		}
		written <- err
	}()
	s, err := dumper.Run(ctx, o)
	if s == nil {
		cancel()
	}
	var werr error
	select {
	case werr = <-written:
	case <-ctx.Done():
		select {
		case werr = <-written:
		case <-time.After(streamPatience):
			werr = context.Cause(ctx)
		}
	}
	switch {
	case errors.Is(werr, syscall.EPIPE):
		return nil, fmt.Errorf("dump to standard output: the command that reads the stream has ended, and its messages tell why: %w", werr)
	case s == nil && (werr == nil || asked.Err() != nil || errors.Is(werr, context.Canceled) || !errors.Is(err, context.Canceled) && !errors.Is(err, werr)):
		return nil, err
	case werr != nil:
		return nil, fmt.Errorf("dump to standard output: %w", werr)
	}
	return s, err
}

// streamInterrupted: what reads the stream finds it cut off.
func streamInterrupted(err error) error {
	return fmt.Errorf("interrupted: the stream has no end, and what reads it fails: %w", err)
}
