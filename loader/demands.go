package loader

import (
	"context"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
)

// demands lists what a dump that is there whole asks for, of what is not on the target already.
func (l *load) demands(ctx context.Context) ([]catalog.Demand, error) {
	var out []catalog.Demand
	at := map[string]int{}
	of := func(schema string) *catalog.Demand {
		i, ok := at[schema]
		if !ok {
			i = len(out)
			at[schema] = i
			out = append(out, catalog.Demand{Schema: schema, Bare: true})
		}
		return &out[i]
	}
	for o, err := range l.objects(ctx) {
		if err != nil {
			return nil, err
		}
		schema, _ := l.mapTable(o.Schema, o.Name)
		d := of(schema)
		switch o.Kind {
		case dump.KindView:
			d.Bare, d.Views = false, true
		case dump.KindSchema:
			d.Routines, d.Events = d.Routines || len(o.Routines) > 0, d.Events || len(o.Events) > 0
		case dump.KindTable:
			t := l.tables[[2]string{o.Schema, o.Name}]
			if t == nil || t.left || t.bare {
				continue
			}
			d.Bare = d.Bare && t.kept
			d.Triggers = d.Triggers || len(o.Triggers) > 0
			d.ForeignKeys = d.ForeignKeys || t.foreignKeys && !t.kept
			d.Alters = d.Alters || t.indexed && !t.kept || t.autoInc > 0
		default:
			d.Bare = false
		}
	}
	return out, nil
}

// check asks the caller, where nothing is loaded yet, whether to go on with a dump that is there whole.
func (l *load) check(ctx context.Context) error {
	if l.o.Check == nil || l.fed != nil || l.past != nil {
		return nil
	}
	demands, err := l.demands(ctx)
	if err != nil {
		return err
	}
	return l.o.Check(ctx, l.server, demands)
}
