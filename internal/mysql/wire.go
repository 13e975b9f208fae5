package mysql

import (
	"errors"
	"io"
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
	socket  socket        // of Conn, while rows are read; nil where Conn is read
	stream  io.ReadWriter // what is read and written: Conn, or the TLS on it that the driver knows nothing of
	login   *login        // which that TLS begins with; nil for none
	cipher  *cipherReader // beneath that TLS
	taken   atomic.Bool   // by a reader of rows
	closed  atomic.Bool

	plain   bool   // what the driver reads is what the server sends, and the login is over
	head    []byte // of the answer to what was written last
	refused bool   // an answer was refused by sound
	bulk    bool   // the server takes bulk commands
}

// socket reads what a server sends, for one answer after the other.
type socket interface {
	io.Reader
	start()
	finish()
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
		w.packets = packetReader{from: w.stream, buf: make([]byte, readBytes)}
		if w.socket = newSocket(w.Conn); w.socket != nil && w.cipher == nil {
			w.packets.from = w.socket
		}
	}
	if w.socket != nil {
		w.socket.start()
	}
	if w.cipher != nil {
		w.cipher.gather(w.socket)
	}
	return nil
}

func (w *wire) giveBack() {
	if w.cipher != nil {
		w.cipher.gather(nil)
	}
	if w.socket != nil {
		w.socket.finish()
	}
	w.taken.Store(false)
}

// Close ends the connection, and a read that waits in the kernel.
func (w *wire) Close() error {
	w.closed.Store(true)
	if c, ok := w.Conn.(interface{ CloseRead() error }); ok {
		_ = c.CloseRead() // fails on a connection that is closed
	}
	return w.Conn.Close()
}

// Read is for the driver.
func (w *wire) Read(p []byte) (int, error) {
	if w.taken.Load() {
		return 0, errReading
	}
	n, err := w.stream.Read(p)
	if w.plain && !w.sound(p[:n]) {
		w.refused = true
		return 0, errMalformed
	}
	return n, err
}

const (
	// answerHead is the size of a packet's head and the first byte of its payload.
	answerHead = packetHeader + 1
	// okHead holds an OK packet up to its number of warnings, which follows two numbers of up to 9 bytes and the status.
	okHead = answerHead + 9 + 9 + 2 + 2
)

// sound looks at the head of the answer to a statement: the driver believes any number of columns and allocates them at once.
// A first byte of 0xfd or 0xfe is a number of more than 65535.
func (w *wire) sound(b []byte) bool {
	missing := okHead - len(w.head)
	if missing <= 0 {
		return true
	}
	w.head = append(w.head, b[:min(missing, len(b))]...)
	if len(w.head) < answerHead {
		return true
	}
	return w.head[3] != 1 || w.head[4] != 0xfd && w.head[4] != 0xfe
}

// Write is for the driver.
func (w *wire) Write(p []byte) (int, error) {
	if w.taken.Load() {
		return 0, errReading
	}
	w.head = w.head[:0]
	return w.stream.Write(p)
}

// SyscallConn lets the driver look whether a connection of a pool is still alive.
func (w *wire) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.New("connection has no socket")
}
