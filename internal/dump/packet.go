package dump

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// TakesPacket reports whether WritePacket can write a row of the text protocol as it is.
func (c *ChunkFile) TakesPacket(packet []byte) bool { return c.insert == "" && len(packet) <= largeRow }

// WritePacket writes a row that TakesPacket as WriteRow does, in one pass over its packet: each cell a length-encoded string, NULL
// the byte 0xfb. Cells behind the table's columns are not written. The packet is not kept.
func (c *ChunkFile) WritePacket(packet []byte) error {
	if c.err != nil {
		return c.err
	}
	text, used, zeros := appendCSVPacket(c.e.text, packet, c.enc)
	if used < 0 {
		c.err = fmt.Errorf("chunk %s: row %d is not one of %d columns", c.chunk.File, c.chunk.Rows, len(c.enc))
		return c.err
	}
	c.e.text = text
	c.e.rows.Sum.AddCanonical(packet[:used])
	c.chunk.NegativeZeros += zeros
	c.chunk.Rows++
	return c.flushOver(flushBytes)
}

// wordBytes is how much is looked at, and copied, at a time.
const wordBytes = 8

// appendCSVPacket appends the first len(enc) cells of a text protocol row as AppendCSV does. used is how many bytes of the packet
// they take, -1 when it does not hold them; zeros is how many Plain cells are -0.
func appendCSVPacket(dst, packet []byte, enc []Encoding) (line []byte, used int, zeros int64) {
	// A cell of n bytes grows to 2n and quotes, with a comma; whole words are stored, up to two of them too much.
	dst = slices.Grow(dst, 2*len(packet)+2*len(enc)+3*wordBytes)
	out := dst[len(dst):cap(dst)]
	n, at := 0, 0
	for _, e := range enc {
		if at >= len(packet) {
			return nil, -1, 0
		}
		size := int(packet[at])
		at++
		if size >= 0xfb {
			if size == 0xfb {
				out[n], out[n+1], out[n+2] = '\\', 'N', ','
				n += 3
				continue
			}
			if size, at = longSize(packet, at-1); size < 0 {
				return nil, -1, 0
			}
		}
		end := at + size
		if end > len(packet) {
			return nil, -1, 0
		}
		if e == Plain {
			if size == 2 && packet[at] == '-' && packet[at+1] == '0' {
				zeros++
			}
			if size <= 2*wordBytes && len(packet)-at >= 2*wordBytes {
				binary.LittleEndian.PutUint64(out[n:], binary.LittleEndian.Uint64(packet[at:]))
				binary.LittleEndian.PutUint64(out[n+wordBytes:], binary.LittleEndian.Uint64(packet[at+wordBytes:]))
			} else {
				copy(out[n:], packet[at:end])
			}
			n += size
		} else {
			out[n] = '"'
			n += 1 + escapeInto(out[n+1:], packet[:end], at)
			out[n] = '"'
			n++
		}
		at = end
		out[n] = ','
		n++
	}
	out[max(n-1, 0)] = '\n'
	return dst[:len(dst)+max(n, 1)], at, zeros
}

// longSize reads the length of a cell of more than 250 bytes at packet[at], and where the cell begins; -1 when it is not there.
func longSize(packet []byte, at int) (size, begin int) {
	width := 0
	switch packet[at] {
	case 0xfc:
		width = 2
	case 0xfd:
		width = 3
	case 0xfe:
		width = 8
	}
	if width == 0 || len(packet)-at <= width {
		return -1, at
	}
	for i := width; i > 0; i-- {
		if size >= 1<<32 {
			return -1, at
		}
		size = size<<8 | int(packet[at+i])
	}
	return size, at + 1 + width
}

// escapeInto writes b[at:] escaped for CSV and returns how many bytes that took. out has room for twice as much and a word.
func escapeInto(out, b []byte, at int) int {
	const quotes = lowBits * uint64('"')
	n := 0
	for len(b)-at >= wordBytes {
		x := binary.LittleEndian.Uint64(b[at:])
		binary.LittleEndian.PutUint64(out[n:], x)
		found := specialBytes(x, quotes)
		if found == 0 {
			n += wordBytes
			at += wordBytes
			continue
		}
		i := bits.TrailingZeros64(found) / 8
		n += i
		n += putEscaped(out[n:], b[at+i], '"')
		at += i + 1
	}
	for left := len(b) - at; left > 0; left = len(b) - at {
		if len(b) < wordBytes {
			n += putEscaped(out[n:], b[at], '"')
			at++
			continue
		}
		// The last bytes, from a word that ends with them: nothing behind b is read.
		x := binary.LittleEndian.Uint64(b[len(b)-wordBytes:]) >> (8 * (wordBytes - left))
		binary.LittleEndian.PutUint64(out[n:], x)
		found := specialBytes(x, quotes) & (1<<(8*left) - 1)
		if found == 0 {
			return n + left
		}
		i := bits.TrailingZeros64(found) / 8
		n += i
		n += putEscaped(out[n:], b[at+i], '"')
		at += i + 1
	}
	return n
}
