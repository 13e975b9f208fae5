package main

import (
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// requireVerified has verify say, by the source and by its dump, that a target holds what was moved to it. A source of nil
// leaves the dump.
func requireVerified(t *testing.T, source, target *testdb.Server, dir string, schemas []string) {
	t.Helper()
	only := []string{"--target", uriOf(target), "--progress", "none", "--recheck", "0"}
	for _, s := range schemas {
		only = append(only, "-B", mysql.QuoteName(s))
	}
	routes := [][]string{{"-d", dir}}
	if source != nil {
		routes = append(routes, []string{"--source", uriOf(source)})
	}
	for _, from := range routes {
		if r := runBinary(t, append(append([]string{"verify"}, from...), only...)...); r.code != 0 {
			t.Errorf("verify %s: exit %d\n%s%s", from[0], r.code, r.stdout, r.stderr)
		}
	}
}
