package mysql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Commands of prepared statements (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html).
const (
	comPrepare = 0x16
	comExecute = 0x17
	comClose   = 0x19
	comPing    = 0x0e
)

// mostBinary is how many columns a statement has at most: what follows their definitions is told by a number that begins anew after 256.
const mostBinary = 250

// maxPrinted is the size of a row that is copied whole to be a row of the text protocol; larger ones give their cells.
const maxPrinted = 64 << 10

// errNoBinary is a statement whose rows cannot be read in their binary form.
var errNoBinary = errors.New("not by the binary protocol")

// binaryRows reads the result set of a prepared statement, whose numbers and times come as they are, and prints them as the
// server would: that costs a server most of its time for some types.
type binaryRows struct {
	packetRows
	id      uint32 // of the statement; 0 is none
	columns []binaryColumn
	text    []byte // the row, or the cells that were printed
	whole   bool   // text is all of the row
}

var _ rowSource = (*binaryRows)(nil)

// openBinary sends the query as a prepared statement, or as it is where it cannot be one or has columns that we cannot print.
func openBinary(ctx context.Context, conn *Conn, query string, cols []ColumnFix) (rowSource, int, error) {
	if len(cols) > mostBinary {
		return openPackets(ctx, conn, query, cols)
	}
	taken, err := takePackets(conn)
	if err != nil {
		return nil, 0, err
	}
	r := &binaryRows{packetRows: *taken}
	err = r.open(query)
	if err == nil {
		r.row = make([][]byte, len(r.columns))
		return r, len(r.columns), nil
	}
	if errors.Is(err, errNoBinary) {
		_ = r.end(nil)
		return openPackets(ctx, conn, query, cols)
	}
	prepared := r.id != 0
	if err = r.over(r.end(err)); Number(err) != 0 && !prepared {
		return openPackets(ctx, conn, query, cols) // not every server and proxy prepares every statement
	}
	return nil, 0, err
}

// open prepares and executes a query.
func (r *binaryRows) open(query string) error {
	r.packets.most = maxDefinition
	defer func() { r.packets.most = 0 }()
	if err := r.prepare(query); err != nil {
		return err
	}
	return r.execute()
}

// send sends a command.
func (r *binaryRows) send(payload []byte) error {
	size := len(payload)
	b := append(make([]byte, 0, packetHeader+size), byte(size), byte(size>>8), byte(size>>16), 0)
	if _, err := r.wire.stream.Write(append(b, payload...)); err != nil {
		return lostWhileSending(err)
	}
	return nil
}

// prepareStatement has a statement prepared, reads its number and returns how many columns and parameters it has, whose definitions follow.
func (r *binaryRows) prepareStatement(query string) (columns, parameters int, err error) {
	r.packets.start()
	if err := r.send(append([]byte{comPrepare}, query...)); err != nil {
		return 0, 0, err
	}
	b, err := r.packets.packet()
	switch {
	case err != nil:
		return 0, 0, err
	case len(b) > 0 && b[0] == firstErr:
		return 0, 0, serverError(b)
	case len(b) < 12 || b[0] != firstOK:
		return 0, 0, errMalformed
	}
	r.id = binary.LittleEndian.Uint32(b[1:])
	return int(binary.LittleEndian.Uint16(b[5:])), int(binary.LittleEndian.Uint16(b[7:])), nil
}

// prepare reads the statement's number and columns. Whether a packet without content follows them depends on what the connection
// has agreed upon: executed finds out.
func (r *binaryRows) prepare(query string) error {
	columns, parameters, err := r.prepareStatement(query)
	if err != nil {
		return err
	}
	if parameters > 0 {
		return errMalformed // we give none
	}
	r.columns = make([]binaryColumn, columns)
	if err := r.define(); err != nil {
		return err
	}
	if columns == 0 {
		return r.refuse()
	}
	if slices.ContainsFunc(r.columns, isUnknown) {
		return r.refuse()
	}
	return nil
}

func isUnknown(c binaryColumn) bool { return c.kind == kindUnknown }

