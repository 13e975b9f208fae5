package foreign

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/gomove/gomove/internal/dump"
)

// DefaultChunkBytes is the size from which a chunk ends.
const DefaultChunkBytes = 4 << 20

// Memory bounds what the chunks of a feed hold, from their beginning to their Release. It is safe for concurrent use.
type Memory struct {
	chunk int64
	room  *semaphore.Weighted

	mu   sync.Mutex
	free [][]byte
}

// NewMemory makes room for so many chunks of chunkBytes at once; 0 is DefaultChunkBytes. A chunk ends at a row, so that it is larger
// by its last one, however large that is.
func NewMemory(chunkBytes int64, chunks int) *Memory {
	if chunkBytes <= 0 {
		chunkBytes = DefaultChunkBytes
	}
	return &Memory{chunk: chunkBytes, room: semaphore.NewWeighted(int64(max(chunks, 2)))}
}

func (m *Memory) take(ctx context.Context) ([]byte, error) {
	if err := m.room.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		b := m.free[n-1]
		m.free = m.free[:n-1]
		return b[:0], nil
	}
	return make([]byte, 0, min(m.chunk+m.chunk/8, firstChunk)), nil
}

// firstChunk is the memory that a chunk begins with: most tables are small.
const firstChunk = 64 << 10

func (m *Memory) give(b []byte) {
	if int64(cap(b)) <= m.chunk+m.chunk/2 { // what a large row needed is not kept
		m.mu.Lock()
		m.free = append(m.free, b)
		m.mu.Unlock()
	}
	m.room.Release(1)
}

// Chunk is a chunk that is being filled with the rows of a table.
type Chunk struct {
	memory *Memory
	buf    []byte
	rows   int64
	most   int // bytes of the longest row
}

// Begin starts a chunk; it waits for room.
func (m *Memory) Begin(ctx context.Context) (*Chunk, error) {
	buf, err := m.take(ctx)
	if err != nil {
		return nil, err
	}
	return &Chunk{memory: m, buf: buf}, nil
}

// Add adds a row by a function that appends its line of CSV, and reports whether the chunk is full now.
func (c *Chunk) Add(line func(dst []byte) ([]byte, error)) (full bool, err error) {
	buf, err := line(c.buf)
	if err != nil {
		return false, err
	}
	c.most = max(c.most, len(buf)-len(c.buf))
	c.buf = buf
	c.rows++
	return int64(len(buf)) >= c.memory.chunk, nil
}

// Empty reports whether no row was added.
func (c *Chunk) Empty() bool { return c.rows == 0 }

// Drop gives the memory of a chunk back that is not used.
func (c *Chunk) Drop() { c.memory.give(c.buf) }

// Finish makes it the table's chunk of a number. file and line say in messages where its rows begin.
func (c *Chunk) Finish(schema, table string, number int, file string, line int64) *dump.FedChunk {
	size := int64(len(c.buf))
	out := &dump.FedChunk{Chunk: dump.Chunk{
		Schema: schema, Table: table, Number: number, Rows: c.rows, Bytes: size, Stored: size,
		File: fmt.Sprintf("%s from line %d", file, line), Range: dump.Range{Piece: number},
		LargestRow: int64(c.most),
	}}
	var once sync.Once
	buf := c.buf
	out.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf)), nil }
	out.Release = func() { once.Do(func() { c.memory.give(buf) }) }
	return out
}
