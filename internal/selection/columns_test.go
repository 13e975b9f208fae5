package selection

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseColumn(t *testing.T) {
	for _, c := range []struct{ in, table, column string }{
		{"shop.users.email", "shop.users", "email"},
		{"*.users.email", "*.users", "email"},
		{"`a.b`.`c.d`.`e.f`", "`a.b`.`c.d`", "e.f"},
		{"shop.users.a.b", "shop.users", "a.b"},
		{"shop.users", "", ""}, {"shop", "", ""}, {"a.b.*", "", ""}, {"a..c", "", ""}, {"a.b.", "", ""}, {"a.`b.c", "", ""},
	} {
		p, column, err := ParseColumn(c.in)
		if (err == nil) != (c.column != "") || column != c.column || err == nil && p.String() != c.table {
			t.Errorf("%s: %s, %q, %v", c.in, p, column, err)
		}
	}
}

func TestParseNames(t *testing.T) {
	for in, want := range map[string][]string{
		"a": {"a"}, "a,b , c": {"a", "b", "c"}, "`a,b`,`c``d`": {"a,b", "c`d"}, "a b,`x`": {"a b", "x"},
		"": nil, "a,": nil, ",a": nil, "`a`b": nil, "`a": nil, "``": nil,
	} {
		got, err := ParseNames(in)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}
