package loader

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// maxAttempts bounds how often a chunk is tried; the waits between add up to about a minute.
const maxAttempts = 10

const (
	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 20 * time.Second
)

// retry calls do, and calls it again after a wait while its error is worth that, attempts times at most.
func retry(ctx context.Context, attempts int, worth func(error) bool, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil || !worth(err) || attempt+1 >= attempts || ctx.Err() != nil {
			return err
		}
		sleep(ctx, backoff(attempt))
	}
}

// undone reports an error that undid its statement or transaction, such as a deadlock.
func undone(err error) bool { return mysql.Classify(err) == mysql.Retry }

// backoff is a random wait that grows with each attempt.
func backoff(attempt int) time.Duration {
	return firstBackoff/2 + rand.N(min(maxBackoff, firstBackoff<<min(attempt, 10)))
}

// sleep waits, or returns early when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
