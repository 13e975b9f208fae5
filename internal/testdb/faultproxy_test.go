package testdb

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// peers is a client that is connected to a server of one connection through a proxy.
func peers(t *testing.T) (p *FaultProxy, client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if p, err = NewFaultProxy(t.Context(), l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	if client, err = d.DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(p.Port())); err == nil {
		server, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, client, server
}

func TestFaultProxyBreaks(t *testing.T) {
	for name, how := range map[string]Break{"both": BreakBoth, "client": BreakClient} {
		t.Run(name, func(t *testing.T) {
			p, client, server := peers(t)
			if _, err := client.Write([]byte("whole")); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(server, got); err != nil || string(got) != "whole" {
				t.Fatalf("%q, %v", got, err)
			}
			p.BreakAfter(3, how)
			if _, err := client.Write([]byte("broken")); err != nil {
				t.Fatal(err)
			}
			_ = server.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			rest, err := io.ReadAll(server)
			if how == BreakClient && (string(rest) != "bro" || !errors.Is(err, os.ErrDeadlineExceeded)) {
				t.Errorf("the server got %q, %v", rest, err)
			}
			if how == BreakBoth && (len(rest) > 3 || errors.Is(err, os.ErrDeadlineExceeded)) {
				t.Errorf("the server got %q, %v; want its end", rest, err) // a reset may overtake the bytes
			}
			_ = client.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := client.Read(got); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the client got no reset: %v", err)
			}
			if p.Broken() != 1 {
				t.Errorf("%d broken", p.Broken())
			}
			if how == BreakClient {
				if n := p.BreakAll(BreakBoth); n != 0 {
					t.Errorf("%d connections were open", n)
				}
				_ = server.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := server.Read(got); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the server was not told: %v", err)
				}
			}
		})
	}
}

func TestFaultProxyStalls(t *testing.T) {
	p, client, server := peers(t)
	p.Stall(200 * time.Millisecond)
	begin := time.Now()
	if _, err := client.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 4)); err != nil || time.Since(begin) < 190*time.Millisecond {
		t.Errorf("it came after %s, %v", time.Since(begin), err)
	}
}
