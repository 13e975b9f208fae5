package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// ReadView reads a view. Where SHOW CREATE cannot, as for a view whose tables are gone on some servers, information_schema can.
func (d *DefinitionReader) ReadView(ctx context.Context, v *View) (Stored, error) {
	row, err := d.show.Show(ctx, "VIEW", v.Schema, v.Name)
	if err != nil {
		if mysql.IsConnectionLost(err) || ctx.Err() != nil || errors.Is(err, ErrUnreadable) || v.Definition == "" {
			return Stored{}, err
		}
		d.Warn("view %s: SHOW CREATE VIEW failed (%d), written from information_schema", v, mysql.Number(err))
		return Stored{SQL: v.rebuild(), Client: "utf8mb4", Collation: "utf8mb4_general_ci", HasMode: true}, nil
	}
	sql, err := d.show.body(row, "create view", "VIEW", v.Schema, v.Name)
	if err != nil {
		return Stored{}, err
	}
	st := Stored{SQL: sql, Client: row.Text("character_set_client"), Collation: row.Text("collation_connection"), HasMode: true}
	if st.SQL, err = d.restoreLiterals(ctx, v, st); err != nil {
		return Stored{}, fmt.Errorf("view %s: %w", v, err)
	}
	return st, nil
}

// rebuild is CREATE VIEW from information_schema's text, which is in UTF-8.
func (v *View) rebuild() []byte {
	var b strings.Builder
	b.WriteString("CREATE ")
	if user, host, ok := cutAccount(v.Definer); ok {
		b.WriteString("DEFINER=" + mysql.QuoteName(user) + "@" + mysql.QuoteName(host) + " ")
	}
	if v.Security != "" {
		b.WriteString("SQL SECURITY " + v.Security + " ")
	}
	b.WriteString("VIEW " + mysql.QuoteName(v.Name) + " AS " + v.Definition)
	if v.CheckOption != "" && v.CheckOption != "NONE" {
		b.WriteString(" WITH " + v.CheckOption + " CHECK OPTION")
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
