package dump

import (
	"context"
	"errors"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// fileSum is the XXH3-128 of a file, as metadata tells it.
type fileSum struct{ name, sum string }

// sumJournal is a journal that knows the checksum of its file. It is safe for concurrent use.
type sumJournal struct {
	name string

	mu   sync.Mutex
	j    store.Journal
	hash *xxh3.Hasher128
	err  error
}

// openSumJournal opens a journal. One of a new dump holds nothing yet.
func openSumJournal(ctx context.Context, s store.Store, name string, isNew bool) (*sumJournal, error) {
	j, err := s.Journal(ctx, name)
	if err != nil {
		return nil, err
	}
	out := &sumJournal{name: name, j: j, hash: xxh3.New128()}
	if isNew {
		return out, nil
	}
	if err := out.rehash(ctx, s); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return out, nil
}

func (s *sumJournal) append(ctx context.Context, record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if s.err = s.j.Append(ctx, record); s.err != nil {
		return s.err
	}
	_, _ = s.hash.Write(record)
	_, _ = s.hash.WriteString("\n")
	return nil
}

func (s *sumJournal) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.j.Close()
}

func (s *sumJournal) sum() fileSum {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fileSum{name: s.name, sum: sumOf(s.hash)}
}
