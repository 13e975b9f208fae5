package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// connect reaches the target and refuses one that takes no writes.
func (l *load) connect(ctx context.Context) error {
	o := l.o.Target
	s, err := mysql.Connect(ctx, o, mysql.ForLoad)
	if err != nil {
		return err
	}
	l.server = s
	if l.o.Session.SkipBinlog {
		if err := l.skipBinlog(ctx, s); err != nil {
			return err
		}
	}
	s.LimitPackets(maxPacketBytes)
	if s.Facts.ReadOnly {
		return fmt.Errorf("%w: %s is a replica, an Aurora reader, or has read_only set; "+
			"use the writer endpoint, or SET GLOBAL read_only=OFF where nothing else writes to it", ErrReadOnly, o.Address())
	}
	if err := l.readKeyRules(ctx); err != nil {
		return err
	}
	l.target, err = catalog.ReadTarget(ctx, s)
	return err
}

// nameSet is the only column of a query, in lower case.
func nameSet(ctx context.Context, s *mysql.Server, query string) (map[string]bool, error) {
	return mysql.NameSet(ctx, s.DB(), query)
}

// column is the only column of a query; NULL is "".
func column(ctx context.Context, s *mysql.Server, query string) ([]string, error) {
	return mysql.Column(ctx, s.DB(), query)
}

// presence is what a schema of the target holds before the load.
type presence struct {
	schema   bool              // it exists
	tables   map[string]string // tables, views and sequences: their TABLE_TYPE
	routines map[string]bool   // "procedure p"
	events   map[string]bool
}

// present asks once for each schema what is there. Names are folded as the target compares them.
func (l *load) present(ctx context.Context, schema string) (*presence, error) {
	if p := l.presence[l.fold(schema)]; p != nil {
		return p, nil
	}
	p := &presence{tables: map[string]string{}, routines: map[string]bool{}, events: map[string]bool{}}
	lit := mysql.QuoteString(schema)
	found, err := column(ctx, l.server, "SELECT schema_name FROM information_schema.schemata WHERE schema_name="+lit)
	if err != nil {
		return nil, err
	}
	if p.schema = len(found) > 0; p.schema {
		names, err := column(ctx, l.server, "SELECT CONCAT(table_type,'/',table_name) FROM information_schema.tables WHERE table_schema="+lit)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			kind, name, _ := strings.Cut(n, "/")
			p.tables[l.fold(name)] = kind
		}
		routines, err := column(ctx, l.server, "SELECT CONCAT(routine_type,' ',routine_name) FROM information_schema.routines WHERE routine_schema="+lit)
		if err != nil {
			return nil, err
		}
		for _, n := range routines {
			p.routines[strings.ToLower(n)] = true
		}
		events, err := column(ctx, l.server, "SELECT event_name FROM information_schema.events WHERE event_schema="+lit)
		if err != nil {
			return nil, err
		}
		for _, n := range events {
			p.events[strings.ToLower(n)] = true
		}
	}
	l.presence[l.fold(schema)] = p
	return p, nil
}

// fold gives a schema's or table's name as the target compares it.
func (l *load) fold(name string) string {
	if l.server.Facts.LowerCaseTableNames == 0 {
		return name
	}
	return strings.ToLower(name)
}

// systemSchema reports a schema that no load may write to.
func systemSchema(name string) bool {
	switch strings.ToLower(name) {
	case "mysql", "information_schema", "performance_schema", "sys", progressSchema:
		return true
	}
	return false
}
