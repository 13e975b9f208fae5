package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// readEngines finds the tables that the target keeps without transactions.
func (l *load) readEngines(ctx context.Context) error {
	engines, err := nameSet(ctx, l.server, "SELECT engine FROM information_schema.engines WHERE transactions='YES'")
	if err != nil {
		return err
	}
	byName := make(map[string]*table, len(l.batch))
	for _, t := range l.batch {
		byName[l.fold(t.schema)+"\x00"+l.fold(t.name)] = t
	}
	seen := map[string]bool{}
	for _, schema := range schemasOf(l.batch) {
		if seen[l.fold(schema)] {
			continue
		}
		seen[l.fold(schema)] = true
		if err := l.readSchemaEngines(ctx, schema, engines, byName); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) readSchemaEngines(ctx context.Context, schema string, transactional map[string]bool, byName map[string]*table) (err error) {
	query := "SELECT table_name, COALESCE(engine,'') FROM information_schema.tables WHERE table_type='BASE TABLE' AND table_schema=" + mysql.QuoteString(schema)
	if l.fed != nil && l.fed.nth > 0 && len(l.batch) == 1 {
		query += " AND table_name=" + mysql.QuoteString(l.batch[0].name)
	}
	rows, err := l.server.DB().QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			return err
		}
		if t := byName[l.fold(schema)+"\x00"+l.fold(name)]; t != nil {
			t.plainEngine = !transactional[strings.ToLower(engine)]
		}
	}
	return rows.Err()
}

// tornTables are those with chunks from before the server's last start: what their engines without transactions had
// not yet written then is lost, though the progress table knows the chunks.
func (l *load) tornTables(ctx context.Context) (map[[2]string]bool, error) {
	if !slices.ContainsFunc(l.batch, func(t *table) bool { return t.plainEngine && t.pending == 0 && t.chunks > 0 }) {
		return nil, nil
	}
	var name string
	var uptime int64
	if err := l.server.DB().QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'").Scan(&name, &uptime); err != nil {
		return nil, fmt.Errorf("the server's time of start: %w", err)
	}
	return l.journal.olderThan(ctx, l.server, uptime)
}

// restartPlain empties the tables without transactions that an earlier run had begun, as what they hold is not known, and those
// of a copy that begin anew.
func (l *load) restartPlain(ctx context.Context) error {
	if l.past == nil {
		return nil
	}
	torn, err := l.tornTables(ctx)
	if err != nil {
		return err
	}
	var s *session
	defer func() { s.discard() }()
	for _, t := range l.batch {
		if name := [2]string{t.schema, t.name}; !l.restarts(t, torn[name]) && !l.past.emptying[name] {
			continue
		}
		if t.kept && l.o.IfExists == ExistsSkip {
			return fmt.Errorf("table %s: its engine has no transactions, and it held rows before the load was interrupted: what came from the dump cannot be told; empty it yourself and use --restart --if-exists truncate", t)
		}
		if err := l.empty(ctx, &s, t); err != nil {
			return err
		}
		if err := l.reach(atEmptied, nil, t.name); err != nil {
			return err
		}
		l.restarted(t)
	}
	return nil
}

// empty takes a table's rows and chunks back. A run that dies in the middle of it leaves a mark, by which the next one empties it again:
// neither its rows nor its chunks can be trusted until both are gone.
func (l *load) empty(ctx context.Context, s **session, t *table) error {
	if err := l.journal.mark(ctx, l.server, mark{kind: markEmptying, schema: t.schema, table: t.name}); err != nil {
		return err
	}
	if err := l.reach(atEmptying, nil, t.name); err != nil {
		return err
	}
	err := l.steadily(ctx, s, t.String(), func(s *session, _ bool) error {
		return l.retryDDL(ctx, s, "TRUNCATE TABLE "+t.String())
	})
	if err != nil {
		return fmt.Errorf("table %s: %w", t, err)
	}
	if err := l.reach(atTruncated, nil, t.name); err != nil {
		return err
	}
	return l.journal.forgetTable(ctx, l.server, t.schema, t.name)
}

// restarts reports a table that must begin anew. Of a feed it is not known yet whether an earlier run had come to its end.
func (l *load) restarts(t *table, torn bool) bool {
	if l.fed != nil {
		return !t.left && (t.plainEngine || t.anew && t.done != nil)
	}
	return t.plainEngine && (t.pending > 0 || torn)
}

// restarted forgets what an earlier run had committed of a table.
func (l *load) restarted(t *table) {
	skipped := t.done.count()
	l.summary.count(&l.summary.ChunksSkipped, -skipped)
	if l.fed == nil {
		t.done, t.pending, t.loaded = nil, t.chunks, 0
		return
	}
	l.counters.Rows.Add(-t.loaded)
	l.counters.Chunks.Add(int64(-skipped))
	l.counters.ChunksTotal.Add(int64(-skipped))
	t.done, t.loaded = nil, 0
}
