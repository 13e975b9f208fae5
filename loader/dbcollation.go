package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// alterHeader is ALTER {DATABASE|SCHEMA} name [DEFAULT] CHARACTER SET charset COLLATE collation, and nothing else.
func alterHeader(tokens []transform.Token, m transform.Mode) header {
	if len(tokens) < 3 || !isAny(tokens[1], "DATABASE", "SCHEMA") {
		return header{}
	}
	h := header{verb: "ALTER", kind: "database", name: tokens[2].Unquote(m)}
	for rest := tokens[3:]; len(rest) > 0; {
		switch {
		case len(rest) > 2 && rest[0].Is("CHARACTER") && rest[1].Is("SET") && rest[2].Kind == transform.Word:
			rest = rest[3:]
		case len(rest) > 1 && rest[0].Is("COLLATE") && rest[1].Kind == transform.Word:
			h.on, rest = rest[1].Unquote(m), rest[2:]
		default:
			return header{}
		}
	}
	if h.on == "" {
		return header{}
	}
	return h
}

// underCollation runs create while the schema has the collation that it had when the object was made: the charset of
// parameters without one is the schema's of that time. Afterwards the schema has its own again.
func (l *load) underCollation(ctx context.Context, s *session, schema string, st *statement, create func() error) (err error) {
	if st.vars[varDatabase] == "" {
		return create()
	}
	want, _, err := transform.AdaptCollation(st.vars[varDatabase], l.target)
	if err != nil {
		return err
	}
	var now string
	err = s.QueryRowContext(ctx, "SELECT default_collation_name FROM information_schema.schemata WHERE BINARY schema_name="+
		mysql.QuoteString(schema)).Scan(&now)
	if err != nil {
		return fmt.Errorf("collation of schema %s: %w", mysql.QuoteName(schema), err)
	}
	if strings.EqualFold(now, want) {
		return create()
	}
	alter := "ALTER DATABASE " + mysql.QuoteName(schema) + " COLLATE "
	if err := l.retryDDL(ctx, s, alter+want); err != nil {
		return fmt.Errorf("collation of schema %s: %w", mysql.QuoteName(schema), err)
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTime)
		defer cancel()
		if back := l.retryDDL(late, s, alter+now); back != nil {
			err = errors.Join(err, fmt.Errorf("schema %s keeps collation %s, it had %s: %w", mysql.QuoteName(schema), want, now, back))
		}
	}()
	return create()
}
