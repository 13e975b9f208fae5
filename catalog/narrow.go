package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// narrow leaves out the columns that are not moved and gives others their masks. Keys with such a column are no longer keys along which
// a table is cut: their bounds are written.
func (r *Reader) narrow(ctx context.Context, c *Catalog) error {
	if len(r.patterns.columns) == 0 {
		return nil
	}
	for _, t := range c.Tables {
		rules := r.patterns.columnRules(t.Schema, t.Name)
		if rules == nil {
			continue
		}
		had := chunker.ChooseKey(t.Indexes) != nil
		if err := t.narrow(rules); err != nil {
			return fmt.Errorf("table %s: %w", t, err)
		}
		if had && chunker.ChooseKey(t.Indexes) == nil && t.Transactional {
			c.Warnings = append(c.Warnings, fmt.Sprintf("table %s is read in one piece: every key that it could be cut along has a column that is masked or not moved", t))
		}
	}
	if err := r.patterns.checkColumns(); err != nil {
		return err
	}
	return r.checkMaskedKeys(ctx, c)
}

func (t *Table) narrow(rules *ColumnRules) error {
	var names []string
	for _, col := range t.Columns {
		names = append(names, col.Name)
	}
	if err := rules.See(names); err != nil {
		return err
	}
	hidden := map[string]bool{} // by the rules
	var kept []Column
	for _, col := range t.Columns {
		if rules.Left(col.Name) {
			hidden[col.Name] = true
			continue
		}
		var err error
		if _, ok := rules.Masked(col.Name); ok && col.Generated {
			return fmt.Errorf("%w: column %s is generated: mask the columns that it is computed of", ErrColumns, mysql.QuoteName(col.Name))
		}
		if col.Mask, err = rules.Mask(col.Name, t.maskedColumn(col)); err != nil {
			return fmt.Errorf("column %s by %s: %w", mysql.QuoteName(col.Name), flagMask, err)
		}
		hidden[col.Name] = col.Mask != nil
		kept = append(kept, col)
	}
	for _, ix := range t.Indexes {
		for _, p := range ix.Parts {
			if ix.Name == primaryKey && rules.Left(p.Column) {
				return fmt.Errorf("%w: the primary key needs column %s: without it rows cannot be told apart", ErrColumns, mysql.QuoteName(p.Column))
			}
		}
	}
	generated := func(name string) bool {
		return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name && c.Generated })
	}
	t.Indexes = slices.DeleteFunc(t.Indexes, func(ix chunker.Index) bool {
		return slices.ContainsFunc(ix.Parts, func(p chunker.IndexPart) bool { return hidden[p.Column] || generated(p.Column) })
	})
	t.Columns = kept
	if !slices.ContainsFunc(kept, func(c Column) bool { return !c.Generated }) {
		return fmt.Errorf("%w: none of its columns is moved", ErrColumns)
	}
	return nil
}

// maskedColumn is what a mask has to know of a column.
func (t *Table) maskedColumn(c Column) transform.MaskedColumn {
	m := transform.MaskedColumn{
		ColumnType: c.ColumnType, Charset: c.Charset, Collation: c.Collation, Nullable: c.Nullable, Numbered: c.Numbered, Members: Members(c.ColumnType),
	}
	for _, ix := range t.Indexes {
		for _, p := range ix.Parts {
			if p.Column == c.Name {
				m.Unique, m.Prefixed = true, m.Prefixed || p.Prefix
			}
		}
	}
	return m
}

// Members are the names of an ENUM's or SET's members, in UTF-8; none for other types.
func Members(columnType string) []string {
	if !strings.HasPrefix(columnType, "enum(") && !strings.HasPrefix(columnType, "set(") {
		return nil
	}
	return members(columnType)
}

// MaskedKey is a foreign key's pair of columns of which one is masked.
type MaskedKey struct {
	Name          string
	Child, Parent [3]string // schema, table, column
}

// Check refuses a pair of columns whose values would no longer be equal.
func (k MaskedKey) Check(child, parent *transform.Mask) error {
	if child.Agrees(parent) {
		return nil
	}
	say := func(m *transform.Mask) string {
		if m == nil {
			return "not masked"
		}
		return "masked by " + string(m.Method.Kind)
	}
	quoted := func(c [3]string) string { return mysql.QuoteTable(c[0], c[1]) + "." + mysql.QuoteName(c[2]) }
	return fmt.Errorf("%w: foreign key %s: %s is %s, and %s, which it refers to, is %s: mask both by the same method (null, hash, digits; text of 16 characters or of the same length), or neither",
		ErrColumns, mysql.QuoteName(k.Name), quoted(k.Child), say(child), quoted(k.Parent), say(parent))
}

// checkMaskedKeys refuses masks that part the two sides of a foreign key.
func (r *Reader) checkMaskedKeys(ctx context.Context, c *Catalog) error {
	masks := map[[3]string]*transform.Mask{}
	there := map[[3]string]bool{}
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			name := [3]string{t.Schema, t.Name, strings.ToLower(col.Name)}
			if there[name] = true; col.Mask != nil {
				masks[name] = col.Mask
			}
		}
	}
	if len(masks) == 0 {
		return nil
	}
	for _, scope := range c.schemaScopes("TABLE_SCHEMA") {
		q := "SELECT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, " + mysql.ReferencedTable + ", REFERENCED_COLUMN_NAME" +
			" FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND " + scope
		err := r.scan(ctx, q, 7, func(f []cellText) error {
			k := MaskedKey{f[0].s, [3]string{f[1].s, f[2].s, strings.ToLower(f[3].s)}, [3]string{f[4].s, f[5].s, strings.ToLower(f[6].s)}}
			if !there[k.Child] || !there[k.Parent] {
				return nil
			}
			return k.Check(masks[k.Child], masks[k.Parent])
		})
		if err != nil {
			return err
		}
	}
	return nil
}
