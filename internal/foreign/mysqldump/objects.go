package mysqldump

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// objects gathers what a file defines.
type objects struct {
	o       *Options
	schemas map[string]*dump.FedObject
	order   []*dump.FedObject // of schemas, tables and sequences, as they came
	tables  map[[2]string]*table
	views   []view
	made    map[string]bool // what CREATE statements name, for dropped
	dropped []drop          // what DROP statements name
	system  map[string]bool // schemas of the server that are passed over
	guessed bool            // a charset, and said so
	unsafe  unsafe
}

// table is a table of the file.
type table struct {
	object   *dump.FedObject
	create   []byte
	mode     transform.Mode
	settings string   // that it is created under
	named    []string // the columns that its INSERT statements name
	given    bool     // its definition was given
	standIn  bool     // it stands in for a view that comes later
	rows     int64
	chunks   int
	last     int64 // where its last INSERT starts
	columns  *foreign.Table
	charset  string // of its rows' literals
	zone     *zone  // of its rows' TIMESTAMP values; nil where there are none
	complete bool   // its end was told
}

// view is a view, or what stands in for it until it comes.
type view struct {
	object  *dump.FedObject
	standIn bool
}

// drop is a DROP statement that is not run, as --if-exists decides of what it is about.
type drop struct {
	what   string
	line   int
	text   string
	offset int64
}

func newObjects(o *Options) *objects {
	return &objects{o: o, schemas: map[string]*dump.FedObject{}, tables: map[[2]string]*table{}, made: map[string]bool{}, system: map[string]bool{},
		unsafe: unsafe{at: map[int64]bool{}, fires: map[[2]string]int{}}}
}

// systemSchemas are the server's own: a dump of all databases has tables of theirs.
var systemSchemas = []string{"mysql", "information_schema", "performance_schema", "sys", "ndbinfo"}

// passes reports whether a schema is the server's own and what is in it is passed over.
func (c *objects) passes(schema string) bool {
	name := strings.ToLower(schema)
	if !slices.Contains(systemSchemas, name) {
		return false
	}
	if !c.system[name] {
		c.system[name] = true
		c.o.warn(fmt.Sprintf("schema %s of the dump is the server's own: it is passed over", mysql.QuoteName(schema)))
	}
	return true
}

// schema is the object of a schema.
func (c *objects) schema(name string) *dump.FedObject {
	s := c.schemas[name]
	if s == nil {
		s = &dump.FedObject{Object: dump.Object{Kind: dump.KindSchema, Schema: name, Base: name, Rows: -1}}
		c.schemas[name] = s
		c.order = append(c.order, s)
	}
	return s
}

// addText adds a statement to an object, with the settings that it was written under.
func (c *objects) addText(o *dump.FedObject, it *item, before string) {
	foreign.AddText(o, c.o.Name, it.line, before, it.text)
}

// create takes up a CREATE statement.
func (c *objects) create(s *session, it *item) error {
	kind, schema, name, ok := transform.CreateName(it.text, it.mode)
	if !ok {
		return errNotKnown
	}
	if kind == "DATABASE" {
		name = s.name(name)
		if c.passes(name) {
			return nil
		}
		o := c.schema(name)
		if len(o.Files) == 0 { // a second one of a file of several dumps says the same
			c.addText(o, it, s.script.env.SQL())
		}
		c.made["database "+name] = true
		return nil
	}
	schema, name, err := s.qualified(schema, name)
	if err != nil || c.passes(schema) {
		return err
	}
	c.schema(schema)
	c.made[madeKey(kind, schema, name)] = true
	switch kind {
	case "TABLE":
		return c.createTable(s, it, schema, name)
	case "VIEW":
		return c.createView(s, it, schema, name)
	case "SEQUENCE":
		o := &dump.FedObject{Object: dump.Object{Kind: dump.KindSequence, Schema: schema, Name: name, Base: schema + "." + name, Rows: -1}}
		c.addText(o, it, s.script.env.SQL())
		c.order = append(c.order, o)
		return nil
	}
	return c.createStored(s, it, kind, schema, name)
}

// madeKey names an object for the DROP statements: a view's stand-in is dropped as a table.
func madeKey(kind, schema, name string) string {
	if kind == "VIEW" {
		kind = "TABLE"
	}
	return strings.ToLower(kind) + " " + mysql.QuoteTable(schema, name)
}

