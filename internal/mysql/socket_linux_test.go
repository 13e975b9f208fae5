package mysql

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
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

// TestSocketBatches: a stream of rows is read in large pieces, its last bytes do not wait for more, and nothing of it is left
// for whoever reads next.
func TestSocketBatches(t *testing.T) {
	client, server := socketPair(t)
	s := newSocket(client).(*socketReader)
	s.start()
	type end struct {
		bytes int
		err   error
	}
	var stop atomic.Bool
	sent := make(chan end, 1)
	go func() {
		var e end
		write := func(n int) {
			if e.err == nil {
				n, e.err = server.Write(make([]byte, n))
				e.bytes += n
			}
		}
		// Whether the reader waits when more comes is up to the scheduler: there are many times.
		for begin := time.Now(); !stop.Load() && e.err == nil && time.Since(begin) < 10*time.Second; {
			write(batchAfter)
			for range 16 {
				time.Sleep(50 * time.Microsecond)
				write(16 << 10)
			}
		}
		time.Sleep(50 * time.Millisecond) // a pause must not end it
		write(len("the last"))
		e.err = errors.Join(e.err, server.Close())
		sent <- e
	}()
	got, batched := 0, false
	buf := make([]byte, readBytes)
	for {
		n, err := s.Read(buf)
		got += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		batched = batched || s.batch
		if s.batch && lowWater(t, s) <= 1 {
			t.Fatal("the kernel was not told")
		}
		stop.Store(batched)
	}
	if !batched {
		t.Error("read piece by piece")
	}
	s.finish()
	if low := lowWater(t, s); low != 1 {
		t.Errorf("low water mark %d is left", low)
	}
	if e := <-sent; e.err != nil || e.bytes != got {
		t.Errorf("%d bytes were sent, %d came: %v", e.bytes, got, e.err)
	}
}

// TestSocketEnds: a read that waits in the kernel ends with the connection, whoever closes it.
func TestSocketEnds(t *testing.T) {
	for _, who := range []string{"client", "server"} {
		client, server := socketPair(t)
		w := &wire{Conn: client}
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
		if !IsConnectionLost(err) || time.Since(begin) > pollWait*time.Millisecond/2 {
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
