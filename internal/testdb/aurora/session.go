package aurora

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// maxInspected bounds the statements that are looked at: nothing that Aurora answers otherwise than MySQL is longer.
const maxInspected = 1 << 20

// session is one client's connection and the one to the real server that belongs to it. A client sends no command before it has
// read the answer to the last one, so the server's side is silent whenever a command has just come in: then the session may ask
// the server on its own account.
type session struct {
	p      *Proxy
	client net.Conn
	server net.Conn
	in     *bufio.Reader // of client
	flags  uint32        // capabilities that the client took
	secure bool          // TLS on both sides
	infile bool          // the client is sending a file

	mu      sync.Mutex     // of capture
	capture *io.PipeWriter // takes the server's answer; nil: the client does
}

// serve ends when either side hangs up.
func (s *session) serve(ctx context.Context) error {
	defer s.client.Close()
	defer s.server.Close()
	if err := s.handshake(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var pump sync.WaitGroup
	pump.Go(func() {
		defer cancel()
		defer s.client.Close()
		s.pump()
	})
	defer pump.Wait()
	defer s.server.Close()
	for {
		if err := s.next(ctx); err != nil {
			return err
		}
	}
}

// pump passes the server's answers to whom they are for.
func (s *session) pump() {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.server.Read(buf)
		s.mu.Lock()
		to := s.capture
		s.mu.Unlock()
		var werr error
		switch {
		case to != nil && err != nil:
			_, _ = to.Write(buf[:n])
			_ = to.CloseWithError(err)
		case to != nil:
			_, werr = to.Write(buf[:n])
		case n > 0:
			_, werr = s.client.Write(buf[:n])
		}
		if err != nil || werr != nil {
			return
		}
	}
}

// next passes one packet of the client on, or answers it.
func (s *session) next(ctx context.Context) error {
	var h [4]byte
	if _, err := io.ReadFull(s.in, h[:]); err != nil {
		return err
	}
	n, seq := frameLength(h), h[3]
	switch {
	case s.infile:
		// The numbers of a file's packets pass 255 and begin again at 0: they do not tell a command.
		s.infile = n != 0
		return s.pass(h)
	case seq != 0 || n == 0 || n > maxInspected:
		return s.pass(h)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(s.in, payload); err != nil {
		return err
	}
	return s.command(ctx, payload)
}

// pass sends the packet with this header on, in all its frames.
func (s *session) pass(h [4]byte) error {
	for {
		n := frameLength(h)
		if _, err := s.server.Write(h[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(s.server, s.in, int64(n)); err != nil {
			return err
		}
		if n < maxFrame {
			return nil
		}
		if _, err := io.ReadFull(s.in, h[:]); err != nil {
			return err
		}
	}
}

func (s *session) command(ctx context.Context, payload []byte) error {
	code := payload[0]
	if code != commandQuery && code != commandPrepare {
		return s.send(code, payload[1:])
	}
	v := s.p.judge(string(payload[1:]))
	if v.run != nil && code == commandPrepare {
		v.err = v.unprepared
	}
	var err error
	switch {
	case v.err != nil:
		err = v.err
	case v.run != nil:
		err = v.run(ctx, s)
	default:
		s.infile = code == commandQuery && v.local
		if err := s.send(code, []byte(v.sql)); err != nil || !s.infile {
			return err
		}
		return s.awaitFile()
	}
	var answer *Error
	if errors.As(err, &answer) {
		return writePacket(s.client, answer.packet(1))
	}
	return err
}

// awaitFile finds out whether the client is to send a file: it does so at once, where another answer lets it send a command.
func (s *session) awaitFile() error {
	h, err := s.in.Peek(4)
	if err != nil {
		return err
	}
	s.infile = h[3] != 0
	return nil
}

func (s *session) send(code byte, rest []byte) error {
	return writePacket(s.server, packet{0, append([]byte{code}, rest...)})
}

// ask sends a statement to the real server and hands its answer to read.
func (s *session) ask(sql string, read func(io.Reader) error) error {
	r, w := io.Pipe()
	s.mu.Lock()
	s.capture = w
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.capture = nil
		s.mu.Unlock()
		_ = r.Close() // lets the pump go, when read gave up
	}()
	if err := s.send(commandQuery, []byte(sql)); err != nil {
		return err
	}
	return read(bufio.NewReader(r))
}

// rows asks a question that has a small text result.
func (s *session) rows(sql string) (out [][]string, err error) {
	err = s.ask(sql, func(r io.Reader) error {
		_, rows, err := readResult(r, s.flags)
		for _, p := range rows {
			row, err := cells(p.payload)
			if err != nil {
				return err
			}
			out = append(out, row)
		}
		return err
	})
	return out, err
}

// readResult reads a text result: all its packets, and those of them that are rows.
func readResult(r io.Reader, flags uint32) (all, rows []packet, err error) {
	read := func() (packet, error) {
		p, err := readPacket(r)
		if err == nil && len(p.payload) > 0 && p.payload[0] == headerErr {
			err = parseError(p.payload)
		}
		if err == nil && len(p.payload) == 0 {
			err = errMalformed
		}
		all = append(all, p)
		return p, err
	}
	first, err := read()
	if err != nil || first.payload[0] == headerOK {
		return all, nil, err
	}
	head := int(first.payload[0]) // columns; never many here
	if flags&capDeprecateEOF == 0 {
		head++ // and the end of their list
	}
	for range head {
		if _, err := read(); err != nil {
			return all, nil, err
		}
	}
	for {
		p, err := read()
		if err != nil || p.payload[0] == headerEOF && len(p.payload) < maxFrame && (len(p.payload) < maxEOF || flags&capDeprecateEOF != 0) {
			return all, rows, err
		}
		rows = append(rows, p)
	}
}
