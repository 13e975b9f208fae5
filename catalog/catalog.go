// Package catalog tells what a server holds and how each part of it is read exactly: schemas, tables, columns, keys,
// partitions and stored objects, which of them are selected, their definitions as they can be replayed, and the SELECT that
// reads a range of a table.
package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// Catalog is what is selected of a server.
type Catalog struct {
	Schemas   []*Schema
	Tables    []*Table
	Views     []*View
	Sequences []*Table
	Warnings  []string
	Unseen    []string // kinds of objects that the account may not see, of which some may be there
	Hidden    []Hidden // objects whose text the account may not read
	Rights    *Rights  // of the account

	stored   map[string]storedPrint // "procedure shop.p"
	unopened []unopened             // while it is read

	unsized     bool // nobody has asked how large its tables are
	partitioned bool // some of its tables are
}

// Schema is one database.
type Schema struct {
	Name, Charset, Collation string
	Whole                    bool // all of it is selected, routines and events too
	Routines                 []Routine
	Events                   []string
}

// Table is a base table or a sequence.
type Table struct {
	Schema, Name  string
	Engine        string
	Transactional bool
	Versioned     bool // MariaDB's WITH SYSTEM VERSIONING
	Rows, Bytes   int64
	Where         string
	Columns       []Column
	Indexes       []chunker.Index // unique ones
	Partitions    []string
	Triggers      []string // in the order in which they fire
	print         fingerprint
}

func (t *Table) String() string { return t.Schema + "." + t.Name }

// Quoted is the name as SQL takes it.
func (t *Table) Quoted() string { return mysql.QuoteTable(t.Schema, t.Name) }

// Column is one column as information_schema tells of it.
type Column struct {
	Position           int
	Name               string
	DataType           string // "int"
	ColumnType         string // "int(10) unsigned"
	Charset, Collation string
	Nullable           bool
	Generated          bool
	Stored             string // expression of a STORED generated column
	Invisible          bool
	Numbered           bool            // AUTO_INCREMENT
	Mask               *transform.Mask // what its values are replaced by; nil: they are moved as they are
}

// Routine is a procedure, function, package or package body.
type Routine struct {
	Kind, Name string // kind as SHOW CREATE wants it: "PROCEDURE"
}

// View is one view.
type View struct {
	Schema, Name       string
	Definition         string // information_schema's text, in UTF-8
	Definer            string
	CheckOption        string
	Security           string
	Charset, Collation string // of the client that created it
	Columns            []Column
}

func (v *View) String() string { return v.Schema + "." + v.Name }

// isTransactional tells the engines that have snapshots; every engine that is not known to have them is treated as one without.
func isTransactional(engine string) bool {
	switch strings.ToLower(engine) {
	case "innodb", "rocksdb", "tokudb", "ndbcluster", "ndb", "xtradb":
		return true
	}
	return false
}

// Reader reads the catalog of one server.
type Reader struct {
	server    *mysql.Server
	selection Selection
	patterns  *patterns
	log       *slog.Logger

	have   map[string]map[string]bool // columns of information_schema's tables
	intern map[string]string
	ahead  *ahead // nil: nothing was started
}

// NewReader reads what is selected of a server.
func NewReader(s *mysql.Server, sel Selection, log *slog.Logger) (*Reader, error) {
	p, err := sel.parse()
	if err != nil {
		return nil, err
	}
	p.fold = s.Facts.LowerCaseTableNames != 0
	p.hidden = append(slices.Clone(p.hidden), s.Facts.ReservedSchemas()...)
	return &Reader{server: s, selection: sel, patterns: p, log: log, intern: map[string]string{}}, nil
}

// Read reads everything that is selected.
func (r *Reader) Read(ctx context.Context) (*Catalog, error) { return r.read(ctx, true) }

// ReadDefinitions reads what Drift compares: everything but the sizes of tables, for which some servers ask the engine about each of them.
func (r *Reader) ReadDefinitions(ctx context.Context) (*Catalog, error) { return r.read(ctx, false) }

func (r *Reader) read(ctx context.Context, sizes bool) (*Catalog, error) {
	if err := r.readFeatures(ctx); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	c := &Catalog{unsized: !sizes}
	if err := r.readSchemas(ctx, c); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if len(c.Schemas) == 0 {
		return c, nil
	}
	stop := func() {}
	defer func() { stop() }()
	ask := func(ctx context.Context, c *Catalog) error {
		stop = r.lookAhead(ctx, c)
		return nil
	}
	steps := []func(context.Context, *Catalog) error{r.readTables, r.readUnopened, ask, r.readColumns}
	if !r.selection.NoTriggers { // while what was asked ahead is on its way
		steps = append(steps, r.readTriggers)
	}
	steps = append(steps, r.readIndexes, r.readPartitions, r.readTableIDs)
	if !r.selection.NoViews {
		steps = append(steps, r.readViews)
	}
	if !r.selection.NoRoutines {
		steps = append(steps, r.readRoutines)
	}
	if !r.selection.NoEvents {
		steps = append(steps, r.readEvents)
	}
	steps = append(steps, r.checkVisible, r.narrow)
	for _, step := range steps {
		if err := step(ctx, c); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
	}
	c.check()
	return c, nil
}

