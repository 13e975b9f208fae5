package mysql

import (
	"context"
	"database/sql"
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
	Cores               int               // 0 where the server does not tell
	MaxAllowedPacket    int               // bytes
	User                string            // CURRENT_USER()
	Variables           map[string]string // SHOW GLOBAL VARIABLES, names in lower case
}

// Server is one connected server. It is safe for concurrent use.
type Server struct {
	Options Options
	Facts   Facts

	db *sql.DB
}

// Conn is one dedicated session. It is not safe for concurrent use.
// Once its connection is lost every call returns an error for which IsConnectionLost is true: it never reconnects.
type Conn struct {
	*sql.Conn
	ID uint64 // CONNECTION_ID(), for KILL QUERY
}

// Connect reaches the server, finds out its Facts and returns it. Its errors carry a hint.
func Connect(ctx context.Context, o Options, p Purpose) (*Server, error) {
	panic("skeleton")
}

// Session opens a dedicated session with the settings of the server's purpose.
func (s *Server) Session(ctx context.Context) (*Conn, error) { panic("skeleton") }

// DB is the pool for statements that need no session of their own.
func (s *Server) DB() *sql.DB { return s.db }

// KillQuery ends the statement that runs in a session, by KILL QUERY or mysql.rds_kill_query.
func (s *Server) KillQuery(ctx context.Context, id uint64) error { panic("skeleton") }

// Close closes every connection.
func (s *Server) Close() error { return s.db.Close() }
