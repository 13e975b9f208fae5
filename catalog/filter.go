package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/selection"
)

// ErrNotInDump is a selected schema or table that a dump does not hold.
var ErrNotInDump = errors.New("not in the dump")

// Filter applies a Selection to a dump, where there is no server to ask.
type Filter struct {
	patterns *patterns
}

// Filter reads the patterns; its errors name the flag. fold is for dumps of servers that compare names without case.
func (s Selection) Filter(fold bool) (*Filter, error) {
	p, err := s.parse()
	if err != nil {
		return nil, err
	}
	p.fold, p.hidden, p.missing = fold, nil, ErrNotInDump
	return &Filter{patterns: p}, nil
}

// Schema reports whether a schema can hold something that is selected, and whether all of it is, as opposed to some tables only.
func (f *Filter) Schema(name string) (some, whole bool) { return f.patterns.schema(name) }

// Table reports whether a table, view or sequence is selected.
func (f *Filter) Table(schema, name string) bool {
	some, whole := f.patterns.schema(schema)
	return some && f.patterns.table(schema, name, whole)
}

// Check refuses patterns that name nothing of what there is.
func (f *Filter) Check(schemas []string, tables [][2]string) error {
	if err := f.patterns.checkSchemas(schemas); err != nil {
		return err
	}
	return f.patterns.checkTables(tables)
}

// Idle names the --exclude- patterns that match nothing of what there is: they may be misspelt.
func (f *Filter) Idle(schemas []string, tables [][2]string) []string {
	return append(f.patterns.idleSchemas(schemas), f.patterns.idleTables(tables)...)
}

// idleSchemas says which patterns of --exclude-schema match none of the schemas.
func (p *patterns) idleSchemas(all []string) (idle []string) {
	for _, g := range p.excludeSchemas {
		if !slices.ContainsFunc(all, func(s string) bool { return g.Match(s, p.fold) }) {
			idle = append(idle, leavesNothing("--exclude-schema", g.String(), g.Exact(), g.Name(), all))
		}
	}
	return idle
}

// idleTables says which patterns of --exclude-table match none of the tables.
func (p *patterns) idleTables(names [][2]string) (idle []string) {
	for _, t := range p.excludeTables {
		if !slices.ContainsFunc(names, func(n [2]string) bool { return t.Match(n[0], n[1], p.fold) }) {
			idle = append(idle, leavesNothing("--exclude-table", t.String(), t.Exact(), t.Table.Name(), near(t, names, p.fold)))
		}
	}
	return idle
}

func leavesNothing(flag, pattern string, exact bool, name string, have []string) string {
	text := fmt.Sprintf("%s %s leaves nothing out: nothing has this name", flag, pattern)
	if !exact {
		return fmt.Sprintf("%s %s leaves nothing out: nothing matches it", flag, pattern)
	}
	if near := selection.Nearest(name, have, 3); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return text
}

// near are the tables in the schemas that a pattern means.
func near(t selection.Pattern, names [][2]string, fold bool) (tables []string) {
	for _, n := range names {
		if t.Schema.Match(n[0], fold) {
			tables = append(tables, n[1])
		}
	}
	return tables
}
