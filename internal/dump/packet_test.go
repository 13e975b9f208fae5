package dump

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/store"
)

// packetOf is a row of the text protocol.
func packetOf(row Row) []byte {
	var b []byte
	for _, cell := range row {
		b = append(appendCellHead(b, cell), cell...)
	}
	return b
}

// checkPacket compares what becomes of a row as a packet with what becomes of its cells.
func checkPacket(t *testing.T, row Row, enc []Encoding) {
	t.Helper()
	packet := packetOf(row)
	want := AppendCSV([]byte("before\n"), row[:len(enc)], enc)
	got, used, _ := appendCSVPacket([]byte("before\n"), packet[:len(packet):len(packet)], enc)
	if !bytes.Equal(got, want) {
		t.Errorf("%.200q, want %.200q", got, want)
	}
	var byCell, byPacket RowHasher
	byCell.Add(row[:len(enc)])
	if used >= 0 {
		byPacket.Sum.AddCanonical(packet[:used])
	}
	if byCell.Sum != byPacket.Sum {
		t.Errorf("checksum %v, want %v", byPacket.Sum, byCell.Sum)
	}
}

func TestPacketAsCSV(t *testing.T) {
	enc := []Encoding{Plain, Bytes, UTF8, Plain}
	special := "\x00\n\r\x1a\"\\'\t\x1f ,\xff\x7f\x80"
	for n := range 40 {
		text := []byte(strings.Repeat("abcdefg", 6)[:n])
		checkPacket(t, Row{text, text, text, text}, enc)
		checkPacket(t, Row{nil, nil, text, nil, []byte("more")}, enc)
		for i := range n {
			for _, c := range []byte(special) {
				odd := bytes.Clone(text)
				odd[i] = c
				checkPacket(t, Row{[]byte("1"), odd, odd, []byte("-0")}, enc)
				checkPacket(t, Row{odd}, []Encoding{Bytes})
			}
		}
	}
	all := bytes.Repeat([]byte(special), 7000)
	for _, n := range []int{0, 1, 250, 251, 255, 256, 65535, 65536, len(all)} {
		checkPacket(t, Row{all[:n], all[:n], {}, nil}, enc)
	}
	checkPacket(t, Row{}, nil)
	if _, _, zeros := appendCSVPacket(nil, packetOf(Row{[]byte("-0"), []byte("-0"), []byte("-1"), []byte("-0")}), []Encoding{Plain, Bytes, Plain, Plain}); zeros != 2 {
		t.Errorf("%d negative zeros", zeros)
	}
	for _, bad := range [][]byte{nil, {1}, {0xfc}, {0xfc, 1}, {0xfc, 9, 0, 'a'}, {0xff, 1}, {0xfe, 255, 255, 255, 255, 255, 255, 255, 255}, {0xfe, 1, 0, 0, 0, 0, 0, 0, 0}} {
		if _, used, _ := appendCSVPacket(nil, bad, []Encoding{Bytes}); used >= 0 {
			t.Errorf("%x was taken for a row", bad)
		}
	}
}

func FuzzPacketAsCSV(f *testing.F) {
	f.Add([]byte("a\"b\\c\nd"), []byte{0, 7, 3}, uint8(0b101))
	f.Fuzz(func(t *testing.T, text, cuts []byte, kinds uint8) {
		var row Row
		var enc []Encoding
		for i, c := range cuts {
			n := min(int(c), len(text))
			cell := text[:n:n]
			if c == 255 {
				cell = nil
			}
			row, text = append(row, cell), text[n:]
			e := Plain
			if kinds>>(i%8)&1 == 1 {
				e = Bytes
			}
			enc = append(enc, e)
		}
		row, enc = append(row, text[:len(text):len(text)]), append(enc, Bytes)
		if len(row) < 200 {
			checkPacket(t, row, enc)
		}
		appendCSVPacket(nil, text, enc)
	})
}

