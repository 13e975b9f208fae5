package loader

import (
	"context"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// Definitions reads how the target's tables are made, for rows that come without it. It connects when it is first asked.
type Definitions struct {
	Target mysql.Options
	Names  transform.Names
	server *mysql.Server
}

// Table gives the CREATE TABLE statement of the target's table that a table of the dump goes into.
func (d *Definitions) Table(ctx context.Context, schema, table string) ([]byte, error) {
	if d.server == nil {
		o := d.Target
		o.Label = "target"
		var err error
		if d.server, err = mysql.Connect(ctx, o, mysql.ForLoad); err != nil {
			return nil, err
		}
	}
	if to, ok := d.Names.Tables[[2]string{schema, table}]; ok {
		schema, table = to[0], to[1]
	} else if to, ok := d.Names.Schemas[schema]; ok {
		schema = to
	}
	var name string
	var create []byte
	err := d.server.DB().QueryRowContext(ctx, "SHOW CREATE TABLE "+mysql.QuoteTable(schema, table)).Scan(&name, &create)
	if err != nil {
		return nil, fmt.Errorf("table %s of the target: %w", mysql.QuoteTable(schema, table), err)
	}
	return create, nil
}

// Close ends the connection.
func (d *Definitions) Close() error {
	if d.server == nil {
		return nil
	}
	return d.server.Close()
}
