package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
)

const (
	dialTimeout    = 15 * time.Second // TCP or socket connect
	connectTimeout = 60 * time.Second // all of it: dialing, TLS, authentication, session settings
	keepAlive      = 30 * time.Second
)

// errNoAnswer is a server that accepts a connection and then says nothing.
var errNoAnswer = errors.New("no answer from the server within " + connectTimeout.String())

// connector opens connections and sets up the session of each, those that a pool opens later included.
type connector struct {
	modern *route
	legacy *route // TLS 1.0 and its ciphers; nil unless the certificate is not verified anyway
	// needLegacy is set once a handshake of modern TLS failed and one of old TLS did not.
	needLegacy *atomic.Bool
	maxPacket  *atomic.Int64 // bytes of a packet to the server; 0 is what the server takes
	setup      *setup
	log        *slog.Logger
}

// attempt is what is learned while one connection is opened.
type attempt struct {
	conn      *wire
	tls       *tls.ConnectionState // nil when the connection is not encrypted
	id        uint64
	maxPacket int  // bytes; 0 is what the server takes
	bulk      bool // bulk commands are wanted
}

type attemptKey struct{}

// reason is why a connection was not opened: the driver has an error of its own for what went wrong beneath it.
func (a *attempt) reason(ctx context.Context, err error) error {
	if ctx.Err() != nil || a.conn == nil || a.conn.login == nil || a.conn.login.failed == nil {
		return err
	}
	return a.conn.login.failed
}

func newConnector(o Options, s *setup) (*connector, error) {
	c := &connector{needLegacy: new(atomic.Bool), maxPacket: new(atomic.Int64), setup: s, log: o.Log}
	cfg, err := tlsConfig(o)
	if err != nil {
		return nil, err
	}
	if c.modern, err = newRoute(o, cfg); err != nil {
		return nil, err
	}
	if old := legacyTLS(o, cfg); old != nil {
		if c.legacy, err = newRoute(o, old); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// with returns a connector to the same server whose sessions are set up by s.
func (c *connector) with(s *setup) *connector {
	d := *c
	d.setup = s
	return &d
}

// Connect opens a connection and sets up its session.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		a = &attempt{}
		ctx = context.WithValue(ctx, attemptKey{}, a)
	}
	a.maxPacket = int(c.maxPacket.Load())
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, errNoAnswer)
	defer cancel()
	conn, err := c.handshake(ctx, a)
	if err == nil {
		err = c.prepare(ctx, conn, a)
	}
	if err != nil && errors.Is(context.Cause(ctx), errNoAnswer) {
		return nil, errNoAnswer
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		// A server that ends or has just begun: elsewhere io.EOF is the end of rows.
		return nil, fmt.Errorf("the server closed the connection before it was set up: %w", mysqldriver.ErrInvalidConn)
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (c *connector) handshake(ctx context.Context, a *attempt) (driver.Conn, error) {
	if c.needLegacy.Load() {
		return c.legacy.connect(ctx, a)
	}
	conn, err := c.modern.connect(ctx, a)
	if err == nil || c.legacy == nil || ctx.Err() != nil || !failedInHandshake(err, a) {
		return conn, err
	}
	conn, legacyErr := c.legacy.connect(ctx, a)
	if legacyErr != nil {
		return nil, err
	}
	if a.tls != nil && !c.needLegacy.Swap(true) {
		c.log.Debug("server speaks old TLS only", "version", tls.VersionName(a.tls.Version), "error", err)
	}
	return conn, nil
}

func (c *connector) prepare(ctx context.Context, conn driver.Conn, a *attempt) error {
	err := c.setup.run(ctx, conn)
	if err == nil {
		a.id, err = connectionID(ctx, conn)
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	return nil
}

// Driver satisfies driver.Connector.
func (c *connector) Driver() driver.Driver { return c.modern.theirs.Driver() }

// failedInHandshake reports an error between the dialing and the end of the TLS handshake.
func failedInHandshake(err error, a *attempt) bool {
	var server *mysqldriver.MySQLError
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case a.conn == nil, a.tls != nil, errors.As(err, &server), errors.Is(err, mysqldriver.ErrNoTLS):
		return false
	case errors.As(err, &op) && op.Op == "dial":
		return false
	}
	return !errors.As(err, &cert) && !errors.As(err, &unknown)
}

func connectionID(ctx context.Context, conn driver.Conn) (uint64, error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return 0, fmt.Errorf("driver connection %T runs no queries", conn)
	}
	rows, err := q.QueryContext(ctx, "SELECT CONNECTION_ID()", nil)
	if err != nil {
		return 0, fmt.Errorf("ask for the connection's id: %w", err)
	}
	var id uint64
	dest := make([]driver.Value, 1)
	if err = rows.Next(dest); err == nil {
		switch v := dest[0].(type) {
		case int64:
			id = uint64(v)
		case uint64:
			id = v
		default:
			err = fmt.Errorf("connection id %v", v)
		}
	}
	return id, errors.Join(err, rows.Close())
}

// driverLog passes what the driver prints to slog: it repeats there what it returns as an error.
type driverLog struct{ log *slog.Logger }

func (l driverLog) Print(v ...any) { l.log.Debug("driver", "message", fmt.Sprint(v...)) }
