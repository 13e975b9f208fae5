package foreign

import "io"

const (
	aheadBlock  = 256 << 10
	aheadBlocks = 3
)

// ahead reads in a goroutine of its own, so that a file is decompressed while what came before is cut into rows.
type ahead struct {
	full  chan aheadRead
	free  chan []byte
	stop  chan struct{}
	ended chan struct{}
	now   aheadRead
	at    int
}

// aheadRead is a block that was read, and what ended reading with it.
type aheadRead struct {
	block []byte
	err   error
}

func newAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan aheadRead, aheadBlocks), free: make(chan []byte, aheadBlocks), stop: make(chan struct{}), ended: make(chan struct{})}
	for range aheadBlocks {
		a.free <- make([]byte, aheadBlock)
	}
	go a.run(r)
	return a
}

// run fills blocks until an error, which io.EOF is too.
func (a *ahead) run(r io.Reader) {
	defer close(a.ended)
	for {
		var block []byte
		select {
		case block = <-a.free:
		case <-a.stop:
			return
		}
		block = block[:cap(block)]
		n, err := 0, error(nil)
		for n < len(block) && err == nil {
			var m int
			m, err = r.Read(block[n:])
			n += m
		}
		a.full <- aheadRead{block[:n], err} // it has room for every block
		if err != nil {
			return
		}
	}
}

// Read gives what was read in order.
func (a *ahead) Read(p []byte) (int, error) {
	for a.at == len(a.now.block) {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.block != nil {
			a.free <- a.now.block
		}
		a.now, a.at = <-a.full, 0
	}
	n := copy(p, a.now.block[a.at:])
	a.at += n
	return n, nil
}

// close waits for the goroutine to end; no Read may come after it.
func (a *ahead) close() {
	close(a.stop)
	<-a.ended
}
