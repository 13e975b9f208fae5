package preflight

import (
	"context"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// sourceRights finds what the account may not read.
func sourceRights(ctx context.Context, e *examination) ([]Finding, error) {
	may, user := e.Catalog.Rights, e.Source.Facts.User
	var unreadable, unseen []Object
	for _, t := range e.Catalog.Tables {
		if may.Schema(t.Schema, "SELECT") {
			continue
		}
		err := each(ctx, e.Source, "SELECT 1 FROM "+t.Quoted()+" LIMIT 0", func([]string) {})
		switch {
		case mysql.IsDenied(err):
			unreadable = append(unreadable, Object{Name: t.Quoted(), Detail: "SELECT is missing", Fix: "GRANT SELECT ON " + mysql.QuoteName(t.Schema) + ".* TO " + account(user)})
		case err != nil:
			return nil, err
		}
	}
	for _, h := range e.Catalog.Hidden {
		unreadable = append(unreadable, Object{Name: h.String(), Detail: "its text is hidden", Fix: "GRANT " + e.readsBody(h) + " TO " + account(user)})
	}
	for _, u := range e.Catalog.Unseen {
		schema, rest, _ := strings.Cut(u, ": ")
		unseen = append(unseen, Object{Name: schema, Detail: rest})
	}
	return append(found(unreadable, Finding{
		Severity: Error, What: "tables, views, routines, triggers or events that the account may not read", Why: "the dump fails on the first of them",
		Fix: "grant what is missing, or leave them out (--exclude-table, --no-views, --no-routines, --no-triggers, --no-events)",
	}), found(unseen, Finding{
		Severity: Warning, What: "kinds of objects that the account may not see", Why: "the dump lacks them, says so, and ends with exit code 3", Fix: "grant what is missing, or leave the kind out",
	})...), nil
}

// readsBody is the privilege that shows the text of an object.
func (e *examination) readsBody(h catalog.Hidden) string {
	on := " ON " + mysql.QuoteName(h.Schema) + ".*"
	f := &e.Source.Facts
	switch {
	case h.Kind == "view":
		return "SELECT, SHOW VIEW" + on
	case h.Kind == "trigger":
		return "TRIGGER" + on
	case h.Kind == "event":
		return "EVENT" + on
	case f.AtLeast(mysql.MySQL, 80020):
		return "SHOW_ROUTINE ON *.*"
	case f.AtLeast(mysql.MariaDB, 110300):
		return "SHOW CREATE ROUTINE" + on
	case f.AtLeast(mysql.MySQL, 80000):
		return "SELECT ON *.*"
	}
	return "SELECT ON `mysql`.`proc`"
}

// account quotes user@host as CURRENT_USER() gives it.
func account(user string) string {
	i := strings.LastIndexByte(user, '@')
	if i < 0 {
		return mysql.QuoteString(user)
	}
	return mysql.QuoteString(user[:i]) + "@" + mysql.QuoteString(user[i+1:])
}

// snapshotRights finds an account that no way to a consistent snapshot is open to.
func snapshotRights(_ context.Context, e *examination) ([]Finding, error) {
	f := &e.Source.Facts
	if f.Flavor == mysql.MariaDB && f.LogBin { // each session is told the coordinates of its snapshot: no privilege is needed
		return nil, nil
	}
	may := e.Catalog.Rights
	if may.Server("RELOAD") && !managed(e.Source) || may.Server("BACKUP_ADMIN") && may.Server("RELOAD") {
		return nil, nil
	}
	var objects []Object
	for _, s := range e.Catalog.Schemas {
		if !may.Schema(s.Name, "LOCK TABLES") {
			objects = append(objects, Object{Name: mysql.QuoteName(s.Name), Fix: "GRANT LOCK TABLES ON " + mysql.QuoteName(s.Name) + ".* TO " + account(f.User)})
		}
	}
	severity := Error
	if may.Unread > 0 {
		severity = Warning
	}
	return found(objects, Finding{
		Severity: severity, What: "schemas for which the account has neither RELOAD nor LOCK TABLES", Why: "no lock can make the sessions of the dump see one state, and this server has no way without a lock",
		Fix: "grant LOCK TABLES on the schemas, or RELOAD (where nobody is managing the server for you), or dump while nothing writes with --consistency none",
	}), nil
}