func (c *objects) createTable(s *session, it *item, schema, name string) error {
	key := [2]string{schema, name}
	if old := c.tables[key]; old != nil && !old.standIn {
		return fmt.Errorf("%w: table %s is created twice", foreign.ErrDump, mysql.QuoteTable(schema, name))
	}
	if _, err := transform.Columns(it.text, it.mode); err != nil {
		return errNotKnown // LIKE another table, or the rows of a query
	}
	t := &table{create: bytes.Clone(it.text), mode: it.mode, settings: s.script.env.SQL(), last: -1, standIn: isStandIn(it, "TABLE") || s.facts.standIn}
	s.facts.standIn = false
	t.object = &dump.FedObject{Object: dump.Object{Kind: dump.KindTable, Schema: schema, Name: name, Base: schema + "." + name}}
	if def, err := transform.SplitTable(it.text, it.mode, true); err == nil {
		t.object.Engine = def.Engine
	}
	c.addText(t.object, it, t.settings)
	c.tables[key] = t
	c.order = append(c.order, t.object)
	return nil
}

// isStandIn reports the placeholder of a view: a statement that stands as a whole in a versioned comment.
func isStandIn(it *item, kind string) bool {
	tokens := transform.Lex(it.text[:min(len(it.text), 100)], it.mode)
	if len(tokens) == 0 || tokens[0].Kind != transform.VersionedOpen {
		return false
	}
	_, ok := transform.Match(tokens, 0, "CREATE", kind)
	return ok
}

// createView takes a view in place of what stood in for it.
func (c *objects) createView(s *session, it *item, schema, name string) error {
	key := [2]string{schema, name}
	if t := c.tables[key]; t != nil {
		if t.rows > 0 || t.object.Rows > 0 {
			return fmt.Errorf("%w: view %s is a table with rows before", foreign.ErrDump, mysql.QuoteTable(schema, name))
		}
		c.forget(t)
		delete(c.tables, key)
	}
	o := &dump.FedObject{Object: dump.Object{Kind: dump.KindView, Schema: schema, Name: name, Base: schema + "." + name, Rows: -1}}
	c.addText(o, it, s.script.env.SQL())
	v := view{o, isStandIn(it, "VIEW")}
	if i := slices.IndexFunc(c.views, func(v view) bool { return v.object.Schema == schema && v.object.Name == name }); i >= 0 {
		c.views[i] = v
		return nil
	}
	c.views = append(c.views, v)
	return nil
}

func (c *objects) forget(t *table) {
	c.order = slices.DeleteFunc(c.order, func(o *dump.FedObject) bool { return o == t.object })
}

// createStored takes up a routine, trigger or event.
func (c *objects) createStored(s *session, it *item, kind, schema, name string) error {
	o := c.schema(schema)
	switch kind {
	case "TRIGGER":
		table := triggerTable(it.text, it.mode)
		c.triggered(schema, table)
		if t := c.tables[[2]string{schema, table}]; t != nil && !c.o.Once {
			o = t.object
		}
		o.Triggers = append(o.Triggers, name)
	case "EVENT":
		o.Events = append(o.Events, name)
	default:
		o.Routines = append(o.Routines, strings.ToLower(kind)+" "+name)
	}
	c.addText(o, it, s.script.env.SQL()+s.collation[schema])
	return nil
}

// triggerTable is the table of a CREATE TRIGGER.
func triggerTable(stmt []byte, m transform.Mode) string {
	l := transform.NewLexer(stmt, m)
	on, table := false, ""
	for range 100 {
		t, ok := l.Next()
		switch {
		case !ok, on && t.Is("FOR"):
			return table
		case t.Is("ON"):
			on = true
		case on && (t.Kind == transform.Word || t.Kind == transform.QuotedName):
			table = t.Unquote(m) // the last part of a qualified name
		}
	}
	return table
}

// setval gives a sequence its state.
func (c *objects) setval(s *session, it *item, schema, name string) error {
	schema, name, err := s.qualified(schema, name)
	if err != nil {
		return err
	}
	for _, o := range c.order {
		if o.Kind == dump.KindSequence && o.Schema == schema && o.Name == name {
			c.addText(o, it, "")
			return nil
		}
	}
	return errNotKnown
}

// rowsOf prepares a table for the rows of an INSERT.
func (c *objects) rowsOf(ctx context.Context, s *session, it *item) (*table, error) {
	schema, name, err := s.qualified(it.insert.schema, it.insert.table)
	if err != nil || c.passes(schema) {
		return nil, err
	}
	t := c.tables[[2]string{schema, name}]
	if t == nil {
		if t, err = c.targetTable(ctx, schema, name); err != nil {
			return nil, err
		}
	}
	if err := c.choose(s, t, it.insert.columns); err != nil {
		return nil, err
	}
	return t, nil
}

