package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// foreignKey is one constraint, understood.
type foreignKey struct {
	name          string
	child         *table
	columns       []string
	schema, table string // of the parent, on the target
	parents       []string
}

// addForeignKeys adds the constraints of tables that the load made, one ALTER per table, unchecked: orphans are looked
// for afterwards by queries that read each table once and lock nothing.
func (l *load) addForeignKeys(ctx context.Context) error {
	l.counters.SetPhase("foreign keys")
	return l.eachTable(ctx, func(t *table) bool { return t.foreignKeys }, func(ctx context.Context, s *session, t *table) error {
		if t.kept {
			return nil
		}
		o, def, st, err := l.definition(ctx, t)
		if err != nil {
			return err
		}
		adds := def.ForeignKeys
		if l.past != nil || t.unsure {
			if adds, err = l.missingForeign(ctx, t, def.ForeignKeys, st.mode); err != nil {
				return err
			}
		}
		if len(adds) == 0 {
			return nil
		}
		if err := l.reach(atForeign, s, t.name); err != nil {
			return err
		}
		alter := transform.AlterForeignKeys(t.schema, t.name, adds)
		if err := s.use(ctx, t.schema, st.vars, false, l.target); err != nil {
			return err
		}
		if err := l.retryDDL(ctx, s, alter); err != nil {
			return &StatementError{Phase: "foreign keys", Object: objectName(o), File: st.file, Line: st.line, Statement: excerpt([]byte(alter)), Err: err}
		}
		l.summary.count(&l.summary.ForeignKeys, len(adds))
		return l.reach(atForeigned, s, t.name)
	})
}

func (l *load) missingForeign(ctx context.Context, t *table, adds []string, m transform.Mode) (missing []string, err error) {
	there, err := nameSet(ctx, l.server, "SELECT constraint_name FROM information_schema.table_constraints WHERE constraint_type='FOREIGN KEY' AND table_schema="+
		mysql.QuoteString(t.schema)+" AND table_name="+mysql.QuoteString(t.name))
	if err != nil {
		return nil, err
	}
	for _, add := range adds {
		fk, err := readForeign(add, m, t)
		if err != nil {
			return nil, err
		}
		if !there[strings.ToLower(fk.name)] {
			missing = append(missing, add)
		}
	}
	return missing, nil
}

// readForeign understands "ADD CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES [`s`.]`t` (`b`) ...".
func readForeign(add string, m transform.Mode, child *table) (foreignKey, error) {
	fk := foreignKey{child: child, schema: child.schema}
	tokens := significant(transform.Lex([]byte(add), m))
	i := 0
	if i < len(tokens) && tokens[i].Is("ADD") {
		i++
	}
	if i+1 < len(tokens) && tokens[i].Is("CONSTRAINT") && !tokens[i+1].Is("FOREIGN") {
		fk.name = tokens[i+1].Unquote(m)
		i += 2
	}
	for i < len(tokens) && !tokens[i].Is("(") {
		i++
	}
	fk.columns, i = nameList(tokens, i, m)
	if i < len(tokens) && tokens[i].Is("REFERENCES") && i+1 < len(tokens) {
		fk.table = tokens[i+1].Unquote(m)
		i += 2
		if i+1 < len(tokens) && tokens[i].Is(".") {
			fk.schema, fk.table = fk.table, tokens[i+1].Unquote(m)
			i += 2
		}
		fk.parents, _ = nameList(tokens, i, m)
	}
	if len(fk.columns) == 0 || len(fk.columns) != len(fk.parents) {
		return fk, fmt.Errorf("%w: foreign key of table %s is not understood: %s", ErrDamaged, child, excerpt([]byte(add)))
	}
	return fk, nil
}

// nameList reads (`a`,`b`) at i and returns the index after it.
func nameList(tokens []transform.Token, i int, m transform.Mode) (names []string, after int) {
	if i >= len(tokens) || !tokens[i].Is("(") {
		return nil, i
	}
	for i++; i < len(tokens) && !tokens[i].Is(")"); i++ {
		if !tokens[i].Is(",") {
			names = append(names, tokens[i].Unquote(m))
		}
	}
	return names, i + 1
}

const (
	shownOrphans   = 3
	errNoSuchTable = 1146
)

// orphanQuery finds rows whose parent is missing. A key with a NULL part refers to nothing (MATCH SIMPLE, the only one
// that the servers know).
func (fk foreignKey) orphanQuery() string {
	var cols, notNull, join []string
	for i, c := range fk.columns {
		q := "c." + mysql.QuoteName(c)
		cols = append(cols, q)
		notNull = append(notNull, q+" IS NOT NULL")
		join = append(join, "p."+mysql.QuoteName(fk.parents[i])+"="+q)
	}
	return fmt.Sprintf("SELECT %s FROM %s c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s) LIMIT %d",
		strings.Join(cols, ","), fk.child, strings.Join(notNull, " AND "),
		mysql.QuoteTable(fk.schema, fk.table), strings.Join(join, " AND "), shownOrphans)
}

// checkForeignKeys looks for orphans, one query for each foreign key.
func (l *load) checkForeignKeys(ctx context.Context) error {
	l.counters.SetPhase("foreign key check")
	return l.eachTable(ctx, func(t *table) bool { return t.foreignKeys && !t.left }, func(ctx context.Context, s *session, t *table) error {
		_, def, st, err := l.definition(ctx, t)
		if err != nil {
			return err
		}
		for _, add := range def.ForeignKeys {
			fk, err := readForeign(add, st.mode, t)
			if err != nil {
				return err
			}
			orphans, err := s.orphans(ctx, fk)
			if mysql.Number(err) == errNoSuchTable {
				l.summary.differs(fmt.Sprintf("foreign key %s of table %s: its rows were not checked, as %s is not there", mysql.QuoteName(fk.name), t, mysql.QuoteTable(fk.schema, fk.table)))
				continue
			}
			if err != nil {
				return fmt.Errorf("foreign key %s of table %s: %w", mysql.QuoteName(fk.name), t, err)
			}
			if len(orphans) > 0 {
				l.summary.differs(fmt.Sprintf("foreign key %s of table %s: rows without a parent in %s, among them %s; the source had them too, or its parent table was not loaded whole",
					mysql.QuoteName(fk.name), t, mysql.QuoteTable(fk.schema, fk.table), strings.Join(orphans, ", ")))
			}
		}
		return nil
	})
}

// orphans gives the first keys without a parent: "(`a`=1,`b`='x')".
func (s *session) orphans(ctx context.Context, fk foreignKey) (found []string, err error) {
	stop := s.KillOnDone(ctx)
	defer stop()
	rows, err := s.QueryContext(ctx, fk.orphanQuery())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		values := make([][]byte, len(fk.columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = fmt.Sprintf("%s=%.60q", mysql.QuoteName(fk.columns[i]), v)
		}
		found = append(found, "("+strings.Join(parts, ",")+")")
	}
	return found, rows.Err()
}
