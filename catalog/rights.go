package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// Rights are what an account may do, as SHOW GRANTS tells.
type Rights struct {
	grants []grant
	// Unread counts the lines that grant roles, whose own rights may not be there, or revoke parts. What Rights does not give
	// may be had all the same when there are any.
	Unread int
}

// ReadRights asks a server what its account may do. MySQL's answer holds what active roles give too.
func ReadRights(ctx context.Context, s *mysql.Server) (*Rights, error) {
	rows, err := s.DB().QueryContext(ctx, "SHOW GRANTS")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	r := &Rights{}
	for rows.Next() {
		var line cellText
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		if g, ok := parseGrant(line.s); ok {
			r.grants = append(r.grants, g)
		} else if isOpaque(line.s) {
			r.Unread++
		}
	}
	return r, rows.Err()
}

// isOpaque reports a line of SHOW GRANTS that grants a role or revokes something. The others that are no grants on schemas or
// tables are about one routine, or about proxies.
func isOpaque(line string) bool {
	granted := strings.HasPrefix(line, "GRANT ")
	on := slices.ContainsFunc(transform.Lex([]byte(line), transform.Mode{Charset: "utf8mb4"}), func(t transform.Token) bool { return t.Is("ON") })
	return !granted || !on
}

// Schema reports whether the account has one of the privileges on all of a schema.
func (r *Rights) Schema(schema string, privileges ...string) bool {
	return slices.ContainsFunc(r.grants, func(g grant) bool { return g.covers(schema, privileges...) })
}

// Server reports whether the account has one of the privileges on all of the server.
func (r *Rights) Server(privileges ...string) bool {
	return slices.ContainsFunc(r.grants, func(g grant) bool { return g.schema == "*" && g.covers("", privileges...) })
}

// Like is SQL's LIKE, by which grants name schemas.
func Like(pattern, s string) bool { return like(pattern, s) }

// Hidden is a view, trigger, routine or event that the account may know of and not read.
type Hidden struct {
	Kind, Schema, Name string // kind in lower case
}

func (h Hidden) String() string { return h.Kind + " " + mysql.QuoteTable(h.Schema, h.Name) }

// hide notes an object whose text the server keeps from the account.
func (c *Catalog) hide(kind, schema, name string, text cellText) {
	if text.s == "" {
		c.Hidden = append(c.Hidden, Hidden{kind, schema, name})
	}
}
