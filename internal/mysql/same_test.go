package mysql

import (
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestSameServer(t *testing.T) {
	connect := func(t *testing.T, s *testdb.Server, socket bool) *Server {
		t.Helper()
		o := Options{Host: s.Host, Port: s.Port, User: s.User}
		if socket {
			o = Options{Socket: s.Socket, User: s.User}
		}
		c, err := Connect(t.Context(), o, ForLoad)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	kinds := testdb.All()
	for i, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			one, other := testdb.Start(t, k), testdb.Start(t, kinds[(i+1)%len(kinds)])
			for _, c := range []struct {
				b    *testdb.Server
				want bool
			}{{one, true}, {other, false}} {
				same, err := SameServer(t.Context(), connect(t, one, false), connect(t, c.b, true))
				if err != nil || same != c.want {
					t.Errorf("same server: %v, %v; want %v", same, err, c.want)
				}
			}
		})
	}
}
