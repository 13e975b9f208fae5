// Command gomove moves MySQL-compatible databases: dump, load.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	collectLate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run in order; after it the default action is back, so a second one kills.
	context.AfterFunc(ctx, stop)
	args := normalizeArgs(os.Args)
	hideSecrets(os.Args)
	code := run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
