package dump

import (
	"context"
	"sync"
)

// budget bounds how many bytes are in use. Who comes first is served first; what is larger than the whole waits until nothing
// else is in use. It is safe for concurrent use.
type budget struct {
	limit int64

	mu      sync.Mutex
	used    int64
	waiting []*claim
}

type claim struct {
	bytes   int64
	granted chan struct{}
}

// take waits for n bytes, until ctx or ended ends: then it returns false.
func (b *budget) take(ctx context.Context, ended <-chan struct{}, n int64) bool {
	c := &claim{bytes: n, granted: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	b.grant()
	b.mu.Unlock()
	select {
	case <-c.granted:
		return true
	case <-ended:
	case <-ctx.Done():
	}
	b.withdraw(c)
	return false
}

// give returns n bytes.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.grant()
}

// withdraw takes a claim back, or what it was granted meanwhile.
func (b *budget) withdraw(c *claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, w := range b.waiting {
		if w == c {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			b.grant()
			return
		}
	}
	b.used -= c.bytes
	b.grant()
}

// grant serves who waits, in order. The caller holds mu.
func (b *budget) grant() {
	for len(b.waiting) > 0 {
		c := b.waiting[0]
		if b.used > 0 && b.used+c.bytes > b.limit {
			return
		}
		b.used += c.bytes
		b.waiting = b.waiting[1:]
		close(c.granted)
	}
}
