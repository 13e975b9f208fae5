package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// definition is an object as its server defines it.
type definition struct {
	kind      string // "TABLE"
	schema    string
	name      string
	table     string // of a trigger
	text      []byte
	mode      transform.Mode
	sqlMode   string
	client    string // character_set_client
	collation string // collation_connection
	timeZone  string // of an event
	next      string // where a sequence stands
	stored    bool   // it has a session of its own: all but tables and sequences
}

func (d *definition) String() string {
	return strings.ToLower(d.kind) + " " + quoted(d.schema, d.name)
}

func quoted(schema, name string) string {
	q := func(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
	return q(schema) + "." + q(name)
}

func ofStored(kind, schema, name string, s catalog.Stored) *definition {
	return &definition{
		kind: kind, schema: schema, name: name, text: s.SQL, mode: transform.ModeOf(s.Client, s.Mode), sqlMode: s.Mode,
		client: s.Client, collation: s.Collation, timeZone: s.TimeZone, stored: true,
	}
}

// key tells an object from the others of its schema.
type objectKey struct{ kind, schema, name string }

// definer reads the definitions of one side.
type definer interface {
	// definitions are a schema's objects. Those that cannot be read are an error.
	definitions(ctx context.Context, schema string, use func(*definition) error) error
}

// serverDefiner reads from a server.
type serverDefiner struct {
	catalog *catalog.Catalog
	read    *catalog.DefinitionReader
	skip    func(t *catalog.Table) bool
	lazily  bool // tables are read one by one when they are asked for: there may be very many
}

var _ definer = (*serverDefiner)(nil)

func (s *serverDefiner) definitions(ctx context.Context, schema string, use func(*definition) error) error {
	for _, t := range s.catalog.Tables {
		if t.Schema != schema || s.skip != nil && s.skip(t) {
			continue
		}
		if !s.lazily {
			d, err := s.table(ctx, t)
			if err == nil {
				err = use(d)
			}
			if err != nil {
				return err
			}
		}
		for _, name := range t.Triggers {
			st, err := s.read.ReadTrigger(ctx, t, name)
			if err != nil {
				return err
			}
			d := ofStored("TRIGGER", schema, name, st)
			d.table = t.Name
			if err := use(d); err != nil {
				return err
			}
		}
	}
	for _, q := range s.catalog.Sequences {
		if q.Schema != schema {
			continue
		}
		text, at, err := s.read.ReadSequence(ctx, q)
		if err != nil {
			return err
		}
		if err := use(&definition{kind: "SEQUENCE", schema: schema, name: q.Name, text: text, mode: plainMode, next: at.Next}); err != nil {
			return err
		}
	}
	return s.stored(ctx, schema, use)
}

// plainMode is that of what a server prints of tables.
var plainMode = transform.Mode{Charset: "utf8mb4"}

func (s *serverDefiner) table(ctx context.Context, t *catalog.Table) (*definition, error) {
	text, err := s.read.ReadTable(ctx, t)
	return &definition{kind: "TABLE", schema: t.Schema, name: t.Name, text: text, mode: plainMode}, err
}

// stored reads views, routines and events.
func (s *serverDefiner) stored(ctx context.Context, schema string, use func(*definition) error) error {
	for _, v := range s.catalog.Views {
		if v.Schema != schema {
			continue
		}
		st, err := s.read.ReadView(ctx, v)
		if err != nil {
			return err
		}
		if err := use(ofStored("VIEW", schema, v.Name, st)); err != nil {
			return err
		}
	}
	for _, sc := range s.catalog.Schemas {
		if sc.Name != schema {
			continue
		}
		for _, r := range sc.Routines {
			st, err := s.read.ReadRoutine(ctx, sc, r)
			if err != nil {
				return err
			}
			if err := use(ofStored(r.Kind, schema, r.Name, st)); err != nil {
				return err
			}
		}
		for _, name := range sc.Events {
			st, err := s.read.ReadEvent(ctx, sc, name)
			if err != nil {
				return err
			}
			if err := use(ofStored("EVENT", schema, name, st)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxStatement bounds one statement of a dump's SQL file, in bytes.
const maxStatement = 64 << 20

// dumpDefiner reads from the SQL files of a dump.
type dumpDefiner struct {
	reader  *dump.Reader
	objects []*dump.Object
	leave   func(kind string) bool // kinds that are not asked for
	names   *sql.DB                // of a server that knows the charsets of the dump's clients
}

var _ definer = (*dumpDefiner)(nil)

func (d *dumpDefiner) definitions(ctx context.Context, schema string, use func(*definition) error) error {
	for _, o := range d.objects {
		if o.Schema != schema {
			continue
		}
		for i := range o.Files {
			if err := d.file(ctx, o, i, use); err != nil {
				return fmt.Errorf("%s: %w", o.Files[i], err)
			}
		}
	}
	return nil
}

func (d *dumpDefiner) file(ctx context.Context, o *dump.Object, number int, use func(*definition) error) error {
	f, err := d.reader.OpenSQL(ctx, o, number)
	if err != nil {
		return err
	}
	scan := transform.NewScanner(f, transform.Mode{Charset: "utf8mb4"}, maxStatement)
	if d.reader.Manifest().For == dump.ForMyloader && dump.EndsByLine(o.Files[number]) {
		scan.ByLine()
	}
	session := map[string]string{}
	for {
		st, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return f.Close()
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
		if err := d.statement(ctx, o, st.Text, scan.Mode(), session, use); err != nil {
			return errors.Join(err, f.Close())
		}
	}
}

func (d *dumpDefiner) statement(ctx context.Context, o *dump.Object, text []byte, mode transform.Mode, session map[string]string, use func(*definition) error) error {
	kind, _, name, ok := transform.CreateName(text, mode)
	if !ok {
		follow(text, mode, session)
		return nil
	}
	if kind == "DATABASE" || kind == "TABLE" && o.Kind != dump.KindTable || d.leave(kind) {
		return nil
	}
	name, err := mysql.DecodeName(ctx, d.names, mode.Charset, name)
	if err != nil {
		return err
	}
	def := &definition{kind: kind, schema: o.Schema, name: name, text: append([]byte{}, text...), mode: mode}
	if kind != "TABLE" && kind != "SEQUENCE" {
		def.stored, def.sqlMode, def.timeZone = true, session["sql_mode"], ""
		def.client, def.collation = session["character_set_client"], session["collation_connection"]
		if kind == "TRIGGER" {
			def.table = o.Name
		}
		if kind == "EVENT" {
			def.timeZone = session["time_zone"]
		}
	}
	return use(def)
}

// follow notes what SET says of the session: SET name = value.
func follow(text []byte, mode transform.Mode, session map[string]string) {
	var w []string
	for _, t := range transform.Lex(text, mode) {
		if t.Significant() {
			w = append(w, t.Unquote(mode))
		}
	}
	if len(w) == 4 && strings.EqualFold(w[0], "SET") && w[2] == "=" {
		session[strings.ToLower(w[1])] = w[3]
	}
}
