package dumper

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

func TestParseGrant(t *testing.T) {
	tests := []struct {
		line string
		want grant
		ok   bool
	}{
		{"GRANT SELECT, LOCK TABLES ON *.* TO 'a'@'%'", grant{[]string{"SELECT", "LOCK TABLES"}, "*", "*"}, true},
		{"GRANT ALL PRIVILEGES ON `shop\\_1`.* TO `a`@`%` WITH GRANT OPTION", grant{[]string{"ALL PRIVILEGES"}, `shop\_1`, "*"}, true},
		{"GRANT SELECT, INSERT (`a ON x`, `b`), UPDATE ON `s``x`.`t` TO `a`@`%`", grant{[]string{"SELECT", "UPDATE"}, "s`x", "t"}, true},
		{"GRANT `role`@`%` TO `a`@`%`", grant{}, false},
		{"GRANT BACKUP_ADMIN,SHOW_ROUTINE ON *.* TO `a`@`%`", grant{[]string{"BACKUP_ADMIN", "SHOW_ROUTINE"}, "*", "*"}, true},
		{"GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION", grant{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got, ok := parseGrant(tt.line)
			if ok != tt.ok {
				t.Fatalf("ok = %v", ok)
			}
			if ok && !cmp.Equal(tt.want, got, cmp.AllowUnexported(grant{})) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestLike(t *testing.T) {
	for in, want := range map[string]bool{
		"shop shop": true, "shop shop1": false, "sh% shop": true, "% x": true, `a\_b a_b`: true, `a\_b axb`: false, "a_b axb": true, "a_b ab": false, "%p shop": true,
	} {
		pattern, s, _ := strings.Cut(in, " ")
		if like(pattern, s) != want {
			t.Errorf("%s LIKE %s is %v", s, pattern, !want)
		}
	}
}

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
		o := Options{Selection: Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyNone}}
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
