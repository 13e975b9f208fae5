package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// checkKept refuses kept tables with triggers, which the load would fire. Those that are left alone may have any.
func (l *load) checkKept(ctx context.Context) error {
	var fired, unseen []string
	bySchema := map[string]map[string]string{}
	for _, t := range l.batch {
		if !t.kept || t.left || l.past != nil {
			continue
		}
		if bySchema[t.schema] == nil {
			there, err := l.insertTriggers(ctx, t.schema)
			if err != nil {
				return err
			}
			bySchema[t.schema] = there
			if len(there) == 0 {
				hidden, err := l.triggersHidden(ctx, t.schema)
				if err != nil {
					return err
				}
				if hidden {
					unseen = append(unseen, mysql.QuoteName(t.schema))
				}
			}
		}
		if triggers := bySchema[t.schema][l.fold(t.name)]; triggers != "" {
			fired = append(fired, triggers+" of table "+t.String())
		}
	}
	if len(fired) > 0 {
		return fmt.Errorf("%w with triggers that loading would fire, nothing was changed: %s; drop the triggers and create them again after the load, or choose --if-exists drop",
			ErrExists, shorten(fired))
	}
	if len(unseen) > 0 {
		l.warn("the account may not see triggers in " + shorten(unseen) + ", which has tables that are loaded as they are: where one has an INSERT trigger, it fires for each row; grant TRIGGER to have that refused")
	}
	return nil
}

// insertTriggers gives the INSERT triggers of a schema's tables, by the tables' folded names.
func (l *load) insertTriggers(ctx context.Context, schema string) (map[string]string, error) {
	names, err := column(ctx, l.server, "SELECT CONCAT(event_object_table,CHAR(0),trigger_name) FROM information_schema.triggers WHERE event_object_schema="+
		mysql.QuoteString(schema)+" AND event_manipulation='INSERT' ORDER BY trigger_name")
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	for _, n := range names {
		table, trigger, _ := strings.Cut(n, "\x00")
		key := l.fold(table)
		if there[key] != "" {
			there[key] += ", "
		}
		there[key] += "trigger " + mysql.QuoteTable(schema, trigger)
	}
	return there, nil
}

// triggersHidden reports an account to which the target shows no triggers of a schema. MariaDB shows them to all who may use the table;
// what a role of MySQL's gives is not told here, and taken to be enough.
func (l *load) triggersHidden(ctx context.Context, schema string) (bool, error) {
	if l.server.Facts.Flavor == mysql.MariaDB {
		return false, nil
	}
	may := "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type='TRIGGER' UNION SELECT 1 FROM information_schema.schema_privileges WHERE privilege_type='TRIGGER' AND " +
		mysql.QuoteString(schema) + " LIKE table_schema UNION SELECT 1 FROM information_schema.table_privileges WHERE privilege_type='TRIGGER' AND table_schema=" + mysql.QuoteString(schema)
	if l.server.Facts.AtLeast(mysql.MySQL, 80000) {
		may += " UNION SELECT 1 FROM DUAL WHERE CURRENT_ROLE()<>'NONE'"
	}
	names, err := column(ctx, l.server, may)
	return len(names) == 0, err
}
