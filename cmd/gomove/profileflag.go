package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/mysql"
)

// profileFlag says who runs a server, in place of what it says of itself. side is "source" or "target".
func profileFlag(side string) cli.Flag {
	return &cli.StringFlag{
		Name: "profile", Category: connectionCategory, DefaultText: "what the " + side + " says of itself",
		Usage: "`WHO` runs the " + side + ": " + strings.Join(mysql.Profiles(), ", "),
	}
}

// profile reads the flag.
func profile(c *cli.Context) (string, error) {
	p := c.String("profile")
	if p != "" && !slices.Contains(mysql.Profiles(), p) {
		return "", usagef("--profile %q: use one of %s", p, strings.Join(mysql.Profiles(), ", "))
	}
	return p, nil
}
