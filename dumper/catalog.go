package dumper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// catalog is what a dump will hold.
type catalog struct {
	schemas   []*schema
	tables    []*table
	views     []*view
	sequences []*table
	warnings  []string
	unseen    []string // kinds of objects that the account may not see, which the dump may lack
}

// schema is one database.
type schema struct {
	name, charset, collation string
	whole                    bool // all of it is selected, routines and events too
	routines                 []routine
	events                   []string
}

// table is a base table or a sequence.
type table struct {
	schema, name  string
	engine        string
	transactional bool
	versioned     bool // MariaDB's WITH SYSTEM VERSIONING
	rows, bytes   int64
	where         string
	columns       []column
	indexes       []chunker.Index // unique ones
	partitions    []string
	triggers      []string // in the order in which they fire
	print         fingerprint
}

func (t *table) String() string { return t.schema + "." + t.name }

func (t *table) quoted() string { return mysql.QuoteTable(t.schema, t.name) }

// column is one column as information_schema tells of it.
type column struct {
	position           int
	name               string
	dataType           string // "int"
	columnType         string // "int(10) unsigned"
	charset, collation string
	nullable           bool
	generated          bool
	stored             string // expression of a STORED generated column
	invisible          bool
	numbered           bool // AUTO_INCREMENT
}

// routine is a procedure, function, package or package body.
type routine struct {
	kind, name string // kind as SHOW CREATE wants it: "PROCEDURE"
}

// view is one view.
type view struct {
	schema, name       string
	definition         string // information_schema's text, in UTF-8
	definer            string
	checkOption        string
	security           string
	charset, collation string // of the client that created it
	columns            []column
}

func (v *view) String() string { return v.schema + "." + v.name }

// nonTransactional engines have no snapshots; every engine that is not known to have them is treated as one of these.
func isTransactional(engine string) bool {
	switch strings.ToLower(engine) {
	case "innodb", "rocksdb", "tokudb", "ndbcluster", "ndb", "xtradb":
		return true
	}
	return false
}

// catalogReader reads the catalog of one server.
type catalogReader struct {
	server    *mysql.Server
	selection Selection
	patterns  *patterns
	log       *slog.Logger

	have   map[string]map[string]bool // columns of information_schema's tables
	intern map[string]string
}

func newCatalogReader(s *mysql.Server, sel Selection, log *slog.Logger) (*catalogReader, error) {
	p, err := sel.parse()
	if err != nil {
		return nil, err
	}
	p.fold = s.Facts.LowerCaseTableNames != 0
	if strings.HasPrefix(s.Facts.Variables["basedir"], "/rdsdbbin/") {
		// RDS shows these schemas of its own and refuses their names to users.
		p.hidden = append(slices.Clone(p.hidden), "innodb", "tmp")
	}
	return &catalogReader{server: s, selection: sel, patterns: p, log: log, intern: map[string]string{}}, nil
}

// read reads everything that is selected.
func (r *catalogReader) read(ctx context.Context) (*catalog, error) {
	if err := r.readFeatures(ctx); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	c := &catalog{}
	if err := r.readSchemas(ctx, c); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if len(c.schemas) == 0 {
		return c, nil
	}
	steps := []func(context.Context, *catalog) error{r.readTables, r.readColumns, r.readIndexes, r.readPartitions, r.readTableIDs}
	if !r.selection.NoViews {
		steps = append(steps, r.readViews)
	}
	if !r.selection.NoTriggers {
		steps = append(steps, r.readTriggers)
	}
	if !r.selection.NoRoutines {
		steps = append(steps, r.readRoutines)
	}
	if !r.selection.NoEvents {
		steps = append(steps, r.readEvents)
	}
	steps = append(steps, r.checkVisible)
	for _, step := range steps {
		if err := step(ctx, c); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
	}
	c.check()
	return c, nil
}

// check tells of what a dump cannot carry.
func (c *catalog) check() {
	for _, t := range c.tables {
		if t.versioned {
			c.warnings = append(c.warnings, fmt.Sprintf("table %s has system versioning: its current rows are dumped, their history is not", t))
		}
	}
}

// readTables keeps the selected tables, sequences and views, and refuses patterns that name nothing.
func (r *catalogReader) readTables(ctx context.Context, c *catalog) error {
	whole := map[string]bool{}
	for _, s := range c.schemas {
		whole[s.name] = s.whole
	}
	var names [][2]string
	err := r.each(ctx, c.schemaScopes("TABLE_SCHEMA"), "TABLES",
		[]string{"TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE", "TABLE_ROWS", "DATA_LENGTH", "TABLE_COLLATION", "CREATE_OPTIONS", "TABLE_COMMENT"},
		func(f []cellText) error {
			schema, name := f[0].s, f[1].s
			all, ok := whole[schema]
			if !ok {
				return nil
			}
			names = append(names, [2]string{schema, name})
			if r.patterns.table(schema, name, all) {
				r.addTable(c, f)
			}
			return nil
		})
	if err != nil {
		return err
	}
	if err := r.patterns.checkTables(names); err != nil {
		return err
	}
	c.sort()
	c.keepSchemas()
	return nil
}

func (r *catalogReader) addTable(c *catalog, f []cellText) {
	schema, name, kind := r.same(f[0].s), f[1].s, f[2].s
	switch kind {
	case "VIEW":
		if !r.selection.NoViews {
			c.views = append(c.views, &view{schema: schema, name: name})
		}
		return
	case "SYSTEM VIEW", "TEMPORARY":
		return
	}
	t := &table{
		schema: schema, name: name, engine: r.same(f[3].s), rows: f[4].int(), bytes: f[5].int(),
		transactional: isTransactional(f[3].s), versioned: kind == "SYSTEM VERSIONED",
	}
	// The comment of a table that cannot be opened holds the error; it is no part of the definition on other days.
	t.print.add(kind, t.engine, f[6].s, f[7].s)
	if kind == "SEQUENCE" {
		c.sequences = append(c.sequences, t)
		return
	}
	if t.engine == "" {
		c.warnings = append(c.warnings, fmt.Sprintf("table %s: the server cannot open it: %s", t, f[8].s))
	}
	t.where = r.patterns.condition(schema, name)
	c.tables = append(c.tables, t)
}

func (c *catalog) sort() {
	byName := func(a, b *table) int {
		return strings.Compare(a.schema+"\x00"+a.name, b.schema+"\x00"+b.name)
	}
	slices.SortFunc(c.tables, byName)
	slices.SortFunc(c.sequences, byName)
	slices.SortFunc(c.views, func(a, b *view) int {
		return strings.Compare(a.schema+"\x00"+a.name, b.schema+"\x00"+b.name)
	})
}

// keepSchemas drops the schemas that were looked at for single tables and have none of them.
func (c *catalog) keepSchemas() {
	used := map[string]bool{}
	for _, t := range slices.Concat(c.tables, c.sequences) {
		used[t.schema] = true
	}
	for _, v := range c.views {
		used[v.schema] = true
	}
	c.schemas = slices.DeleteFunc(c.schemas, func(s *schema) bool { return !s.whole && !used[s.name] })
}

// errNothing is a selection that leaves nothing to dump.
var errNothing = errors.New("nothing to dump: the server has no schema that is selected")
