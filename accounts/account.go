// Package accounts moves users and roles with what they may do: it reads them from a server as statements, reads the statements
// back, and makes on another server what that takes, in its own words.
package accounts

import (
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Name is a user or role. MariaDB's roles have no host.
type Name struct {
	User, Host string
}

// String is the name as CURRENT_USER() prints it.
func (n Name) String() string {
	if n.Host == "" {
		return n.User
	}
	return n.User + "@" + n.Host
}

// Quoted is the name as SQL takes it.
func (n Name) Quoted() string {
	if n.Host == "" {
		return mysql.QuoteName(n.User)
	}
	return mysql.QuoteName(n.User) + "@" + mysql.QuoteName(n.Host)
}

// Account is a user or role as its server describes it.
type Account struct {
	Name
	Role         bool
	Auth         []Auth   // ways to log in; MariaDB has several, of which one is enough
	Factors      int      // MySQL's further factors, which are not moved
	Require      []string // "SSL", "SUBJECT '/CN=x'"
	Limits       []string // "MAX_QUERIES_PER_HOUR 5"
	Options      []string // "PASSWORD EXPIRE NEVER", "FAILED_LOGIN_ATTEMPTS 3"
	Locked       bool
	Expired      bool // the password has to be changed
	DefaultRoles []Name
	Grants       []Grant
	Revokes      []Grant  // MySQL's partial revokes
	Unread       []string // statements that could not be understood
}

// Auth is one way to log in.
type Auth struct {
	Plugin string // "mysql_native_password"
	Hash   string // of the password, or what the plugin keeps there; empty without one
}

// Grant is what one GRANT gives.
type Grant struct {
	Privileges []Privilege
	Roles      []Name // or these
	Proxy      *Name  // or to be this account
	On         string // "", "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY"
	Schema     string // a LIKE pattern where Object is "*", except for "*"; a name otherwise
	Object     string // "*", a table or a routine
	Option     bool   // WITH GRANT OPTION, or WITH ADMIN OPTION
}

// Privilege is one privilege, in upper case, with the columns that it is for.
type Privilege struct {
	Name    string
	Columns []string
}

const (
	allPrivileges = "ALL PRIVILEGES"
	grantOption   = "GRANT OPTION"
	usage         = "USAGE"
)

// String is the privilege as GRANT takes it.
func (p Privilege) String() string {
	if len(p.Columns) == 0 {
		return p.Name
	}
	quoted := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		quoted[i] = mysql.QuoteName(c)
	}
	return p.Name + " (" + strings.Join(quoted, ", ") + ")"
}

// level is what stands after ON.
func (g *Grant) level() string {
	part := func(s string) string {
		if s == "*" {
			return s
		}
		return mysql.QuoteName(s)
	}
	level := part(g.Schema) + "." + part(g.Object)
	if g.On != "" {
		return g.On + " " + level
	}
	return level
}

func joinPrivileges(all []Privilege) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
	}
	return strings.Join(texts, ", ")
}

func joinNames(all []Name) string {
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = n.Quoted()
	}
	return strings.Join(texts, ", ")
}
