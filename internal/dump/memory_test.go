package dump

import (
	"bytes"
	"io"
	"testing"
)

// TestMemoryOfSmallChunks has whole small chunks take what they hold, whether they were written or came in a stream, and their blocks go
// back to the pool, which takes no others.
func TestMemoryOfSmallChunks(t *testing.T) {
	pool := &blockPool{keep: 4}
	for _, size := range []int{1, 1000, smallMemory, smallMemory + 1, memoryBlock + 1} {
		text := bytes.Repeat([]byte("x"), size)
		written, read := &memory{pool: pool}, &memory{pool: pool}
		if _, err := written.Write(text); err != nil {
			t.Fatal(err)
		}
		written.pack()
		if err := read.fill(bytes.NewReader(text), int64(size)); err != nil {
			t.Fatal(err)
		}
		for name, m := range map[string]*memory{"written": written, "read": read} {
			room := int64(0)
			for _, b := range m.blocks {
				room += int64(cap(b))
			}
			if held := m.held(); held != memoryOf(int64(size)) || held < room || size <= smallMemory && held > room+besideSmall {
				t.Errorf("%s, %d bytes: counts for %d and takes %d", name, size, held, room)
			}
			if got, err := io.ReadAll(m.open()); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s, %d bytes: %d come back, %v", name, size, len(got), err)
			}
			m.Abort()
		}
	}
	for _, b := range pool.free {
		if cap(b) != memoryBlock {
			t.Errorf("the pool has a block of %d bytes", cap(b))
		}
	}
}
