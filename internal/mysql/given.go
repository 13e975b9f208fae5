package mysql

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql/optfile"
)

// Given is what one place (the command line, a URI, option files, the environment) says about a connection.
// An empty field says nothing.
type Given struct {
	Host     string
	Port     int
	User     string
	Password *Secret // nil says nothing, an empty one is no password
	Ask      bool    // the password is to be asked for
	Socket   string
	Protocol string // tcp or socket
	SSLMode  string
	CA       string // path of a PEM file
	Cert     string // path of a PEM file
	Key      string // path of a PEM file
}

// Over returns what g says, completed by what lower says. A host or port in g alone makes a socket of lower void, and the reverse.
func (g Given) Over(lower Given) Given {
	remote := g.Host != "" && g.Host != "localhost"
	if g.Socket == "" && (remote || g.Port != 0) {
		lower.Socket = ""
	}
	if g.Socket != "" && g.Host == "" {
		lower.Host, lower.Port = "", 0
	}
	if g.Host != "" || g.Port != 0 || g.Socket != "" {
		lower.Protocol = ""
	}
	if g.Password == nil && !g.Ask {
		g.Password, g.Ask = lower.Password, lower.Ask
	}
	for _, f := range []struct{ to, from *string }{
		{&g.Host, &lower.Host}, {&g.User, &lower.User}, {&g.Socket, &lower.Socket}, {&g.Protocol, &lower.Protocol},
		{&g.SSLMode, &lower.SSLMode}, {&g.CA, &lower.CA}, {&g.Cert, &lower.Cert}, {&g.Key, &lower.Key},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if g.Port == 0 {
		g.Port = lower.Port
	}
	return g
}

// defaultSockets are where servers put their socket: Debian, Red Hat, the sources.
func defaultSockets() []string {
	return []string{"/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"}
}

// Options turns what was given into Options. Host localhost, or none, means the server's socket if there is one and no port
// was given. sockets are the paths to look at; nil stands for the usual ones. Ask is the caller's part.
func (g Given) Options(label string, sockets []string) (Options, error) {
	o := Options{Label: label, Host: g.Host, Port: g.Port, User: g.User}
	if g.Password != nil {
		o.Password = *g.Password
	}
	if g.Port < 0 || g.Port > 65535 {
		return o, fmt.Errorf("--port %d is not between 1 and 65535", g.Port)
	}
	if sockets == nil {
		sockets = defaultSockets()
	}
	local := g.Host == "" || g.Host == "localhost"
	switch strings.ToLower(g.Protocol) {
	case "tcp":
	case "socket":
		if o.Socket = g.Socket; o.Socket == "" {
			o.Socket = firstSocket(sockets)
		}
		if o.Socket == "" {
			o.Socket = sockets[0]
		}
	case "":
		switch {
		case !local:
		case g.Socket != "":
			o.Socket = g.Socket
		case g.Port == 0:
			o.Socket = firstSocket(sockets)
		}
	default:
		return o, fmt.Errorf("--protocol %s is not tcp or socket", g.Protocol)
	}
	var err error
	o.TLS, err = g.tls()
	return o, err
}

func firstSocket(paths []string) string {
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.Mode()&os.ModeSocket != 0 {
			return p
		}
	}
	return ""
}

// tls reads --ssl-mode; like the mysql client, an authority without a mode means that it is checked.
func (g Given) tls() (TLS, error) {
	t := TLS{CA: g.CA, Cert: g.Cert, Key: g.Key}
	switch strings.ToUpper(strings.ReplaceAll(g.SSLMode, "-", "_")) {
	case "":
		if g.CA != "" {
			t.Mode = SSLVerifyCA
		}
	case "PREFERRED":
	case "DISABLED":
		t.Mode = SSLDisabled
	case "REQUIRED":
		t.Mode = SSLRequired
	case "VERIFY_CA":
		t.Mode = SSLVerifyCA
	case "VERIFY_IDENTITY":
		t.Mode = SSLVerifyIdentity
	default:
		return t, fmt.Errorf("--ssl-mode %s is not one of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY", g.SSLMode)
	}
	return t, nil
}

// FromEnvironment is what the mysql client's variables say.
func FromEnvironment(getenv func(string) string) (Given, error) {
	g := Given{Host: getenv("MYSQL_HOST"), Socket: getenv("MYSQL_UNIX_PORT")}
	if p := getenv("MYSQL_PWD"); p != "" {
		s := Secret(p)
		g.Password = &s
	}
	if p := getenv("MYSQL_TCP_PORT"); p != "" {
		var err error
		if g.Port, err = parsePort(p); err != nil {
			return g, fmt.Errorf("MYSQL_TCP_PORT: %w", err)
		}
	}
	return g, nil
}

func parsePort(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("port %q is not between 1 and 65535", s)
	}
	return n, nil
}

// FromFiles is what option files say. Options of [client] that are other programs' are passed over;
// in [gomove] an unknown one is an error unless it is loose.
func FromFiles(r *optfile.Result) (Given, error) {
	var g Given
	for _, o := range r.Options {
		known, err := g.take(o)
		if err != nil {
			return g, fmt.Errorf("option file %s line %d: %w", o.File, o.Line, err)
		}
		if !known && !o.Loose && strings.HasPrefix(o.Group, "gomove") {
			return g, fmt.Errorf("option file %s line %d: group [%s] takes connection options, not %s", o.File, o.Line, o.Group, o.Name)
		}
	}
	return g, nil
}

// take sets the option o and reports whether it is one of a connection.
func (g *Given) take(o optfile.Option) (known bool, err error) {
	if into := g.textOption(o.Name); into != nil {
		*into = o.Value
		return true, nil
	}
	switch o.Name {
	case "port":
		g.Port, err = parsePort(o.Value)
	case "password":
		g.Ask, g.Password = !o.HasValue, nil
		if o.HasValue {
			s := Secret(o.Value)
			g.Password = &s
		}
	case "skip-password":
		g.Ask, g.Password = false, new(Secret)
	case "skip-ssl":
		g.SSLMode = "DISABLED"
	case "ssl":
		g.SSLMode = "REQUIRED"
		if o.HasValue && !isOn(o.Value) {
			g.SSLMode = "DISABLED"
		}
	case "ssl-verify-server-cert":
		if !o.HasValue || isOn(o.Value) {
			g.SSLMode = "VERIFY_IDENTITY"
		}
	default:
		return false, nil
	}
	return true, err
}

func (g *Given) textOption(name string) *string {
	switch name {
	case "host":
		return &g.Host
	case "user":
		return &g.User
	case "socket":
		return &g.Socket
	case "protocol":
		return &g.Protocol
	case "ssl-mode":
		return &g.SSLMode
	case "ssl-ca":
		return &g.CA
	case "ssl-cert":
		return &g.Cert
	case "ssl-key":
		return &g.Key
	}
	return nil
}

func isOn(s string) bool {
	switch strings.ToLower(s) {
	case "1", "on", "true", "yes":
		return true
	}
	return false
}
