package loader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// maxStatement bounds one statement of a schema file, in bytes.
const maxStatement = 64 << 20

// statement is one statement of a schema file that creates something, with the session state that its file asks for.
type statement struct {
	header
	text []byte // valid until the next one
	file string
	line int
	mode transform.Mode
	vars map[string]string // of environment
}

// statements yields what an object's files create. Session settings are followed, DROP and USE are passed over (the
// options decide what is dropped, the object's own schema is used); what no dump needs is an error.
func (l *load) statements(ctx context.Context, o *dump.Object) iter.Seq2[statement, error] {
	return func(yield func(statement, error) bool) {
		for i := range o.Files {
			for st, err := range l.script(ctx, o, i) {
				if !yield(st, err) || err != nil {
					return
				}
			}
		}
	}
}

func (l *load) script(ctx context.Context, o *dump.Object, number int) iter.Seq2[statement, error] {
	return func(yield func(statement, error) bool) {
		file, line := dump.CutFileAt(o.Files[number])
		r, err := l.from.OpenSQL(ctx, o, number)
		if err != nil {
			yield(statement{}, fmt.Errorf("%s: %w", objectName(o), err))
			return
		}
		defer r.Close()
		env := newEnvironment()
		scan := transform.NewScanner(r, transform.Mode{Charset: "utf8mb4"}, maxStatement)
		scan.StartAt(line)
		if l.from.Manifest().For == dump.ForMyloader && dump.EndsByLine(file) {
			scan.ByLine()
		}
		for {
			raw, err := scan.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(statement{}, fmt.Errorf("%s, %s: %w", objectName(o), file, err))
				return
			}
			st := statement{text: raw.Text, file: file, line: raw.Line, mode: scan.Mode()}
			st.header = readHeader(raw.Text, st.mode)
			if raw.Unterminated {
				if len(significant(transform.Lex(raw.Text, st.mode))) == 0 {
					return
				}
				err := fmt.Errorf("%w: the file ends before the statement does, it may have been cut", ErrDamaged)
				yield(statement{}, &StatementError{Phase: "reading the dump", Object: objectName(o), File: file, Line: raw.Line, Statement: excerpt(raw.Text), Err: err})
				return
			}
			keep := false
			if err = l.sameOnTarget(&st); err == nil {
				err = l.decodeNames(ctx, &st)
			}
			if err == nil {
				keep, err = follow(env, o, &st)
			}
			if errors.Is(err, ErrUnsafe) && l.o.Session.AllowUnsafe {
				l.passOver(file, raw.Line, excerpt(raw.Text))
				continue
			}
			if err != nil {
				err = &StatementError{Phase: "reading the dump", Object: objectName(o), File: file, Line: raw.Line, Statement: excerpt(raw.Text), Err: err}
				yield(statement{}, err)
				return
			}
			if keep && !yield(st, nil) {
				return
			}
		}
	}
}

// follow decides what becomes of a statement: followed, passed over, kept, or refused.
func follow(env *environment, o *dump.Object, st *statement) (keep bool, err error) {
	switch st.verb {
	case "SET":
		return false, env.set(st.text, st.mode)
	case "USE":
		if st.name != o.Schema {
			return false, fmt.Errorf("%w: USE of another schema", ErrUnsafe)
		}
		return false, nil
	case "DROP":
		return false, passesOver(o, st.text, st.mode)
	case "ALTER":
		if st.name != o.Schema {
			return false, fmt.Errorf("%w: ALTER of another schema", ErrUnsafe)
		}
		env.vars[varDatabase] = st.on
		return false, nil
	case "CREATE", "SETVAL":
		st.vars = maps.Clone(env.vars)
		return belongs(o, st)
	}
	return false, fmt.Errorf("%w: a dump needs no such statement", ErrUnsafe)
}

