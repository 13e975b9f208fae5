package catalog

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// TestReadAhead reads tables enough that some questions are asked ahead, and holds what is read of one of them against what is read
// when it is asked for alone.
func TestReadAhead(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			var q strings.Builder
			for i := range fewTables + 1 {
				fmt.Fprintf(&q, "CREATE TABLE %s.t%02d (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY u (b, a)) PARTITION BY HASH (a+b) PARTITIONS 2;", schema, i)
			}
			for stmt := range strings.SplitSeq(strings.TrimSuffix(q.String(), ";"), ";") {
				s.Exec(t, stmt)
			}
			s.Exec(t, "CREATE TRIGGER "+schema+".tr BEFORE INSERT ON "+schema+".t07 FOR EACH ROW SET NEW.b=1")
			server, err := mysql.Connect(t.Context(), mysql.Options{Host: s.Host, Port: s.Port, User: s.User}, mysql.ForDump)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			read := func(sel Selection) *Table {
				r, err := NewReader(server, sel, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				c, err := r.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				again, err := r.ReadDefinitions(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Drift(again, true); err != nil {
					t.Errorf("drift of tables that nobody has touched: %v", err)
				}
				for i, t := range c.Tables {
					if t.Name == "t07" {
						if t.Bytes == 0 || again.Tables[i].Bytes != 0 {
							break // sizes are read once
						}
						return t
					}
				}
				t.Fatal("table t07 was not read")
				return nil
			}
			got, want := read(Selection{Schemas: []string{schema}}), read(Selection{Tables: []string{schema + ".t07"}})
			if len(want.Indexes) != 1 || len(want.Partitions) != 2 || len(want.Triggers) != 1 {
				t.Fatalf("read alone: %+v", want)
			}
			if diff := cmp.Diff([]any{want.Indexes, want.Partitions, want.Triggers, want.print}, []any{got.Indexes, got.Partitions, got.Triggers, got.print}, cmp.AllowUnexported(fingerprint{})); diff != "" {
				t.Errorf("alone and among others:\n%s", diff)
			}
		})
	}
}
