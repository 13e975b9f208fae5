package mysql

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// The first bytes of packets that are no rows.
const (
	firstOK    = 0x00
	firstLocal = 0xfb
	firstEOF   = 0xfe // of a payload that is too short to hold a cell of 16 MiB
	firstErr   = 0xff
)

// comQuery is COM_QUERY (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html).
const comQuery = 0x03

// oldEOF is the size of an EOF packet, which CLIENT_DEPRECATE_EOF replaces with an OK packet that is longer.
const oldEOF = 5

// moreResults is SERVER_MORE_RESULTS_EXISTS.
const moreResults = 0x0008

// errMalformed is an answer that is none; the connection cannot be used any more.
var errMalformed = fmt.Errorf("answer of the server: %w", mysqldriver.ErrMalformPkt)

// packetRows reads a text result set from the connection itself: the driver would parse numbers, allocate for each value, and
// read 4 KiB at a time.
type packetRows struct {
	packets *packetReader
	wire    *wire
	row     [][]byte
	payload []byte // of the row that next returned
	first   bool   // the next packet is the first after the column definitions
	done    bool   // the answer is read, or lost
	ok      OK     // of a statement without rows
	left    int    // answers that follow this one, of Several
	between bool   // one of those answers is read, and the head of the next is not
}

var _ rowSource = (*packetRows)(nil)

// openPackets sends the query and reads the head of its result set. After an error that is not the server's the connection is closed.
func openPackets(_ context.Context, conn *Conn, query string, _ []ColumnFix) (rowSource, int, error) {
	r, err := takePackets(conn)
	if err != nil {
		return nil, 0, err
	}
	n, err := r.open(query)
	if err != nil {
		return nil, 0, r.end(err)
	}
	r.row = make([][]byte, n)
	if n == 0 {
		err = r.end(nil)
	}
	return r, n, err
}

// takePackets takes the session's connection over, until end.
func takePackets(conn *Conn) (*packetRows, error) {
	if err := usable(conn); err != nil {
		return nil, err
	}
	w := conn.net
	if err := w.take(); err != nil {
		return nil, err
	}
	return &packetRows{packets: &w.packets, wire: w, first: true}, nil
}

// usable reports whether the driver still holds the connection.
func usable(conn *Conn) error {
	return conn.Raw(func(c any) error {
		if v, ok := c.(driver.Validator); ok && !v.IsValid() {
			return driver.ErrBadConn
		}
		return nil
	})
}

// open sends a query and returns how many columns its rows have; 0 when it has no rows.
func (r *packetRows) open(query string) (int, error) {
	if err := r.send(comQuery, query); err != nil {
		return 0, err
	}
	return r.header()
}

// header reads the number of columns and passes over their definitions.
func (r *packetRows) header() (int, error) {
	r.packets.most = maxDefinition
	defer func() { r.packets.most = 0 }()
	b, err := r.packets.packet()
	if err != nil {
		return 0, err
	}
	switch {
	case len(b) == 0, b[0] == firstLocal: // which we never ask for
		return 0, errMalformed
	case b[0] == firstOK:
		r.ok = readOK(b)
		return 0, checkEnd(b, r.left > 0)
	case b[0] == firstErr:
		return 0, serverError(b)
	}
	n, head, _, ok := cellSize(b)
	if !ok || n > 1<<16 || n == 0 {
		return 0, errMalformed
	}
	if len(b) == head+1 && b[head] == 0 {
		return 0, errMalformed // MARIADB_CLIENT_CACHE_METADATA: no definitions follow, which a statement like ours never has
	}
	for range n {
		if b, err = r.packets.packet(); err != nil {
			return 0, err
		}
		if len(b) > 0 && b[0] == firstErr {
			return 0, serverError(b)
		}
	}
	return int(n), nil
}

// packet is the row that next returned.
func (r *packetRows) packet() []byte { return r.payload }

// cells splits the row, in place.
func (r *packetRows) cells() ([][]byte, error) {
	if !splitRow(r.row, r.payload) {
		return nil, r.end(errMalformed)
	}
	return r.row, nil
}

