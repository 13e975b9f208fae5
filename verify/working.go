package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// foreignKey is one constraint of the target.
type foreignKey struct {
	name                string
	schema, table       string
	toSchema, toTable   string
	columns, references []string
}

// foreignKeys reads the constraints of a schema.
func (c *comparison) foreignKeys(ctx context.Context, side sideOf, schema string) (keys []*foreignKey, err error) {
	rows, err := c.servers[side].DB().QueryContext(ctx, "SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, "+mysql.ReferencedTable+", REFERENCED_COLUMN_NAME"+
		" FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = "+mysql.QuoteString(schema)+" AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var last *foreignKey
	for rows.Next() {
		var table, name, column, toSchema, toTable, reference string
		if err := rows.Scan(&table, &name, &column, &toSchema, &toTable, &reference); err != nil {
			return nil, err
		}
		if last == nil || last.table != table || last.name != name {
			last = &foreignKey{name: name, schema: schema, table: table, toSchema: toSchema, toTable: toTable}
			keys = append(keys, last)
		}
		last.columns = append(last.columns, column)
		last.references = append(last.references, reference)
	}
	return keys, rows.Err()
}

// orphansOf is what a query finds rows without a parent by. A key with a NULL in it has none.
func (k *foreignKey) orphansOf() string {
	var on, notNull []string
	for i, col := range k.columns {
		child := "c." + mysql.QuoteName(col)
		on = append(on, "p."+mysql.QuoteName(k.references[i])+" = "+child)
		notNull = append(notNull, child+" IS NOT NULL")
	}
	return fmt.Sprintf(" FROM %s c LEFT JOIN %s p ON %s WHERE p.%s IS NULL AND %s", mysql.QuoteTable(k.schema, k.table), mysql.QuoteTable(k.toSchema, k.toTable),
		strings.Join(on, " AND "), mysql.QuoteName(k.references[0]), strings.Join(notNull, " AND "))
}

// orphans looks for rows whose foreign key has no parent on the target.
func (o *objectCheck) orphans(ctx context.Context) error {
	for _, schema := range o.sourceSchemas() {
		for _, to := range o.targetSchemas(schema) {
			keys, err := o.foreignKeys(ctx, target, to)
			if err != nil {
				return fmt.Errorf("foreign keys of the target: %w", err)
			}
			for _, k := range keys {
				if err := o.orphansOf(ctx, schema, k); err != nil {
					return fmt.Errorf("foreign key %s of table %s: %w", mysql.QuoteName(k.name), mysql.QuoteTable(k.schema, k.table), err)
				}
			}
		}
	}
	return nil
}

func (o *objectCheck) orphansOf(ctx context.Context, schema string, k *foreignKey) error {
	var n int64
	if err := o.servers[target].DB().QueryRowContext(ctx, "SELECT COUNT(*)"+k.orphansOf()).Scan(&n); err != nil || n == 0 {
		return err
	}
	parts := make([]string, len(k.columns))
	for i, col := range k.columns {
		parts[i] = "c." + mysql.QuoteName(col)
	}
	first, err := o.firstRows(ctx, "SELECT "+strings.Join(parts, ", ")+k.orphansOf()+" LIMIT 3")
	if err != nil {
		return err
	}
	d := Object{
		Object: "foreign key " + mysql.QuoteName(k.name) + " of table " + mysql.QuoteTable(k.schema, k.table),
		What:   fmt.Sprintf("%s on the target without a parent in %s, among them %s", progress.Counted(n, "row"), mysql.QuoteTable(k.toSchema, k.toTable), strings.Join(first, ", ")),
	}
	if o.sameOrphans(ctx, schema, k, n) {
		o.note("%s; the source has as many", d.text())
		return nil
	}
	o.differs(d)
	return nil
}

// sameOrphans reports whether the source has as many rows without a parent.
func (o *objectCheck) sameOrphans(ctx context.Context, schema string, k *foreignKey, n int64) bool {
	if o.dump != nil {
		return false
	}
	keys, err := o.foreignKeys(ctx, source, schema)
	if err != nil {
		return false
	}
	for _, own := range keys {
		if own.name == k.name && strings.EqualFold(own.table, k.table) {
			var there int64
			err := o.servers[source].DB().QueryRowContext(ctx, "SELECT COUNT(*)"+own.orphansOf()).Scan(&there)
			return err == nil && there == n
		}
	}
	return false
}

// firstRows shows the rows of a short query of the target.
func (o *objectCheck) firstRows(ctx context.Context, query string) (out []string, err error) {
	rows, err := o.servers[target].DB().QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells := make([][]byte, len(names))
		dest := make([]any, len(names))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i := range cells {
			names[i] = valueText(cells[i], len(cells[i]))
		}
		out = append(out, "("+strings.Join(names, ", ")+")")
	}
	return out, rows.Err()
}

// views selects from each view of the target.
func (o *objectCheck) views(ctx context.Context) error {
	o.o.Progress.SetPhase("views")
	for _, v := range o.catalogs[target].Views {
		if !o.selectedOnTarget(v.Schema, v.Name) {
			continue
		}
		err := tryView(ctx, o.servers[target], v.Schema, v.Name)
		if err == nil {
			continue
		}
		if mysql.Number(err) == 0 || mysql.IsConnectionLost(err) {
			return fmt.Errorf("view %s: %w", v, err)
		}
		d := Object{Object: "view " + mysql.QuoteTable(v.Schema, v.Name), What: "it does not work on the target: " + err.Error()}
		if o.brokenOnSource(ctx, v.Schema, v.Name) {
			o.note("%s; nor does the source's", d.text())
			continue
		}
		o.differs(d)
	}
	return nil
}

func tryView(ctx context.Context, s *mysql.Server, schema, name string) (err error) {
	rows, err := s.DB().QueryContext(ctx, "SELECT 1 FROM "+mysql.QuoteTable(schema, name)+" WHERE 1 = 0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Err()
}

func (o *objectCheck) brokenOnSource(ctx context.Context, schema, name string) bool {
	if o.dump != nil {
		return false
	}
	for _, v := range o.catalogs[source].Views {
		if s, n := o.o.Names.Table(v.Schema, v.Name); o.fold(s) == o.fold(schema) && o.fold(n) == o.fold(name) {
			return tryView(ctx, o.servers[source], v.Schema, v.Name) != nil
		}
	}
	return false
}
