package catalog

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelect(t *testing.T) {
	all := map[string][]string{
		"shop": {"orders", "order_lines", "customers"}, "crm": {"people", "orders"}, "a.b": {"c.d"},
		"mysql": {"user"}, "sys": {"x"}, "gomove": {"progress"}, "information_schema": {"TABLES"},
	}
	tests := []struct {
		name string
		sel  Selection
		fold bool
		want []string
	}{
		{"default", Selection{}, false, []string{"a.b.c.d", "crm.orders", "crm.people", "shop.customers", "shop.order_lines", "shop.orders"}},
		{"schema", Selection{Schemas: []string{"crm"}}, false, []string{"crm.orders", "crm.people"}},
		{"case", Selection{Schemas: []string{"CRM"}}, false, nil},
		{"folded", Selection{Schemas: []string{"CRM"}}, true, []string{"crm.orders", "crm.people"}},
		{"glob is no system schema", Selection{Schemas: []string{"*"}, ExcludeSchemas: []string{"a.b", "crm"}}, false, []string{"shop.customers", "shop.order_lines", "shop.orders"}},
		{"system schema by name", Selection{Schemas: []string{"mysql"}}, false, []string{"mysql.user"}},
		{"table", Selection{Tables: []string{"shop.order*"}}, false, []string{"shop.order_lines", "shop.orders"}},
		{"tables in any schema", Selection{Tables: []string{"*.orders", "*.user"}}, false, []string{"crm.orders", "shop.orders"}},
		{"table narrows its schema", Selection{Schemas: []string{"shop", "crm"}, Tables: []string{"shop.orders"}}, false, []string{"crm.orders", "crm.people", "shop.orders"}},
		{"exclude table", Selection{Schemas: []string{"shop"}, ExcludeTables: []string{"*.order?"}}, false, []string{"shop.customers", "shop.order_lines"}},
		{"backticks", Selection{Tables: []string{"`a.b`.`c.d`"}}, false, []string{"a.b.c.d"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.sel.parse()
			if err != nil {
				t.Fatal(err)
			}
			p.fold = tt.fold
			var got []string
			for _, schema := range slices.Sorted(maps.Keys(all)) {
				some, whole := p.schema(schema)
				for _, table := range all[schema] {
					if some && p.table(schema, table, whole) {
						got = append(got, schema+"."+table)
					}
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
