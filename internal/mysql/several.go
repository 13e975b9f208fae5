package mysql

import (
	"context"
	"errors"
	"io"
	"strings"
)

// ErrOneByOne is a session on which statements go one by one.
var ErrOneByOne = errors.New("session takes no statements together")

// together says whether a session takes several statements at once.
type together int

const (
	togetherUnknown together = iota
	togetherTaken
	togetherRefused
)

// comSetOption is COM_SET_OPTION, whose first option, 0, is MYSQL_OPTION_MULTI_STATEMENTS_ON
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_set_option.html).
const comSetOption = 0x1b

// Several runs statements in one round trip. What it returns stands before the answer to the first of them: NextResult goes to that,
// and from one to the next. The first error of the server ends them all. Servers that take no statements together, and connections
// whose packets are not read here, give ErrOneByOne, and nothing was sent.
func Several(ctx context.Context, conn *Conn, queries []string) (*RowReader, error) {
	text := strings.Join(queries, ";")
	if len(queries) == 0 || !conn.net.plain || len(text) >= fullPacket-1 {
		return nil, ErrOneByOne
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := conn.allowSeveral(); err != nil {
		return nil, err
	}
	open := func(_ context.Context, conn *Conn, text string, _ []ColumnFix) (rowSource, int, error) {
		return openSeveral(conn, text, len(queries))
	}
	return readRows(ctx, conn, text, nil, open)
}

// allowSeveral asks the server, once for a session, to take statements together.
func (c *Conn) allowSeveral() error {
	switch c.together {
	case togetherTaken:
		return nil
	case togetherRefused:
		return ErrOneByOne
	case togetherUnknown:
	}
	r, err := takePackets(c)
	if err != nil {
		return err
	}
	err = r.setOption()
	if err = r.end(err); Number(err) != 0 {
		c.together = togetherRefused
		return ErrOneByOne
	}
	if err == nil {
		c.together = togetherTaken
	}
	return err
}

// setOption allows several statements.
func (r *packetRows) setOption() error {
	if err := r.send(comSetOption, "\x00\x00"); err != nil {
		return err
	}
	b, err := r.packets.packet()
	switch {
	case err != nil:
		return err
	case len(b) > 0 && (b[0] == firstEOF || b[0] == firstOK):
		return nil
	}
	return serverError(b)
}

// send sends a command.
func (r *packetRows) send(command byte, text string) error {
	size := 1 + len(text)
	b := make([]byte, 0, packetHeader+size)
	b = append(b, byte(size), byte(size>>8), byte(size>>16), 0, command)
	r.packets.start()
	if _, err := r.wire.stream.Write(append(b, text...)); err != nil {
		return lostWhileSending(err)
	}
	return nil
}

// openSeveral sends statements; nothing of their answers is read yet.
func openSeveral(conn *Conn, text string, n int) (rowSource, int, error) {
	r, err := takePackets(conn)
	if err != nil {
		return nil, 0, err
	}
	r.left, r.between = n, true
	if err := r.send(comQuery, text); err != nil {
		return nil, 0, r.end(err)
	}
	return r, 0, nil
}

// NextResult goes to the answer to the next statement of Several, past what was not read of the one before. columns is 0 for a
// statement that has no rows. io.EOF comes after the last.
func (r *RowReader) NextResult() (columns int, err error) {
	source, ok := r.source.(*packetRows)
	if !ok || r.done || r.failed {
		return 0, io.EOF
	}
	columns, err = source.nextResult()
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && r.ended() == nil:
		r.done = true
		r.forget()
	default:
		r.failed = true
		err = cancelled(r.ended, err)
	}
	return columns, err
}

// goesOn reports whether the answer to another statement follows the rows that were read.
func (r *RowReader) goesOn() bool {
	source, ok := r.source.(*packetRows)
	return ok && source.between
}

// nextResult reads the head of the next answer.
func (r *packetRows) nextResult() (int, error) {
	for !r.between && !r.done {
		if _, err := r.next(); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	if r.done {
		return 0, io.EOF
	}
	r.left--
	r.between, r.first = false, true
	n, err := r.header()
	if err != nil {
		return 0, r.end(err)
	}
	r.row = make([][]byte, n)
	if n == 0 {
		err = r.end(nil)
	}
	return n, err
}

// nextOfAny is next, of whichever answer is at hand.
func (r *packetRows) nextOfAny() ([]byte, error) {
	if r.between {
		_, err := r.nextResult()
		return nil, err
	}
	b, err := r.next()
	if errors.Is(err, io.EOF) && r.between {
		err = nil
	}
	return b, err
}
