package catalog

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// ReadAhead reads in one round trip what ReadTable is asked for next. What it cannot read ReadTable reads alone, and says why it cannot.
func (d *DefinitionReader) ReadAhead(ctx context.Context, tables []*Table) {
	tables = slices.Clone(tables)
	slices.SortStableFunc(tables, func(a, b *Table) int { return strings.Compare(a.Schema, b.Schema) })
	d.show.shown = make(map[*Table][]byte, len(tables))
	for len(tables) > 1 {
		n := slices.IndexFunc(tables, func(t *Table) bool { return t.Schema != tables[0].Schema })
		if n < 0 {
			n = len(tables)
		}
		if d.show.showTables(ctx, tables[:n]) != nil {
			return
		}
		tables = tables[n:]
	}
}

// showTables runs SHOW CREATE TABLE for tables of one schema.
func (s *ShowReader) showTables(ctx context.Context, tables []*Table) (err error) {
	if err := s.use(ctx, tables[0].Schema); err != nil {
		return err
	}
	queries := make([]string, len(tables))
	for i, t := range tables {
		queries[i] = "SHOW CREATE TABLE " + mysql.QuoteName(t.Name)
	}
	rows, err := mysql.Several(ctx, s.Conn, queries)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for _, t := range tables {
		if _, err := rows.NextResult(); err != nil {
			return err
		}
		row, err := rows.Next()
		if err != nil {
			return err
		}
		const name, create, columns = 0, 1, 2 // a view has more
		if len(row) == columns && string(row[name]) == t.Name {
			s.shown[t] = slices.Clone(row[create])
		}
	}
	if _, err := rows.NextResult(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// take is CREATE TABLE as ReadAhead has read it, nil when it has not.
func (s *ShowReader) take(t *Table) []byte {
	create := s.shown[t]
	delete(s.shown, t)
	return create
}
