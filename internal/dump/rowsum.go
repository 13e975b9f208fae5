package dump

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/zeebo/xxh3"
)

// RowSum is the order-independent checksum of rows: the sum modulo 2^128 of XXH3-128 over each row in canonical form,
// which is the MySQL text protocol's: every cell a length-encoded string, NULL the byte 0xfb
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html).
type RowSum struct{ Hi, Lo uint64 }

// AddCanonical adds one row that is already in canonical form, such as the payload of a text protocol row packet.
func (s *RowSum) AddCanonical(row []byte) {
	h := xxh3.Hash128(row)
	s.Merge(RowSum{Hi: h.Hi, Lo: h.Lo})
}

// Merge adds the rows of o.
func (s *RowSum) Merge(o RowSum) {
	var carry uint64
	s.Lo, carry = bits.Add64(s.Lo, o.Lo, 0)
	s.Hi, _ = bits.Add64(s.Hi, o.Hi, carry)
}

// Sub takes the rows of o away.
func (s *RowSum) Sub(o RowSum) {
	var borrow uint64
	s.Lo, borrow = bits.Sub64(s.Lo, o.Lo, 0)
	s.Hi, _ = bits.Sub64(s.Hi, o.Hi, borrow)
}

// String is 32 hex digits, the high half first.
func (s RowSum) String() string { return fmt.Sprintf("%016x%016x", s.Hi, s.Lo) }

// sumOf is the XXH3-128 of what was hashed, as xxhsum prints it.
func sumOf(hash *xxh3.Hasher128) string {
	h := hash.Sum128()
	return RowSum{Hi: h.Hi, Lo: h.Lo}.String()
}

// ParseRowSum reads what String wrote.
func ParseRowSum(text string) (RowSum, error) {
	var b [16]byte
	if len(text) != 32 {
		return RowSum{}, fmt.Errorf("row checksum %.40q: not 32 hex digits", text)
	}
	if _, err := hex.Decode(b[:], []byte(text)); err != nil {
		return RowSum{}, fmt.Errorf("row checksum %q: %w", text, err)
	}
	return RowSum{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}, nil
}

// RowHasher adds rows to a RowSum and keeps the scratch space for it.
// The zero value is ready. It is not safe for concurrent use.
type RowHasher struct {
	Sum     RowSum
	scratch []byte
	stream  *xxh3.Hasher128
}

// Add adds one row.
func (h *RowHasher) Add(row Row) {
	size := 9 * len(row)
	for _, cell := range row {
		size += len(cell)
	}
	if size > largeRow {
		h.addLarge(row)
		return
	}
	b := h.scratch[:0]
	for _, cell := range row {
		b = appendCellHead(b, cell)
		b = append(b, cell...)
	}
	h.scratch = b
	h.Sum.AddCanonical(b)
}

// Reset empties the sum and keeps the scratch space.
func (h *RowHasher) Reset() { h.Sum = RowSum{} }

// addLarge hashes a row cell by cell, so that a huge one is not copied.
func (h *RowHasher) addLarge(row Row) {
	if h.stream == nil {
		h.stream = xxh3.New128()
	}
	h.stream.Reset()
	for _, cell := range row {
		h.scratch = appendCellHead(h.scratch[:0], cell)
		_, _ = h.stream.Write(h.scratch)
		_, _ = h.stream.Write(cell)
	}
	sum := h.stream.Sum128()
	h.Sum.Merge(RowSum{Hi: sum.Hi, Lo: sum.Lo})
}

// appendCellHead appends the length of a length-encoded string, or 0xfb for NULL.
func appendCellHead(dst, cell []byte) []byte {
	n := len(cell)
	switch {
	case cell == nil:
		return append(dst, 0xfb)
	case n < 0xfb:
		return append(dst, byte(n))
	}
	return mysql.AppendLength(dst, n)
}
