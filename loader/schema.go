package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
	"golang.org/x/sync/errgroup"
)

// tinyRows is the rows of a table whose indexes are made with it: one more ALTER would cost more than it saves.
const tinyRows = 1000

// create makes the databases that are missing, the progress table, and then every table and sequence of what was planned.
func (l *load) create(ctx context.Context) error {
	l.counters.SetPhase("schema")
	l.summary.Changed = true
	apart := l.apart
	if l.fed != nil {
		apart = l.current
	}
	if err := l.eachObject(ctx, apart, func(o *dump.Object) bool { return o.Kind == dump.KindSchema }, l.createDatabase); err != nil {
		return err
	}
	if err := l.startJournal(ctx); err != nil {
		return err
	}
	if err := l.createAccounts(ctx); err != nil {
		return err
	}
	if err := l.tryNeeds(ctx); err != nil {
		return err
	}
	if err := l.tryS3(ctx); err != nil {
		return err
	}
	if l.fed == nil || l.fed.nth == 0 {
		if err := l.restoreCollations(ctx); err != nil {
			return err
		}
	}
	if l.past == nil || !l.past.phases[l.phase(phaseTables)] {
		// Tables may take their defaults from sequences.
		if err := l.eachObject(ctx, apart, func(o *dump.Object) bool { return o.Kind == dump.KindSequence || o.Kind == dump.KindSchema }, l.createSequences); err != nil {
			return err
		}
		if err := l.eachObject(ctx, l.current, func(o *dump.Object) bool { return o.Kind == dump.KindTable }, l.createTable); err != nil {
			return err
		}
		if err := l.journal.mark(ctx, l.server, mark{kind: "phase", table: l.phase(phaseTables), state: markCreated}); err != nil {
			return err
		}
		if err := l.reach(atTables, nil, ""); err != nil {
			return err
		}
	}
	if err := l.readEngines(ctx); err != nil {
		return err
	}
	if l.fed != nil {
		l.fed.settle(l.asks)
		l.needs = newNeeds()
	}
	return l.restartPlain(ctx)
}

// startJournal makes the progress table and writes what this load is about to do.
func (l *load) startJournal(ctx context.Context) error {
	err := l.journal.create(ctx, l.server, func(context.Context) (string, error) {
		name, ok := l.progressSchema()
		if !ok {
			return "", errors.New("no schema to keep the progress table in")
		}
		return name, nil
	})
	if err != nil {
		return err
	}
	if l.fed == nil || l.fed.nth == 0 {
		if err := l.journal.begin(ctx, l.server, l.slots); err != nil {
			return err
		}
	}
	if err := l.journal.forget(ctx, l.server, l.forget...); err != nil {
		return err
	}
	if l.past != nil && l.past.phases[l.phase(phasePlanned)] {
		return nil
	}
	if l.ours {
		if err := l.journal.restart(ctx, l.server); err != nil {
			return err
		}
	}
	if err := l.noteSource(ctx); err != nil {
		return err
	}
	marks := []mark{{kind: "run", state: l.settings()}}
	for _, t := range l.batch {
		marks = append(marks, mark{"table", t.schema, t.name, t.state()})
	}
	for q := range l.leftSequences {
		marks = append(marks, mark{"sequence", q[0], q[1], markLeft})
	}
	if err := l.journal.mark(ctx, l.server, append(marks, mark{kind: "phase", table: l.phase(phasePlanned), state: markCreated})...); err != nil {
		return err
	}
	if l.ours {
		if err := l.journal.restarted(ctx, l.server); err != nil {
			return err
		}
	}
	if l.o.Copy.Open != nil {
		l.log.Info("a new copy begins", "source", l.o.Copy.Source)
	}
	return l.reach(atPlanned, nil, "")
}