// targetTable is a table that the file has rows of and no definition: the target's own is asked.
func (c *objects) targetTable(ctx context.Context, schema, name string) (*table, error) {
	if c.o.Define == nil {
		return nil, fmt.Errorf("%w: rows of table %s, which the file does not create", foreign.ErrDump, mysql.QuoteTable(schema, name))
	}
	create, err := c.o.Define(ctx, schema, name)
	if err != nil {
		return nil, fmt.Errorf("rows of table %s, which the file does not create: %w", mysql.QuoteTable(schema, name), err)
	}
	c.schema(schema)
	t := &table{create: create, mode: transform.Mode{Charset: defaultCharset}, last: -1}
	t.object = &dump.FedObject{Object: dump.Object{Kind: dump.KindTable, Schema: schema, Name: name, Base: schema + "." + name}}
	c.tables[[2]string{schema, name}] = t
	c.order = append(c.order, t.object)
	return t, nil
}

// choose settles what columns a table's rows have and in which charset and time zone they stand; all its rows must agree.
func (c *objects) choose(s *session, t *table, columns []string) error {
	charset := s.script.charset()
	if s.script.env.Vars[transform.VarClient] == "" && !c.guessed {
		c.guessed = true
		c.o.warn(c.o.Name + " does not say in which charset its rows are (SET NAMES): they are read as " + defaultCharset)
	}
	if t.columns == nil || t.rows == 0 && !t.columns.Same(columns) {
		if err := t.choose(columns, charset); err != nil {
			return err
		}
	}
	switch {
	case !t.columns.Same(columns):
		return fmt.Errorf("%w: rows of %s with other columns than those before", foreign.ErrStatement, t.columns)
	case charset != t.charset:
		return fmt.Errorf("%w: rows of %s in charset %s, those before are in %s", foreign.ErrStatement, t.columns, charset, t.charset)
	}
	return t.setZone(s)
}

// unreadable are charsets in which a quote may be a part of a character.
var unreadable = []string{"big5", "cp932", "gbk", "gb18030", "sjis", "ucs2", "utf16", "utf16le", "utf32"}

// choose gives a table the columns of its rows, and their charset. Where the table was told of already they must be the same ones.
func (t *table) choose(columns []string, charset string) error {
	if slices.Contains(unreadable, charset) {
		return fmt.Errorf("%w: rows in charset %s: write the file with --default-character-set=utf8mb4", foreign.ErrStatement, charset)
	}
	chosen, err := foreign.NewTable(t.object.Schema, t.object.Name, t.create, t.mode, charset)
	if err != nil {
		return err
	}
	if _, err := chosen.Choose(columns); err != nil {
		return err
	}
	if t.columns != nil && !slices.Equal(chosen.Columns(), t.object.Columns) {
		return fmt.Errorf("%w: rows of %s, from a pipe, with other columns than it has: load the file by its path", foreign.ErrStatement, t.columns)
	}
	t.columns, t.charset, t.named = chosen, charset, columns
	t.object.Columns = chosen.Columns()
	return nil
}

// chooseAll gives a table its columns that has no rows, or none yet.
func (t *table) chooseAll(charset string) error {
	all, err := transform.Columns(t.create, t.mode)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range all {
		if !c.Generated {
			names = append(names, c.Name)
		}
	}
	return t.choose(names, charset)
}

// none reports a file that names nothing at all.
func (c *objects) none() bool {
	return len(c.order)+len(c.views)+len(c.made)+len(c.dropped)+len(c.system)+c.unsafe.count == 0
}

// checkWhole refuses stand-ins without their view, and DROP statements of what the file does not create.
func (c *objects) checkWhole() error {
	for _, t := range c.tables {
		if t.standIn {
			return fmt.Errorf("%w: it holds a stand-in of view %s, and not the view", foreign.ErrCut, mysql.QuoteTable(t.object.Schema, t.object.Name))
		}
	}
	for _, v := range c.views {
		if v.standIn {
			return fmt.Errorf("%w: it holds a stand-in of view %s, and not the view", foreign.ErrCut, mysql.QuoteTable(v.object.Schema, v.object.Name))
		}
	}
	for _, d := range c.dropped {
		if c.made[d.what] {
			continue
		}
		err := error(nil)
		if c.o.Unsafe == RunUnsafe {
			err = c.run(d.offset, d.line, d.text, "")
		} else {
			err = c.o.refuse(d.line, d.text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
