package mysql

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gomove/gomove/internal/testdb"
)

// socketPair is both ends of a TCP connection.
func socketPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var d net.Dialer
	if client, err = d.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return client, server
}

func lowWater(t *testing.T, s *socketReader) int {
	t.Helper()
	low := 0
	var err error
	if controlErr := s.raw.Control(func(fd uintptr) { low, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT) }); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return low
}

// TestSocketGathers: a stream of rows is read in larger pieces than it is sent in, its last bytes do not wait for more, a pause
// does not end it, and nothing of it is left for whoever reads next.
func TestSocketGathers(t *testing.T) {
	for name, pair := range map[string]func(*testing.T) (client, server net.Conn){"tcp": socketPair, "unix": unixPair} {
		t.Run(name, func(t *testing.T) { gathers(t, pair) })
	}
}

func gathers(t *testing.T, pair func(*testing.T) (client, server net.Conn)) {
	const piece, pieces = 16 << 10, 1000
	client, server := pair(t)
	s := newSocket(client).(*socketReader)
	s.start()
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < pieces && err == nil; i++ {
			_, err = server.Write(make([]byte, piece))
			if i%100 == 99 {
				time.Sleep(5 * time.Millisecond)
			}
			for begin := time.Now(); time.Since(begin) < 20*time.Microsecond; { // as a server makes rows
			}
		}
		_, last := server.Write([]byte("the last"))
		sent <- errors.Join(err, last)
	}()
	const whole = pieces*piece + len("the last")
	buf := make([]byte, readBytes)
	high := false
	for got := 0; got < whole; {
		n, err := s.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
		high = high || lowWater(t, s) > 1
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if s.reads > pieces/2 {
		t.Errorf("%d reads for %d pieces", s.reads, pieces)
	}
	if high != s.tcp {
		t.Errorf("the kernel was told to gather: %v", high)
	}
	s.finish()
	if low := lowWater(t, s); low != 1 {
		t.Errorf("low water mark %d is left", low)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(buf); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// unixPair is both ends of a connection through a unix socket.
func unixPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "pair")
		if ends[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		t.Cleanup(func() { _ = ends[i].Close() })
	}
	return ends[0], ends[1]
}

// TestSocketEnds: a read that waits in the kernel ends with the connection, whoever closes it.
func TestSocketEnds(t *testing.T) {
	for _, who := range []string{"client", "server"} {
		client, server := socketPair(t)
		w := &wire{Conn: client, stream: client}
		if err := w.take(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := w.packets.packet()
			ended <- err
		}()
		time.Sleep(20 * time.Millisecond)
		begin := time.Now()
		if who == "client" {
			_ = w.Close()
		} else {
			_ = server.Close()
		}
		err := <-ended
		if !IsConnectionLost(err) || time.Since(begin) > pollWait/2 {
			t.Errorf("%s closed: %v after %v", who, err, time.Since(begin))
		}
	}
}

// TestSocketReadDoesNotAllocate reads from a connection that always has something.
func TestSocketReadDoesNotAllocate(t *testing.T) {
	client, server := socketPair(t)
	go func() { _, _ = io.Copy(server, endlessZeros{}) }() // ends with the connection
	s := newSocket(client).(*socketReader)
	s.start()
	buf := make([]byte, 4096)
	if n := testing.AllocsPerRun(2000, func() {
		if _, err := s.Read(buf); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a read", n)
	}
	_ = client.Close()
	_ = server.Close()
}

type endlessZeros struct{}

func (endlessZeros) Read(p []byte) (int, error) { return len(p), nil }

// TestUnixSocket reads through the server's socket.
func TestUnixSocket(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		o := optionsOf(s)
		o.Socket = s.Socket
		c := session(t, connect(t, o, ForDump))
		schema := bigTable(t, s)
		if rows := readAll(t, c, "SELECT v FROM "+schema+".big", nil, openPackets); len(rows) != 2000 || len(rows[0][0]) != 2000 {
			t.Errorf("%d rows", len(rows))
		}
		if got := one(t, c, "SELECT 1"); got != "1" {
			t.Error(got)
		}
	})
}