// eachObject calls do for objects of the dump, over several sessions at once.
func (l *load) eachObject(ctx context.Context, from objectsOf, want func(*dump.Object) bool, do func(context.Context, *session, *dump.Object) error) error {
	g, ctx := errgroup.WithContext(ctx)
	objects := make(chan *dump.Object)
	g.Go(func() error {
		defer close(objects)
		for o, err := range from(ctx) {
			if err != nil {
				return err
			}
			if !want(o) {
				continue
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case objects <- o:
			}
		}
		return nil
	})
	for range max(l.o.Threads, 2) {
		g.Go(func() error {
			var s *session
			defer func() { s.discard() }()
			for o := range objects {
				if s == nil {
					var err error
					if s, err = l.openPatiently(ctx); err != nil {
						return err
					}
				}
				if err := do(ctx, s, o); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (l *load) createDatabase(ctx context.Context, s *session, o *dump.Object) error {
	schemas := l.mapped[o.Schema]
	if own := l.mapSchema(o.Schema); l.fillsSchema(o, own) {
		schemas = append([]string{own}, schemas...)
	}
	for _, schema := range schemas {
		if _, again := l.told.LoadOrStore(schema, true); !again {
			l.summary.count(&l.summary.Schemas, 1)
		}
		if l.presence[l.fold(schema)].schema {
			continue
		}
		if err := l.createOneDatabase(ctx, s, o, schema); err != nil {
			return err
		}
	}
	return nil
}

// createOneDatabase makes a schema as a schema of the dump is made.
func (l *load) createOneDatabase(ctx context.Context, s *session, o *dump.Object, schema string) error {
	for st, err := range l.statements(ctx, o) {
		if err != nil {
			return err
		}
		if st.kind != "database" {
			continue
		}
		p := l.prepare(o, &st)
		text := mapDatabase(p.text, st.mode, schema)
		if err := l.exec(ctx, s, "", o, &st, text); err != nil {
			return err
		}
		return nil
	}
	_, err := s.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(schema))
	if err != nil {
		return &StatementError{Phase: l.counters.Phase(), Object: objectName(o), Err: err}
	}
	return nil
}

// mapDatabase puts the target's name into a CREATE DATABASE, and IF NOT EXISTS.
func mapDatabase(stmt []byte, m transform.Mode, schema string) []byte {
	tokens := transform.Lex(stmt, m)
	for i, t := range tokens {
		if t.Kind == transform.QuotedName || t.Kind == transform.Word && !isAny(t, "CREATE", "DATABASE", "SCHEMA", "IF", "NOT", "EXISTS") {
			rest := transform.Join(tokens[i+1:])
			return append([]byte("CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(schema)), closeVersioned(tokens[:i], rest)...)
		}
	}
	return stmt
}

// closeVersioned keeps what follows a name out of a versioned comment that was opened before it.
func closeVersioned(before []transform.Token, rest []byte) []byte {
	open := 0
	for _, t := range before {
		switch t.Kind {
		case transform.VersionedOpen:
			open++
		case transform.VersionedClose:
			open--
		default:
		}
	}
	if open > 0 {
		return []byte(strings.Replace(string(rest), "*/", "", open))
	}
	return rest
}

func isAny(t transform.Token, words ...string) bool {
	_, ok := wordIn(t, words)
	return ok
}

// createSequences makes sequences and sets where they stand: one of its own files, or those in a schema's file.
func (l *load) createSequences(ctx context.Context, s *session, o *dump.Object) error {
	for st, err := range l.statements(ctx, o) {
		if err != nil {
			return err
		}
		if st.kind != "sequence" && st.verb != "SETVAL" || !l.picker.wants(o, &st) {
			continue
		}
		schema, name := l.mapTable(o.Schema, st.name)
		if l.leftSequences[[2]string{schema, name}] {
			continue
		}
		if st.kind == "sequence" {
			if err := l.makeRoom(ctx, s, o, schema, name); err != nil {
				return err
			}
			l.summary.count(&l.summary.Sequences, 1)
		}
		p := l.prepare(o, &st)
		if err := l.exec(ctx, s, schema, o, &st, p.text); err != nil {
			return err
		}
	}
	return nil
}

// createTable makes a table without what is added after the data. What is there already is kept, emptied or dropped as
// --if-exists says.
func (l *load) createTable(ctx context.Context, s *session, o *dump.Object) error {
	schema, name := l.mapTable(o.Schema, o.Name)
	t := l.tables[[2]string{o.Schema, o.Name}]
	if t.kept {
		if !t.left && (!t.bare || l.o.IfExists == ExistsTruncate) {
			return l.run(ctx, s, o, "TRUNCATE TABLE "+t.String())
		}
		return nil
	}
	if err := l.makeRoom(ctx, s, o, schema, name); err != nil {
		return err
	}
	for p, err := range l.tableStatements(ctx, o, t) {
		if err != nil {
			return err
		}
		create := p.text
		if t.foreignKeys || l.defers(t) {
			def, err := transform.SplitTable(p.text, p.st.mode, l.defers(t))
			if err != nil {
				return &StatementError{Phase: l.counters.Phase(), Object: objectName(o), File: p.st.file, Line: p.st.line, Err: err}
			}
			create = def.Create
		}
		if err := l.exec(ctx, s, schema, o, p.st, startArchive(create, p.st.mode)); err != nil {
			return err
		}
	}
	return l.reach(atTable, s, t.name)
}

// defers reports whether a table's indexes are added after its data.
func (l *load) defers(t *table) bool {
	if l.fed.statements() > 0 {
		return false // they may need them
	}
	switch l.o.DeferIndexes {
	case DeferNone:
		return false
	case DeferAll:
		return true
	default:
		if l.fed != nil {
			return t.pending > 0 && (t.estimated > tinyRows || t.estimated < 0)
		}
		return t.rows > tinyRows || t.rows < 0 && t.chunks > 0
	}
}

// makeRoom drops what stands where a table or sequence is to be. Without --if-exists drop that can only be the work of
// an earlier run of this load, which had loaded nothing yet: it is dropped only when it is empty.
func (l *load) makeRoom(ctx context.Context, s *session, o *dump.Object, schema, name string) error {
	kind := l.presence[l.fold(schema)].tables[l.fold(name)]
	if kind == "" {
		return nil
	}
	if l.o.IfExists != ExistsDrop && !l.ours && o.Kind == dump.KindTable {
		var one int
		if err := s.QueryRowContext(ctx, "SELECT 1 FROM "+mysql.QuoteTable(schema, name)+" LIMIT 1").Scan(&one); err == nil {
			return fmt.Errorf("%w: %s holds rows that this load did not put there", ErrExists, mysql.QuoteTable(schema, name))
		}
	}
	return l.run(ctx, s, o, "DROP "+dropKind(kind)+" IF EXISTS "+mysql.QuoteTable(schema, name))
}

const ddlAttempts = 5

// exec runs one statement of the dump in its schema, under the settings of its file, again where the server asks for it.
func (l *load) exec(ctx context.Context, s *session, schema string, o *dump.Object, st *statement, text []byte) error {
	wrap := func(err error) error {
		return &StatementError{Phase: l.counters.Phase(), Object: st.nameOf(o), File: st.file, Line: st.line, Statement: excerpt(text), Err: err}
	}
	if err := l.checkSafe(o, st, text); err != nil { // again: the file may have been altered since the plan
		return wrap(err)
	}
	stored := st.kind != "table" && st.kind != "database" && st.kind != "sequence" && st.kind != ""
	if err := s.use(ctx, schema, st.vars, stored, l.target); err != nil {
		return wrap(err)
	}
	if err := l.retryDDL(ctx, s, string(text)); err != nil {
		return wrap(err)
	}
	return nil
}

// run runs a statement of gomove's own about an object.
func (l *load) run(ctx context.Context, s *session, o *dump.Object, query string) error {
	err := s.plain(ctx, l.target)
	if err == nil {
		err = l.retryDDL(ctx, s, query)
	}
	if err != nil {
		return &StatementError{Phase: l.counters.Phase(), Object: objectName(o), Statement: query, Err: err}
	}
	return nil
}

// retryDDL repeats a statement after a deadlock or a lock wait. After a lost connection it is not known what the target
// has: see steadily.
func (l *load) retryDDL(ctx context.Context, s *session, query string) error {
	return retry(ctx, ddlAttempts, undone, func() error {
		defer s.KillOnDone(ctx)()
		_, err := s.watched(ctx, query)
		return err
	})
}
