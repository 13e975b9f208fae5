package mysql

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
)

// errReading is a statement on a session whose rows are being read.
var errReading = errors.New("session is busy: its rows are being read")

// wire is the connection that the driver dials, authenticates and sends statements on. Between two statements, when the driver
// has nothing in its buffer, a reader of rows takes it over and gives it back at the end of the rows.
type wire struct {
	net.Conn
	packets packetReader
	direct  bool        // the driver's bytes are the server's: it does not encrypt them
	taken   atomic.Bool // by a reader of rows
}

var (
	_ net.Conn     = (*wire)(nil)
	_ syscall.Conn = (*wire)(nil)
)

// take makes the connection the caller's, until giveBack.
func (w *wire) take() error {
	if w.taken.Swap(true) {
		return errReading
	}
	if w.packets.buf == nil {
		w.packets = packetReader{from: w.Conn, buf: make([]byte, readBytes)}
	}
	return nil
}

func (w *wire) giveBack() { w.taken.Store(false) }

// Read is for the driver.
func (w *wire) Read(p []byte) (int, error) {
	if w.taken.Load() {
		return 0, errReading
	}
	return w.Conn.Read(p)
}

// Write is for the driver.
func (w *wire) Write(p []byte) (int, error) {
	if w.taken.Load() {
		return 0, errReading
	}
	return w.Conn.Write(p)
}

// SyscallConn lets the driver look whether a connection of a pool is still alive.
func (w *wire) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.New("connection has no socket")
}
