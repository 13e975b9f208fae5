package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/accounts"
	"github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/transform"
)

// ErrNoSuchObject is a selected schema or table that the server does not have.
var ErrNoSuchObject = errors.New("not on the server")

// progressSchema is where gomove keeps the progress of loads; it is nobody's data.
const progressSchema = "gomove"

// systemSchemas hold no data of users. A pattern with `*` never means them.
var systemSchemas = []string{"information_schema", "performance_schema", "mysql", "sys", progressSchema}

// virtualSchemas cannot be dumped at all.
var virtualSchemas = []string{"information_schema", "performance_schema"}

// Selection says which objects are moved, and which of their rows and columns.
type Selection struct {
	Schemas        []string // globs; default every schema but the system's
	Tables         []string // schema.table globs, backticks for odd names
	ExcludeSchemas []string
	ExcludeTables  []string
	Where          map[string]string  // schema.table to condition
	Columns        []string           // schema.table=a,b: the columns that are moved; default all
	ExcludeColumns []string           // schema.table=a,b: columns that are not
	Masks          []string           // schema.table.column=METHOD
	MaskKey        *transform.MaskKey // of the masks; default none
	NoData         bool
	NoSchema       bool
	NoViews        bool
	NoTriggers     bool
	NoRoutines     bool
	NoEvents       bool
	Users          accounts.Filter // default none
}

// patterns is a Selection that was read.
type patterns struct {
	schemas, excludeSchemas []selection.Glob
	tables, excludeTables   []selection.Pattern
	where                   []condition
	columns                 []*columnRule
	maskKey                 *transform.MaskKey
	fold                    bool     // names are compared without case
	hidden                  []string // schemas that only an exact name selects
	missing                 error    // of what is not there
}

// condition is one --where.
type condition struct {
	table selection.Pattern
	sql   string
	used  bool
}

// Validate checks the patterns; its errors name the flag.
func (s Selection) Validate() error {
	_, err := s.parse()
	return err
}

// parse reads the patterns; its errors name the flag.
func (s Selection) parse() (*patterns, error) {
	p := &patterns{hidden: systemSchemas, missing: ErrNoSuchObject}
	var errs []error
	p.schemas = parseGlobs("--schema", s.Schemas, selection.ParseSchema, &errs)
	p.excludeSchemas = parseGlobs("--exclude-schema", s.ExcludeSchemas, selection.ParseSchema, &errs)
	p.tables = parseGlobs("--table", s.Tables, selection.ParseTable, &errs)
	p.excludeTables = parseGlobs("--exclude-table", s.ExcludeTables, selection.ParseTable, &errs)
	for name, sql := range s.Where {
		pattern, err := selection.ParseTable(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("--where: %w", err))
			continue
		}
		if strings.TrimSpace(sql) == "" {
			errs = append(errs, fmt.Errorf("--where: %s has no condition", name))
		}
		p.where = append(p.where, condition{table: pattern, sql: sql})
	}
	errs = append(errs, s.Users.Validate())
	p.parseColumns(s, &errs)
	slices.SortFunc(p.where, func(a, b condition) int { return strings.Compare(a.table.String(), b.table.String()) })
	return p, errors.Join(errs...)
}

func parseGlobs[T any](flag string, in []string, parse func(string) (T, error), errs *[]error) []T {
	var out []T
	for _, s := range in {
		v, err := parse(s)
		if err != nil {
			*errs = append(*errs, fmt.Errorf("%s: %w", flag, err))
			continue
		}
		out = append(out, v)
	}
	return out
}

// schema reports whether a schema can hold something that is selected, and whether all of it is, as opposed to some tables only.
func (p *patterns) schema(name string) (some, whole bool) {
	for _, g := range p.excludeSchemas {
		if g.Match(name, p.fold) {
			return false, false
		}
	}
	named, listed := p.matchSchema(name)
	narrowed := slices.ContainsFunc(p.tables, func(t selection.Pattern) bool {
		return t.Schema.Match(name, p.fold) && (t.Schema.Exact() || !p.isHidden(name))
	})
	switch {
	case narrowed:
		return true, false
	case named:
		return true, true
	case listed:
		return !p.isHidden(name), !p.isHidden(name)
	}
	return false, false
}

