package aurora

import (
	"context"
	"crypto/tls"
	"database/sql"
	"net"
	"os"
	"sync"
	"sync/atomic"
)

// RoleARN is the IAM role that the cluster parameter aws_default_s3_role names.
const RoleARN = "arn:aws:iam::123456789012:role/gomove-stand-in"

// Config is what a stand-in stands before.
type Config struct {
	Version  Version
	Address  string  // host:port of the real server
	Root     *sql.DB // of the real server, with all rights; stays the caller's
	Dir      string  // for files on their way between S3 and the server, which must read and write there
	User     string  // the managed master user, made by New
	Password string
	Store    *Store // S3; nil: there is no way to S3
	Reader   bool   // a reader of the cluster: nothing is written
	// PartBytes is the size above which SELECT INTO OUTFILE S3 begins a new file; 0: 6 GiB.
	PartBytes int64
	// SecureOnly refuses connections without TLS, as version 8.4 does by default.
	SecureOnly bool
}

// Proxy is a running stand-in. It is safe for concurrent use.
type Proxy struct {
	line       line
	address    string
	root       *sql.DB
	dir        string
	user       string
	store      *Store
	reader     bool
	partBytes  int64
	secureOnly bool
	tls        *tls.Config
	listener   net.Listener
	stop       context.CancelFunc
	wg         sync.WaitGroup
	files      atomic.Int64 // numbers the files in dir

	roleNamed    atomic.Bool
	roleAttached atomic.Bool

	mu   sync.Mutex
	held map[string]map[string]bool // version 1: privileges for S3 by account
}

// New makes the account, the tables and the procedures that Aurora has on the real server, and listens on a free port of 127.0.0.1.
// The role for S3 is named and attached.
func New(ctx context.Context, c Config) (*Proxy, error) {
	l, err := lineOf(c.Version)
	if err != nil {
		return nil, err
	}
	p := &Proxy{line: l, address: c.Address, root: c.Root, dir: c.Dir, user: c.User, store: c.Store, reader: c.Reader, secureOnly: c.SecureOnly,
		held: map[string]map[string]bool{}, partBytes: c.PartBytes}
	if p.partBytes == 0 {
		p.partBytes = partBytes
	}
	p.roleNamed.Store(true)
	p.roleAttached.Store(true)
	if p.tls, err = selfSigned(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := p.setUp(ctx, c.Password); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	if p.listener, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.wg.Go(func() { p.accept(ctx) })
	return p, nil
}

// Port is where clients connect.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// AuroraVersion is what aurora_version() returns.
func (p *Proxy) AuroraVersion() string { return p.line.aurora }

// NameRole says whether the cluster parameter aws_default_s3_role names a role.
func (p *Proxy) NameRole(named bool) { p.roleNamed.Store(named) }

// AttachRole says whether the role is attached to the cluster.
func (p *Proxy) AttachRole(attached bool) { p.roleAttached.Store(attached) }

// Close hangs up on every client.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.stop()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() {
			var d net.Dialer
			server, err := d.DialContext(ctx, "tcp", p.address)
			if err != nil {
				_ = client.Close()
				return
			}
			ends := context.AfterFunc(ctx, func() {
				_ = client.Close()
				_ = server.Close()
			})
			defer ends()
			s := &session{p: p, client: client, server: server}
			_ = s.serve(ctx) // how a client hangs up is its own affair
		})
	}
}

// unread is a connection of which a part was read already.
type unread struct {
	net.Conn
	r interface{ Read([]byte) (int, error) }
}

func (u *unread) Read(b []byte) (int, error) { return u.r.Read(b) }
