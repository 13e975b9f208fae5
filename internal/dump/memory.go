package dump

import (
	"bytes"
	"io"
	"sync"

	"github.com/zeebo/xxh3"
)

const (
	// memoryBlock is the unit in which chunks stand in memory.
	memoryBlock = 256 << 10
	// smallMemory is the size up to which a whole chunk takes no more than its own bytes.
	smallMemory = memoryBlock / 4
	// besideSmall is what a small chunk counts for beside its bytes: its record, and what looks after it.
	besideSmall = 8 << 10
)

// blockPool keeps the blocks of chunks that were released for the next ones. It is safe for concurrent use.
type blockPool struct {
	keep int // blocks; more are left to the garbage collector

	mu   sync.Mutex
	free [][]byte
}

func (p *blockPool) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return make([]byte, 0, memoryBlock)
	}
	b := p.free[n-1]
	p.free = p.free[:n-1]
	return b[:0]
}

func (p *blockPool) give(blocks [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range blocks {
		if cap(b) == memoryBlock && len(p.free) < p.keep {
			p.free = append(p.free, b)
		}
	}
}

// memory is a file in blocks of a pool. It is written by one goroutine; once it is whole it can be read by any number of them.
type memory struct {
	pool   *blockPool
	blocks [][]byte
	size   int64
	packed bool // into a block of its own size
}

// Write appends.
func (m *memory) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		last := len(m.blocks) - 1
		if last < 0 || len(m.blocks[last]) == memoryBlock {
			m.blocks = append(m.blocks, m.pool.take())
			last++
		}
		n := min(len(p), memoryBlock-len(m.blocks[last]))
		m.blocks[last] = append(m.blocks[last], p[:n]...)
		p = p[n:]
	}
	m.size += int64(total)
	return total, nil
}

// fill reads n bytes from r.
func (m *memory) fill(r io.Reader, n int64) error {
	if n <= smallMemory {
		m.blocks, m.size, m.packed = [][]byte{make([]byte, n)}, n, true
		_, err := io.ReadFull(r, m.blocks[0])
		return err
	}
	for m.size < n {
		b := m.pool.take()
		b = b[:min(n-m.size, memoryBlock)]
		m.blocks = append(m.blocks, b)
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		m.size += int64(len(b))
	}
	return nil
}

// sum is the XXH3-128 of the content.
func (m *memory) sum() string {
	hash := xxh3.New128()
	_, _ = m.WriteTo(hash)
	return sumOf(hash)
}

// pack lets a small one that is whole take its own bytes only.
func (m *memory) pack() {
	if m.size > smallMemory || len(m.blocks) != 1 {
		return
	}
	own := bytes.Clone(m.blocks[0])
	m.pool.give(m.blocks)
	m.blocks, m.packed = [][]byte{own}, true
}

// held is the memory that it takes.
func (m *memory) held() int64 {
	if m.packed {
		return memoryOf(m.size)
	}
	return int64(len(m.blocks)) * memoryBlock
}

// memoryOf is the memory that a whole one of size bytes takes.
func memoryOf(size int64) int64 {
	if size <= smallMemory {
		return size + besideSmall
	}
	return (size + memoryBlock - 1) / memoryBlock * memoryBlock
}

// Close is for a chunk file: it is whole.
func (m *memory) Close() error { return nil }

// Abort gives the blocks back; what reads them must have ended.
func (m *memory) Abort() {
	m.pool.give(m.blocks)
	m.blocks, m.size = nil, 0
}

// WriteTo writes the content.
func (m *memory) WriteTo(w io.Writer) (n int64, err error) {
	for _, b := range m.blocks {
		k, err := w.Write(b)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// open reads the content from its start.
func (m *memory) open() io.ReadCloser { return &memoryReader{file: m} }

type memoryReader struct {
	file      *memory
	block, at int
}

func (r *memoryReader) Read(p []byte) (n int, err error) {
	for n < len(p) && r.block < len(r.file.blocks) {
		b := r.file.blocks[r.block]
		k := copy(p[n:], b[r.at:])
		n += k
		if r.at += k; r.at == len(b) {
			r.block++
			r.at = 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Close ends the reading.
func (r *memoryReader) Close() error { return nil }

// once runs f at the first call, so that a chunk that is released twice gives its memory back once.
func once(f func()) func() {
	var o sync.Once
	return func() { o.Do(f) }
}
