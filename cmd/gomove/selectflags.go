package main

import (
	"github.com/urfave/cli/v2"
)

// selectionFlags say which objects are moved.
func selectionFlags() []cli.Flag {
	list := func(name, usage string, aliases ...string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Aliases: aliases, Usage: usage, Category: selectionCategory}
	}
	without := func(name, usage string) cli.Flag {
		return &cli.BoolFlag{Name: name, Usage: usage, Category: selectionCategory}
	}
	return []cli.Flag{
		list("schema", "`SCHEMA` to move (repeat; globs)", "B"),
		list("table", "`SCHEMA.TABLE` to move (repeat; globs; backticks for odd names)", "T"),
		list("exclude-schema", "`SCHEMA` to leave out (repeat; globs)"),
		list("exclude-table", "`SCHEMA.TABLE` to leave out (repeat; globs)"),
		without("no-data", "definitions alone"),
		without("no-schema", "rows alone"),
		without("no-views", "leave out views"),
		without("no-triggers", "leave out triggers"),
		without("no-routines", "leave out procedures and functions"),
		without("no-events", "leave out events"),
		without("users", "move accounts, roles and their grants too"),
		list("include-users", "`USER` or USER@HOST to move with --users (repeat; globs)"),
		list("exclude-users", "`USER` or USER@HOST to leave out with --users (repeat; globs)"),
	}
}

// whereFlag narrows the rows of tables, where there is a server to narrow them.
func whereFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "where", Usage: "`SCHEMA.TABLE=CONDITION` that its rows must meet (repeat)", Category: selectionCategory}
}

// uriFlag names a server in one word, in place of the connection flags.
func uriFlag(name string) cli.Flag {
	return &cli.StringFlag{
		Name: name, Category: connectionCategory,
		Usage: "server's `URI`, mysql://user[:password]@host[:port]/[?ssl-mode=...], in place of the other flags",
	}
}
