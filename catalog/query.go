package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// cellText is one value of an information_schema row.
type cellText struct {
	s     string
	valid bool
}

var _ sql.Scanner = (*cellText)(nil)

// Scan takes any value as its text.
func (c *cellText) Scan(src any) error {
	var n sql.NullString
	if err := n.Scan(src); err != nil {
		return err
	}
	c.s, c.valid = n.String, n.Valid
	return nil
}

// int is the value as a number, 0 when it is none.
func (c cellText) int() int64 {
	n, err := strconv.ParseInt(c.s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c cellText) yes() bool { return strings.EqualFold(c.s, "YES") }

// Same returns one copy of a text that occurs often: types, charsets, schemas.
func (r *Reader) same(s string) string {
	if have, ok := r.intern[s]; ok {
		return have
	}
	r.intern[s] = s
	return s
}

// described are the tables of information_schema that are read.
var described = [...]string{"SCHEMATA", "TABLES", "COLUMNS", "STATISTICS", "PARTITIONS", "VIEWS", "TRIGGERS", "ROUTINES", "EVENTS"}

// readFeatures finds out, once for a reader, which columns information_schema has on this server.
func (r *Reader) readFeatures(ctx context.Context) error {
	if r.have != nil {
		return nil
	}
	r.have = map[string]map[string]bool{}
	for _, name := range described {
		r.have[name] = map[string]bool{}
	}
	describe := r.describeAll
	if f := r.server.Facts; f.Flavor == mysql.MariaDB || f.Number < 80000 {
		describe = r.describeJoined
	}
	err := describe(ctx)
	if err != nil {
		r.have = nil
		return fmt.Errorf("columns of information_schema: %w", err)
	}
	return nil
}

// describeAll asks information_schema about itself.
func (r *Reader) describeAll(ctx context.Context) error {
	const q = "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME IN ('"
	return r.scan(ctx, q+strings.Join(described[:], "', '")+"')", 2, func(f []cellText) error {
		if have := r.have[strings.ToUpper(f[0].s)]; have != nil {
			have[strings.ToUpper(f[1].s)] = true
		}
		return nil
	})
}

// tableMark stands before the name of a table among names of columns.
const tableMark = ":"

// describeJoined asks all the tables at once for no rows: servers without a dictionary make all of information_schema's tables for one
// question about them.
func (r *Reader) describeJoined(ctx context.Context) error {
	lists, tables := make([]string, len(described)), make([]string, len(described))
	for i, name := range described {
		lists[i] = "'' AS " + mysql.QuoteName(tableMark+name) + ", " + name + ".*"
		tables[i] = "information_schema." + name
	}
	rows, err := r.server.DB().QueryContext(ctx, "SELECT "+strings.Join(lists, ", ")+" FROM "+strings.Join(tables, ", ")+" LIMIT 0")
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	var have map[string]bool
	for _, n := range names {
		if table, ok := strings.CutPrefix(n, tableMark); ok {
			have = r.have[table]
			continue
		}
		have[strings.ToUpper(n)] = true
	}
	return rows.Err()
}

// each reads columns of one of information_schema's tables, once for each scope; columns that the server lacks are NULL.
func (r *Reader) each(ctx context.Context, scopes []string, from string, columns []string, row func([]cellText) error) error {
	for _, scope := range scopes {
		if err := r.scan(ctx, r.query(from, columns, scope), len(columns), row); err != nil {
			return fmt.Errorf("information_schema.%s: %w", from, err)
		}
	}
	return nil
}

// scan runs a query. The row's cells are valid during the call only.
func (r *Reader) scan(ctx context.Context, query string, columns int, row func([]cellText) error) error {
	started, ok := r.ahead.take(ctx, query)
	rows, err := started.rows, started.err
	if !ok {
		rows, err = r.server.DB().QueryContext(ctx, query)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	cells, raw := make([]cellText, columns), make([]sql.RawBytes, columns)
	dest := make([]any, columns)
	for i := range raw {
		dest[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, b := range raw {
			s, ok := r.intern[string(b)]
			if !ok {
				s = string(b)
			}
			cells[i] = cellText{s: s, valid: b != nil}
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	return rows.Err()
}

const (
	fewSchemas   = 16   // one query each: servers up to 5.7 then open no other schema's tables
	fewTables    = 16   // one query each, for the same reason
	schemasInOne = 1000 // names in one IN list
)

// schemaScopes returns the conditions that together mean the catalog's schemas.
func (c *Catalog) schemaScopes(column string) []string {
	var scopes []string
	if len(c.Schemas) <= fewSchemas {
		for _, s := range c.Schemas {
			scopes = append(scopes, column+" = "+mysql.QuoteString(s.Name))
		}
		return scopes
	}
	for batch := range slices.Chunk(c.Schemas, schemasInOne) {
		names := make([]string, len(batch))
		for i, s := range batch {
			names[i] = mysql.QuoteString(s.Name)
		}
		scopes = append(scopes, column+" IN ("+strings.Join(names, ", ")+")")
	}
	return scopes
}

// tableScopes returns the conditions that together mean the catalog's tables and views, and perhaps others of their schemas.
func (c *Catalog) tableScopes(schemaColumn, tableColumn string) []string {
	if c.manyTables() {
		return c.schemaScopes(schemaColumn)
	}
	var scopes []string
	add := func(schema, name string) {
		scopes = append(scopes, schemaColumn+" = "+mysql.QuoteString(schema)+" AND "+tableColumn+" = "+mysql.QuoteString(name))
	}
	for _, t := range c.Tables {
		add(t.Schema, t.Name)
	}
	for _, v := range c.Views {
		add(v.Schema, v.Name)
	}
	return scopes
}

// manyTables reports that whole schemas are asked for and not each table.
func (c *Catalog) manyTables() bool { return len(c.Tables)+len(c.Views)+len(c.Sequences) > fewTables }

// tableIndex finds tables by name.
func (c *Catalog) tableIndex() map[[2]string]*Table {
	m := make(map[[2]string]*Table, len(c.Tables))
	for _, t := range c.Tables {
		m[[2]string{t.Schema, t.Name}] = t
	}
	return m
}

func (c *Catalog) viewIndex() map[[2]string]*View {
	m := make(map[[2]string]*View, len(c.Views))
	for _, v := range c.Views {
		m[[2]string{v.Schema, v.Name}] = v
	}
	return m
}
