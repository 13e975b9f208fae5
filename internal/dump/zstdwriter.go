package dump

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

const (
	// trialBytes is how much is compressed in both ways to see which one gives less.
	trialBytes = 256 << 10
	// stretchBytes is how much then goes the way that was better, before it is tried again.
	stretchBytes = 8 << 20
	// zstdBlock is the most that a block of zstd holds.
	zstdBlock = 128 << 10
	// worth is which share of the size matches have to save for their CPU time, which is three times that of codes alone.
	worth = 32
)

// zstdWriter compresses to zstd frames, one after another, which every zstd reads as one file. Matches are looked for only where
// they make the output smaller: numbers, hashes and other codes repeat too little, and the Huffman codes of their characters alone
// are as small for a third of the CPU time.
type zstdWriter struct {
	w       io.Writer
	matcher *zstd.Encoder
	way     zstdWay
	left    int    // bytes until the next trial
	open    bool   // a frame is begun
	any     bool   // there is a frame
	pending []byte // what waits for a trial

	trial bytes.Buffer // a frame of the matcher
	codes huff0.Scratch
	sum   xxh64 // of the frame of codes
	head  [blockHeadBytes + literalHead]byte
	tail  [1]byte
}

// zstdWay is how a stretch is compressed.
type zstdWay int

const (
	undecided zstdWay = iota
	byMatches
	byCodes
)

func newZstdWriter(matcher *zstd.Encoder) *zstdWriter {
	return &zstdWriter{matcher: matcher, codes: huff0.Scratch{Reuse: huff0.ReusePolicyNone}}
}

// Reset begins a file.
func (z *zstdWriter) Reset(w io.Writer) {
	z.w, z.way, z.left, z.open, z.any, z.pending = w, undecided, 0, false, false, z.pending[:0]
}

// Write compresses the next bytes.
func (z *zstdWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		var n int
		var err error
		if z.left > 0 {
			n = min(len(p), z.left)
			z.left -= n
			err = z.compress(p[:n])
		} else {
			if z.pending == nil {
				z.pending = make([]byte, 0, trialBytes)
			}
			n = min(len(p), cap(z.pending)-len(z.pending))
			if z.pending = append(z.pending, p[:n]...); len(z.pending) == cap(z.pending) {
				err = z.decide()
			}
		}
		if err != nil {
			return total - len(p), err
		}
		p = p[n:]
	}
	return total, nil
}

// Close ends the file. What is too little for a trial goes the way of the stretch before it.
func (z *zstdWriter) Close() error {
	if z.way == undecided {
		z.way = byMatches
	}
	if err := z.compress(z.pending); err != nil {
		return err
	}
	z.pending = z.pending[:0]
	if !z.any {
		if err := z.begin(); err != nil {
			return err
		}
	}
	return z.end()
}

// decide compresses what is pending in both ways, keeps the smaller one and stays with it for a stretch.
func (z *zstdWriter) decide() error {
	if z.way == byMatches {
		if err := z.end(); err != nil {
			return err
		}
	}
	z.trial.Reset()
	z.matcher.Reset(&z.trial)
	if _, err := z.matcher.Write(z.pending); err != nil {
		return err
	}
	if err := z.matcher.Close(); err != nil {
		return err
	}
	size := 0
	for b := z.pending; len(b) > 0; b = b[min(len(b), zstdBlock):] {
		block, err := z.code(b[:min(len(b), zstdBlock)])
		if err != nil {
			return err
		}
		size += len(block.head) + len(block.body) + 1
	}
	z.left = stretchBytes
	if size <= z.trial.Len()+z.trial.Len()/worth {
		z.way = byCodes
		err := z.compress(z.pending)
		z.pending = z.pending[:0]
		return err
	}
	err := z.end()
	z.way, z.any, z.pending = byMatches, true, z.pending[:0]
	if err == nil {
		_, err = z.w.Write(z.trial.Bytes())
	}
	return err
}

// compress writes bytes the way that was decided for.
func (z *zstdWriter) compress(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if !z.open {
		if err := z.begin(); err != nil {
			return err
		}
	}
	if z.way == byMatches {
		_, err := z.matcher.Write(p)
		return err
	}
	z.sum.add(p)
	for blocks := (len(p) + zstdBlock - 1) / zstdBlock; blocks > 0; blocks-- {
		n := len(p) / blocks // of about the same size
		block, err := z.code(p[:n])
		if err != nil {
			return err
		}
		if err := block.write(z.w); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// The head of a frame of codes: magic number, content checksum at its end, window of 128 KiB
// (https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1).
const codesHead = "\x28\xb5\x2f\xfd\x04\x38"

func (z *zstdWriter) begin() error {
	z.open, z.any = true, true
	if z.way == byMatches {
		z.matcher.Reset(z.w)
		return nil
	}
	z.sum.reset()
	_, err := io.WriteString(z.w, codesHead)
	return err
}

// end ends the frame that is open: one of codes with an empty block and the checksum.
func (z *zstdWriter) end() error {
	if !z.open {
		return nil
	}
	z.open = false
	if z.way == byMatches {
		return z.matcher.Close()
	}
	_, err := z.w.Write(binary.LittleEndian.AppendUint32([]byte{1, 0, 0}, uint32(z.sum.sum()))) //nolint:gosec // its lower half
	return err
}

// codedBlock is a block of a frame.
type codedBlock struct {
	head []byte
	body []byte // until the next block is made
	tail []byte
}

// The types of blocks, and of literals that have Huffman codes of their own in four streams.
const (
	rawBlock        = 0
	rleBlock        = 1
	compressedBlock = 2

	blockHeadBytes = 3
	codedLiterals  = 2
	literalSizes   = 3 // each of 18 bits
	literalHead    = 5
)

// code makes a block of literals without any match, of at least one byte. It is valid until the next one is made.
func (z *zstdWriter) code(p []byte) (codedBlock, error) {
	out, _, err := huff0.Compress4X(p, &z.codes)
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return codedBlock{head: z.blockHead(rleBlock, len(p)), body: p[:1]}, nil
	case errors.Is(err, huff0.ErrIncompressible), err == nil && len(out)+literalHead+1 >= len(p):
		return codedBlock{head: z.blockHead(rawBlock, len(p)), body: p}, nil
	case err != nil:
		return codedBlock{}, err
	}
	head := z.blockHead(compressedBlock, literalHead+len(out)+len(z.tail))
	sizes := uint64(codedLiterals | literalSizes<<2 | len(p)<<4 | len(out)<<22) //nolint:gosec // both are below 1<<18
	for i := range literalHead {
		head = append(head, byte(sizes>>(8*i)))
	}
	return codedBlock{head: head, body: out, tail: z.tail[:]}, nil // the tail says that there are no sequences
}

// blockHead is the head of a block that is not the last one.
func (z *zstdWriter) blockHead(kind, size int) []byte {
	b := kind<<1 | size<<3
	return append(z.head[:0], byte(b), byte(b>>8), byte(b>>16))
}

func (b codedBlock) write(w io.Writer) error {
	for _, part := range [][]byte{b.head, b.body, b.tail} {
		if len(part) > 0 {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
	}
	return nil
}
