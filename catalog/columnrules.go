package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/transform"
)

// ErrColumns is a choice of columns, or a mask, that a table cannot have.
var ErrColumns = errors.New("columns cannot be moved so")

// columnRule is one --columns, --exclude-columns or --mask.
type columnRule struct {
	flag, text string
	table      selection.Pattern
	columns    []string
	method     transform.MaskMethod
	found      []bool // which of columns some table has
}

const (
	flagColumns        = "--columns"
	flagExcludeColumns = "--exclude-columns"
	flagMask           = "--mask"
)

// parseColumns reads the rules for columns.
func (p *patterns) parseColumns(s Selection, errs *[]error) {
	add := func(flag, text string, parse func(left, right string, r *columnRule) error) {
		r := &columnRule{flag: flag, text: text}
		left, right, ok := selection.CutAtEqual(text)
		if !ok {
			*errs = append(*errs, fmt.Errorf("%s %s: no = in it", flag, text))
			return
		}
		if err := parse(left, right, r); err != nil {
			*errs = append(*errs, fmt.Errorf("%s %s: %w", flag, text, err))
			return
		}
		r.found = make([]bool, len(r.columns))
		p.columns = append(p.columns, r)
	}
	list := func(left, right string, r *columnRule) (err error) {
		if r.table, err = selection.ParseTable(left); err == nil {
			r.columns, err = selection.ParseNames(right)
		}
		return err
	}
	for _, text := range s.Columns {
		add(flagColumns, text, list)
	}
	for _, text := range s.ExcludeColumns {
		add(flagExcludeColumns, text, list)
	}
	for _, text := range s.Masks {
		add(flagMask, text, func(left, right string, r *columnRule) (err error) {
			r.columns = make([]string, 1)
			if r.table, r.columns[0], err = selection.ParseColumn(left); err == nil {
				r.method, err = transform.ParseMask(right)
			}
			if err == nil && r.method.Keyed() && s.MaskKey == nil {
				err = errors.New("it needs a key: name a file by --mask-key-file, or set GOMOVE_MASK_KEY")
			}
			return err
		})
	}
	p.maskKey = s.MaskKey
}

// ColumnRules are what a selection says of the columns of one table; nil says nothing.
type ColumnRules struct {
	rules []*columnRule
	key   *transform.MaskKey
}

// columnRules are the rules for a table.
func (p *patterns) columnRules(schema, table string) *ColumnRules {
	var r *ColumnRules
	for _, rule := range p.columns {
		if rule.table.Match(schema, table, p.fold) {
			if r == nil {
				r = &ColumnRules{key: p.maskKey}
			}
			r.rules = append(r.rules, rule)
		}
	}
	return r
}

func (r *columnRule) names(column string) bool {
	return slices.ContainsFunc(r.columns, func(c string) bool { return strings.EqualFold(c, column) })
}

// Left reports whether a column is not moved.
func (r *ColumnRules) Left(column string) bool {
	if r == nil {
		return false
	}
	listed, wanted := false, false
	for _, rule := range r.rules {
		switch rule.flag {
		case flagColumns:
			listed = true
			wanted = wanted || rule.names(column)
		case flagExcludeColumns:
			if rule.names(column) {
				return true
			}
		}
	}
	return listed && !wanted
}

// Leaves reports whether some column may not be moved.
func (r *ColumnRules) Leaves() bool {
	return r != nil && slices.ContainsFunc(r.rules, func(c *columnRule) bool { return c.flag != flagMask })
}

// Masked is the method that masks a column.
func (r *ColumnRules) Masked(column string) (m transform.MaskMethod, ok bool) {
	if r == nil || r.Left(column) {
		return m, false
	}
	for _, rule := range r.rules {
		if rule.flag == flagMask && rule.names(column) {
			m, ok = rule.method, true
		}
	}
	return m, ok
}

// Mask is the mask of a column, nil where it has none.
func (r *ColumnRules) Mask(column string, c transform.MaskedColumn) (*transform.Mask, error) {
	method, ok := r.Masked(column)
	if !ok {
		return nil, nil
	}
	return transform.NewMask(method, r.key, c)
}

// See notes which of the named columns there are.
func (r *ColumnRules) See(columns []string) error {
	if r == nil {
		return nil
	}
	masks := map[string]*columnRule{}
	for _, rule := range r.rules {
		for i, c := range rule.columns {
			if !slices.ContainsFunc(columns, func(name string) bool { return strings.EqualFold(name, c) }) {
				continue
			}
			rule.found[i] = true
			if rule.flag != flagMask {
				continue
			}
			if other := masks[strings.ToLower(c)]; other != nil && other.method != rule.method {
				return fmt.Errorf("%w: %s %s and %s %s are for one column", ErrColumns, flagMask, other.text, flagMask, rule.text)
			}
			masks[strings.ToLower(c)] = rule
		}
	}
	return nil
}

// checkColumns refuses names of columns that no table has. It is asked when every table was seen.
func (p *patterns) checkColumns() error {
	var errs []error
	for _, r := range p.columns {
		for i, c := range r.columns {
			if !r.found[i] {
				errs = append(errs, fmt.Errorf("%s %s: column %s: %w", r.flag, r.text, mysql.QuoteName(c), p.missing))
			}
		}
	}
	return errors.Join(errs...)
}

// Columns are the rules for a table's columns, nil when there are none.
func (f *Filter) Columns(schema, table string) *ColumnRules {
	return f.patterns.columnRules(schema, table)
}

// HasColumns reports whether there are rules for columns at all.
func (f *Filter) HasColumns() bool { return len(f.patterns.columns) > 0 }

// CheckColumns refuses rules for columns that no table has of those that were seen.
func (f *Filter) CheckColumns() error { return f.patterns.checkColumns() }

// Left reports whether a column of a table is not moved.
func (f *Filter) Left(schema, table, column string) bool {
	return f.HasColumns() && f.Columns(schema, table).Left(column)
}

var _ transform.Left = (*Filter)(nil).Left
