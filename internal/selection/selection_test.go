package selection

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTablePatterns(t *testing.T) {
	tests := []struct {
		pattern, schema, table string
		fold, want             bool
	}{
		{"shop.orders", "shop", "orders", false, true},
		{"shop.orders", "shop", "Orders", false, false},
		{"shop.orders", "Shop", "ORDERS", true, true},
		{"shop.ord*", "shop", "ord", false, true},
		{"shop.ord*s", "shop", "orders", false, true},
		{"shop.*a*b", "shop", "xaybzb", false, true},
		{"shop.*a*b", "shop", "xaybz", false, false},
		{"s?op.?", "shop", "é", false, true},
		{"s?op.?", "shop", "", false, false},
		{"*.*", "a.b", "c.d", false, true},
		{"`a.b`.`c*`", "a.b", "c*", false, true},
		{"`a.b`.`c*`", "a.b", "cd", false, false},
		{"`a``b`.c", "a`b", "c", false, true},
		{"a.b.c", "a", "b.c", false, true},
		{"`x`*.t", "xyz", "t", false, true},
		{"É.t", "é", "t", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.pattern+" "+tt.schema+"."+tt.table, func(t *testing.T) {
			p, err := ParseTable(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(tt.schema, tt.table, tt.fold); got != tt.want {
				t.Errorf("Match = %v", got)
			}
			if p.String() != tt.pattern {
				t.Errorf("String = %q", p.String())
			}
		})
	}
}

func TestBadPatterns(t *testing.T) {
	tests := []struct {
		pattern string
		want    error
	}{
		{"", ErrEmpty}, {"orders", ErrNoTable}, {"shop.", ErrEmpty}, {".orders", ErrEmpty},
		{"`shop.orders", ErrUnterminated}, {"``.a", ErrEmpty}, {"a.`b", ErrUnterminated},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			if _, err := ParseTable(tt.pattern); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSchemaPatterns(t *testing.T) {
	g, err := ParseSchema("my.shop")
	if err != nil {
		t.Fatal(err)
	}
	if !g.Exact() || g.Name() != "my.shop" {
		t.Errorf("exact %v, name %q", g.Exact(), g.Name())
	}
	if g, _ := ParseSchema("my*"); g.Exact() {
		t.Error("a glob calls itself exact")
	}
	if g, _ := ParseSchema("`my*`"); !g.Exact() || g.Name() != "my*" {
		t.Error("backticks do not quote a star")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"orders", "order_lines", "customers", "Products"}
	for name, want := range map[string][]string{
		"order":   {"order_lines", "orders"},
		"odrers":  {"orders"},
		"product": {"Products"},
		"zzz":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, Nearest(name, names, 3)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
