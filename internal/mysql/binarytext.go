package mysql

import (
	"encoding/binary"
	"math"
	"strconv"
)

// binaryKind is how a value stands in a row.
type binaryKind uint8

const (
	kindUnknown binaryKind = iota // or one whose text we cannot print as the server does
	kindString
	kindSigned
	kindUnsigned
	kindDouble
	kindDate
	kindDatetime
	kindTime
)

// binaryColumn is a column of a prepared statement's rows
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
type binaryColumn struct {
	kind     binaryKind
	size     int  // bytes of a number
	width    int  // digits at least, zeros in front
	decimals int  // of seconds
	integer  bool // without zeros in front
}

// Types of columns (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html).
const (
	typeTiny      = 1
	typeShort     = 2
	typeLong      = 3
	typeDouble    = 5
	typeTimestamp = 7
	typeLongLong  = 8
	typeInt24     = 9
	typeDate      = 10
	typeTime      = 11
	typeDatetime  = 12
	typeYear      = 13
	typeBit       = 16
	typeVector    = 242
	typeJSON      = 245 // and above it DECIMAL, ENUM, SET, BLOB, CHAR, GEOMETRY
)

const (
	flagUnsigned = 32
	flagZerofill = 64
	// anyDecimals is the number of decimals of a DOUBLE that was given none.
	anyDecimals = 31
	// maxNumber is the length of the longest text of what is no string: a length of one byte says it.
	maxNumber = 250
)

// readColumn reads a column definition
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_column_definition.html).
func readColumn(b []byte) (c binaryColumn, err error) {
	for range 6 { // catalog, schema, table and column under their names here and there
		size, head, null, ok := cellSize(b)
		if !ok || null || size > uint64(len(b)-head) {
			return c, errMalformed
		}
		b = b[head+int(size):]
	}
	const fixed = 12 // how long what follows is
	if len(b) < fixed-1 || b[0] != fixed {
		return c, errMalformed
	}
	length, flags := binary.LittleEndian.Uint32(b[3:]), binary.LittleEndian.Uint16(b[8:])
	c.decimals = int(b[10])
	c.setType(b[7], flags&flagUnsigned != 0)
	if flags&flagZerofill != 0 && c.kind != kindString || b[7] == typeYear {
		c.width = int(length)
		if length > maxNumber {
			c.kind = kindUnknown
		}
	}
	c.integer = (c.kind == kindSigned || c.kind == kindUnsigned) && c.width == 0
	return c, nil
}

func (c *binaryColumn) setType(t byte, unsigned bool) {
	integer := kindSigned
	if unsigned {
		integer = kindUnsigned
	}
	switch t {
	case typeTiny:
		c.kind, c.size = integer, 1
	case typeShort, typeYear:
		c.kind, c.size = integer, 2
	case typeLong, typeInt24:
		c.kind, c.size = integer, 4
	case typeLongLong:
		c.kind, c.size = integer, 8
	case typeDouble:
		if c.decimals == anyDecimals {
			c.kind, c.size = kindDouble, 8
		}
	case typeDate:
		c.kind = kindDate
	case typeDatetime, typeTimestamp:
		c.kind = kindDatetime
	case typeTime:
		c.kind = kindTime
	case typeBit, typeVector:
		c.kind = kindString
	default:
		if t >= typeJSON {
			c.kind = kindString
		}
	}
	if (c.kind == kindDatetime || c.kind == kindTime) && c.decimals > microDigits {
		c.kind = kindUnknown
	}
}

// appendValue takes a value that is no string off the front of b and appends the server's text of it to dst; ok is false when b does not
// hold one.
func (c *binaryColumn) appendValue(dst, b []byte) (text, rest []byte, ok bool) {
	if c.size == 0 {
		return c.appendTime(dst, b)
	}
	if len(b) < c.size {
		return dst, b, false
	}
	bits := c.bits(b)
	from := len(dst)
	switch c.kind {
	case kindUnsigned:
		dst = strconv.AppendUint(dst, bits, 10)
	case kindSigned:
		dst = strconv.AppendInt(dst, c.signed(bits), 10)
	default:
		v := math.Float64frombits(bits)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, b, false // no server has them
		}
		dst = AppendDouble(dst, v)
	}
	if len(dst)-from < c.width {
		dst = append(dst[:from], pad(dst[from:], c.width)...)
	}
	return dst, b[c.size:], true
}

// bits are those of a number of the column's size, at the front of b.
func (c *binaryColumn) bits(b []byte) uint64 {
	switch c.size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	default:
		return binary.LittleEndian.Uint64(b)
	}
}

// signed is a number of the column's size by its bits.
func (c *binaryColumn) signed(bits uint64) int64 {
	unused := 64 - 8*c.size
	return int64(bits<<unused) >> unused
}

// microDigits are the decimals of a second at most.
const microDigits = 6

