package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// planExisting decides for each object that the target has already.
func (l *load) planExisting(ctx context.Context) error {
	resumed := l.past != nil && l.past.phases[l.phase(phasePlanned)]
	if resumed {
		l.leftSequences = l.past.sequences
	}
	var inTheWay []string
	for o, err := range l.current(ctx) {
		if err != nil {
			return err
		}
		schema, name := l.mapTable(o.Schema, o.Name)
		p, err := l.present(ctx, schema)
		if err != nil {
			return err
		}
		if o.Kind == dump.KindSchema && p.schema {
			if err := l.compareDefaults(ctx, schema); err != nil {
				return err
			}
		}
		if t := l.tables[[2]string{o.Schema, o.Name}]; o.Kind == dump.KindTable && (resumed || t.bare) {
			l.keeps(t, resumed)
			if err := l.checkBare(ctx, t, p, resumed); err != nil {
				return err
			}
			continue
		}
		if resumed || l.ours || !p.schema {
			continue
		}
		found := existing(o, name, p, l.fold)
		if o.Kind == dump.KindSchema {
			for _, q := range l.inSchema[schema] {
				if p.tables[l.fold(q)] != "" {
					found = append(found, named{"sequence", q})
				}
			}
		}
		if len(found) > 0 && o.Kind == dump.KindTable {
			l.keeps(l.tables[[2]string{o.Schema, o.Name}], resumed)
		}
		for _, f := range found {
			if f.kind == "sequence" && (l.o.IfExists == ExistsSkip || l.o.IfExists == ExistsTruncate) {
				l.leftSequences[[2]string{schema, f.name}] = true
			}
			inTheWay = append(inTheWay, f.kind+" "+mysql.QuoteTable(schema, f.name))
		}
	}
	if len(inTheWay) > 0 && l.o.IfExists == ExistsFail {
		return &ExistsError{Objects: inTheWay}
	}
	if err := l.checkHalf(ctx); err != nil {
		return err
	}
	return l.checkKept(ctx)
}

// checkBare looks at the table of a dump without definitions (--no-schema): it must be there, and under --if-exists fail
// it must be empty.
func (l *load) checkBare(ctx context.Context, t *table, p *presence, resumed bool) error {
	switch {
	case !t.bare:
		return nil
	case p.tables[l.fold(t.name)] == "":
		return fmt.Errorf("%w: it has no definition of table %s, which the target lacks", ErrUnsupported, t)
	case l.o.IfExists == ExistsDrop:
		return fmt.Errorf("%w: it has no definition of table %s, so the table cannot be dropped; choose --if-exists truncate", ErrUnsupported, t)
	case resumed || l.o.IfExists != ExistsFail:
		return nil
	}
	rows, err := column(ctx, l.server, "SELECT 1 FROM "+t.String()+" LIMIT 1")
	if err == nil && len(rows) > 0 {
		return &ExistsError{Objects: []string{"rows of table " + t.String()}}
	}
	return err
}

// named is an object of a kind.
type named struct{ kind, name string }

// existing lists what an object of the dump would meet.
func existing(o *dump.Object, name string, p *presence, fold func(string) string) (found []named) {
	if o.Kind != dump.KindSchema {
		if p.tables[fold(name)] != "" {
			found = append(found, named{string(o.Kind), name})
		}
		return found
	}
	for _, r := range o.Routines {
		if p.routines[strings.ToLower(r)] {
			kind, routine := cutKind(r)
			found = append(found, named{kind, routine})
		}
	}
	for _, e := range o.Events {
		if p.events[strings.ToLower(e)] {
			found = append(found, named{"event", e})
		}
	}
	return found
}
