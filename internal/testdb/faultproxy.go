package testdb

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Break is how a FaultProxy breaks a connection.
type Break int

// The ways to break a connection.
const (
	BreakBoth   Break = iota // both ends are told, by a reset
	BreakClient              // the server is not told, as when a machine dies or a cable is pulled
)

// FaultProxy passes TCP connections on to a server and breaks them when told to. It is safe for concurrent use.
type FaultProxy struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup
	left     atomic.Int64 // bytes to pass until the next break
	passed   atomic.Int64
	broken   atomic.Int64
	how      atomic.Int64 // Break
	resume   atomic.Int64 // UnixNano until which nothing is passed

	mu    sync.Mutex
	pairs map[*proxied]bool
}

// proxied is one connection.
type proxied struct {
	client, server *net.TCPConn
	orphan         atomic.Bool // the client is gone, and the server does not know
}

// NewFaultProxy listens on a free port of 127.0.0.1. to is the server's address.
func NewFaultProxy(ctx context.Context, to string) (*FaultProxy, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &FaultProxy{listener: l, to: to, pairs: map[*proxied]bool{}}
	p.left.Store(math.MaxInt64)
	p.wg.Go(p.accept)
	return p, nil
}

// Port is where clients connect.
func (p *FaultProxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Passed is how many bytes went through, in both directions.
func (p *FaultProxy) Passed() int64 { return p.passed.Load() }

// Broken is how many connections were broken.
func (p *FaultProxy) Broken() int64 { return p.broken.Load() }

// BreakAfter breaks the connection that passes the nth byte from now, after that byte. It replaces an earlier call.
func (p *FaultProxy) BreakAfter(n int64, how Break) {
	p.how.Store(int64(how))
	p.left.Store(n)
}

// Steady takes BreakAfter back.
func (p *FaultProxy) Steady() { p.left.Store(math.MaxInt64) }

// BreakAll breaks every connection that is open and returns how many there were. BreakBoth also tells the server of
// those whose client is gone already.
func (p *FaultProxy) BreakAll(how Break) (n int) {
	p.mu.Lock()
	open := make([]*proxied, 0, len(p.pairs))
	for c := range p.pairs {
		open = append(open, c)
	}
	p.mu.Unlock()
	for _, c := range open {
		switch {
		case !c.orphan.Load():
			p.shatter(c, how)
			n++
		case how == BreakBoth:
			reset(c.server)
		}
	}
	return n
}

// Stall passes nothing for so long, on any connection.
func (p *FaultProxy) Stall(d time.Duration) { p.resume.Store(time.Now().Add(d).UnixNano()) }

// Close ends the proxy and all its connections, those that the server thought to be alive too.
func (p *FaultProxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	for c := range p.pairs {
		err = errors.Join(err, ignoreClosed(c.client.Close()), ignoreClosed(c.server.Close()))
	}
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *FaultProxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		var d net.Dialer
		server, err := d.DialContext(context.Background(), "tcp", p.to)
		if err != nil {
			reset(client.(*net.TCPConn))
			continue
		}
		c := &proxied{client: client.(*net.TCPConn), server: server.(*net.TCPConn)}
		p.mu.Lock()
		p.pairs[c] = true
		p.mu.Unlock()
		p.wg.Go(func() {
			var both sync.WaitGroup
			both.Go(func() { p.pass(c, c.client, c.server) })
			both.Go(func() { p.pass(c, c.server, c.client) })
			both.Wait()
			p.mu.Lock()
			delete(p.pairs, c)
			p.mu.Unlock()
		})
	}
}

func (p *FaultProxy) pass(c *proxied, from, to *net.TCPConn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.wait()
			left := p.left.Add(-int64(n))
			if left <= 0 && left > -int64(n) {
				p.left.Store(math.MaxInt64)
				_, _ = to.Write(buf[:int64(n)+left]) // up to the byte and no further
				p.shatter(c, Break(p.how.Load()))
			} else if _, werr := to.Write(buf[:n]); werr != nil {
				err = errors.Join(err, werr)
			}
			p.passed.Add(int64(n))
		}
		if err == nil {
			continue
		}
		if c.orphan.Load() {
			if from == c.server {
				_, _ = io.Copy(io.Discard, c.server) // it stays open until the server itself ends it
				_ = c.server.Close()
			}
			return
		}
		_ = c.client.Close()
		_ = c.server.Close()
		return
	}
}

// wait returns when no stall is on.
func (p *FaultProxy) wait() {
	for d := time.Until(time.Unix(0, p.resume.Load())); d > 0; d = time.Until(time.Unix(0, p.resume.Load())) {
		time.Sleep(d)
	}
}

func (p *FaultProxy) shatter(c *proxied, how Break) {
	p.broken.Add(1)
	if how == BreakClient {
		c.orphan.Store(true)
		reset(c.client)
		return
	}
	reset(c.client)
	reset(c.server)
}

// reset closes a connection so that the other end gets an error, whatever it was doing.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
