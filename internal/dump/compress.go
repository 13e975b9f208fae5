package dump

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// zstdWindow keeps a compressor's memory near 1 MiB.
	zstdWindow = 512 << 10
	// defaultZstdLevel is the fastest: text shrinks to nearly the same size at half the CPU time of level 3.
	defaultZstdLevel = 1
	defaultGzipLevel = 1
)

// compressor writes compressed data to the writer of its last Reset.
type compressor interface {
	io.Writer
	Reset(w io.Writer)
	Close() error
}

func newCompressor(c Compression, level int) (compressor, error) {
	switch c {
	case None:
		return &plainWriter{}, nil
	case Gzip:
		if level == 0 {
			level = defaultGzipLevel
		}
		return gzip.NewWriterLevel(io.Discard, level)
	case Zstd:
		if level == 0 {
			level = defaultZstdLevel
		}
		matcher, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(zstdWindow), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)),
			zstd.WithEncoderCRC(true), zstd.WithZeroFrames(true))
		if err != nil || level > defaultZstdLevel {
			return matcher, err
		}
		return newZstdWriter(matcher), nil
	}
	return nil, fmt.Errorf("compression %q: want zstd, gzip or none", c)
}

// suffix is what a compressed file's name ends in.
func (c Compression) suffix() string {
	switch c {
	case Zstd:
		return ".zst"
	case Gzip:
		return ".gz"
	case None:
	}
	return ""
}

// plainWriter does not compress.
type plainWriter struct{ io.Writer }

func (p *plainWriter) Reset(w io.Writer) { p.Writer = w }
func (p *plainWriter) Close() error      { return nil }