// matchSchema tells whether --schema names a schema exactly, or means it by a glob or by its absence.
func (p *patterns) matchSchema(name string) (named, listed bool) {
	if len(p.schemas) == 0 {
		return false, len(p.tables) == 0
	}
	for _, g := range p.schemas {
		if g.Match(name, p.fold) {
			if g.Exact() {
				return true, true
			}
			listed = true
		}
	}
	return false, listed
}

func (p *patterns) isHidden(name string) bool {
	return slices.ContainsFunc(p.hidden, func(h string) bool { return strings.EqualFold(h, name) })
}

// table reports whether a table, view or sequence of a selected schema is selected.
func (p *patterns) table(schema, name string, whole bool) bool {
	fits := func(t selection.Pattern) bool { return t.Match(schema, name, p.fold) }
	if slices.ContainsFunc(p.excludeTables, fits) {
		return false
	}
	return whole || slices.ContainsFunc(p.tables, fits)
}

// condition is the --where of a table, empty when it has none.
func (p *patterns) condition(schema, name string) string {
	var sql []string
	for i := range p.where {
		if p.where[i].table.Match(schema, name, p.fold) {
			p.where[i].used = true
			sql = append(sql, p.where[i].sql)
		}
	}
	if len(sql) < 2 {
		return strings.Join(sql, "")
	}
	return "(" + strings.Join(sql, ") AND (") + ")"
}

// checkSchemas refuses patterns that name no schema, and the server's own schemas.
func (p *patterns) checkSchemas(all []string) error {
	var errs []error
	check := func(flag string, g selection.Glob) {
		if err := p.systemError(flag, g); err != nil {
			errs = append(errs, err)
			return
		}
		if !slices.ContainsFunc(all, func(s string) bool { return g.Match(s, p.fold) }) {
			errs = append(errs, p.missingError(flag, "schema", g.String(), g.Exact(), g.Name(), all))
		}
	}
	for _, g := range p.schemas {
		check("--schema", g)
	}
	for _, t := range p.tables {
		check("--table "+t.String(), t.Schema)
	}
	return errors.Join(errs...)
}

// systemError refuses the schemas that belong to a server: what is in them makes sense on that server alone.
func (p *patterns) systemError(flag string, g selection.Glob) error {
	if !g.Exact() || !slices.ContainsFunc(systemSchemas, func(s string) bool { return strings.EqualFold(s, g.Name()) }) {
		return nil
	}
	switch name := strings.ToLower(g.Name()); {
	case slices.Contains(virtualSchemas, name):
		return fmt.Errorf("%s: schema %s: the server makes up what is in it; it cannot be dumped", flag, name)
	case name == progressSchema:
		return fmt.Errorf("%s: schema %s: gomove keeps the progress of loads there; it is not dumped", flag, name)
	default:
		return fmt.Errorf("%s: schema %s: the server's own tables, which no other server takes; it is not dumped", flag, name)
	}
}

// checkTables refuses table patterns that name nothing. names are the tables of the schemas that can be selected.
func (p *patterns) checkTables(names [][2]string) error {
	var errs []error
	check := func(flag string, t selection.Pattern) {
		if !slices.ContainsFunc(names, func(n [2]string) bool { return t.Match(n[0], n[1], p.fold) }) {
			errs = append(errs, p.missingError(flag, "table", t.String(), t.Exact(), t.Table.Name(), near(t, names, p.fold)))
		}
	}
	for _, t := range p.tables {
		check("--table", t)
	}
	for _, w := range p.where {
		check("--where", w.table)
	}
	for _, r := range p.columns {
		check(r.flag, r.table)
	}
	return errors.Join(errs...)
}

func (p *patterns) missingError(flag, kind, pattern string, exact bool, name string, have []string) error {
	if !exact {
		return fmt.Errorf("%s: no %s matches %s: %w", flag, kind, pattern, p.missing)
	}
	near := selection.Nearest(name, have, 3)
	if len(near) == 0 {
		return fmt.Errorf("%s: %s %s: %w", flag, kind, pattern, p.missing)
	}
	return fmt.Errorf("%s: %s %s: %w; did you mean %s?", flag, kind, pattern, p.missing, strings.Join(near, " or "))
}
