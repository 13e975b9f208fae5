package main

import (
	"github.com/urfave/cli/v2"

	pattern "github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/transform"
)

const transformCategory = "TRANSFORMS"

// mapFlags give objects other names on their way.
func mapFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "schema-map", Usage: "`FROM=TO`: another name for a schema (repeat)", Category: transformCategory},
		&cli.StringSliceFlag{Name: "table-map", Usage: "`SCHEMA.TABLE=SCHEMA.TABLE`: another name for a table (repeat)", Category: transformCategory},
	}
}

// names reads --schema-map and --table-map.
func names(c *cli.Context) (n transform.Names, err error) {
	for _, m := range c.StringSlice("schema-map") {
		from, to, ok := pattern.CutAtEqual(m)
		from, to = unquoteName(from), unquoteName(to)
		if !ok || from == "" || to == "" {
			return n, usagef("--schema-map %q: use FROM=TO", m)
		}
		if n.Schemas == nil {
			n.Schemas = map[string]string{}
		}
		if old, twice := n.Schemas[from]; twice && old != to {
			return n, usagef("--schema-map names schema %q twice", from)
		}
		n.Schemas[from] = to
	}
	for _, m := range c.StringSlice("table-map") {
		from, to, ok := pattern.CutAtEqual(m)
		a, errA := pattern.ParseTable(from)
		b, errB := pattern.ParseTable(to)
		if !ok || errA != nil || errB != nil || !a.Exact() || !b.Exact() {
			return n, usagef("--table-map %q: use SCHEMA.TABLE=SCHEMA.TABLE", m)
		}
		if n.Tables == nil {
			n.Tables = map[[2]string][2]string{}
		}
		name, other := [2]string{a.Schema.Name(), a.Table.Name()}, [2]string{b.Schema.Name(), b.Table.Name()}
		if old, twice := n.Tables[name]; twice && old != other {
			return n, usagef("--table-map names table %s twice", from)
		}
		n.Tables[name] = other
	}
	return n, nil
}
