package mysql

import (
	"errors"
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// batchBytes is how much a server must have sent before a reader of many rows is woken: servers send 16 KiB at a time, and
	// waking for each of them costs more than reading it.
	batchBytes = 128 << 10
	// batchAfter is how many bytes of an answer are read before that begins.
	batchAfter = 1 << 20
	// batchWait is for how many milliseconds less than batchBytes may lie unread.
	batchWait = 1
	// pollWait bounds a wait in milliseconds: the end of the connection is looked for again after it.
	pollWait = 1000
)

// socketReader reads a socket by system calls that wait, which spares a wake-up of the runtime's poller for each read.
type socketReader struct {
	raw   syscall.RawConn
	tcp   bool
	read  func(fd uintptr) bool // reads once, kept so that a read allocates nothing
	poll  [1]unix.PollFd
	batch bool // the kernel wakes us for batchBytes only
	got   int  // bytes of this answer, or since batching stopped

	p   []byte
	n   int
	err error
}

var _ socket = (*socketReader)(nil)

// newSocket returns a reader of the connection's socket, or nil when it has none.
func newSocket(c net.Conn) socket {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socketReader{raw: raw}
	_, s.tcp = c.(*net.TCPConn)
	s.read = func(fd uintptr) bool {
		s.n, s.err = s.once(int(fd))
		return true
	}
	return s
}

// Read waits for bytes and reads them.
func (s *socketReader) Read(p []byte) (int, error) {
	s.p = p
	if err := s.raw.Read(s.read); err != nil {
		return 0, err
	}
	s.got += s.n
	return s.n, s.err
}

// start begins an answer.
func (s *socketReader) start() { s.got = 0 }

// finish ends an answer: others wait for the next one in their own way.
func (s *socketReader) finish() {
	if s.batch {
		_ = s.raw.Control(func(fd uintptr) { s.setBatch(int(fd), false) }) // fails on a closed connection only
	}
}

func (s *socketReader) once(fd int) (int, error) {
	for {
		n, err := unix.Read(fd, s.p)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EAGAIN):
			return 0, err
		}
		if !s.batch && s.tcp && s.got >= batchAfter {
			s.setBatch(fd, true)
		}
		if err := s.wait(fd); err != nil {
			return 0, err
		}
	}
}

// wait returns when there may be something to read.
func (s *socketReader) wait(fd int) error {
	limit := pollWait
	if s.batch {
		limit = batchWait
	}
	s.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	n, err := unix.Poll(s.poll[:], limit)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	if n == 0 && s.batch { // the server is slow, or this is the end
		s.setBatch(fd, false)
	}
	return nil
}

func (s *socketReader) setBatch(fd int, on bool) {
	low := 1
	if on {
		low = batchBytes
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, low); err == nil || !on {
		s.batch = on
	}
	s.got = 0
}
