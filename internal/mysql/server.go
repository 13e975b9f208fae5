package mysql

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Options says how to reach one server.
type Options struct {
	Host     string // default "127.0.0.1"
	Port     int    // default 3306
	User     string // default the system user's name
	Password Secret
	Socket   string // path of a unix socket; used in place of Host and Port when set
	TLS      TLS
	Label    string // "source" or "target"; prefixes errors
	Profile  string // one of Profiles, in place of what the server says of itself; default ask it

	SessionSQL []string     // run on every session after its settings, such as SET SESSION sql_log_bin=0; default none
	Log        *slog.Logger // what the connection settled on, at debug level; default discards
}

// TLS says how a connection is encrypted.
type TLS struct {
	Mode SSLMode
	CA   string // path of a PEM file
	Cert string // path of a PEM file
	Key  string // path of a PEM file
}

// SSLMode is the mysql client's --ssl-mode.
type SSLMode int

// The modes of https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode.
const (
	SSLPreferred SSLMode = iota
	SSLDisabled
	SSLRequired
	SSLVerifyCA
	SSLVerifyIdentity
)

// Purpose decides what the connector sets on every session (DESIGN: Sessions).
type Purpose int

// The purposes of a session.
const (
	ForDump Purpose = iota // reads rows: REPEATABLE READ, sql_mode='', UTC, results in their own bytes
	ForLoad                // writes rows: foreign_key_checks=0, strict sql_mode, UTC
)

// Flavor is the kind of server.
type Flavor string

// The flavours that gomove tells apart.
const (
	MySQL   Flavor = "mysql"
	MariaDB Flavor = "mariadb"
	Percona Flavor = "percona"
)

// Facts is what was found out about a server by asking it.
type Facts struct {
	Flavor              Flavor
	Product             Product
	Version             string // @@version as the server prints it
	VersionComment      string
	Number              int               // 50624, 90704, 101119
	UUID                string            // @@server_uuid; empty on MariaDB
	ServerID            uint64            // @@server_id
	Hostname            string            // @@hostname
	Port                int               // @@port
	LowerCaseTableNames int               // 0, 1 or 2
	LocalInfile         bool              // @@local_infile
	LogBin              bool              // @@log_bin
	ReadOnly            bool              // @@read_only or @@innodb_read_only
	ExplicitTimestamps  bool              // explicit_defaults_for_timestamp holds in the sessions of this server
	Cores               int               // 0 where the server does not tell
	MaxAllowedPacket    int               // bytes
	User                string            // CURRENT_USER()
	Variables           map[string]string // SHOW GLOBAL VARIABLES, names in lower case
	Procedures          map[string]bool   // mysql.rds_* and mysql.az_* that the account may call, in lower case, without the schema
}

// Server is one connected server. It is safe for concurrent use.
type Server struct {
	Options Options
	Facts   Facts

	db       *sql.DB // statements that need no session of their own; its sessions are set up
	sessions *sql.DB // opens a connection for each Session and keeps none
	control  *sql.DB // bare connections, one of them kept open so that KillQuery needs no new one

	connector *connector // of all three
	setup     *setup     // of the sessions
	bulk      bool       // bulk commands are wanted of them
}

// Connect reaches the server, finds out its Facts and returns it. Hint finds what to do about its errors.
func Connect(ctx context.Context, o Options, p Purpose) (*Server, error) {
	o = o.withDefaults()
	bare, err := newConnector(o, newBareSetup())
	if err != nil {
		return nil, &ConnectError{Options: o, Err: err}
	}
	s := &Server{Options: o, control: sql.OpenDB(bare), connector: bare}
	s.control.SetMaxIdleConns(1)
	if err := s.open(ctx, bare, p); err != nil {
		return nil, &ConnectError{Options: o, Err: errors.Join(err, s.Close())}
	}
	return s, nil
}

func (s *Server) open(ctx context.Context, bare *connector, p Purpose) error {
	facts, err := askFacts(ctx, s.control)
	if err != nil {
		return err
	}
	bare.maxPacket.Store(int64(facts.MaxAllowedPacket)) // or each connection asks for it
	s.setup = newSetup(p, facts, s.Options.SessionSQL)
	set := bare.with(s.setup)
	s.db, s.sessions = sql.OpenDB(set), sql.OpenDB(set)
	s.db.SetMaxIdleConns(idleConns)
	s.sessions.SetMaxIdleConns(-1)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		facts.Procedures, err = readProcedures(gctx, s.control)
		return err
	})
	explicit := false
	g.Go(func() error {
		if err := s.db.PingContext(gctx); err != nil {
			return err
		}
		explicit = askExplicitTimestamps(gctx, s.db, facts)
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	facts.ExplicitTimestamps = explicit
	if err := facts.settleProduct(s.Options.Profile); err != nil {
		return err
	}
	s.Facts = *facts
	s.bulk = p == ForLoad && facts.Flavor == MariaDB
	if s.Options.Log != nil {
		s.Options.Log.Info("connected", "server", s.Options.Label, "address", s.Options.Address(), "is", facts.Describe(), "user", facts.User)
	}
	return nil
}

// Also runs a statement on every session from now on, after those of Options.SessionSQL, unless the server refuses it. It is for a server that nobody
// uses yet.
func (s *Server) Also(ctx context.Context, statement string) error {
	if _, err := s.db.ExecContext(ctx, statement); err != nil {
		return err
	}
	if s.db.Stats().OpenConnections > 1 { // of which one has run it
		s.db.SetMaxIdleConns(-1)
		s.db.SetMaxIdleConns(idleConns)
	}
	s.Options.SessionSQL = append(slices.Clip(s.Options.SessionSQL), statement)
	s.setup.after = s.Options.SessionSQL
	return nil
}

// idleConns are the connections that a server's pool keeps.
const idleConns = 4

// DB is the pool for statements that need no session of their own.
func (s *Server) DB() *sql.DB { return s.db }

// LimitPackets bounds the packets that connections opened from now on send, below what the server takes: a prepared
// statement's large values then travel in pieces of that size. A longer statement fails before it is sent.
func (s *Server) LimitPackets(maxBytes int) {
	s.connector.maxPacket.Store(int64(min(maxBytes, s.Facts.MaxAllowedPacket)))
}

// Close closes every connection but those of open sessions. That one is gone already, closed by a server that lets none
// be idle for long, is no error: nothing is under way on these connections.
func (s *Server) Close() error {
	for _, db := range []*sql.DB{s.db, s.sessions, s.control} {
		if db != nil {
			_ = db.Close()
		}
	}
	return nil
}
