package mysql

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// gatherBytes is how much a server must have sent before a reader of many rows is woken: servers send 16 KiB at a time, and
	// being woken for each of them costs more than reading it, and takes the core from the server's own thread.
	gatherBytes = 256 << 10
	// gatherAfter is how many bytes of an answer are read before that begins.
	gatherAfter = 256 << 10
	// gatherWait is for how long less than gatherBytes may lie unread.
	gatherWait = time.Millisecond
	// gatherPause is how long the reader of a unix socket sleeps instead: the kernel wakes it for every byte, and holds 200 KiB.
	gatherPause = 200 * time.Microsecond
	// pollWait bounds a wait: the end of the connection is looked for again after it.
	pollWait = time.Second
)

// socketReader reads a socket by system calls that wait, which spares a wake-up of the runtime's poller for each read.
type socketReader struct {
	raw   syscall.RawConn
	tcp   bool
	read  func(fd uintptr) bool // reads once, kept so that a read allocates nothing
	poll  [1]unix.PollFd
	high  bool // the kernel wakes us for gatherBytes only
	got   int  // bytes of this answer
	reads int  // that gave bytes, for tests

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
	s.reads++
	return s.n, s.err
}

// start begins an answer.
func (s *socketReader) start() { s.got = 0 }

// finish ends an answer: others wait for the next one in their own way.
func (s *socketReader) finish() {
	if s.high {
		_ = s.raw.Control(func(fd uintptr) { s.setHigh(int(fd), false) }) // fails on a closed connection only
	}
}

// once reads what is there. When nothing is, it lets the server get ahead for a while, so that much is there next time; only
// when still nothing came it waits for the first byte.
func (s *socketReader) once(fd int) (int, error) {
	gathered := s.got < gatherAfter
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
		if !gathered {
			gathered = true
			err = s.gather(fd)
		} else {
			if s.high {
				s.setHigh(fd, false)
			}
			err = s.wait(fd, pollWait)
		}
		if err != nil {
			return 0, err
		}
	}
}

// gather gives the server time to send more.
func (s *socketReader) gather(fd int) error {
	if s.tcp && !s.high {
		s.setHigh(fd, true)
	}
	if s.high {
		return s.wait(fd, gatherWait)
	}
	pause := unix.NsecToTimespec(int64(gatherPause))
	if err := unix.Nanosleep(&pause, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	return nil
}

// wait returns when there is something to read, or after the limit.
func (s *socketReader) wait(fd int, limit time.Duration) error {
	s.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	if _, err := unix.Poll(s.poll[:], int(limit/time.Millisecond)); err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	return nil
}

func (s *socketReader) setHigh(fd int, on bool) {
	low := 1
	if on {
		low = gatherBytes
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, low); err == nil || !on {
		s.high = on
	}
}
