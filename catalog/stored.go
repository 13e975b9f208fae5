package catalog

import (
	"context"
	"fmt"
	"strings"
)

// Stored is a view, trigger, routine or event as the server keeps it.
type Stored struct {
	SQL       []byte // in the charset of client
	Client    string // character_set_client
	Collation string // collation_connection
	Mode      string // sql_mode
	HasMode   bool
	TimeZone  string // of an event
	DbName    string
	DbNow     string // collation that the schema has
	DbThen    string // collation that it had when the object was created, which decides the charset of its parameters
	Compound  bool   // may hold semicolons
}

// ReadTrigger reads a trigger of a table.
func (d *DefinitionReader) ReadTrigger(ctx context.Context, t *Table, name string) (Stored, error) {
	return d.readStored(ctx, "SQL Original Statement", "TRIGGER", t.Schema, name, t.Name)
}

// ReadRoutine reads a routine of a schema.
func (d *DefinitionReader) ReadRoutine(ctx context.Context, s *Schema, r Routine) (Stored, error) {
	return d.readStored(ctx, "Create "+r.Kind, r.Kind, s.Name, r.Name, "")
}

// ReadEvent reads an event of a schema.
func (d *DefinitionReader) ReadEvent(ctx context.Context, s *Schema, name string) (Stored, error) {
	return d.readStored(ctx, "Create Event", "EVENT", s.Name, name, "")
}

// readStored reads a trigger, routine or event. on is the table of a trigger.
func (d *DefinitionReader) readStored(ctx context.Context, column, kind, schema, name, on string) (Stored, error) {
	row, err := d.show.Show(ctx, kind, schema, name)
	if err != nil {
		return Stored{}, err
	}
	body, err := d.show.body(row, strings.ToLower(column), kind, schema, name)
	if err != nil {
		return Stored{}, err
	}
	o := Stored{
		SQL: body, Client: row.Text("character_set_client"), Collation: row.Text("collation_connection"),
		Mode: row.Text("sql_mode"), HasMode: true, TimeZone: row.Text("time_zone"),
		DbName: schema, DbNow: d.schemas[schema].Collation, DbThen: row.Text("database collation"), Compound: true,
	}
	if o.SQL, err = d.recodeHeader(ctx, o, kind, schema, name, on); err != nil {
		return Stored{}, fmt.Errorf("%s %s.%s: %w", strings.ToLower(kind), schema, name, err)
	}
	return o, nil
}
