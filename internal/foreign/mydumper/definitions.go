package mydumper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// statement is one statement of a file of definitions.
type statement struct {
	text []byte
	line int
	mode transform.Mode
	env  string // what it was written under, as SQL
}

// statements gives what a file of definitions creates. byLine ends a statement at a semicolon before a line end, as myloader does:
// the bodies of triggers, routines and events stand there without a delimiter of their own.
func (d *reading) statements(name string, text []byte, byLine bool) ([]statement, error) {
	pieces, err := cut(name, text, byLine)
	if err != nil {
		return nil, err
	}
	env, alter := transform.NewEnvironment(), ""
	var out []statement
	for _, p := range pieces {
		p.mode = transform.ModeOf(env.Vars[transform.VarClient], env.Vars[transform.VarMode])
		tokens := significant(p.text, p.mode)
		starts := func(words ...string) bool { _, ok := transform.Match(tokens, 0, words...); return ok }
		switch {
		case len(tokens) == 0 || starts("DROP") || starts("USE"):
			continue
		case starts("SET"):
			if err := env.Set(p.text, p.mode); err == nil {
				continue
			}
		case starts("ALTER", "DATABASE"):
			alter = string(p.text) + "; "
			continue
		case starts("CREATE"), starts("DO", "SETVAL"), starts("SELECT", "SETVAL"):
			of, text := asUTF8(env, p.text, p.mode)
			p.env, p.text = of.SQL()+alter, text
			p.mode.Charset = of.Vars[transform.VarClient]
			d.guess(text)
			out = append(out, p)
			continue
		}
		if err := d.refuse(name, p.line, p.text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// asUTF8 is a statement that mydumper has read from the server as it stands there, in UTF-8, and put under SET NAMES binary: so
// restored, the members of an ENUM in latin1 would be other ones. Only a BINARY default has other bytes: it becomes hexadecimal.
func asUTF8(env *transform.Environment, text []byte, m transform.Mode) (*transform.Environment, []byte) {
	if env.Vars[transform.VarClient] != "binary" {
		return env, text
	}
	if !utf8.Valid(text) {
		tokens := transform.Lex(text, m)
		for i, t := range tokens {
			if t.Kind == transform.String && !utf8.Valid(t.Text) {
				tokens[i].Text = fmt.Appendf(nil, "x'%x'", t.Unquote(m))
			}
		}
		hexed := transform.Join(tokens)
		if !utf8.Valid(hexed) {
			return env, text
		}
		text = hexed
	}
	out := transform.NewEnvironment()
	maps.Copy(out.Vars, env.Vars)
	out.Vars[transform.VarClient] = "utf8mb4"
	if out.Vars[transform.VarConnection] == "binary" {
		out.Vars[transform.VarConnection] = "utf8mb4"
	}
	return out, text
}

// cut cuts a file into statements.
func cut(name string, text []byte, byLine bool) (out []statement, err error) {
	scan := transform.NewScanner(bytes.NewReader(text), transform.Mode{Charset: "utf8mb4"}, len(text)+1)
	if byLine {
		scan.ByLine()
	}
	for {
		st, err := scan.Next()
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w: %w", name, foreign.ErrCut, err)
		case st.Unterminated && len(significant(st.Text, scan.Mode())) > 0:
			return nil, &foreign.PlaceError{File: name, Line: int64(st.Line), Err: fmt.Errorf("%w: it ends inside a statement", foreign.ErrCut)}
		}
		out = append(out, statement{text: bytes.Clone(st.Text), line: st.Line})
	}
}

func significant(text []byte, m transform.Mode) []transform.Token {
	var out []transform.Token
	l := transform.NewLexer(text, m)
	for len(out) < 16 { // what a statement begins with
		t, ok := l.Next()
		if !ok {
			break
		}
		if t.Significant() {
			out = append(out, t)
		}
	}
	return out
}

// schemaName is the name of a schema: that of its CREATE DATABASE, or that of its files.
func (d *reading) schemaName(s *schemaFiles, statements []statement) (string, error) {
	for _, st := range statements {
		if kind, _, name, ok := transform.CreateName(st.text, st.mode); ok && kind == "DATABASE" {
			return name, nil
		}
	}
	if strings.HasPrefix(s.part, aliasPrefix) {
		return "", fmt.Errorf("%w: the files of %s have an alias for its name, and %s-schema-create.sql is missing", foreign.ErrDump, s.part, s.part)
	}
	return s.part, nil
}

// aliasPrefix starts what 1.0 writes in place of names that no file can have.
const aliasPrefix = "mydumper_"

// stored adds routines, events, triggers and sequences of a schema's file to it.
func (d *reading) stored(o *dump.FedObject, file string, statements []statement) error {
	for _, st := range statements {
		kind, schema, name, ok := transform.CreateName(st.text, st.mode)
		switch {
		case !ok: // SETVAL
			schema = o.Schema
		case kind == "DATABASE", kind == "SEQUENCE":
			if kind == "DATABASE" {
				schema = name
			}
		case kind == "TRIGGER":
			o.Triggers = append(o.Triggers, name)
		case kind == "EVENT":
			o.Events = append(o.Events, name)
		case kind == "PROCEDURE", kind == "FUNCTION", kind == "PACKAGE", kind == "PACKAGE BODY":
			o.Routines = append(o.Routines, strings.ToLower(kind)+" "+name)
		default:
			return d.refuse(file, st.line, st.text)
		}
		if schema != "" && schema != o.Schema {
			return d.refuse(file, st.line, st.text)
		}
		foreign.AddText(o, file, st.line, st.env, st.text)
	}
	return nil
}

// created finds the CREATE statement of a kind among a table's.
func created(statements []statement, kind string) (st statement, name string, ok bool) {
	for _, st := range statements {
		if k, _, name, ok := transform.CreateName(st.text, st.mode); ok && k == kind {
			return st, name, true
		}
	}
	return st, "", false
}

// object makes the object of a table's, view's or sequence's files, without what its rows tell.
func (d *reading) object(schema string, t *tableFiles, m map[string][]statement) (*dump.FedObject, error) {
	kind, word, file := dump.KindTable, "TABLE", t.create
	switch {
	case t.view != "":
		kind, word, file = dump.KindView, "VIEW", t.view
	case t.sequence != "":
		kind, word, file = dump.KindSequence, "SEQUENCE", t.sequence
	case t.create == "":
		return nil, fmt.Errorf("%w: table %s has files and no definition (-schema.sql)", foreign.ErrDump, mysql.QuoteTable(schema, t.part))
	}
	st, name, ok := created(m[file], word)
	if !ok {
		return nil, fmt.Errorf("%w: %s creates no %s: mydumper could not read it, as its messages say, or read it under ANSI_QUOTES; remove the files of the same name to load the rest",
			foreign.ErrDump, file, strings.ToLower(word))
	}
	o := &dump.FedObject{Object: dump.Object{Kind: kind, Schema: schema, Name: name, Base: schema + "." + name, Rows: -1, Estimated: -1}}
	for _, other := range m[file] {
		if other.line == st.line || kind == dump.KindSequence {
			foreign.AddText(o, file, other.line, other.env, other.text)
		}
	}
	if t.triggers == "" {
		return o, nil
	}
	for _, tr := range m[t.triggers] {
		kind, _, name, ok := transform.CreateName(tr.text, tr.mode)
		if !ok || kind != "TRIGGER" {
			if err := d.refuse(t.triggers, tr.line, tr.text); err != nil {
				return nil, err
			}
			continue
		}
		o.Triggers = append(o.Triggers, name)
		foreign.AddText(o, t.triggers, tr.line, tr.env, tr.text)
	}
	return o, nil
}
