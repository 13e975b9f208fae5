package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/transform"
)

// grant is one line of SHOW GRANTS that is about all of a server or a schema.
type grant struct {
	privileges []string
	schema     string // a LIKE pattern, "*" for all
	table      string // "*" for all
}

// parseGrant reads GRANT a, b (column), c ON [TABLE] schema.table TO ...
func parseGrant(line string) (g grant, ok bool) {
	m := transform.Mode{Charset: "utf8mb4"}
	var tokens []transform.Token
	for _, t := range transform.Lex([]byte(line), m) {
		if t.Significant() {
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 || !tokens[0].Is("GRANT") {
		return g, false
	}
	i := 1
	for words := []string{}; i < len(tokens); i++ {
		t := tokens[i]
		end := t.Is("ON")
		switch {
		case t.Is("("): // of some columns only
			words = nil
			i = transform.Closing(tokens, i)
		case t.Is(","), end:
			if len(words) > 0 {
				g.privileges = append(g.privileges, strings.ToUpper(strings.Join(words, " ")))
			}
			words = words[:0]
		default:
			words = append(words, string(t.Text))
		}
		if end {
			break
		}
	}
	i++
	if i < len(tokens) && tokens[i].Is("TABLE") {
		i++
	}
	if i+2 >= len(tokens) || !tokens[i+1].Is(".") {
		return g, false
	}
	g.schema, g.table = tokens[i].Unquote(m), tokens[i+2].Unquote(m)
	return g, true
}

// covers reports whether a grant gives one of the privileges on all of a schema.
func (g grant) covers(schema string, privileges ...string) bool {
	if g.table != "*" || g.schema != "*" && !like(g.schema, schema) {
		return false
	}
	return slices.ContainsFunc(g.privileges, func(p string) bool {
		return p == "ALL PRIVILEGES" || p == "ALL" || slices.Contains(privileges, p)
	})
}

// like is SQL's LIKE with `_`, `%` and backslash escapes.
func like(pattern, s string) bool {
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%':
			for j := 0; j <= len(s); j++ {
				if like(pattern[i+1:], s[j:]) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case c == '_':
		case c == '\\' && i+1 < len(pattern):
			i++
			fallthrough
		default:
			if pattern[i] != s[0] {
				return false
			}
		}
		s = s[1:]
	}
	return s == ""
}

// checkVisible finds the kinds of objects that the server does not show to this account: a dump would lack them without a word.
func (r *Reader) checkVisible(ctx context.Context, c *Catalog) error {
	rights, err := ReadRights(ctx, r.server)
	if err != nil {
		return err
	}
	c.Rights = rights
	may, grants := rights.Schema, rights.grants
	everywhere := func(privileges ...string) bool { // for all schemas, or for the dictionary
		return slices.ContainsFunc(grants, func(g grant) bool {
			return g.schema == "*" && g.covers("", privileges...) || (g.schema == "mysql" && (g.table == "*" || g.table == "proc")) && slices.Contains(g.privileges, "SELECT")
		})
	}
	for _, s := range c.Schemas {
		warn := func(kind, privilege, flag string) {
			c.Unseen = append(c.Unseen, fmt.Sprintf(
				"schema %s: account %s does not see %s, so any that are there are not dumped: grant %s on it, or say %s", s.Name, r.server.Facts.User, kind, privilege, flag))
		}
		if s.Whole && !may(s.Name, "SELECT") {
			warn("tables and views on which it has no privilege", "SELECT", "--table for those that are meant")
		}
		if !r.selection.NoTriggers && !may(s.Name, "TRIGGER") {
			warn("triggers", "TRIGGER", "--no-triggers")
		}
		if s.Whole && !r.selection.NoEvents && !may(s.Name, "EVENT") {
			warn("events", "EVENT", "--no-events")
		}
		if s.Whole && !r.selection.NoRoutines && !may(s.Name, "EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE", "SHOW CREATE ROUTINE") && !everywhere("SHOW_ROUTINE", "SELECT") {
			warn("routines", "EXECUTE and SHOW_ROUTINE (or SELECT on mysql.proc)", "--no-routines")
		}
	}
	return nil
}
