package dump

import (
	"context"
	"sync"

	"github.com/gomove/gomove/internal/store"
)

// lazyJournal is a journal of JSON strings that is created by its first record. It is safe for concurrent use.
type lazyJournal struct {
	name string

	mu sync.Mutex
	j  store.Journal
}

func (l *lazyJournal) append(ctx context.Context, s store.Store, line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.j == nil {
		j, err := s.Journal(ctx, l.name)
		if err != nil {
			return err
		}
		l.j = j
	}
	record, err := marshalLine(line) // names may hold newlines
	if err != nil {
		return err
	}
	return l.j.Append(ctx, record)
}

// close reports whether there was a record.
func (l *lazyJournal) close() (used bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.j == nil {
		return false, nil
	}
	return true, l.j.Close()
}
