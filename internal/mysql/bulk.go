package mysql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// MariaDB's bulk commands (https://mariadb.com/docs/server/reference/clientserver-protocol/3-binary-protocol-prepared-statements/com_stmt_bulk_execute).
const (
	comBulkExecute = 0xfa
	bulkSendsTypes = 128
	bulkUnsigned   = 128 // of a parameter's type

	bulkValue byte = 0 // indicators
	bulkNull  byte = 1

	typeLonglong = 0x08
	typeBlob     = 0xfc // its charset is binary: nothing is converted

	// bulkBytes is the size from which rows are sent.
	bulkBytes = 1 << 20
	// bulkMost is above the payload of one command: it stays one packet.
	bulkMost = 8 << 20
)

var (
	// ErrNoBulk is a session on which rows do not go by the bulk protocol.
	ErrNoBulk = errors.New("session takes no rows in bulk")
	// ErrBulkRow is a row that is too large for it.
	ErrBulkRow = errors.New("row is too large for the bulk protocol")
)

// BulkKind says how the values of a column travel.
type BulkKind byte

// The kinds of columns.
const (
	BulkText     BulkKind = iota // as the bytes that the server makes a value of, as it does of LOAD DATA's in CHARACTER SET binary
	BulkSigned                   // integers: as a number of 64 bits, where their text is one
	BulkUnsigned                 // integers of columns that hold none below 0
)

// BulkInsert is a prepared INSERT whose rows go many to a packet, as they are: MariaDB's COM_STMT_BULK_EXECUTE, which spares the server
// the reading of text. The session is its own until Close. It is not safe for concurrent use.
type BulkInsert struct {
	on    *binaryRows
	kinds []BulkKind
	buf   []byte // the command, from its packet's header
	head  int    // length of what is in front of the rows
	rows  int    // in buf
	most  int    // bytes of buf
	total OK
	err   error // the first
}

// CanBulk reports whether the server has agreed to bulk commands on this session.
func (c *Conn) CanBulk() bool { return c.net != nil && c.net.plain && c.net.bulk }

