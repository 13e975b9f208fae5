package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
