package testdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// schemaCount numbers the schemas of the process, so that a name is unique on every server of it.
var schemaCount atomic.Int64

// DB returns a pool of root's connections; it is closed at the end of the test.
func (s *Server) DB(t testing.TB) *sql.DB {
	t.Helper()
	db, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Exec runs the statements on one session, so that USE and SET hold for those after them; each may be several.
func (s *Server) Exec(t testing.TB, statements ...string) {
	t.Helper()
	db, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range statements {
		if err := Steadily(context.Background(), db, q); err != nil {
			t.Fatalf("%s: %.500s: %v", s.Kind, q, err)
		}
	}
}

// Steadily runs a statement of a test's own, again after a deadlock: MySQL 9.7 ends statements like DROP DATABASE in one (1213, all undone)
// when others on the server make and drop things meanwhile.
func Steadily(ctx context.Context, db *sql.DB, statement string) error {
	const attempts, deadlock = 10, 1213
	for i := 1; ; i++ {
		_, err := db.ExecContext(ctx, statement)
		if e := (*mysql.MySQLError)(nil); !errors.As(err, &e) || e.Number != deadlock || i == attempts {
			return err
		}
	}
}

// Schema creates a schema with a name of its own and drops it at the end of the test.
func (s *Server) Schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d_%s", schemaCount.Add(1), schemaPart(t.Name()))
	s.Exec(t, "CREATE DATABASE "+name+" DEFAULT CHARACTER SET utf8mb4")
	t.Cleanup(func() { s.drop(t, name) })
	return name
}

// drop drops a schema at the end of a test. A server that was killed in the middle of a statement may have left files of its own in the
// schema's directory, which then cannot be removed (1010, MySQL 5.6): they go away with the server.
func (s *Server) drop(t testing.TB, schema string) {
	t.Helper()
	if !s.killed {
		s.Exec(t, "DROP DATABASE IF EXISTS "+schema)
		return
	}
	const errDropRmdir = 1010
	err := Steadily(context.Background(), s.DB(t), "DROP DATABASE IF EXISTS "+schema)
	if e := (*mysql.MySQLError)(nil); errors.As(err, &e) && e.Number == errDropRmdir {
		t.Logf("%s: %v", s.Kind, err)
	} else if err != nil {
		t.Errorf("%s: drop %s: %v", s.Kind, schema, err)
	}
}

// schemaPart makes a test's name fit for an unquoted schema name.
func schemaPart(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return name[:min(len(name), 40)]
}

// Client returns the server's own command line client, root by TCP, with these arguments after the connection's.
func (s *Server) Client(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	return s.tool(t, s.install.client, args)
}

// BinlogTool returns the server's mysqlbinlog with the connection's arguments, for --read-from-remote-server or with file names.
func (s *Server) BinlogTool(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	return s.tool(t, s.install.binlog, args)
}

// DumpTool returns the server's own mysqldump with the connection's arguments. MySQL 5.6's package has none, and what newer servers
// have does not dump it.
func (s *Server) DumpTool(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	return s.tool(t, s.install.dump, args)
}

func (s *Server) tool(t testing.TB, p program, args []string) *exec.Cmd {
	t.Helper()
	if p.argv == nil {
		t.Skipf("SKIPPED, NOT TESTED: no command line tool for %s is installed: run `make setup`", s.Kind)
	}
	connection := []string{"--no-defaults", "--host=" + s.Host, "--port=" + strconv.Itoa(s.Port), "--user=" + s.User}
	if s.Password != "" {
		connection = append(connection, "--password="+s.Password)
	}
	return p.command(t.Context(), append(connection, args...)...)
}