// OpenBulk prepares an INSERT with one parameter for each of kinds. A session on which that is not possible gives ErrNoBulk and is as it was;
// answers that are none, as of a proxy that passes on what the server can do and not what it says, are ErrNoBulk too and end the session.
// The caller watches ctx (KillOnDone) while it sends rows.
func OpenBulk(ctx context.Context, conn *Conn, insert string, kinds []BulkKind) (*BulkInsert, error) {
	if !conn.CanBulk() || len(kinds) > mostBinary || len(kinds) == 0 || len(insert) >= fullPacket-1 {
		return nil, ErrNoBulk
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	taken, err := takePackets(conn)
	if err != nil {
		return nil, err
	}
	on := &binaryRows{packetRows: *taken}
	if err := on.prepareInsert(insert, len(kinds)); err != nil {
		return nil, noBulk(on.end(err))
	}
	b := &BulkInsert{on: on, kinds: append([]BulkKind(nil), kinds...), most: bulkMost}
	if most := conn.server.Facts.MaxAllowedPacket; most > 0 {
		b.most = min(b.most, most-packetHeader)
	}
	b.buf = append(make([]byte, 0, min(bulkBytes, b.most)+bulkBytes/8), 0, 0, 0, 0, comBulkExecute)
	b.buf = binary.LittleEndian.AppendUint32(b.buf, on.id)
	b.buf = binary.LittleEndian.AppendUint16(b.buf, bulkSendsTypes)
	b.head = len(b.buf) + 2*len(kinds)
	b.buf = b.appendTypes(b.buf)
	return b, nil
}

// prepareInsert reads the statement's number and passes over the definitions of its parameters.
func (r *binaryRows) prepareInsert(query string, parameters int) error {
	r.packets.most = maxDefinition
	defer func() { r.packets.most = 0 }()
	columns, params, err := r.prepareStatement(query)
	if err != nil {
		return err
	}
	if columns != 0 || params != parameters {
		return errMalformed
	}
	for range parameters {
		b, err := r.packets.packet()
		if err != nil {
			return err
		}
		if len(b) > 0 && b[0] == firstErr {
			return serverError(b)
		}
	}
	// A ping tells whether a packet without content follows.
	b, err := r.ask([]byte{comPing})
	if err != nil {
		return err
	}
	return checkEnd(b, false)
}

// appendTypes appends the types of the parameters.
func (b *BulkInsert) appendTypes(dst []byte) []byte {
	for _, k := range b.kinds {
		switch k {
		case BulkSigned:
			dst = append(dst, typeLonglong, 0)
		case BulkUnsigned:
			dst = append(dst, typeLonglong, bulkUnsigned)
		default:
			dst = append(dst, typeBlob, 0)
		}
	}
	return dst
}

// Add gathers a row, whose cells are text, nil for NULL, and sends rows when there are enough. A row that is too large gives ErrBulkRow.
func (b *BulkInsert) Add(row [][]byte) error {
	if b.err != nil {
		return b.err
	}
	if len(row) != len(b.kinds) {
		return b.fail(fmt.Errorf("row has %d cells, not %d", len(row), len(b.kinds)))
	}
	size := 0
	for _, cell := range row {
		size += 1 + 9 + len(cell)
	}
	if b.head+size > b.most {
		return b.fail(ErrBulkRow)
	}
	if len(b.buf)+size > b.most {
		if err := b.Flush(); err != nil {
			return err
		}
	}
	if err := b.append(row); err != nil {
		return err
	}
	if b.rows++; len(b.buf) >= bulkBytes {
		return b.Flush()
	}
	return nil
}

// append appends a row. A cell of an integer column that is no integer sends what was gathered; from then on the column goes as text.
func (b *BulkInsert) append(row [][]byte) error {
	start, dst := len(b.buf), b.buf
	for i, cell := range row {
		if cell == nil {
			dst = append(dst, bulkNull)
			continue
		}
		dst = append(dst, bulkValue)
		if b.kinds[i] == BulkText {
			dst = append(AppendLength(dst, len(cell)), cell...)
			continue
		}
		n, ok := parseInteger(cell, b.kinds[i] == BulkUnsigned)
		if !ok {
			b.buf = dst[:start]
			if err := b.Flush(); err != nil {
				return err
			}
			b.kinds[i] = BulkText
			b.appendTypes(b.buf[:b.head-2*len(b.kinds)])
			return b.append(row)
		}
		dst = binary.LittleEndian.AppendUint64(dst, n)
	}
	b.buf = dst
	return nil
}

// parseInteger reads an integer as servers print it: digits, in front of them a minus and zeros at most.
func parseInteger(text []byte, unsigned bool) (n uint64, ok bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || negative && unsigned {
		return 0, false
	}
	const safe = 19 // digits that cannot overflow
	for _, c := range digits[:min(safe, len(digits))] {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	for _, c := range digits[min(safe, len(digits)):] {
		if c -= '0'; c > 9 || n > (1<<64-1-uint64(c))/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	switch {
	case unsigned:
		return n, true
	case negative:
		return -n, n <= 1<<63
	}
	return n, n < 1<<63
}

// AppendLength appends a length-encoded number.
func AppendLength(dst []byte, n int) []byte {
	switch {
	case n < 0xfb:
		return append(dst, byte(n))
	case n < 1<<16:
		return append(dst, 0xfc, byte(n), byte(n>>8))
	case n < 1<<24:
		return append(dst, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xfe), uint64(n))
}

// Flush sends the rows that were gathered and reads what the server says of them.
func (b *BulkInsert) Flush() error {
	if b.err != nil || b.rows == 0 {
		return b.err
	}
	size := len(b.buf) - packetHeader
	b.buf[0], b.buf[1], b.buf[2] = byte(size), byte(size>>8), byte(size>>16)
	b.on.packets.start()
	if _, err := b.on.wire.stream.Write(b.buf); err != nil {
		return b.fail(lostWhileSending(err))
	}
	b.buf, b.rows = b.buf[:b.head], 0
	if cap(b.buf) > 2*bulkBytes {
		b.buf = append(make([]byte, 0, bulkBytes+bulkBytes/8), b.buf...)
	}
	answer, err := b.on.packets.packet()
	switch {
	case err != nil:
		return b.fail(err)
	case len(answer) > 0 && answer[0] == firstErr:
		return b.fail(serverError(answer))
	case len(answer) == 0 || answer[0] != firstOK:
		return b.fail(errMalformed)
	}
	if err := checkEnd(answer, false); err != nil {
		return b.fail(err)
	}
	said := readOK(answer)
	b.total.Affected += said.Affected
	b.total.Warnings += said.Warnings
	return nil
}

// Total is what the server has said of the rows that were sent.
func (b *BulkInsert) Total() OK { return b.total }

func (b *BulkInsert) fail(err error) error {
	b.err = noBulk(err)
	return b.err
}

// noBulk makes ErrNoBulk of an answer that is none.
func noBulk(err error) error {
	if errors.Is(err, errMalformed) {
		return fmt.Errorf("%w: %w", ErrNoBulk, err)
	}
	return err
}

// Close forgets the statement, and rows that were not sent, and gives the session back; after an error that is neither the server's nor about
// a row the session is lost.
func (b *BulkInsert) Close() error {
	if b.on.done {
		return nil
	}
	lost := b.err
	if Number(lost) != 0 || errors.Is(lost, ErrBulkRow) {
		lost = nil
	}
	if lost == nil {
		lost = b.on.forget()
	}
	return b.on.end(lost)
}
