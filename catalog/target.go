package catalog

import (
	"context"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// ReadTarget asks a server what it can hold, as the adaptation of definitions needs to know it.
func ReadTarget(ctx context.Context, s *mysql.Server) (transform.Target, error) {
	var lists [3][]string
	for i, query := range []string{
		"SELECT COLLATION_NAME FROM information_schema.COLLATIONS",
		"SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS",
		"SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES','DEFAULT')",
	} {
		var err error
		if lists[i], err = mysql.Column(ctx, s.DB(), query); err != nil {
			return transform.Target{}, err
		}
	}
	f := &s.Facts
	t := transform.NewTarget(string(f.Flavor), f.Number, lists[0], lists[1], lists[2], f.Variables)
	t.ExplicitTimestamp = f.ExplicitTimestamps
	t.Managed, t.Aurora = f.Product.Managed(), f.Product == mysql.Aurora
	return t, nil
}

// SchemaScopes returns the conditions on a column of information_schema that together mean the catalog's schemas, in as few
// queries as the server answers quickly.
func (c *Catalog) SchemaScopes(column string) []string { return c.schemaScopes(column) }
