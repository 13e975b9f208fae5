package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// Target is a server on which accounts are made. It is used by one goroutine.
type Target struct {
	Report Report

	server     *mysql.Server
	names      transform.Names
	plugins    map[string]bool // that are active, in lower case
	privileges map[string]bool // that the server knows, in upper case
	there      map[Name]bool
	mine       map[string]bool // privileges on all of a managed server that the loading account has; nil: the server decides
	partial    bool            // it has partial revokes
}

// NewTarget asks a server what it has.
func NewTarget(ctx context.Context, s *mysql.Server, names transform.Names) (*Target, error) {
	t := &Target{server: s, names: names, there: map[Name]bool{}, privileges: map[string]bool{}}
	var err error
	if t.plugins, err = mysql.NameSet(ctx, s.DB(), "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE='AUTHENTICATION' AND PLUGIN_STATUS='ACTIVE'"); err != nil {
		return nil, fmt.Errorf("--users: read the target's plugins: %w", err)
	}
	known, err := mysql.QueryNamed(ctx, s.DB(), "SHOW PRIVILEGES")
	if err != nil {
		return nil, fmt.Errorf("--users: read what the target may grant: %w", err)
	}
	for _, row := range known {
		t.privileges[strings.ToUpper(row.Text("privilege"))] = true
	}
	users, err := mysql.QueryNamed(ctx, s.DB(), "SELECT * FROM mysql.user")
	if err != nil {
		return nil, fmt.Errorf("--users: account %s has to see which accounts the target has: GRANT SELECT ON mysql.* to it, or leave out --users: %w", s.Facts.User, err)
	}
	for _, row := range users {
		t.there[Name{row.Text("user"), row.Text("host")}] = true
	}
	v := strings.ToUpper(s.Facts.Variables["partial_revokes"])
	t.partial = v == "ON" || v == "1"
	return t, t.readMine(ctx)
}

// readMine asks what the account of a managed server may do: nobody gets more there. MySQL 9.7 has such an account grant SYSTEM_USER,
// which it has not, and change that account no more.
func (t *Target) readMine(ctx context.Context) error {
	if !t.server.Facts.Product.Managed() {
		return nil
	}
	lines, err := mysql.Column(ctx, t.server.DB(), "SHOW GRANTS")
	if err != nil {
		return fmt.Errorf("--users: %w", err)
	}
	t.mine = map[string]bool{}
	for _, line := range lines {
		p := newParser([]byte(line))
		if !p.take("GRANT") {
			continue
		}
		g, err := p.given("TO")
		if err != nil || g.Schema != "*" || g.On != "" {
			continue
		}
		for _, one := range g.Privileges {
			t.mine[one.Name] = true
		}
	}
	return nil
}

func (t *Target) isMariaDB() bool { return t.server.Facts.Flavor == mysql.MariaDB }

// before reports a target that is older than these versions of its kind.
func (t *Target) before(my, maria int) bool {
	return !t.server.Facts.AtLeast(mysql.MySQL, my) && !t.server.Facts.AtLeast(mysql.MariaDB, maria)
}

// named is the name of an account on this target, where roles have a host or not.
func (t *Target) named(n Name, role bool) Name {
	switch {
	case role && t.isMariaDB():
		n.Host = ""
	case n.Host == "":
		n.Host = "%"
	}
	return n
}

// Pick sorts out what is to be created. ours are the accounts that an interrupted load has begun.
func (t *Target) Pick(all []*Account, f Filter, ours func(Name) bool) (create []*Account) {
	t.Report.Created = []string{}
	for _, a := range all {
		n := t.named(a.Name, a.Role)
		switch {
		case mysql.ReservedUser(a.User), n.String() == t.server.Facts.User, a.User == "root" && t.server.Facts.Product.Managed():
			t.Report.Left = append(t.Report.Left, n.String())
		case !f.takes(a.Name):
		case t.there[n] && !ours(n):
			t.Report.Kept = append(t.Report.Kept, n.String())
		case a.Role && t.before(80000, 100005):
			note(&t.Report.Changed, "%s: not created, this server has no roles", n)
		default:
			a.Name = n
			create = append(create, a)
		}
	}
	return create
}

// There reports whether an account exists on the target.
func (t *Target) There(n Name) bool { return t.there[n] }

// schemaOf is the name of a schema on the target. A pattern names one schema where its wildcards are escaped.
func (t *Target) schemaOf(pattern string, isPattern bool) (string, error) {
	if pattern == "*" || t.names.Empty() {
		return pattern, nil
	}
	if !isPattern {
		return t.names.Schema(pattern), nil
	}
	if to := t.names.Schema(pattern); to != pattern { // `_` is mostly meant as itself
		return strings.NewReplacer(`_`, `\_`, `%`, `\%`).Replace(to), nil
	}
	name, exact := unescape(pattern)
	if to := t.names.Schema(name); exact && to != name {
		return strings.NewReplacer(`_`, `\_`, `%`, `\%`).Replace(to), nil
	} else if exact {
		return pattern, nil
	}
	for from := range t.names.Schemas {
		if like(pattern, from) {
			return pattern, fmt.Errorf("it stands for several schemas, of which --schema-map renames %s", mysql.QuoteName(from))
		}
	}
	return pattern, nil
}

// unescape is the name that a pattern stands for; exact is false where it stands for others too.
func unescape(pattern string) (name string, exact bool) {
	exact = true
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteByte(pattern[i])
		case c == '%' || c == '_':
			exact = false
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), exact
}

// like is SQL's LIKE.
func like(pattern, s string) bool {
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c == '%' {
			return slices.ContainsFunc(suffixes(s), func(rest string) bool { return like(pattern[i+1:], rest) })
		}
		if s == "" {
			return false
		}
		if c == '\\' && i+1 < len(pattern) {
			i++
			c = pattern[i]
		} else if c == '_' {
			c = s[0]
		}
		if c != s[0] {
			return false
		}
		s = s[1:]
	}
	return s == ""
}

func suffixes(s string) []string {
	out := make([]string, 0, len(s)+1)
	for i := range len(s) + 1 {
		out = append(out, s[i:])
	}
	return out
}
