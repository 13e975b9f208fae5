package dumper

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// view writes <schema>.<view>-schema-view.sql; for myloader also <schema>.<view>-schema.sql, a table in the view's place
// until every view can be created.
func (d *definitions) view(ctx context.Context, o *dump.Object, v *view) error {
	st, err := d.viewSQL(ctx, v)
	if err != nil {
		return fmt.Errorf("dump %w", err)
	}
	s := newScript(d.myloader)
	if d.myloader {
		if err := d.write(ctx, o, "-schema.sql", placeholder(v)); err != nil {
			return err
		}
		s.statement([]byte("DROP TABLE IF EXISTS " + mysql.QuoteName(v.name)))
		s.statement([]byte("DROP VIEW IF EXISTS " + mysql.QuoteName(v.name)))
	}
	s.add(st)
	return d.writeStored(ctx, o, "-schema-view.sql", s)
}

// viewSQL reads a view. Where SHOW CREATE cannot, as for a view whose tables are gone on some servers, information_schema can.
func (d *definitions) viewSQL(ctx context.Context, v *view) (stored, error) {
	row, err := d.show.show(ctx, "VIEW", v.schema, v.name)
	if err != nil {
		if mysql.IsConnectionLost(err) || ctx.Err() != nil || errors.Is(err, ErrUnreadable) || v.definition == "" {
			return stored{}, err
		}
		d.warn("view %s: SHOW CREATE VIEW failed (%d), written from information_schema", v, mysql.Number(err))
		return stored{sql: v.rebuild(), client: "utf8mb4", collation: "utf8mb4_general_ci", hasMode: true}, nil
	}
	sql, err := d.show.body(row, "create view", "VIEW", v.schema, v.name)
	if err != nil {
		return stored{}, err
	}
	st := stored{sql: sql, client: row.text("character_set_client"), collation: row.text("collation_connection"), hasMode: true}
	if st.sql, err = d.restoreLiterals(ctx, v, st); err != nil {
		return stored{}, fmt.Errorf("view %s: %w", v, err)
	}
	return st, nil
}

// rebuild is CREATE VIEW from information_schema's text, which is in UTF-8.
func (v *view) rebuild() []byte {
	var b strings.Builder
	b.WriteString("CREATE ")
	if user, host, ok := cutAccount(v.definer); ok {
		b.WriteString("DEFINER=" + mysql.QuoteName(user) + "@" + mysql.QuoteName(host) + " ")
	}
	if v.security != "" {
		b.WriteString("SQL SECURITY " + v.security + " ")
	}
	b.WriteString("VIEW " + mysql.QuoteName(v.name) + " AS " + v.definition)
	if v.checkOption != "" && v.checkOption != "NONE" {
		b.WriteString(" WITH " + v.checkOption + " CHECK OPTION")
	}
	return []byte(b.String())
}

// cutAccount splits user@host at the last @: a user's name may hold one, a host's cannot.
func cutAccount(account string) (user, host string, ok bool) {
	i := strings.LastIndexByte(account, '@')
	if i < 0 {
		return "", "", false
	}
	return account[:i], account[i+1:], true
}

// placeholder is a table with the columns of a view.
func placeholder(v *view) []byte {
	s := newScript(true)
	cols := make([]string, len(v.columns))
	for i, c := range v.columns {
		cols[i] = mysql.QuoteName(c.name) + " int"
	}
	if len(cols) == 0 {
		cols = []string{"`placeholder` int"}
	}
	s.statement([]byte("CREATE TABLE IF NOT EXISTS " + mysql.QuoteName(v.name) + " (\n" + strings.Join(cols, ",\n") + "\n)"))
	return s.bytes()
}
