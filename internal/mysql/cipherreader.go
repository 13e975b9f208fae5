package mysql

import "net"

// cipherReader is the connection beneath TLS. While rows are read it takes much from the socket at a time: TLS asks for a record of
// 16 KiB, and for its head before it.
type cipherReader struct {
	net.Conn
	socket   socket // nil: none, or Conn is read
	buf      []byte
	pos, end int
}

var _ net.Conn = (*cipherReader)(nil)

// gather begins to read by socket; nil ends it.
func (c *cipherReader) gather(s socket) {
	c.socket = s
	if s != nil && c.buf == nil {
		c.buf = make([]byte, readBytes)
	}
}

// Read is for TLS.
func (c *cipherReader) Read(p []byte) (int, error) {
	if c.pos == c.end {
		if c.socket == nil {
			return c.Conn.Read(p)
		}
		n, err := c.socket.Read(c.buf)
		c.pos, c.end = 0, n
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.pos:c.end])
	c.pos += n
	return n, nil
}
