package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// readers is the number of sessions that read definitions.
const readers = 4

// adaptations adapts every definition as the load will, and finds what the target cannot hold.
func adaptations(ctx context.Context, e *examination) ([]Finding, error) {
	to, err := e.holds(ctx)
	if err != nil {
		return nil, err
	}
	if e.alike(to) {
		return nil, nil
	}
	notes, unread, err := e.adaptAll(ctx, to)
	if err != nil {
		return nil, err
	}
	var refused []Object
	changed, order := map[string][]Object{}, []string{}
	for _, n := range notes {
		if n.Refused {
			refused = append(refused, Object{Name: n.Object, Detail: n.What})
			continue
		}
		if changed[n.What] == nil {
			order = append(order, n.What)
		}
		changed[n.What] = append(changed[n.What], Object{Name: n.Object})
	}
	out := found(refused, Finding{
		Severity: Error, What: "definitions that the target cannot hold", Why: "the load refuses them before it changes anything", Fix: "change them on the source, or leave them out (--exclude-table, --no-views, --no-routines)",
	})
	out = append(out, found(unread, Finding{
		Severity: Warning, What: "definitions that could not be read", Why: "whether the target can hold them is not known, and the dump fails on them", Fix: "see the message of each",
	})...)
	for _, what := range order {
		out = append(out, found(changed[what], Finding{
			Severity: Note, What: "the load will change definitions: " + what, Why: "the target is of another kind or version (docs/adaptation.md)", Fix: "nothing is needed",
		})...)
	}
	return out, nil
}

// alike reports a target of the source's kind and version that has every engine in use: nothing is adapted for it, and
// collations are another check's.
func (e *examination) alike(to transform.Target) bool {
	from, other := &e.Source.Facts, &e.Target.Facts
	for _, v := range []string{"innodb_large_prefix", "innodb_file_format", "innodb_file_per_table", "explicit_defaults_for_timestamp"} {
		if from.Variables[v] != other.Variables[v] {
			return false
		}
	}
	return from.Flavor == other.Flavor && from.Version == other.Version && !slices.ContainsFunc(e.Catalog.Tables, func(t *catalog.Table) bool {
		return !to.Engines[strings.ToLower(t.Engine)]
	})
}

// definitionJob reads one definition; mode is that of its text.
type definitionJob struct {
	object string
	read   func(ctx context.Context, d *catalog.DefinitionReader) (text []byte, mode transform.Mode, err error)
}

// adaptAll adapts all definitions over several sessions. unread are the objects whose definition could not be read.
func (e *examination) adaptAll(ctx context.Context, to transform.Target) (notes []transform.Note, unread []Object, err error) {
	jobs := e.definitionJobs()
	results := make([][]transform.Note, len(jobs))
	from := transform.Origin{Flavor: string(e.Source.Facts.Flavor), Number: e.Source.Facts.Number}
	var mu sync.Mutex
	next := make(chan int)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(next)
		for i := range jobs {
			select {
			case next <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range min(readers, len(jobs)) {
		g.Go(func() (err error) {
			conn, err := e.Source.Session(ctx)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, conn.Close()) }()
			d := catalog.NewDefinitionReader(conn, e.Source.Facts.User, e.Catalog.Schemas, func(format string, args ...any) { e.Log.Debug(fmt.Sprintf(format, args...)) })
			for i := range next {
				text, mode, err := jobs[i].read(ctx, d)
				switch {
				case err == nil:
					_, results[i] = transform.Adapt(text, mode, from, to, jobs[i].object)
				case mysql.Number(err) == 0 && !errors.Is(err, catalog.ErrUnreadable) || mysql.IsConnectionLost(err):
					return err
				default:
					mu.Lock()
					unread = append(unread, Object{Name: jobs[i].object, Detail: err.Error()})
					mu.Unlock()
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	for _, r := range results {
		notes = append(notes, r...)
	}
	return notes, unread, nil
}

// definitionJobs lists all that is selected.
func (e *examination) definitionJobs() (jobs []definitionJob) {
	add := func(kind, schema, name string, read func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error)) {
		jobs = append(jobs, definitionJob{strings.ToLower(kind) + " " + mysql.QuoteTable(schema, name), read})
	}
	stored := func(s catalog.Stored, err error) ([]byte, transform.Mode, error) {
		return s.SQL, transform.ModeOf(s.Client, s.Mode), err
	}
	plainMode := transform.Mode{Charset: "utf8mb4"} // of what a server prints of tables
	for _, t := range e.Catalog.Tables {
		add("table", t.Schema, t.Name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
			text, err := d.ReadTable(ctx, t)
			return text, plainMode, err
		})
		for _, name := range t.Triggers {
			add("trigger", t.Schema, name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
				return stored(d.ReadTrigger(ctx, t, name))
			})
		}
	}
	for _, q := range e.Catalog.Sequences {
		add("sequence", q.Schema, q.Name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
			text, _, err := d.ReadSequence(ctx, q)
			return text, plainMode, err
		})
	}
	for _, v := range e.Catalog.Views {
		add("view", v.Schema, v.Name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
			return stored(d.ReadView(ctx, v))
		})
	}
	for _, s := range e.Catalog.Schemas {
		for _, r := range s.Routines {
			add(r.Kind, s.Name, r.Name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
				return stored(d.ReadRoutine(ctx, s, r))
			})
		}
		for _, name := range s.Events {
			add("event", s.Name, name, func(ctx context.Context, d *catalog.DefinitionReader) ([]byte, transform.Mode, error) {
				return stored(d.ReadEvent(ctx, s, name))
			})
		}
	}
	return jobs
}