// next returns the payload of the next row, which points into the buffer, or io.EOF.
func (r *packetRows) next() ([]byte, error) {
	if r.done || r.between {
		return nil, io.EOF
	}
	if r.packets.large != nil {
		r.letGo()
	}
	b, err := r.packets.packet()
	if err != nil {
		return nil, r.end(err)
	}
	if len(b) > 0 && b[0] < firstEOF {
		r.first, r.payload = false, b
		return b, nil
	}
	switch {
	case len(b) == 0:
		return nil, r.end(errMalformed)
	case b[0] == firstErr:
		return nil, r.end(serverError(b))
	case len(b) >= fullPacket:
		r.first, r.payload = false, b
		return b, nil
	case r.first && len(b) == oldEOF:
		r.first = false
		return r.next()
	}
	if err := r.end(checkEnd(b, r.left > 0)); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

// letGo forgets a large row, before the next one is waited for: whoever writes it may have it in memory too.
func (r *packetRows) letGo() {
	r.packets.dropLarge()
	clear(r.row)
	r.payload = nil
}

// end gives the connection back to the driver, or closes it after an error that is not the server's. It returns err.
func (r *packetRows) end(err error) error {
	if err == nil && r.left > 0 {
		r.between, r.payload = true, nil
		r.packets.dropLarge()
		return nil
	}
	r.done, r.payload = true, nil
	r.packets.dropLarge()
	if (err == nil || Number(err) != 0) && r.packets.pos != r.packets.end {
		err = fmt.Errorf("%w: it goes on behind its end", errMalformed)
	}
	defer r.wire.giveBack()
	if err != nil && Number(err) == 0 {
		return errors.Join(err, r.wire.Close())
	}
	return err
}

// drain reads what is left of the answer.
func (r *packetRows) drain() error {
	for {
		_, err := r.nextOfAny()
		switch {
		case errors.Is(err, io.EOF), Number(err) != 0:
			return nil
		case err != nil:
			return err
		}
	}
}

// close ends the reading without reading on.
func (r *packetRows) close() error {
	if r.done {
		return nil
	}
	r.done = true
	defer r.wire.giveBack()
	return r.wire.Close()
}

// splitRow sets cells to those of a row's payload; false when they are not as many, or do not end where it ends.
func splitRow(cells [][]byte, b []byte) bool {
	at := 0
	for i := range cells {
		if at >= len(b) {
			return false
		}
		size := int(b[at])
		at++
		if size >= 0xfb {
			if size == 0xfb {
				cells[i] = nil
				continue
			}
			n, head, _, ok := cellSize(b[at-1:])
			if !ok || n > uint64(len(b)) {
				return false
			}
			size, at = int(n), at-1+head
		}
		end := at + size
		if end > len(b) {
			return false
		}
		cells[i] = b[at:end:end]
		at = end
	}
	return at == len(b)
}

// checkEnd looks at the OK or EOF packet at the end of an answer: another one must follow where more is expected, and none else.
func checkEnd(b []byte, more bool) error {
	at := len(b) - 2 // EOF: warnings, status
	if len(b) != oldEOF {
		rest := b[1:]
		for range 2 { // affected rows, last insert id
			_, head, _, ok := cellSize(rest)
			if !ok {
				return errMalformed
			}
			rest = rest[head:]
		}
		at = len(b) - len(rest)
		if len(rest) < 2 {
			return errMalformed
		}
	}
	if follows := binary.LittleEndian.Uint16(b[at:])&moreResults != 0; follows != more {
		return fmt.Errorf("%w: its last result set is not the last that was asked for", errMalformed)
	}
	return nil
}

// serverError reads an ERR packet (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html).
func serverError(b []byte) error {
	if len(b) < 3 || b[0] != firstErr {
		return errMalformed
	}
	e := &mysqldriver.MySQLError{Number: binary.LittleEndian.Uint16(b[1:])}
	if e.Number == 0 {
		return errMalformed
	}
	b = b[3:]
	if len(b) >= 6 && b[0] == '#' {
		copy(e.SQLState[:], b[1:6])
		b = b[6:]
	}
	e.Message = string(b)
	return e
}

// killed reads on after the statement was killed.
func (r *packetRows) killed(context.Context) error {
	if r.done {
		return nil
	}
	return r.drain()
}
