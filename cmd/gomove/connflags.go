package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/mysql/optfile"
)

// askPasswordFlag is what normalizeArgs makes of a bare -p.
const askPasswordFlag = "ask-password"

// connectionFlags are the mysql client's options for one server.
func connectionFlags() []cli.Flag {
	text := func(name, usage string, aliases ...string) cli.Flag {
		return &cli.StringFlag{Name: name, Aliases: aliases, Usage: usage, Category: connectionCategory}
	}
	return []cli.Flag{
		text("host", "server's `HOST`; localhost, or none, means its socket if there is one and no port is given", "h"),
		&cli.IntFlag{Name: "port", Aliases: []string{"P"}, Usage: "server's TCP `PORT`", DefaultText: "3306", Category: connectionCategory},
		text("user", "account's `NAME` (default: the system user)", "u"),
		text("password", "`PASSWORD`, glued on as in -pSECRET; a bare -p asks for it", "p"),
		&cli.BoolFlag{Name: askPasswordFlag, Hidden: true},
		text("password-file", "`FILE` whose first line is the password"),
		text("socket", "`PATH` of the server's unix socket", "S"),
		text("protocol", "`tcp|socket`, in place of the choice by host and port"),
		text("defaults-file", "read options from this `FILE` only"),
		text("defaults-extra-file", "read options from this `FILE` too"),
		text("defaults-group-suffix", "read the groups [client`SUFFIX`] and [gomoveSUFFIX] too"),
		&cli.BoolFlag{Name: "no-defaults", Usage: "read no option files but the login file", Category: connectionCategory},
		text("login-path", "`GROUP` of ~/.mylogin.cnf to read too"),
		text("ssl-mode", "`MODE`: DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY (default: PREFERRED; VERIFY_CA with --ssl-ca)"),
		text("ssl-ca", "PEM `FILE` of the authorities to trust"),
		text("ssl-cert", "PEM `FILE` of the client's certificate"),
		text("ssl-key", "PEM `FILE` of the client's key"),
		profileFlag("server"),
	}
}

// surroundings are what a connection's options depend on besides flags. The zero value is the process's own.
type surroundings struct {
	Getenv  func(string) string                                           // default os.Getenv
	Home    string                                                        // default the user's
	Global  []string                                                      // option files of the system; default the mysql client's
	Sockets []string                                                      // where to look for a server's socket; default the usual places
	Prompt  func(ctx context.Context, label string) (mysql.Secret, error) // default asks on the terminal
	Warn    func(message string)                                          // default drops warnings
}

// resolveConnection turns the flags of one server, or the URI in the flag uriFlag, into Options, and asks for the password
// where it must. Flags stand over option files, those over the environment; a URI over the option file that it names.
func resolveConnection(c *cli.Context, uriFlag, label string, s surroundings) (mysql.Options, error) {
	if s.Getenv == nil {
		s.Getenv = os.Getenv
	}
	if s.Prompt == nil {
		s.Prompt = promptPassword
	}
	if s.Warn == nil {
		s.Warn = func(string) {}
	}
	given, err := givenOf(c, uriFlag, s)
	if err != nil {
		return mysql.Options{}, err
	}
	o, err := given.Options(label, s.Sockets)
	if err != nil {
		return o, usagef("%w", err)
	}
	if label == "target" || c.String("target") == "" { // of two servers --profile is about the one that is written to
		if o.Profile, err = profile(c); err != nil {
			return o, err
		}
	}
	if given.Ask {
		o.Password, err = s.Prompt(c.Context, label)
	}
	return o, err
}

func givenOf(c *cli.Context, uriFlag string, s surroundings) (mysql.Given, error) {
	if uriFlag == "" || c.String(uriFlag) == "" {
		return givenByFlags(c, s)
	}
	if f := firstConnectionFlag(c); f != "" {
		return mysql.Given{}, usagef("--%s and --%s exclude each other: the URI says it all", uriFlag, f)
	}
	u, err := mysql.ParseURI(c.String(uriFlag))
	if err != nil {
		return mysql.Given{}, usagef("--%s: %w", uriFlag, err)
	}
	g, err := givenByURI(u, s)
	if err != nil {
		return g, fmt.Errorf("--%s: %w", uriFlag, err)
	}
	return g, nil
}

// firstConnectionFlag returns the name of a connection flag that was given, or "".
func firstConnectionFlag(c *cli.Context) string {
	for _, f := range connectionFlags() {
		if name := f.Names()[0]; c.IsSet(name) && name != "profile" {
			return name
		}
	}
	return ""
}

func givenByFlags(c *cli.Context, s surroundings) (mysql.Given, error) {
	g := mysql.Given{
		Host: c.String("host"), Port: c.Int("port"), User: c.String("user"), Socket: c.String("socket"), Protocol: c.String("protocol"),
		SSLMode: c.String("ssl-mode"), CA: c.String("ssl-ca"), Cert: c.String("ssl-cert"), Key: c.String("ssl-key"),
		Ask: c.Bool(askPasswordFlag),
	}
	if c.IsSet("port") && (g.Port < 1 || g.Port > 65535) {
		return g, usagef("--port %d is not between 1 and 65535", g.Port)
	}
	switch {
	case c.IsSet("password"):
		p := mysql.Secret(c.String("password"))
		g.Password, g.Ask = &p, false
	case c.String("password-file") != "" && !g.Ask:
		p, err := mysql.ReadPasswordFile(c.String("password-file"))
		if err != nil {
			return g, err
		}
		g.Password = &p
	}
	files, err := givenByFiles(optfile.Where{
		DefaultsFile: c.String("defaults-file"), DefaultsExtraFile: c.String("defaults-extra-file"), GroupSuffix: c.String("defaults-group-suffix"),
		LoginPath: c.String("login-path"), NoDefaults: c.Bool("no-defaults"),
	}, s)
	if err != nil {
		return g, err
	}
	env, err := mysql.FromEnvironment(s.Getenv)
	return g.Over(files).Over(env), err
}

// givenByURI reads no option file but those that the URI names: a copy's two servers must not share one by chance.
func givenByURI(u mysql.URI, s surroundings) (mysql.Given, error) {
	g := u.Given
	if g.Password == nil && u.PasswordFile != "" {
		p, err := mysql.ReadPasswordFile(u.PasswordFile)
		if err != nil {
			return g, err
		}
		g.Password = &p
	}
	if u.Files != (mysql.URIFiles{}) {
		files, err := givenByFiles(u.Files.Where(), s)
		if err != nil {
			return g, err
		}
		g = g.Over(files)
	}
	if pwd := s.Getenv("MYSQL_PWD"); pwd != "" && g.Password == nil {
		p := mysql.Secret(pwd)
		g.Password = &p
	}
	return g, nil
}

func givenByFiles(w optfile.Where, s surroundings) (mysql.Given, error) {
	w.Getenv, w.Home, w.Global = s.Getenv, s.Home, s.Global
	r, err := optfile.Read(w, "client", "gomove")
	if err != nil {
		return mysql.Given{}, err
	}
	for _, m := range r.Warnings {
		s.Warn(m)
	}
	return mysql.FromFiles(r)
}
