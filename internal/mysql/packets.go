package mysql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	mysqldriver "github.com/go-sql-driver/mysql"
)

const (
	packetHeader = 4
	// fullPacket is the payload of a packet that goes on in the next one.
	fullPacket = 1<<24 - 1
	// readBytes is how much is read from the connection at a time.
	readBytes = 256 << 10
	// spareBytes is how much memory for large packets is kept for the next one.
	spareBytes = 4 << 20
	// maxTrusted is how much memory the length of one cell may ask for before its bytes are there: no server takes a larger one.
	maxTrusted = 1 << 30
	// maxDefinition is above the definition of a column, which is names of 64 characters.
	maxDefinition = 1 << 20
)

// packetReader reads the packets of one answer of a server into a buffer that is used again and again
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html). Its buffer is empty between statements.
type packetReader struct {
	from     io.Reader
	buf      []byte // all of it may be read into
	pos, end int    // what was read and not yet handed out
	large    []byte // a payload that does not fit
	spare    []byte // memory for the next one
	next     byte   // sequence number
	most     int    // bytes of a payload; 0: as many as come
}

// start prepares for the answer to a command.
func (p *packetReader) start() { p.pos, p.end, p.next = 0, 0, 1 }

// packet returns the payload of the next packet, valid until the next call. Packets of more than 16 MiB come in one piece.
func (p *packetReader) packet() ([]byte, error) {
	if p.end-p.pos >= packetHeader {
		head := binary.LittleEndian.Uint32(p.buf[p.pos:])
		size := int(head & fullPacket)
		if last := p.pos + packetHeader + size; last <= p.end && size < fullPacket && byte(head>>24) == p.next {
			payload := p.buf[p.pos+packetHeader : last : last]
			p.pos = last
			p.next++
			return payload, nil
		}
	}
	return p.slowPacket()
}

// slowPacket is packet where bytes are missing, or something is odd.
func (p *packetReader) slowPacket() ([]byte, error) {
	p.dropLarge()
	size, err := p.header()
	if err != nil {
		return nil, err
	}
	if size < fullPacket && packetHeader+size <= len(p.buf) {
		if err := p.fill(size); err != nil {
			return nil, err
		}
		payload := p.buf[p.pos : p.pos+size : p.pos+size]
		p.pos += size
		return payload, nil
	}
	return p.largePacket(size)
}

// dropLarge forgets the last large payload, and keeps its memory when that is not much.
func (p *packetReader) dropLarge() {
	if p.large != nil && cap(p.large) <= spareBytes {
		p.spare = p.large[:0]
	}
	p.large = nil
}

// header reads the head of a packet and returns the size of its payload.
func (p *packetReader) header() (int, error) {
	if err := p.fill(packetHeader); err != nil {
		return 0, err
	}
	head := binary.LittleEndian.Uint32(p.buf[p.pos:])
	p.pos += packetHeader
	if byte(head>>24) != p.next {
		return 0, fmt.Errorf("%w: packet %d in place of %d", mysqldriver.ErrPktSync, head>>24, p.next)
	}
	p.next++
	return int(head & fullPacket), nil
}

// fill reads until there are at least need bytes, which fit.
func (p *packetReader) fill(need int) error {
	if p.end-p.pos >= need {
		return nil
	}
	if p.pos > 0 {
		p.end = copy(p.buf, p.buf[p.pos:p.end])
		p.pos = 0
	}
	for p.end < need {
		n, err := p.from.Read(p.buf[p.end:])
		p.end += n
		if err != nil && p.end < need {
			return lostWhileReading(err)
		}
	}
	return nil
}

// largePacket reads a payload that is larger than the buffer, of one packet or of several, the first of this size.
func (p *packetReader) largePacket(size int) ([]byte, error) {
	all := p.spare
	p.spare = nil
	for {
		if p.most > 0 && len(all)+size > p.most {
			return nil, errMalformed
		}
		all = p.room(all, size)
		to := all[len(all) : len(all)+size]
		n := copy(to, p.buf[p.pos:p.end])
		p.pos += n
		if _, err := io.ReadFull(p.from, to[n:]); err != nil {
			return nil, lostWhileReading(err)
		}
		all = all[:len(all)+size]
		if size < fullPacket {
			p.large = all
			return all[:len(all):len(all)], nil
		}
		var err error
		if size, err = p.header(); err != nil {
			return nil, err
		}
	}
}

// room returns all with a capacity for size more bytes. It asks for as much as the cell at the end says that it has, so that
// a row with one large cell is allocated once after its first packet.
func (p *packetReader) room(all []byte, size int) []byte {
	need := len(all) + size
	if need <= cap(all) {
		return all
	}
	if len(all) > 0 {
		need = max(need, cap(all)+cap(all)/4)
		if missing := missingBytes(all); missing > size {
			need = max(need, len(all)+min(missing, maxTrusted))
		}
	}
	grown := make([]byte, len(all), need)
	copy(grown, all)
	return grown
}

// missingBytes is how many bytes the last cell of the start of a row still lacks; 0 when that cannot be told.
func missingBytes(row []byte) int {
	for len(row) > 0 {
		size, head, _, ok := cellSize(row)
		if !ok {
			return 0
		}
		if size > uint64(len(row)-head) {
			return int(min(size-uint64(len(row)-head), maxTrusted))
		}
		row = row[head+int(size):]
	}
	return 0
}

// cellSize reads the length of a length-encoded string and how many bytes say it; ok is false when they are not there.
func cellSize(b []byte) (size uint64, head int, null, ok bool) {
	if len(b) == 0 {
		return 0, 0, false, false
	}
	switch first := b[0]; first {
	default:
		return uint64(first), 1, false, true
	case 0xfb:
		return 0, 1, true, true
	case 0xfc:
		head = 3
	case 0xfd:
		head = 4
	case 0xfe:
		head = 9
	case 0xff:
		return 0, 0, false, false
	}
	if len(b) < head {
		return 0, 0, false, false
	}
	for i := head - 1; i > 0; i-- {
		size = size<<8 | uint64(b[i])
	}
	return size, head, false, true
}

// lostWhileReading is the end of a connection in the middle of an answer. It is never io.EOF, which ends rows.
func lostWhileReading(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w while reading rows: %w", mysqldriver.ErrInvalidConn, err)
}

// lostWhileSending is the end of a connection while a command is sent.
func lostWhileSending(err error) error {
	return fmt.Errorf("%w while sending a query: %w", mysqldriver.ErrInvalidConn, err)
}
