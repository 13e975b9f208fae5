package dumper

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// view writes <schema>.<view>-schema-view.sql; for myloader also <schema>.<view>-schema.sql, a table in the view's place
// until every view can be created.
func (d *definitions) view(ctx context.Context, o *dump.Object, v *catalog.View) error {
	st, err := d.ReadView(ctx, v)
	if err != nil {
		return fmt.Errorf("dump %w", err)
	}
	s := newScript(d.myloader)
	if d.myloader {
		if err := d.write(ctx, o, "-schema.sql", placeholder(o.Name, v)); err != nil {
			return err
		}
		s.statement([]byte("DROP TABLE IF EXISTS " + mysql.QuoteName(o.Name)))
		s.statement([]byte("DROP VIEW IF EXISTS " + mysql.QuoteName(o.Name)))
	}
	s.add(d.stored(st, v.Schema))
	return d.writeStored(ctx, o, "-schema-view.sql", s)
}

// placeholder is a table of this name with the columns of a view.
func placeholder(name string, v *catalog.View) []byte {
	s := newScript(true)
	cols := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		cols[i] = mysql.QuoteName(c.Name) + " int"
	}
	if len(cols) == 0 {
		cols = []string{"`placeholder` int"}
	}
	s.statement([]byte("CREATE TABLE IF NOT EXISTS " + mysql.QuoteName(name) + " (\n" + strings.Join(cols, ",\n") + "\n)"))
	return s.bytes()
}