// appendTime is appendValue of dates and times: a length, and then as many of their parts as are not zero.
func (c *binaryColumn) appendTime(dst, b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || len(b) <= int(b[0]) {
		return dst, b, false
	}
	size := int(b[0])
	var parts [12]byte
	if size > len(parts) {
		return dst, b, false
	}
	copy(parts[:], b[1:1+size])
	rest = b[1+size:]
	if c.kind == kindTime {
		if size != 0 && size != 8 && size != 12 {
			return dst, b, false
		}
		hours := uint64(binary.LittleEndian.Uint32(parts[1:]))*24 + uint64(parts[5])
		if parts[0] != 0 {
			dst = append(dst, '-')
		}
		if hours < 10 {
			dst = append(dst, '0')
		}
		dst = strconv.AppendUint(dst, hours, 10)
		dst = appendTwo(append(dst, ':'), parts[6])
		dst = appendTwo(append(dst, ':'), parts[7])
		return c.appendMicros(dst, parts[8:]), rest, true
	}
	if size != 0 && size != 4 && size != 7 && size != 11 {
		return dst, b, false
	}
	year := binary.LittleEndian.Uint16(parts[:])
	dst = appendTwo(appendTwo(dst, byte(year/100%100)), byte(year%100))
	dst = appendTwo(append(dst, '-'), parts[2])
	dst = appendTwo(append(dst, '-'), parts[3])
	if c.kind == kindDate {
		return dst, rest, true
	}
	dst = appendTwo(append(dst, ' '), parts[4])
	dst = appendTwo(append(dst, ':'), parts[5])
	dst = appendTwo(append(dst, ':'), parts[6])
	return c.appendMicros(dst, parts[7:]), rest, true
}

// appendMicros appends the decimals that the column has.
func (c *binaryColumn) appendMicros(dst, b []byte) []byte {
	if c.decimals == 0 {
		return dst
	}
	micros := binary.LittleEndian.Uint32(b)
	at := len(dst)
	dst = append(dst, ".000000"...)
	for i := at + microDigits; i > at; i-- {
		dst[i] = byte('0' + micros%10)
		micros /= 10
	}
	return dst[:at+1+c.decimals]
}

func appendTwo(dst []byte, n byte) []byte {
	return append(dst, '0'+n/10, '0'+n%10)
}

// rowHead is the first byte of a row, and before the values there is a bit for each column that is NULL, from the third bit on.
const (
	rowHead  = 0x00
	nullSkip = 2
)

// splitNulls takes the head off a row.
func splitNulls(b []byte, columns int) (nulls, values []byte, ok bool) {
	end := 1 + (columns+nullSkip+7)/8
	if len(b) < end || b[0] != rowHead {
		return nil, nil, false
	}
	return b[1:end], b[end:], true
}

func isNull(nulls []byte, i int) bool { return nulls[(i+nullSkip)/8]>>((i+nullSkip)%8)&1 == 1 }

// appendTextRow appends a row as the text protocol has it; nil when b is no row.
func appendTextRow(dst []byte, columns []binaryColumn, b []byte) []byte {
	nulls, b, ok := splitNulls(b, len(columns))
	if !ok {
		return nil
	}
	for i := range columns {
		c := &columns[i]
		switch {
		case isNull(nulls, i):
			dst = append(dst, 0xfb)
		case c.kind == kindString:
			size, head, null, ok := cellSize(b)
			if !ok || null || size > uint64(len(b)-head) {
				return nil
			}
			end := head + int(size)
			dst, b = append(dst, b[:end]...), b[end:]
		case c.integer:
			if len(b) < c.size {
				return nil
			}
			bits, sign := c.bits(b), int64(0)
			if c.kind == kindSigned {
				v := c.signed(bits)
				sign = v >> 63
				bits = uint64(v^sign) - uint64(sign)
			}
			dst, b = appendCounted(dst, bits, sign != 0), b[c.size:]
		default:
			at := len(dst)
			if dst, b, ok = c.appendValue(append(dst, 0), b); !ok {
				return nil
			}
			dst[at] = byte(len(dst) - at - 1)
		}
	}
	if len(b) != 0 {
		return nil
	}
	return dst
}

// printCells sets cells to those of a row: strings where they are, others printed to dst.
func printCells(cells [][]byte, dst []byte, columns []binaryColumn, b []byte) (printed []byte, ok bool) {
	nulls, b, ok := splitNulls(b, len(columns))
	if !ok {
		return dst, false
	}
	for i := range columns {
		c := &columns[i]
		switch {
		case isNull(nulls, i):
			cells[i] = nil
		case c.kind == kindString:
			size, head, null, ok := cellSize(b)
			if !ok || null || size > uint64(len(b)-head) {
				return dst, false
			}
			end := head + int(size)
			cells[i], b = b[head:end:end], b[end:]
		default:
			at := len(dst)
			if dst, b, ok = c.appendValue(dst, b); !ok {
				return dst, false
			}
			cells[i] = dst[at:len(dst):len(dst)] // which stays as it is when dst grows elsewhere
		}
	}
	return dst, len(b) == 0
}
