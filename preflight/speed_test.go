package preflight

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/testdb"
)

// All checks of 10,000 tables, alone and for each target. It takes minutes to make the tables, so it is asked for by
// GOMOVE_CHECK_SPEED=1; without that it does the same with 50.
func TestManyTables(t *testing.T) {
	tables, limit := 50, 30*time.Second
	if os.Getenv("GOMOVE_CHECK_SPEED") != "" {
		tables, limit = 10_000, time.Minute
	}
	for _, k := range testdb.All() {
		s := testdb.Start(t, k)
		schema := s.Schema(t)
		var b strings.Builder
		fmt.Fprintf(&b, "ALTER DATABASE %s COLLATE utf8mb4_bin; USE %s;", schema, schema)
		for i := range tables {
			fmt.Fprintf(&b, "CREATE TABLE t%d (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(20), b DATE, c DATETIME, d DECIMAL(10,2), KEY (a), KEY (b, c)) COLLATE utf8mb4_bin;", i)
			if b.Len() > 1<<16 {
				s.Exec(t, b.String())
				b.Reset()
				fmt.Fprintf(&b, "USE %s;", schema)
			}
		}
		s.Exec(t, b.String())
		for _, to := range append([]testdb.Kind{""}, testdb.All()...) {
			o := Options{Source: reach(s, "source", ""), Selection: catalog.Selection{Schemas: []string{schema}}, Skip: []string{"P25"}}
			if to != "" {
				target := reach(testdb.Start(t, to), "target", "")
				o.Target = &target
			}
			r, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s to %q: %d tables, %d checks in %.1f s", k, to, r.Tables, r.Checks, r.Seconds)
			if r.Tables != tables || r.Errors+r.Warnings > 0 || r.Seconds > limit.Seconds() {
				t.Errorf("%s to %q: %d tables, %+v in %.1f s", k, to, r.Tables, r.Findings, r.Seconds)
			}
		}
	}
}
