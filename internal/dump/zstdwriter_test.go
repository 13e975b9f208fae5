package dump

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// digits is CSV of random numbers: nothing in it repeats.
func digits(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []byte
	for len(out) < n {
		out = append(strconv.AppendUint(out, rnd.Uint64()%1e11, 10), '-')
		if rnd.IntN(10) == 0 {
			out[len(out)-1] = '\n'
		}
	}
	return out[:n]
}

func randomBytes(n int) []byte {
	rnd := rand.New(rand.NewPCG(5, 6))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rnd.Uint32())
	}
	return out
}

func newFast(t testing.TB) *zstdWriter {
	t.Helper()
	c, err := newCompressor(Zstd, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*zstdWriter)
}

// compressed writes text in pieces of changing sizes.
func compressed(t testing.TB, z compressor, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z.Reset(&out)
	for size := 1; len(text) > 0; size = size*3%300_007 + 1 {
		n := min(size, len(text))
		if got, err := z.Write(text[:n]); got != n || err != nil {
			t.Fatal(got, err)
		}
		text = text[n:]
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestZstdWriter compresses texts of all kinds one after another, on both sides of every limit: zstd's own program and our reader
// give them back.
func TestZstdWriter(t *testing.T) {
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Error("no zstd: run `make setup`")
	}
	texts := map[string][]byte{
		"nothing": nil, "a byte": []byte("x"), "short": []byte("1,2,3\n"), "digits": digits(stretchBytes + 3*trialBytes),
		"random": randomBytes(stretchBytes/8 + 77), "zeros": make([]byte, 2*trialBytes+5), "words": shopText(1 << 20),
		"digits, words, digits": append(append(digits(stretchBytes+trialBytes), shopText(stretchBytes+2*trialBytes)...), digits(2*trialBytes)...),
		"digits, zeros, random": append(append(digits(trialBytes), make([]byte, stretchBytes)...), randomBytes(stretchBytes+1)...),
	}
	for _, n := range []int{trialBytes - 1, trialBytes, trialBytes + 1, trialBytes + zstdBlock, trialBytes + zstdBlock + 1, trialBytes + stretchBytes, trialBytes + stretchBytes + 1} {
		texts[fmt.Sprint(n, " digits")] = digits(n)
	}
	z := newFast(t)
	for name, text := range texts {
		for range 2 { // with what the first time left behind
			stored := compressed(t, z, text)
			d, err := zstd.NewReader(bytes.NewReader(stored), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(d)
			d.Close()
			if err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s: %d bytes in place of %d, %v", name, len(got), len(text), err)
			}
			if tool == "" {
				continue
			}
			cmd := exec.CommandContext(t.Context(), tool, "-dc")
			cmd.Stdin = bytes.NewReader(stored)
			if got, err = cmd.Output(); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s: zstd gives %d bytes in place of %d, %v", name, len(got), len(text), err)
			}
		}
	}
}

// TestZstdWriterChooses: codes where they are smaller, matches where these are, again and again in one file.
func TestZstdWriterChooses(t *testing.T) {
	z := newFast(t)
	numbers, words := digits(4<<20), shopText(4<<20)
	matched := func(text []byte) int { return len(compressed(t, z.matcher, text)) }
	if got, most := len(compressed(t, z, numbers)), matched(numbers)+matched(numbers)/worth; z.way != byCodes || got > most {
		t.Errorf("%d digits: %d bytes by way %d, %d by matches", len(numbers), got, z.way, most)
	}
	if got, most := len(compressed(t, z, words)), matched(words)*101/100; z.way != byMatches || got > most {
		t.Errorf("%d bytes of words: %d bytes by way %d, %d by matches", len(words), got, z.way, most)
	}
	both := append(digits(stretchBytes), shopText(2*stretchBytes)...)
	if got, most := len(compressed(t, z, both)), matched(both)*105/100; got > most {
		t.Errorf("numbers, then words: %d bytes, %d by matches", got, most)
	}
}

func TestZstdWriterDoesNotAllocate(t *testing.T) {
	z, text := newFast(t), digits(trialBytes)
	z.Reset(io.Discard)
	for range 2 {
		_, _ = z.Write(text)
	}
	if n := testing.AllocsPerRun(20, func() { _, _ = z.Write(text) }); n > 0 {
		t.Errorf("%v allocations for %d bytes", n, len(text))
	}
}

// TestZstdWriterFindsDamage: the checksum of a frame of codes is checked by who reads it.
func TestZstdWriterFindsDamage(t *testing.T) {
	stored := compressed(t, newFast(t), digits(2*trialBytes))
	stored[len(stored)/2] ^= 1
	d, err := zstd.NewReader(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := io.Copy(io.Discard, d); err == nil {
		t.Error("damage was not found")
	}
}

func FuzzZstdWriter(f *testing.F) {
	f.Add([]byte("1,2\n"), 70_000)
	f.Add([]byte{0}, 300_000)
	f.Fuzz(func(t *testing.T, piece []byte, n int) {
		text := bytes.Repeat(piece, max(0, n)%(1<<20)/max(1, len(piece)))
		stored := compressed(t, newFast(t), text)
		d, err := zstd.NewReader(bytes.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes in place of %d, %v", len(got), len(text), err)
		}
	})
}
