package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// ObjectCount is how many objects of one kind some schemas have, and a sum of what they say.
type ObjectCount struct {
	Kind  string
	Count int64
	Sum   string // as TableSum's
}

// objectQueries list what is not rows: what must be the same on servers of any version, and of the rest only names.
// A view's text is its server's own; its rows are compared in its place.
var objectQueries = []struct{ kind, query string }{
	{"columns", `SELECT table_schema, table_name, column_name, ordinal_position, data_type, is_nullable, character_maximum_length,
		REPLACE(character_set_name, 'utf8mb3', 'utf8'), column_comment FROM information_schema.columns WHERE table_schema`},
	{"index columns", `SELECT table_schema, table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type
		FROM information_schema.statistics WHERE table_schema`},
	{"foreign keys", `SELECT constraint_schema, table_name, constraint_name, referenced_table_name, unique_constraint_schema,
		REPLACE(update_rule, 'NO ACTION', 'RESTRICT'), REPLACE(delete_rule, 'NO ACTION', 'RESTRICT')
		FROM information_schema.referential_constraints WHERE constraint_schema`},
	{"views", `SELECT table_schema, table_name, check_option, security_type FROM information_schema.views WHERE table_schema`},
	{"triggers", `SELECT trigger_schema, trigger_name, event_object_table, event_manipulation, action_timing, action_statement, sql_mode
		FROM information_schema.triggers WHERE trigger_schema`},
	{"routines", `SELECT routine_schema, routine_name, routine_type, routine_definition, dtd_identifier, is_deterministic, sql_data_access,
		security_type, sql_mode, routine_comment FROM information_schema.routines WHERE routine_schema`},
	{"routine parameters", `SELECT specific_schema, specific_name, ordinal_position, parameter_mode, parameter_name, data_type
		FROM information_schema.parameters WHERE specific_schema`},
	{"events", `SELECT event_schema, event_name, event_definition, interval_value, interval_field, starts, ends, sql_mode
		FROM information_schema.events WHERE event_schema`},
}

// ObjectCounts counts and sums what is not rows.
func ObjectCounts(ctx context.Context, db *sql.DB, schemas ...string) ([]ObjectCount, error) {
	var counts []ObjectCount
	for _, q := range objectQueries {
		c := ObjectCount{Kind: q.kind}
		if err := c.read(ctx, db, q.query+" IN ('"+strings.Join(schemas, "','")+"')"); err != nil {
			return nil, fmt.Errorf("count %s: %w", q.kind, err)
		}
		counts = append(counts, c)
	}
	return counts, nil
}

func (c *ObjectCount) read(ctx context.Context, db *sql.DB, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	c.Count, c.Sum, err = sumRows(rows, make([]cellKind, len(names)))
	return err
}
