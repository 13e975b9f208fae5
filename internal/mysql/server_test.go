package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/testdb"
)

func optionsOf(s *testdb.Server) Options {
	return Options{Host: s.Host, Port: s.Port, User: s.User, Password: Secret(s.Password), Label: "source", TLS: TLS{Mode: SSLDisabled}}
}

// onEach runs a test on each kind of server.
func onEach(t *testing.T, f func(t *testing.T, s *testdb.Server)) {
	t.Helper()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) { f(t, testdb.Start(t, k)) })
	}
}

func connect(t *testing.T, o Options, p Purpose) *Server {
	t.Helper()
	s, err := Connect(t.Context(), o, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func session(t *testing.T, s *Server) *Conn {
	t.Helper()
	c, err := s.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func one(t *testing.T, q queryer, query string) string {
	t.Helper()
	var v sql.NullString
	if err := q.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

func TestFacts(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		f := connect(t, optionsOf(s), ForDump).Facts
		want := map[testdb.Kind]struct {
			flavor Flavor
			lo, hi int
		}{
			testdb.MariaDB: {MariaDB, 101100, 129999}, testdb.MySQL56: {MySQL, 50624, 50624}, testdb.MySQL97: {MySQL, 90700, 99999},
		}[s.Kind]
		if f.Flavor != want.flavor || f.Number < want.lo || f.Number > want.hi {
			t.Errorf("flavor %s number %d of version %q, want %+v", f.Flavor, f.Number, f.Version, want)
		}
		if (f.UUID == "") != (want.flavor == MariaDB) {
			t.Errorf("uuid %q", f.UUID)
		}
		if f.Port != s.Port || f.ServerID != uint64(s.Port) || f.MaxAllowedPacket != 64<<20 {
			t.Errorf("port %d, server id %d, max_allowed_packet %d", f.Port, f.ServerID, f.MaxAllowedPacket)
		}
		if !f.LocalInfile || !f.LogBin || f.ReadOnly || !strings.HasPrefix(f.User, "root@") || f.Hostname == "" || f.AuroraVersion() != "" {
			t.Errorf("facts %+v", f)
		}
	})
}

// TestSessionSettings looks at the variables of a session, of the pool, and of the pool's connection after a reconnect.
func TestSessionSettings(t *testing.T) {
	dump := map[string]string{
		"sql_mode": "", "time_zone": "+00:00", "autocommit": "1", "character_set_client": "utf8mb4",
		"character_set_connection": "utf8mb4", "character_set_results": "binary", "sql_quote_show_create": "1",
		"net_write_timeout": "86400", "net_read_timeout": "86400", "wait_timeout": "2147483", "sql_select_limit": "18446744073709551615",
		"tx_isolation": "REPEATABLE-READ", "max_execution_time": "0", "max_statement_time": "0", "completion_type": "NO_CHAIN",
		"show_gipk_in_create_table_and_information_schema": "1", "information_schema_stats_expiry": "0", "foreign_key_checks": "1",
	}
	load := map[string]string{
		"time_zone": "+00:00", "autocommit": "1", "character_set_client": "utf8mb4", "character_set_results": "utf8mb4",
		"net_read_timeout": "86400", "wait_timeout": "60", "foreign_key_checks": "0", "sql_log_bin": "0", "sql_require_primary_key": "0",
		"sql_generate_invisible_primary_key": "0", "restrict_fk_on_non_standard_key": "0", "tx_read_only": "0",
	}
	onEach(t, func(t *testing.T, s *testdb.Server) {
		hostile(t, s)
		check := func(t *testing.T, q queryer, want map[string]string) {
			t.Helper()
			for name, w := range want {
				query := "SELECT @@session." + name
				var got sql.NullString
				err := q.QueryRowContext(t.Context(), query).Scan(&got)
				if renamed, ok := strings.CutPrefix(name, "tx_"); IsUnknown(err) && ok {
					err = q.QueryRowContext(t.Context(), "SELECT @@session.transaction_"+renamed).Scan(&got)
				}
				if IsUnknown(err) && strings.Contains("max_execution_time max_statement_time show_gipk_in_create_table_and_information_schema "+
					"information_schema_stats_expiry sql_require_primary_key sql_generate_invisible_primary_key restrict_fk_on_non_standard_key", name) {
					continue
				}
				if err != nil || got.String != w {
					t.Errorf("%s = %q, %v; want %q", name, got.String, err, w)
				}
			}
		}
		for _, c := range []struct {
			name    string
			purpose Purpose
			want    map[string]string
		}{{"dump", ForDump, dump}, {"load", ForLoad, load}} {
			t.Run(c.name, func(t *testing.T) {
				o := optionsOf(s)
				if c.purpose == ForLoad {
					o.SessionSQL = []string{"SET SESSION sql_log_bin=0"}
				}
				server := connect(t, o, c.purpose)
				check(t, server.DB(), c.want)
				check(t, session(t, server), c.want)
				id := one(t, server.DB(), "SELECT CONNECTION_ID()")
				s.Exec(t, "KILL "+id)
				time.Sleep(50 * time.Millisecond)
				if again := one(t, server.DB(), "SELECT CONNECTION_ID()"); again == id {
					t.Fatal("the pool did not reconnect")
				}
				check(t, server.DB(), c.want)
			})
		}
		server := connect(t, optionsOf(s), ForLoad)
		mode := one(t, server.DB(), "SELECT @@sql_mode")
		for m := range strings.SplitSeq(loadMode, ",") {
			if !strings.Contains(mode, m) {
				t.Errorf("sql_mode %q lacks %s", mode, m)
			}
		}
		if strings.Contains(mode, "NO_ZERO") || strings.Contains(mode, "ONLY_FULL") {
			t.Errorf("sql_mode %q", mode)
		}
		if got, want := one(t, server.DB(), "SELECT @@unique_checks"), map[bool]string{true: "1", false: "0"}[s.Kind == testdb.MariaDB]; got != want {
			t.Errorf("unique_checks %s, want %s", got, want)
		}
		if got, want := server.Facts.ExplicitTimestamps, s.Kind != testdb.MySQL56; got != want {
			t.Errorf("explicit timestamps %v, want %v", got, want)
		}
	})
}

// hostile gives the server global defaults that would spoil a dump or a load.
func hostile(t *testing.T, s *testdb.Server) {
	t.Helper()
	set := []string{
		"SET GLOBAL sql_mode='ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES'", "SET GLOBAL time_zone='+05:00'", "SET GLOBAL autocommit=0",
		"SET GLOBAL completion_type=1", "SET GLOBAL sql_select_limit=1", "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED",
		"SET GLOBAL sql_quote_show_create=0",
	}
	undo := []string{
		"SET GLOBAL sql_mode=DEFAULT", "SET GLOBAL time_zone=DEFAULT", "SET GLOBAL autocommit=1", "SET GLOBAL completion_type=0",
		"SET GLOBAL sql_select_limit=DEFAULT", "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET GLOBAL sql_quote_show_create=1",
	}
	t.Cleanup(func() { s.Exec(t, undo...) })
	s.Exec(t, set...)
}

func TestConnectErrors(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	s.Exec(t, "CREATE USER cerr@'%' IDENTIFIED BY 'right'", "CREATE USER cerr@localhost IDENTIFIED BY 'right'")
	t.Cleanup(func() { s.Exec(t, "DROP USER cerr@'%', cerr@localhost") })
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	silentPort := silent.Addr().(*net.TCPAddr).Port
	cases := []struct {
		name         string
		change       func(*Options)
		number       int
		text, advice string
	}{
		{"wrong password", func(o *Options) { o.User, o.Password = "cerr", "wr0ng-s3cret" }, 1045, "as cerr: Error 1045", "check the user and the password"},
		{"no password", func(o *Options) { o.User = "cerr" }, 1045, "using password: NO", "no password was sent"},
		{"unknown host", func(o *Options) { o.Host = "no-such-host.invalid" }, 0, "connect to source no-such-host.invalid:", "does not resolve"},
		{"closed port", func(o *Options) { o.Port = 1 }, 0, "connect to source 127.0.0.1:1 as root", "nothing listens"},
		{"no socket", func(o *Options) { o.Socket = "/no/such.sock" }, 0, "connect to source /no/such.sock", "no socket at this path"},
		{"no TLS there", func(o *Options) { o.TLS.Mode = SSLRequired }, 0, "does not support TLS", "the server has no TLS"},
		{"missing CA", func(o *Options) { o.TLS = TLS{Mode: SSLVerifyCA, CA: "/no/ca.pem"} }, 0, "--ssl-ca: open /no/ca.pem", ""},
		{"cert without key", func(o *Options) { o.TLS = TLS{Mode: SSLRequired, Cert: "/no/c.pem"} }, 0, "go together", ""},
		{"bad session hook", func(o *Options) { o.SessionSQL = []string{"SET SESSION no_such=1"} }, 1193, "no_such", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := optionsOf(s)
			c.change(&o)
			server, err := Connect(t.Context(), o, ForDump)
			if err == nil {
				_ = server.Close()
				t.Fatal("connected")
			}
			if n := Number(err); n != c.number {
				t.Errorf("number %d, want %d", n, c.number)
			}
			if !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "wr0ng-s3cret") {
				t.Errorf("error %q, want %q in it", err, c.text)
			}
			if h := Hint(err); !strings.Contains(h, c.advice) || c.advice == "" && h != "" {
				t.Errorf("hint %q, want %q in it", h, c.advice)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v", err, err), "wr0ng-s3cret") {
				t.Error("password printed")
			}
		})
	}
	t.Run("silent port", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		o := optionsOf(s)
		o.Port = silentPort
		if _, err := Connect(ctx, o, ForDump); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

func TestLostConnectionStaysLost(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		server := connect(t, optionsOf(s), ForLoad)
		c := session(t, server)
		s.Exec(t, fmt.Sprintf("KILL %d", c.ID))
		time.Sleep(50 * time.Millisecond)
		for i := range 3 {
			_, err := c.ExecContext(t.Context(), "DO 1")
			if !IsConnectionLost(err) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if _, err := c.BeginTx(t.Context(), nil); !IsConnectionLost(err) {
			t.Errorf("begin: %v", err)
		}
		if _, err := Rows(t.Context(), c, "SELECT 1", nil); !IsConnectionLost(err) {
			t.Errorf("rows: %v", err)
		}
	})
}

func TestCloseEndsSession(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	server := connect(t, optionsOf(s), ForDump)
	c := session(t, server)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for one(t, s.DB(t), fmt.Sprintf("SELECT COUNT(*) FROM information_schema.processlist WHERE id=%d", c.ID)) != "0" {
		if time.Now().After(deadline) {
			t.Fatal("session is still there: its locks and its transaction would live on")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestClassify(t *testing.T) {
	server := func(n uint16) error {
		return fmt.Errorf("chunk 3: %w", &mysqldriver.MySQLError{Number: n, Message: "x"})
	}
	cases := []struct {
		name string
		err  error
		want Class
	}{
		{"nil", nil, Fatal}, {"plain", errors.New("x"), Fatal},
		{"deadlock", server(1213), Retry}, {"lock wait", server(1205), Retry}, {"changed record", server(1020), Retry}, {"nowait", server(3572), Retry},
		{"duplicate", server(1062), Fatal}, {"definition changed", server(1412), Fatal}, {"packet too big", server(1153), Fatal}, {"read only", server(1836), Fatal},
		{"shutdown", server(1053), Reconnect}, {"read timeout", server(1159), Reconnect}, {"killed", server(1927), Reconnect}, {"killed 8", server(3169), Reconnect},
		{"idle", server(4031), Reconnect}, {"gone", server(2006), Reconnect},
		{"bad conn", fmt.Errorf("a: %w", driver.ErrBadConn), Reconnect}, {"invalid conn", mysqldriver.ErrInvalidConn, Reconnect}, {"closed", sql.ErrConnDone, Reconnect},
		{"net", &net.OpError{Op: "read", Err: errors.New("reset")}, Reconnect}, {"unknown host", &net.DNSError{IsNotFound: true}, Fatal},
		{"cancelled", errors.Join(context.Canceled, mysqldriver.ErrInvalidConn), Fatal},
	}
	for _, c := range cases {
		if got := Classify(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if !IsDenied(server(1227)) || IsDenied(server(1064)) || !IsUnknown(server(1193)) || IsUnknown(server(1045)) || IsUnknown(nil) {
		t.Error("denied or unknown")
	}
}

func TestVersionNumber(t *testing.T) {
	for version, want := range map[string]int{
		"5.6.24": 50624, "9.7.4": 90704, "10.11.19-MariaDB-0+deb12u1-log": 101119, "5.5.5-10.3.39-MariaDB": 100339, "8.0.36-28.1": 80036,
		"8.4.0": 80400, "11.4.2-MariaDB": 110402, "5.5.5": 50505, "8.0": 80000, "": 0, "abc": 0, "8.x.1": 0,
	} {
		if got := versionNumber(version); got != want {
			t.Errorf("%q: %d, want %d", version, got, want)
		}
	}
}

// TestAlso adds a statement to the sessions of a server that is connected, those that the pool holds and those that come.
func TestAlso(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		server := connect(t, optionsOf(s), ForLoad)
		held := make([]*sql.Conn, 2)
		for i := range held {
			var err error
			if held[i], err = server.DB().Conn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range held {
			if err := c.Close(); err != nil { // into the pool
				t.Fatal(err)
			}
		}
		if err := server.Also(t.Context(), "SET SESSION sql_log_bin=0"); err != nil {
			t.Fatal(err)
		}
		if err := server.Also(t.Context(), "SET SESSION no_such=1"); Number(err) != 1193 {
			t.Errorf("error %v, want 1193", err)
		}
		for i := range held {
			c, err := server.DB().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := one(t, c, "SELECT @@session.sql_log_bin"); got != "0" {
				t.Errorf("connection %d of the pool: sql_log_bin %s", i, got)
			}
		}
		if got := one(t, session(t, server), "SELECT @@session.sql_log_bin"); got != "0" {
			t.Errorf("session: sql_log_bin %s", got)
		}
	})
}
