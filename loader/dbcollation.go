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
		case len(rest) > 1 && rest[0].Is("COLLATE") && (rest[1].Kind == transform.Word || rest[1].Kind == transform.QuotedName):
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
// parameters without one is the schema's of that time. Afterwards the schema has its own again; should this process die
// in between, the next run sees to it.
func (l *load) underCollation(ctx context.Context, s *session, schema string, st *statement, create func() error) (err error) {
	then := st.vars[varDatabase]
	if d := l.defaults[schema]; then == "" && d.differs && st.kind != "view" {
		then = d.collation
	}
	if then == "" {
		return create()
	}
	wrap := func(err error) error {
		return fmt.Errorf("%s: %s %s: collation of schema %s: %w", l.counters.Phase(), st.kind, mysql.QuoteTable(schema, st.name), mysql.QuoteName(schema), err)
	}
	want, _, err := transform.AdaptCollation(then, l.target)
	if err != nil {
		return wrap(err)
	}
	now, err := l.schemaCollation(ctx, schema)
	if err != nil {
		return wrap(err)
	}
	if strings.EqualFold(now, want) {
		return create()
	}
	if err := l.journal.mark(ctx, l.server, mark{kind: "schema", schema: schema, state: now}); err != nil {
		return wrap(err)
	}
	if err := s.plain(ctx, l.target); err != nil {
		return wrap(err)
	}
	if err := l.retryDDL(ctx, s, alterCollation(schema, want)); err != nil {
		return wrap(err)
	}
	defer func() {
		if back := l.giveBack(ctx, s, schema, now); back != nil {
			err = errors.Join(wrap(fmt.Errorf("it keeps %s, it had %s: %w", want, now, back)), err)
		}
	}()
	return create()
}

// alterCollation quotes the collation: binary is a keyword.
func alterCollation(schema, collation string) string {
	return "ALTER DATABASE " + mysql.QuoteName(schema) + " COLLATE " + mysql.QuoteName(collation)
}

// schemaCollation is what new objects of a schema of the target get.
func (l *load) schemaCollation(ctx context.Context, schema string) (string, error) {
	lit := mysql.QuoteString(schema)
	found, err := column(ctx, l.server, "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name="+lit+
		" ORDER BY BINARY schema_name=BINARY "+lit+" DESC")
	if err == nil && len(found) == 0 {
		err = errors.New("the target has no such schema")
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// giveBack sets a schema's collation, on the session that had changed it unless that is lost: a session creates objects
// with the collation that its own schema had when it came there or altered it itself, and USE of the same one reads no new.
func (l *load) giveBack(ctx context.Context, s *session, schema, collation string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTime)
	defer cancel()
	err := s.plain(ctx, l.target)
	if err == nil {
		_, err = s.ExecContext(ctx, alterCollation(schema, collation))
	}
	if err == nil {
		return nil
	}
	s.discard()
	_, err = l.server.DB().ExecContext(ctx, alterCollation(schema, collation))
	return err
}

// restoreCollations gives schemas the collation back that a run which died had changed.
func (l *load) restoreCollations(ctx context.Context) error {
	if l.past == nil || l.past.phases[phaseDone] {
		return nil
	}
	for schema, collation := range l.past.collations {
		now, err := l.schemaCollation(ctx, schema)
		if err == nil && now != collation {
			_, err = l.server.DB().ExecContext(ctx, alterCollation(schema, collation))
		}
		if err != nil {
			return fmt.Errorf("collation of schema %s: %w", mysql.QuoteName(schema), err)
		}
	}
	return nil
}