// define reads the definitions of the columns.
func (r *binaryRows) define() error {
	for i := range r.columns {
		b, err := r.packets.packet()
		if err != nil {
			return err
		}
		if len(b) > 0 && b[0] == firstErr {
			return serverError(b)
		}
		if r.columns[i], err = readColumn(b); err != nil {
			return err
		}
	}
	return nil
}

// refuse gives up the statement before it was executed, with nothing of its answer left to read.
func (r *binaryRows) refuse() error {
	if err := r.forget(); err != nil {
		return err
	}
	b, err := r.ask([]byte{comPing})
	if err != nil {
		return err
	}
	if err := checkEnd(b, false); err != nil {
		return err
	}
	return errNoBinary
}

// forget closes the statement, which no server answers.
func (r *binaryRows) forget() error {
	if r.id == 0 {
		return nil
	}
	id := r.id
	r.id = 0
	return r.send(binary.LittleEndian.AppendUint32([]byte{comClose}, id))
}

// ask sends a command after the columns of a prepared statement and returns the first packet of its answer. The statement's own answer ends
// with a packet without content where the connection has not agreed to leave that out: it goes on counting, the answer counts from 1.
func (r *binaryRows) ask(command []byte) ([]byte, error) {
	p := r.packets
	if p.next == 1 {
		return nil, errMalformed // or it cannot be told
	}
	if err := r.send(command); err != nil {
		return nil, err
	}
	if err := p.fill(packetHeader); err != nil {
		return nil, err
	}
	if p.buf[p.pos+packetHeader-1] != 1 {
		if b, err := p.packet(); err != nil || len(b) != oldEOF || b[0] != firstEOF {
			return nil, errors.Join(errMalformed, err)
		}
	}
	p.next = 1
	return p.packet()
}

// execute runs the statement and reads the head of its result set.
func (r *binaryRows) execute() error {
	command := binary.LittleEndian.AppendUint32([]byte{comExecute}, r.id)
	b, err := r.ask(append(command, 0, 1, 0, 0, 0)) // no cursor, once
	if err != nil {
		return err
	}
	if len(b) > 0 && b[0] == firstErr {
		return serverError(b)
	}
	n, head, _, ok := cellSize(b)
	if !ok || n != uint64(len(r.columns)) {
		return errMalformed
	}
	if len(b) == head+1 && b[head] == 0 {
		return nil // MARIADB_CLIENT_CACHE_METADATA: the columns are those of the statement
	}
	if err := r.define(); err != nil {
		return err
	}
	if slices.ContainsFunc(r.columns, isUnknown) {
		return fmt.Errorf("%w: a column has another type than when it was prepared", errMalformed)
	}
	return nil
}

// next reads a row and prints it.
func (r *binaryRows) next() ([]byte, error) {
	b, err := r.packetRows.next()
	if err != nil {
		return nil, r.over(err)
	}
	r.text, r.whole = r.text[:0], len(b) <= maxPrinted
	if !r.whole {
		return nil, nil
	}
	if r.text = appendTextRow(r.text, r.columns, b); r.text == nil {
		return nil, r.over(r.end(errMalformed))
	}
	return r.text, nil
}

// over closes the statement after its rows, or after the server's error in place of them.
func (r *binaryRows) over(err error) error {
	if !errors.Is(err, io.EOF) && Number(err) == 0 {
		return err
	}
	if closeErr := r.forget(); closeErr != nil {
		return errors.Join(closeErr, r.wire.Close())
	}
	return err
}

func (r *binaryRows) packet() []byte {
	if r.whole {
		return r.text
	}
	return nil
}

// cells splits the row. The cells of a large one are in the connection's buffer, but for those that are printed.
func (r *binaryRows) cells() ([][]byte, error) {
	ok := false
	if r.whole {
		ok = splitRow(r.row, r.text)
	} else {
		r.text, ok = printCells(r.row, r.text[:0], r.columns, r.payload)
	}
	if !ok {
		return nil, r.over(r.end(errMalformed))
	}
	return r.row, nil
}

func (r *binaryRows) killed(context.Context) error {
	for {
		_, err := r.packetRows.next()
		switch {
		case errors.Is(err, io.EOF), Number(err) != 0:
			return r.forget()
		case err != nil:
			return err
		}
	}
}