// TestWritePacket wants the same file and the same checksums from packets and from cells.
func TestWritePacket(t *testing.T) {
	o := &Object{Kind: KindTable, Schema: "s", Name: "t", Base: "s.t", Columns: []Column{
		{Name: "a", Encoding: Plain}, {Name: "b", Encoding: Bytes}, {Name: "c", Encoding: UTF8},
	}}
	r := rand.New(rand.NewPCG(1, 2))
	var rows []Row
	for range 5000 {
		text := make([]byte, r.IntN(300))
		for i := range text {
			text[i] = byte(r.IntN(128))
		}
		row := Row{[]byte("-0"), text, text[:len(text)/2]}
		if r.IntN(9) == 0 {
			row[r.IntN(3)] = nil
		}
		rows = append(rows, row)
	}
	sums := map[string]Chunk{}
	for _, way := range []string{"cells", "packets"} {
		dir, err := store.NewDir(t.TempDir(), store.ReadWrite)
		check(t, err)
		w, err := NewWriter(t.Context(), dir, WriterOptions{})
		check(t, err)
		c, err := w.CreateChunk(t.Context(), o, 0)
		check(t, err)
		for _, row := range rows {
			if way == "cells" {
				check(t, c.WriteRow(row))
			} else {
				check(t, c.WritePacket(packetOf(append(row[:3:3], []byte("key")))))
			}
		}
		chunk, err := c.Close(context.WithoutCancel(t.Context()), Range{})
		check(t, err)
		sums[way] = chunk
		w.Abandon()
	}
	a, b := sums["cells"], sums["packets"]
	if a.RowSum != b.RowSum || a.FileSum != b.FileSum || a.Rows != b.Rows || a.Bytes != b.Bytes || a.NegativeZeros != b.NegativeZeros || a.NegativeZeros == 0 {
		t.Errorf("cells %+v, packets %+v", a, b)
	}
}

// TestWritePacketDoesNotAllocate: nothing is allocated for a row between the connection and the file.
func TestWritePacketDoesNotAllocate(t *testing.T) {
	for _, compression := range []Compression{None, Zstd} {
		dir, err := store.NewDir(t.TempDir(), store.ReadWrite)
		check(t, err)
		w, err := NewWriter(t.Context(), dir, WriterOptions{Compression: compression})
		check(t, err)
		o := &Object{Kind: KindTable, Schema: "s", Name: "t", Base: "s.t", Columns: []Column{{Name: "a", Encoding: Plain}, {Name: "b", Encoding: Bytes}}}
		c, err := w.CreateChunk(t.Context(), o, 0)
		check(t, err)
		packet := packetOf(Row{[]byte("12345"), bytes.Repeat([]byte("some \"text\""), 30)})
		for range 5000 {
			check(t, c.WritePacket(packet))
		}
		if n := testing.AllocsPerRun(5000, func() { check(t, c.WritePacket(packet)) }); n != 0 {
			t.Errorf("%s: %v allocations a row", compression, n)
		}
		c.Abort()
		w.Abandon()
	}
}

func BenchmarkWritePacket(b *testing.B) {
	digits := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = byte('0' + i*7%10)
			if i%12 == 11 {
				out[i] = '-'
			}
		}
		return out
	}
	for name, row := range map[string]Row{
		"sysbench": {digits(7), digits(7), digits(119), digits(59)},
		"integers": {digits(7), digits(9), digits(9), digits(4), digits(2), digits(17)},
	} {
		enc := make([]Encoding, len(row))
		for i := range enc {
			enc[i] = Plain
			if name == "sysbench" && i > 1 {
				enc[i] = Bytes
			}
		}
		packet := packetOf(row)
		b.Run(name, func(b *testing.B) {
			var text []byte
			var h RowHasher
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				var used int
				text, used, _ = appendCSVPacket(text[:0], packet, enc)
				h.Sum.AddCanonical(packet[:used])
			}
		})
		b.Run(name+"/cells", func(b *testing.B) {
			var text []byte
			var h RowHasher
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				text = AppendCSV(text[:0], row, enc)
				h.Add(row)
			}
		})
	}
}
