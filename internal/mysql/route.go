package mysql

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"sync/atomic"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// route opens connections of the driver with one kind of TLS, or with none.
type route struct {
	ours   driver.Connector // encrypts beneath the driver; nil where nothing is encrypted
	theirs driver.Connector // leaves it to the driver, which also does without where it may
	// needTheirs is set once a login was not possible by ours.
	needTheirs *atomic.Bool
}

func newRoute(o Options, t *tls.Config) (*route, error) {
	r := &route{needTheirs: new(atomic.Bool)}
	network := "tcp"
	if o.Socket != "" {
		network = "unix"
	}
	cfg := driverConfig(o)
	cfg.Net, cfg.TLS = network, t
	var err error
	if r.theirs, err = hooked(cfg); err != nil || t == nil {
		return r, err
	}
	cfg = driverConfig(o)
	cfg.Net = "unix" // what the driver may send in clear there, it may send within TLS
	cfg.DialFunc = func(ctx context.Context, _, addr string) (net.Conn, error) {
		w, err := dialWire(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		encryptLogin(ctx, w, t)
		return w, nil
	}
	r.ours, err = hooked(cfg)
	return r, err
}

// connect opens a connection.
func (r *route) connect(ctx context.Context, a *attempt) (driver.Conn, error) {
	if r.ours == nil || r.needTheirs.Load() {
		return connectGuarded(ctx, r.theirs, a)
	}
	conn, err := connectGuarded(ctx, r.ours, a)
	if !errors.Is(err, errDriversTLS) {
		return conn, err
	}
	if conn, err = connectGuarded(ctx, r.theirs, a); err == nil {
		r.needTheirs.Store(true)
	}
	return conn, err
}

// driverConfig is what all connections have in common.
func driverConfig(o Options) *mysqldriver.Config {
	cfg := mysqldriver.NewConfig()
	cfg.User, cfg.Passwd = o.User, o.Password.Reveal()
	cfg.Addr = o.Address()
	cfg.AllowFallbackToPlaintext = o.TLS.Mode == SSLPreferred
	cfg.AllowCleartextPasswords = o.TLS.Mode >= SSLRequired
	cfg.MaxAllowedPacket = 0 // ask the server
	cfg.InterpolateParams = true
	cfg.ConnectionAttributes = "program_name:gomove"
	cfg.Logger = driverLog{o.Log}
	cfg.DialFunc = dial
	return cfg
}

// hooked is a connector that fits an attempt. Its hook also makes the driver clone its configuration, which it alters when it falls
// back to plain text.
func hooked(cfg *mysqldriver.Config) (driver.Connector, error) {
	err := cfg.Apply(mysqldriver.BeforeConnect(func(ctx context.Context, cfg *mysqldriver.Config) error {
		a, ok := ctx.Value(attemptKey{}).(*attempt)
		if !ok {
			return nil
		}
		if cfg.TLS != nil {
			noteTLS(cfg.TLS, a)
		}
		cfg.MaxAllowedPacket = a.maxPacket
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return mysqldriver.NewConnector(cfg)
}

// dial is for the driver's own logins.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w, err := dialWire(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	agreeInClear(ctx, w)
	return w, nil
}

func dialWire(ctx context.Context, network, addr string) (*wire, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: conn, stream: conn}
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		a.conn = w
	}
	return w, nil
}
