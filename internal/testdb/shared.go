package testdb

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// fleet holds the servers that the tests of one binary share.
type fleet struct {
	mu      sync.Mutex
	servers map[string]*slot
}

// slot is started once; its lock keeps two tests from starting the same server while others start theirs.
type slot struct {
	once   sync.Once
	server *Server
	err    error
}

// shared is the one global: a server must outlive the test that starts it.
var shared = fleet{servers: map[string]*slot{}}

// Main runs the tests, stops the shared servers, fails when a goroutine is left over, and exits.
func Main(m *testing.M, opts ...goleak.Option) {
	goleak.VerifyTestMain(runner{m}, opts...)
}

// runner stops the servers between the last test and the look for leaked goroutines.
type runner struct{ m *testing.M }

func (r runner) Run() int {
	code := r.m.Run()
	if err := StopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "testdb:", err)
		return max(code, 1)
	}
	return code
}

// StopShared ends the servers that Start started; Main does it.
func StopShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	var errs []error
	for key, s := range shared.servers {
		if s.server != nil {
			errs = append(errs, s.server.Remove())
		}
		delete(shared.servers, key)
	}
	return errors.Join(errs...)
}

// Start returns the binary's server of this kind and these options; tests in it share it and must use schemas of
// their own (Schema), must not restart it and must not change its global variables.
func Start(t testing.TB, k Kind, opts ...Option) *Server {
	t.Helper()
	Require(t, k)
	set := newSettings(opts)
	key := string(k) + " " + strings.Join(set.args, " ")
	shared.mu.Lock()
	sl := shared.servers[key]
	if sl == nil {
		sl = &slot{}
		shared.servers[key] = sl
	}
	shared.mu.Unlock()
	sl.once.Do(func() { sl.server, sl.err = Launch(t.Context(), k, "", set.args) })
	if sl.err != nil {
		t.Fatal(sl.err)
	}
	return sl.server
}

// StartOwn returns a server that only this test uses; it ends with the test.
func StartOwn(t testing.TB, k Kind, opts ...Option) *Server {
	t.Helper()
	Require(t, k)
	s, err := Launch(t.Context(), k, "", newSettings(opts).args)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}