// belongs reports whether a CREATE statement is one of the object's own. A view's placeholder table is passed over.
func belongs(o *dump.Object, st *statement) (bool, error) {
	if st.kind == "database" {
		if o.Kind == dump.KindSchema && st.name == o.Schema {
			return true, nil
		}
		return false, fmt.Errorf("%w: it creates another schema than %s", ErrUnsafe, mysql.QuoteName(o.Schema))
	}
	if st.schema != "" && st.schema != o.Schema {
		return false, fmt.Errorf("%w: it is about another schema than %s", ErrUnsafe, mysql.QuoteName(o.Schema))
	}
	switch {
	case o.Kind == dump.KindSchema:
		switch st.kind {
		case "procedure", "function", "event", "package", "package body", "trigger", "sequence":
			return true, nil
		}
		if st.verb == "SETVAL" {
			return true, nil
		}
	case o.Kind == dump.KindView && st.kind == "table" && st.name == o.Name:
		return false, nil
	case o.Kind == dump.KindTable && st.kind == "trigger" && strings.EqualFold(st.on, o.Name):
		return true, nil
	case o.Kind == dump.KindSequence && st.verb == "SETVAL" && st.name == o.Name:
		return true, nil
	case st.kind == string(o.Kind) && st.name == o.Name:
		return true, nil
	}
	return false, fmt.Errorf("%w: it is not about %s", ErrUnsafe, objectName(o))
}

// objectName names an object of the dump in messages: "table `shop`.`orders`".
func objectName(o *dump.Object) string {
	if o.Kind == dump.KindSchema {
		return "schema " + mysql.QuoteName(o.Schema)
	}
	return string(o.Kind) + " " + mysql.QuoteTable(o.Schema, o.Name)
}

// nameOf names what a statement of an object creates.
func (st *statement) nameOf(o *dump.Object) string {
	switch st.kind {
	case "", "table", "view", "sequence", "database":
		return objectName(o)
	}
	return st.kind + " " + mysql.QuoteTable(o.Schema, st.name)
}

// prepared is a statement as the target gets it.
type prepared struct {
	text    []byte
	notes   []transform.Note
	definer string // the account that the dump's DEFINER clause names
}

// prepare rewrites a statement for the target: definer, names, dialect.
func (l *load) prepare(o *dump.Object, st *statement) prepared {
	var p prepared
	p.text = bytes.Clone(st.text)
	if st.verb == "CREATE" {
		p.text, p.notes = l.change(o, st, p.text)
	}
	switch st.kind {
	case "view", "trigger", "procedure", "function", "event", "package", "package body":
		p.text, p.definer = l.o.Definer.Apply(p.text, st.mode)
	}
	if len(l.o.Names.Schemas) > 0 || len(l.o.Names.Tables) > 0 {
		p.text, _ = l.o.Names.Rename(p.text, st.mode, o.Schema)
	}
	if st.verb == "CREATE" {
		var notes []transform.Note
		p.text, notes = transform.Adapt(p.text, st.mode, l.origin, l.target, st.nameOf(o))
		p.notes = append(p.notes, notes...)
	}
	return p
}

// change makes of a definition what the options ask for.
func (l *load) change(o *dump.Object, st *statement, text []byte) (out []byte, notes []transform.Note) {
	if st.kind == "table" && l.picker != nil && l.picker.filter.HasColumns() {
		text, notes = transform.WithoutColumns(text, st.mode, o.Schema, o.Name, l.picker.filter.Left, st.nameOf(o))
	}
	text, more := l.o.Changes.Apply(text, st.mode, l.origin, l.target, st.nameOf(o))
	return text, append(notes, more...)
}

// mapTable gives the target's name of a table of the dump.
func (l *load) mapTable(schema, name string) (string, string) {
	if to, ok := l.o.Names.Tables[[2]string{schema, name}]; ok {
		return to[0], to[1]
	}
	return l.mapSchema(schema), name
}

// mapSchema gives the target's name of a schema of the dump.
func (l *load) mapSchema(schema string) string {
	if to, ok := l.o.Names.Schemas[schema]; ok {
		return to
	}
	return schema
}