// check tells of what a dump cannot carry.
func (c *Catalog) check() {
	for _, t := range c.Tables {
		if t.Versioned {
			c.Warnings = append(c.Warnings, fmt.Sprintf("table %s has system versioning: its current rows are dumped, their history is not", t))
		}
	}
}

// readTables keeps the selected tables, sequences and views, and refuses patterns that name nothing.
func (r *Reader) readTables(ctx context.Context, c *Catalog) error {
	whole := map[string]bool{}
	for _, s := range c.Schemas {
		whole[s.Name] = s.Whole
	}
	var names [][2]string
	rows, bytes := "TABLE_ROWS", "DATA_LENGTH"
	if c.unsized {
		rows, bytes = notAsked, notAsked
	}
	err := r.each(ctx, c.schemaScopes("TABLE_SCHEMA"), "TABLES",
		[]string{"TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE", rows, bytes, "TABLE_COLLATION", "CREATE_OPTIONS", "TABLE_COMMENT"},
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
	c.Warnings = append(c.Warnings, r.patterns.idleTables(names)...)
	c.sort()
	c.keepSchemas()
	return nil
}

func (r *Reader) addTable(c *Catalog, f []cellText) {
	schema, name, kind := r.same(f[0].s), f[1].s, f[2].s
	switch kind {
	case "VIEW":
		if r.selection.NoViews {
			return
		}
		c.Views = append(c.Views, &View{Schema: schema, Name: name})
		if f[8].s != "VIEW" {
			c.brokenView(schema, name, f[8].s)
		}
		return
	case "SYSTEM VIEW", "TEMPORARY":
		return
	}
	t := &Table{
		Schema: schema, Name: name, Engine: r.same(f[3].s), Rows: f[4].int(), Bytes: f[5].int(),
		Transactional: isTransactional(f[3].s), Versioned: kind == "SYSTEM VERSIONED",
	}
	// The comment of a table that cannot be opened holds the error; it is no part of the definition on other days.
	t.print.add(kind, t.Engine, f[6].s, f[7].s)
	c.partitioned = c.partitioned || strings.Contains(strings.ToLower(f[7].s), "partitioned")
	if kind == "SEQUENCE" {
		c.Sequences = append(c.Sequences, t)
		return
	}
	if t.Engine == "" {
		c.unopened = append(c.unopened, unopened{t, f[8].s})
	}
	t.Where = r.patterns.condition(schema, name)
	c.Tables = append(c.Tables, t)
}

func (c *Catalog) sort() {
	byName := func(a, b *Table) int {
		return strings.Compare(a.Schema+"\x00"+a.Name, b.Schema+"\x00"+b.Name)
	}
	slices.SortFunc(c.Tables, byName)
	slices.SortFunc(c.Sequences, byName)
	slices.SortFunc(c.Views, func(a, b *View) int {
		return strings.Compare(a.Schema+"\x00"+a.Name, b.Schema+"\x00"+b.Name)
	})
}

// keepSchemas drops the schemas that were looked at for single tables and have none of them.
func (c *Catalog) keepSchemas() {
	used := map[string]bool{}
	for _, t := range slices.Concat(c.Tables, c.Sequences) {
		used[t.Schema] = true
	}
	for _, v := range c.Views {
		used[v.Schema] = true
	}
	c.Schemas = slices.DeleteFunc(c.Schemas, func(s *Schema) bool { return !s.Whole && !used[s.Name] })
}

// ErrNothing is a selection that leaves nothing to dump.
var ErrNothing = errors.New("nothing to dump: the server has no schema that is selected")

// CheckConditions has the server read each --where before anything is locked.
func (c *Catalog) CheckConditions(ctx context.Context, db *sql.DB) error {
	for _, t := range c.Tables {
		if t.Where == "" {
			continue
		}
		if _, err := db.ExecContext(ctx, "EXPLAIN SELECT 1 FROM "+t.Quoted()+" WHERE ("+t.Where+")"); err != nil {
			return fmt.Errorf("--where %s=%s: %w", t, t.Where, err)
		}
	}
	return nil
}
