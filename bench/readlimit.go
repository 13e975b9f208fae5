package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"
)

// readCommand is this program as the limit of dumps: connections that read the rows and look at nothing but the packets'
// headers.
const readCommand = "read-rows"

// rangesPerTable is in how many ranges of its key a table is read.
const rangesPerTable = 8

// readLimit writes the queries of the limit of dumps into work.
func (h *host) readLimit(s *set, work string) (*contender, error) {
	var b strings.Builder
	rows := s.tableRows(h.o)
	ranges := min(rangesPerTable, max(1, rows/1000))
	for n := range s.tables(h.o) {
		for i := range ranges {
			query := fmt.Sprintf("SELECT * FROM %s.%s", s.schema(), s.table(n))
			var where []string
			if i > 0 {
				where = append(where, s.key+" >= "+s.bound(rows*i/ranges))
			}
			if i < ranges-1 {
				where = append(where, s.key+" < "+s.bound(rows*(i+1)/ranges))
			}
			if len(where) > 0 {
				query += " WHERE " + strings.Join(where, " AND ")
			}
			b.WriteString(query + "\n")
		}
	}
	file := filepath.Join(work, "queries")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return &contender{
		name: "read and throw away", role: limit, set: s, in: file,
		command: fmt.Sprintf("{bench} %s -addr {host}:{port} -user {user} -threads {threads} -rows %d {in}", readCommand, rows*s.tables(h.o)),
	}, nil
}

// readMain reads the rows of the queries in a file.
func readMain(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet(readCommand, flag.ContinueOnError)
	addr, user := fs.String("addr", "", "of the server"), fs.String("user", "root", "")
	threads, want := fs.Int("threads", 2, "connections"), fs.Int64("rows", -1, "that there must be")
	if err := fs.Parse(args); err != nil || fs.NArg() != 1 {
		return errors.Join(err, errors.New("name one file of queries"))
	}
	file, err := os.Open(fs.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	g, ctx := errgroup.WithContext(ctx)
	queries := make(chan string)
	g.Go(func() error {
		defer close(queries)
		for lines := bufio.NewScanner(file); lines.Scan(); {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case queries <- lines.Text():
			}
		}
		return nil
	})
	var rows atomic.Int64
	for range *threads {
		g.Go(func() error {
			c, err := dialRaw(ctx, *addr, *user)
			if err != nil {
				return err
			}
			for q := range queries {
				n, err := c.discard(q)
				if err != nil {
					return errors.Join(fmt.Errorf("%s: %w", q, err), c.close())
				}
				rows.Add(n)
			}
			return c.close()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if n := rows.Load(); *want >= 0 && n != *want {
		return fmt.Errorf("read %d rows in place of %d", n, *want)
	}
	return nil
}

// rawConn is a connection that the driver has logged in and that is then read without it.
type rawConn struct {
	net    net.Conn
	close  func() error
	modern bool // no EOF packet after the columns: the driver asked for CLIENT_DEPRECATE_EOF
	buf    []byte
	at     int // of what is not looked at yet
	end    int // of what was read
}

const readBuffer = 256 << 10

func dialRaw(ctx context.Context, addr, user string) (*rawConn, error) {
	c := &rawConn{buf: make([]byte, readBuffer)}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = user, "tcp", addr
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		var err error
		c.net, err = d.DialContext(ctx, network, addr)
		return &loginConn{Conn: c.net, raw: c}, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	logged, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c.close = logged.Close
	for _, q := range []string{"SET NAMES binary"} {
		if _, err := c.discard(q); err != nil {
			return nil, errors.Join(err, logged.Close())
		}
	}
	return c, nil
}

// loginConn sees the capabilities that the driver logs in with.
type loginConn struct {
	net.Conn
	raw  *rawConn
	seen bool
}

// Write looks at the first packet: its first four bytes after the header are the capabilities.
func (l *loginConn) Write(p []byte) (int, error) {
	const header, flags, deprecateEOF = 4, 4, 1 << 24
	if !l.seen && len(p) >= header+flags {
		l.seen = true
		l.raw.modern = binary.LittleEndian.Uint32(p[header:])&deprecateEOF != 0
	}
	return l.Conn.Write(p)
}

const (
	comQuery  = 3
	headOK    = 0x00
	headEOF   = 0xfe
	headError = 0xff
	maxEOF    = 9 // an EOF packet is shorter; of the OK packet that stands in for it the first byte says enough
	maxPacket = 1<<24 - 1
)

// discard runs a query and counts its rows.
func (c *rawConn) discard(query string) (rows int64, err error) {
	packet := binary.LittleEndian.AppendUint32(nil, uint32(len(query)+1)) //nolint:gosec // queries are short
	packet = append(append(packet, comQuery), query...)
	if _, err := c.net.Write(packet); err != nil {
		return 0, err
	}
	columns, _, err := c.packet()
	if err != nil || columns == headOK {
		return 0, err
	}
	skip, shortest := int(columns), maxPacket
	if !c.modern {
		skip, shortest = skip+1, maxEOF
	}
	for range skip {
		if _, _, err := c.packet(); err != nil {
			return 0, err
		}
	}
	for {
		head, n, err := c.packet()
		if err != nil || head == headEOF && n < shortest {
			return rows, err
		}
		rows++
		for n == maxPacket { // the row goes on
			if _, n, err = c.packet(); err != nil {
				return rows, err
			}
		}
	}
}

// packet passes over one packet and gives its first byte and its length.
func (c *rawConn) packet() (head byte, n int, err error) {
	const header = 4
	for c.end-c.at < header+1 {
		// A packet of length 0 ends a row of a multiple of the largest packet: nothing may follow it.
		if c.end-c.at == header && c.buf[c.at]|c.buf[c.at+1]|c.buf[c.at+2] == 0 {
			c.at += header
			return 0, 0, nil
		}
		if err := c.fill(); err != nil {
			return 0, 0, err
		}
	}
	b := c.buf[c.at:]
	n = int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	if head = b[header]; head == headError && n > 0 {
		return head, n, fmt.Errorf("server: %q", b[header:min(len(b), header+n)])
	}
	for left := header + n; left > 0; {
		if c.at == c.end {
			if err := c.fill(); err != nil {
				return head, n, err
			}
		}
		step := min(left, c.end-c.at)
		c.at += step
		left -= step
	}
	return head, n, nil
}

// fill reads more; what is not looked at yet moves to the front.
func (c *rawConn) fill() error {
	c.end = copy(c.buf, c.buf[c.at:c.end])
	c.at = 0
	n, err := c.net.Read(c.buf[c.end:])
	c.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}
