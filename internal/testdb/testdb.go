// Package testdb runs real database servers for tests, the demo and benchmarks.
//
// There are three kinds: the distribution's MariaDB, MySQL 5.6.24 and MySQL 9.7. `make setup` installs them.
// Start gives a server that the whole test binary shares, StartOwn one for a single test, Launch one for a
// program that is not a test. Every server has a folder, a port and a socket of its own and dies with the
// process that started it. A package that calls Start needs `func TestMain(m *testing.M) { testdb.Main(m) }`.
package testdb

import (
	"os"
	"testing"
)

// Kind is a server that tests can start.
type Kind string

// The kinds of servers.
const (
	MariaDB Kind = "mariadb" // the distribution's MariaDB, 10.11 on Debian 12
	MySQL56 Kind = "mysql56" // MySQL 5.6.24
	MySQL97 Kind = "mysql97" // MySQL 9.7 of Debian sid
)

// All returns every kind, oldest code base last. Under -short, which goes with the race detector, it leaves out MySQL 5.6:
// the goroutines beside it are those beside MySQL 9.7.
func All() []Kind {
	if testing.Testing() && testing.Short() {
		return []Kind{MariaDB, MySQL97}
	}
	return []Kind{MariaDB, MySQL97, MySQL56}
}

// Option changes how a server is started.
type Option func(*settings)

type settings struct {
	args []string
}

// WithArgs adds arguments of the server, such as "--local-infile=0"; they win over the default ones.
func WithArgs(args ...string) Option {
	return func(s *settings) { s.args = append(s.args, args...) }
}

func newSettings(opts []Option) settings {
	var s settings
	for _, o := range opts {
		o(&s)
	}
	return s
}

// Require skips the test, loudly, when the server is not installed. It fails the test in its place when
// GOMOVE_REQUIRE_SERVERS=1, or when CI=true and `make setup` did not record that this system cannot have the server.
func Require(t testing.TB, k Kind) {
	t.Helper()
	_, err := find(k)
	if err == nil {
		return
	}
	if os.Getenv("GOMOVE_REQUIRE_SERVERS") == "1" || (os.Getenv("CI") == "true" && !declaredMissing(k)) {
		t.Fatalf("%s is REQUIRED here but not installed: run `make setup` (%v)", k, err)
	}
	t.Skipf("SKIPPED, NOT TESTED: %s is not installed: run `make setup` (%v)", k, err)
}

// Installed reports whether the server can be started on this machine.
func Installed(k Kind) bool {
	_, err := find(k)
	return err == nil
}
