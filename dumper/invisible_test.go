package dumper

import (
	"errors"
	"strings"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/testdb"
)

// A trigger that the account may not see must not be lost without a word.
func TestInvisibleKinds(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		user := "blind_" + schema[:strings.IndexByte(schema, '_')]
		s.Exec(t, "CREATE TABLE "+schema+".t (a INT PRIMARY KEY)", "CREATE TRIGGER "+schema+".tr BEFORE INSERT ON "+schema+".t FOR EACH ROW SET @a=1",
			"CREATE USER "+user+"@'%'", "GRANT SELECT ON "+schema+".* TO "+user+"@'%'")
		t.Cleanup(func() { s.Exec(t, "DROP USER "+user+"@'%'") })
		src := sourceOf(s)
		src.User = user
		o := Options{Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyNone}}
		sum, err := dumpAs(t, src, o)
		if !errors.Is(err, ErrDiffers) {
			t.Fatalf("error %v, want ErrDiffers: the dump may lack objects", err)
		}
		text := strings.Join(sum.Differences, "\n")
		for _, want := range []string{"does not see triggers", "does not see events", "does not see routines", "grant TRIGGER"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		s.Exec(t, "GRANT TRIGGER, EVENT, EXECUTE ON "+schema+".* TO "+user+"@'%'")
		if sum, err = dumpAs(t, src, o); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(sum.Differences, "\n"); sum.Triggers != 1 || strings.Contains(text, "does not see") {
			t.Errorf("%d triggers; %s", sum.Triggers, text)
		}
	})
}

// A table that the account may not see must not be lost without a word either, unless those that are meant are named.
func TestInvisibleTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		user := "half_" + schema[:strings.IndexByte(schema, '_')]
		s.Exec(t, "CREATE TABLE "+schema+".seen (a INT PRIMARY KEY)", "CREATE TABLE "+schema+".unseen (a INT PRIMARY KEY)",
			"CREATE USER "+user+"@'%'", "GRANT SELECT ON "+schema+".seen TO "+user+"@'%'")
		t.Cleanup(func() { s.Exec(t, "DROP USER "+user+"@'%'") })
		src := sourceOf(s)
		src.User = user
		sel := catalog.Selection{Schemas: []string{schema}, NoTriggers: true, NoRoutines: true, NoEvents: true}
		snapshot := SnapshotOptions{Consistency: ConsistencyNone}
		sum, err := dumpAs(t, src, Options{Selection: sel, Snapshot: snapshot})
		if !errors.Is(err, ErrDiffers) || !strings.Contains(strings.Join(sum.Differences, "\n"), "does not see tables and views") {
			t.Errorf("half of a schema was dumped: %v", err)
		}
		sel.Schemas, sel.Tables = nil, []string{schema + ".seen"}
		if _, err := dumpAs(t, src, Options{Selection: sel, Snapshot: snapshot}); err != nil {
			t.Errorf("the table was named: %v", err)
		}
	})
}
