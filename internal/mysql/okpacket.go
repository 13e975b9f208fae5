package mysql

import "encoding/binary"

// Warned is the number of warnings that the server gave with its OK to the last statement, at most 65535. ok is false where
// that is not known: the answer was another one, or came by the driver's own TLS.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html
func (c *Conn) Warned() (n int, ok bool) {
	if c.net == nil || !c.net.plain {
		return 0, false
	}
	return okWarnings(c.net.head)
}

// okWarnings reads the number of warnings from the head of an answer.
func okWarnings(head []byte) (n int, ok bool) {
	if len(head) < answerHead || head[packetHeader] != 0 {
		return 0, false
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	rest := head[packetHeader:min(len(head), packetHeader+size)]
	rest = rest[1:]
	for range 2 { // affected rows, last insert id
		var width int
		if width, ok = lengthWidth(rest); !ok || len(rest) < width {
			return 0, false
		}
		rest = rest[width:]
	}
	const statusBytes, warningBytes = 2, 2
	if len(rest) < statusBytes+warningBytes {
		return 0, false
	}
	return int(binary.LittleEndian.Uint16(rest[statusBytes:])), true
}

// OK is what a server says of a statement without rows.
type OK struct {
	Affected uint64 // rows
	Warnings int    // at most 65535
}

// OK is the answer that NextResult has come to, where that had no rows.
func (r *RowReader) OK() OK {
	if source, ok := r.source.(*packetRows); ok {
		return source.ok
	}
	return OK{}
}

// readOK reads an OK packet; of one that is cut short, which checkEnd refuses, it makes nothing.
func readOK(b []byte) (o OK) {
	affected, width, _, ok := cellSize(b[1:])
	if !ok {
		return OK{}
	}
	rest := b[1+width:]
	_, width, _, ok = cellSize(rest)
	const statusBytes, warningBytes = 2, 2
	if !ok || len(rest) < width+statusBytes+warningBytes {
		return OK{}
	}
	return OK{Affected: affected, Warnings: int(binary.LittleEndian.Uint16(rest[width+statusBytes:]))}
}

// lengthWidth is how many bytes a length-encoded number takes.
func lengthWidth(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	switch b[0] {
	case 0xfb, 0xff: // NULL, and no number
		return 0, false
	case 0xfc:
		return 3, true
	case 0xfd:
		return 4, true
	case 0xfe:
		return 9, true
	default:
		return 1, true
	}
}
