package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// manyNumbered is so many tables of a schema that their counters are asked for together: for fewer, opening the other tables of the
// schema would cost more.
const manyNumbered = 16

// checkCounters compares AUTO_INCREMENT of every table with the dump's.
func (l *load) checkCounters(ctx context.Context) error {
	wanted := map[string][]*table{}
	for _, t := range l.order {
		if t.autoInc > 0 && !t.left {
			wanted[t.schema] = append(wanted[t.schema], t)
		}
	}
	right := map[*table]bool{}
	for schema, tables := range wanted {
		if p := l.presence[l.fold(schema)]; len(tables) < manyNumbered || p != nil && len(p.tables) > len(tables) {
			continue
		}
		if err := l.compareCounters(ctx, schema, tables, right); err != nil {
			return err
		}
	}
	return l.eachTable(ctx, func(t *table) bool { return t.autoInc > 0 && !t.left && !right[t] }, l.checkAutoIncrement)
}

// compareCounters finds the tables of a schema whose counter is right, by one query.
func (l *load) compareCounters(ctx context.Context, schema string, tables []*table, right map[*table]bool) error {
	s, err := l.openPatiently(ctx)
	if err != nil {
		return err
	}
	defer s.discard()
	defer s.KillOnDone(ctx)()
	if _, caches := l.server.Facts.Variables["information_schema_stats_expiry"]; caches {
		if _, err := s.watched(ctx, "SET SESSION information_schema_stats_expiry=0"); err != nil {
			return nil //nolint:nilerr // each table is asked then
		}
	}
	counters, err := s.counters(ctx, schema)
	if err != nil {
		return fmt.Errorf("AUTO_INCREMENT of the tables of %s: %w", mysql.QuoteName(schema), err)
	}
	for _, t := range tables {
		if got, ok := counters[l.fold(t.name)]; ok && got == t.autoInc {
			right[t] = true
		}
	}
	return nil
}

// counters are the AUTO_INCREMENT of a schema's tables that have one.
func (s *session) counters(ctx context.Context, schema string) (next map[string]uint64, err error) {
	rows, err := s.QueryContext(ctx, "SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema="+mysql.QuoteString(schema))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	next = map[string]uint64{}
	for rows.Next() {
		var name string
		var n sql.Null[uint64]
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		if n.Valid {
			next[name] = n.V
		}
	}
	return next, rows.Err()
}

// checkAutoIncrement sets the counter that the source had where loading left another one.
func (l *load) checkAutoIncrement(ctx context.Context, s *session, t *table) error {
	got, err := s.autoIncrement(ctx, t)
	if err != nil || got == t.autoInc {
		return err
	}
	if t.kept {
		if numbers, err := column(ctx, l.server, numberedQuery(t)); err != nil || len(numbers) == 0 {
			return err // the table that stays numbers no rows
		}
	}
	if err := l.retryDDL(ctx, s, fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT=%d", t, t.autoInc)); err != nil {
		return fmt.Errorf("table %s: %w", t, err)
	}
	if got, err = s.autoIncrement(ctx, t); err != nil || got == t.autoInc || usedUp(got, t.autoInc) {
		return err
	}
	l.summary.differs(fmt.Sprintf("table %s: AUTO_INCREMENT is %d, the source had %d", t, got, t.autoInc))
	return nil
}

// numberedQuery finds the AUTO_INCREMENT column of a table.
func numberedQuery(t *table) string {
	return "SELECT column_name FROM information_schema.columns WHERE extra LIKE '%auto_increment%' AND table_schema=" +
		mysql.QuoteString(t.schema) + " AND table_name=" + mysql.QuoteString(t.name)
}

// usedUp reports two counters at the end of the column's type: some servers print its last number, others the one after it.
func usedUp(a, b uint64) bool {
	last := min(a, b)
	if max(a, b) != last+1 {
		return false
	}
	for bits := 8; bits <= 64; bits += 8 {
		if top := uint64(1) << (bits - 1); bits != 40 && bits != 48 && bits != 56 && (last == top-1 || last == top-1+top) {
			return true
		}
	}
	return false
}

// autoIncrement is taken from SHOW CREATE TABLE: information_schema has NULL on MySQL 9 until the table is analysed.
func (s *session) autoIncrement(ctx context.Context, t *table) (uint64, error) {
	var name string
	var create []byte
	if err := s.QueryRowContext(ctx, "SHOW CREATE TABLE "+t.String()).Scan(&name, &create); err != nil {
		return 0, fmt.Errorf("table %s: %w", t, err)
	}
	next, _ := transform.AutoIncrement(create, transform.Mode{Charset: "utf8mb4"})
	return max(1, next), nil
}
