package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// ErrUnreadable is an object that the server has and the account may not read.
var ErrUnreadable = errors.New("not readable by this account")

// ShowReader reads definitions by SHOW CREATE on a session of its own. It is not safe for concurrent use.
type ShowReader struct {
	Conn    *mysql.Conn
	account string
	current string            // schema that the session is in
	shown   map[*Table][]byte // CREATE TABLE of tables that will be asked for
	reopen  func(ctx context.Context) (*mysql.Conn, error)
}

// again runs f, and once more on a new session when the session is lost: definitions are not read in the snapshot.
func (s *ShowReader) again(ctx context.Context, f func() error) error {
	err := f()
	if s.reopen == nil || !mysql.IsConnectionLost(err) || ctx.Err() != nil {
		return err
	}
	conn, openErr := s.reopen(ctx)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	s.Conn = conn
	if s.current != "" {
		if _, err := conn.ExecContext(ctx, "USE "+mysql.QuoteName(s.current)); err != nil {
			return err
		}
	}
	return f()
}

// use makes schema the current one, so that names in it are printed without it.
func (s *ShowReader) use(ctx context.Context, schema string) error {
	if s.current == schema {
		return nil
	}
	err := s.again(ctx, func() error {
		_, err := s.Conn.ExecContext(ctx, "USE "+mysql.QuoteName(schema))
		return err
	})
	if err != nil {
		return err
	}
	s.current = schema
	return nil
}

// Show runs SHOW CREATE kind name within schema.
func (s *ShowReader) Show(ctx context.Context, kind, schema, name string) (mysql.Named, error) {
	if err := s.use(ctx, schema); err != nil {
		return nil, fmt.Errorf("%s %s.%s: %w", strings.ToLower(kind), schema, name, err)
	}
	out, err := s.row(ctx, "SHOW CREATE "+kind+" "+mysql.QuoteName(name))
	if err != nil {
		err = fmt.Errorf("%s %s.%s: %w", strings.ToLower(kind), schema, name, ExplainDDL(err))
		if mysql.IsDenied(err) {
			err = fmt.Errorf("%w: %w; grant %s %s", ErrUnreadable, err, s.account, privilegeFor(kind, schema))
		}
		return nil, err
	}
	return out, nil
}

func (s *ShowReader) row(ctx context.Context, query string) (mysql.Named, error) {
	var rows []mysql.Named
	err := s.again(ctx, func() (err error) {
		rows, err = mysql.QueryNamed(ctx, s.Conn, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: no answer", query)
	}
	return rows[0], nil
}

// body is the statement of a routine, trigger or event. The server gives NULL to an account that may know of it and not read it.
func (s *ShowReader) body(o mysql.Named, column, kind, schema, name string) ([]byte, error) {
	if b := o[column]; len(b) > 0 {
		return b, nil
	}
	return nil, fmt.Errorf("%s %s.%s: %w: grant %s %s", strings.ToLower(kind), schema, name, ErrUnreadable, s.account, privilegeFor(kind, schema))
}

// privilegeFor says which privilege reads an object, or which flag leaves it out.
func privilegeFor(kind, schema string) string {
	on := " on " + mysql.QuoteName(schema) + ".*"
	switch kind {
	case "VIEW":
		return "SHOW VIEW and SELECT" + on + ", or say --no-views"
	case "TRIGGER":
		return "TRIGGER" + on + ", or say --no-triggers"
	case "EVENT":
		return "EVENT" + on + ", or say --no-events"
	case "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY":
		return "SHOW_ROUTINE (MySQL 8.0.20 and later), SHOW CREATE ROUTINE (MariaDB 11.3 and later) or SELECT on mysql.proc (older servers), or say --no-routines"
	}
	return "SELECT" + on
}

// convert turns UTF-8 into a client charset, as the server does it; ok is false when something has no place in that charset.
func (s *ShowReader) convert(ctx context.Context, text, charset string) (out []byte, ok bool, err error) {
	lit := "CONVERT(" + mysql.HexLiteral("utf8mb4", []byte(text)) + " USING " + charset + ")"
	o, err := s.row(ctx, "SELECT "+lit+" AS there, CONVERT("+lit+" USING utf8mb4) AS back")
	if err != nil {
		return nil, false, err
	}
	return o["there"], o.Text("back") == text, nil
}
