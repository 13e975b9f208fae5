package dump

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// shopText is CSV such as a shop has: numbers, dates, names, addresses, notes; about n bytes.
func shopText(n int) []byte {
	rnd := rand.New(rand.NewPCG(3, 4))
	words := make([]string, 2000)
	for i := range words {
		for range 2 + rnd.IntN(9) {
			words[i] += string(rune('a' + rnd.IntN(26)))
		}
	}
	enc := []Encoding{Plain, Plain, Bytes, Bytes, Plain, Plain, Bytes, Bytes}
	var out, note []byte
	for id := 1; len(out) < n; id++ {
		note = note[:0]
		for range rnd.IntN(20) {
			note = append(note, words[int(rnd.ExpFloat64()*100)%len(words)]...)
			note = append(note, ' ')
		}
		uuid := fmt.Sprintf("%08x-%04x-4%03x-%016x", rnd.Uint32(), rnd.IntN(1<<16), rnd.IntN(1<<12), rnd.Uint64())
		row := Row{strconv.AppendInt(nil, int64(id), 10), strconv.AppendInt(nil, rnd.Int64N(100000), 10),
			[]byte(words[rnd.IntN(2000)] + " " + words[rnd.IntN(2000)]), []byte(words[rnd.IntN(2000)] + "@example.com"),
			fmt.Appendf(nil, "2024-%02d-%02d %02d:%02d:%02d", 1+rnd.IntN(12), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60)),
			fmt.Appendf(nil, "%d.%02d", rnd.IntN(1000), rnd.IntN(100)), note, []byte(uuid)}
		out = AppendCSV(out, row, enc)
	}
	return out
}

type countWriter struct{ n int64 }

func (c *countWriter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// BenchmarkCompress is what the defaults were chosen by: see docs/format.md.
func BenchmarkCompress(b *testing.B) {
	text := shopText(32 << 20)
	for _, window := range []int{256 << 10, 512 << 10, 1 << 20, 4 << 20} {
		for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression} {
			b.Run(fmt.Sprintf("zstd/%s/%dK", level, window>>10), func(b *testing.B) {
				e, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
					zstd.WithWindowSize(window), zstd.WithEncoderLevel(level))
				check(b, err)
				benchCompressor(b, e, text)
			})
		}
	}
	for _, level := range []int{1, 2, 3, 5, 6} {
		b.Run(fmt.Sprintf("gzip/%d", level), func(b *testing.B) {
			e, err := gzip.NewWriterLevel(io.Discard, level)
			check(b, err)
			benchCompressor(b, e, text)
		})
	}
}

func benchCompressor(b *testing.B, e compressor, text []byte) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var out countWriter
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		out.n = 0
		e.Reset(&out)
		for p := text; len(p) > 0; {
			n := min(len(p), flushBytes)
			_, err := e.Write(p[:n])
			check(b, err)
			p = p[n:]
		}
		check(b, e.Close())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(len(text))/float64(out.n), "ratio")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024, "heapKB")
	runtime.KeepAlive(e)
}
