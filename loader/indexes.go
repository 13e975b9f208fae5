package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// buildIndexes adds the indexes of tables whose data is in, one table after the other; several of these run at once.
func (l *load) buildIndexes(ctx context.Context, ready <-chan *table) error {
	var s *session
	defer func() { s.discard() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-ready:
			if !ok {
				return nil
			}
			err := l.steadily(ctx, &s, t.String(), func(s *session, again bool) error {
				t.unsure = t.unsure || again
				return l.addIndexes(ctx, s, t)
			})
			if err != nil {
				return err
			}
		}
	}
}

// ddlBuffer is the memory that MySQL 8.0.27 sorts a new index's keys in; its default is 1 MiB.
const ddlBuffer = 64 << 20

// hasten gives a session's index builds more memory where the server has such a setting.
func (l *load) hasten(ctx context.Context, s *session) {
	if s.hastened {
		return
	}
	s.hastened = true
	if _, ok := l.server.Facts.Variables["innodb_ddl_buffer_size"]; ok {
		// It is a wish: a managed server may refuse it.
		_, _ = s.ExecContext(ctx, fmt.Sprintf("SET SESSION innodb_ddl_buffer_size=%d", ddlBuffer))
	}
}

// addIndexes adds what SplitTable put off. After an interruption the target tells what it has already.
func (l *load) addIndexes(ctx context.Context, s *session, t *table) error {
	o, def, st, err := l.definition(ctx, t)
	if err != nil {
		return err
	}
	indexes := def.Indexes
	if l.past != nil || t.unsure {
		names, err := nameSet(ctx, l.server, "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema="+
			mysql.QuoteString(t.schema)+" AND table_name="+mysql.QuoteString(t.name))
		if err != nil {
			return err
		}
		indexes = nil
		for _, i := range def.Indexes {
			if !names[strings.ToLower(i.Name)] {
				indexes = append(indexes, i)
			}
		}
	}
	if err := l.reach(atIndexes, s, t.name); err != nil {
		return err
	}
	l.hasten(ctx, s)
	for _, alter := range transform.AlterStatements(t.schema, t.name, indexes) {
		if err := s.use(ctx, t.schema, st.vars, false, l.target); err != nil {
			return err
		}
		if err := l.addIndex(ctx, s, alter); err != nil {
			return &StatementError{Phase: "indexes", Object: objectName(o), File: st.file, Line: st.line, Statement: excerpt([]byte(alter)), Err: err}
		}
		if err := l.reach(atIndexed, s, t.name); err != nil {
			return err
		}
	}
	l.summary.count(&l.summary.Indexes, len(indexes))
	return nil
}

// errWrongIndexName is what MySQL 5.6 says of an index that InnoDB has and its own dictionary, the .frm file, does not know:
// it was killed between the two.
const errWrongIndexName = 1280

// addIndex runs an ALTER. Where a killed server has left an index half made, the table is copied, which leaves that behind.
func (l *load) addIndex(ctx context.Context, s *session, alter string) error {
	err := l.retryDDL(ctx, s, alter)
	if mysql.Number(err) != errWrongIndexName {
		return err
	}
	l.log.Warn("the server knows half of an index, from an ALTER amid which it died: the table is copied", "statement", alter, "error", err)
	return l.retryDDL(ctx, s, alter+", ALGORITHM=COPY")
}

// definition reads a table's CREATE TABLE again, as the target gets it.
func (l *load) definition(ctx context.Context, t *table) (*dump.Object, transform.TableDef, statement, error) {
	o := &dump.Object{Kind: dump.KindTable, Schema: t.from[0], Name: t.from[1], Files: t.files}
	for st, err := range l.statements(ctx, o) {
		if err != nil {
			return o, transform.TableDef{}, st, err
		}
		if st.kind != "table" {
			continue
		}
		p := l.prepare(o, &st)
		def, err := transform.SplitTable(p.text, st.mode, true)
		return o, def, st, err
	}
	return o, transform.TableDef{}, statement{}, fmt.Errorf("%w: table %s has no CREATE TABLE", ErrDamaged, t)
}
