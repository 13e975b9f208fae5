// Command demo shows gomove at work: it starts an old and a new database server, fills the old one, moves everything
// with the built gomove, and compares every row by code that shares nothing with gomove. It leaves nothing behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		if !errors.Is(err, errDiffers) { // the table has said it
			fmt.Fprintln(os.Stderr, "demo:", err)
		}
		os.Exit(1)
	}
}
