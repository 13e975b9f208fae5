package catalog

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// TestDescribe holds the columns that the joined tables of information_schema show against those that it lists of itself.
func TestDescribe(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			server, err := mysql.Connect(t.Context(), mysql.Options{Host: s.Host, Port: s.Port, User: s.User}, mysql.ForDump)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			describe := func(by func(*Reader, context.Context) error) map[string]map[string]bool {
				r, err := NewReader(server, Selection{}, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				r.have = map[string]map[string]bool{}
				for _, name := range described {
					r.have[name] = map[string]bool{}
				}
				if err := by(r, t.Context()); err != nil {
					t.Fatal(err)
				}
				return r.have
			}
			want := describe((*Reader).describeAll)
			if diff := cmp.Diff(want, describe((*Reader).describeJoined)); diff != "" {
				t.Error(diff)
			}
			if slices.ContainsFunc(described[:], func(name string) bool { return len(want[name]) == 0 }) {
				t.Errorf("no columns: %v", want)
			}
		})
	}
}
