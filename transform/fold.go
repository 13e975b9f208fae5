package transform

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrNotFolded is FoldAlter's error for an ALTER TABLE that is no late part of its table's definition.
var ErrNotFolded = errors.New("not a part of the table's definition")

// AlterName is the table that an ALTER TABLE statement names; schema is empty where the name is not qualified.
func AlterName(stmt []byte, m Mode) (schema, name string, ok bool) {
	schema, name, _, ok = alterActions(Lex(stmt, m), m)
	return schema, name, ok
}

// alterActions reads ALTER TABLE [schema.]name, and gives what follows.
func alterActions(tokens []Token, m Mode) (schema, name string, actions []Token, ok bool) {
	i, ok := Match(tokens, 0, "ALTER", "TABLE")
	if i = Skip(tokens, i); !ok || i >= len(tokens) || !tokens[i].isName() {
		return "", "", nil, false
	}
	name = tokens[i].Unquote(m)
	i++
	if j := Skip(tokens, i); j < len(tokens) && tokens[j].Is(".") {
		if j = Skip(tokens, j+1); j >= len(tokens) || !tokens[j].isName() {
			return "", "", nil, false
		}
		schema, name, i = name, tokens[j].Unquote(m), j+1
	}
	return schema, name, tokens[i:], true
}

// FoldAlter brings an ALTER TABLE statement that completes a table's definition into its CREATE TABLE, as phpMyAdmin splits them:
// ADD of keys, foreign keys and checks, MODIFY of a column that gets AUTO_INCREMENT and is else the same, and the option
// AUTO_INCREMENT. Anything else is ErrNotFolded: it might change rows that are there.
func FoldAlter(create, alter []byte, m Mode) ([]byte, error) {
	_, _, actions, ok := alterActions(Lex(alter, m), m)
	if !ok || crosses(trim(actions)) {
		return nil, ErrNotFolded
	}
	folded := create
	for _, action := range splitCommas(actions) {
		var err error
		if folded, err = foldAction(folded, trim(action), m); err != nil {
			return nil, err
		}
	}
	if !sameColumns(create, folded, m) {
		return nil, notFolded(actions) // a quote that nothing closes, and the like
	}
	return folded, nil
}

// sameColumns reports whether two CREATE TABLE statements have columns of the same names.
func sameColumns(a, b []byte, m Mode) bool {
	before, errBefore := Columns(a, m)
	after, errAfter := Columns(b, m)
	return errBefore == nil && errAfter == nil && slices.EqualFunc(before, after, func(a, b ColumnDef) bool { return a.Name == b.Name })
}

func foldAction(create []byte, action []Token, m Mode) ([]byte, error) {
	if i, ok := Match(action, 0, "ADD"); ok {
		return foldKey(create, trim(action[i:]), m)
	}
	if i, ok := Match(action, 0, "MODIFY"); ok {
		if j, ok := Match(action, i, "COLUMN"); ok {
			i = j
		}
		return foldColumn(create, trim(action[i:]), m)
	}
	if i, ok := Match(action, 0, "AUTO_INCREMENT"); ok {
		return foldNextValue(create, significant(action[i:]), m)
	}
	return nil, notFolded(action)
}

func notFolded(action []Token) error {
	return fmt.Errorf("%w: %.60s", ErrNotFolded, Join(action))
}

// foldKey adds a key or a constraint behind the others.
func foldKey(create []byte, added []Token, m Mode) ([]byte, error) {
	t, err := readTable(create, m)
	if err != nil || len(t.elements) == 0 {
		return nil, notFolded(added)
	}
	has := func(word string) bool {
		return slices.ContainsFunc(outside(added), func(t Token) bool { return t.Is(word) })
	}
	switch e := readElement(added, m); {
	case e.whole, e.kind == columnDef:
		return nil, notFolded(added)
	case e.kind == otherElement && !has("CHECK"), has("PARTITION"):
		return nil, notFolded(added)
	}
	last := t.elements[len(t.elements)-1].text
	at := t.bodyTo
	if tokens := Lex(last, m); len(tokens) > 0 && tokens[len(tokens)-1].Kind == Space {
		at -= len(tokens[len(tokens)-1].Text)
		if len(tokens) > 1 && tokens[len(tokens)-2].Kind == Comment {
			at = t.bodyTo // a comment may reach to the end of its line
		}
	}
	return slices.Concat(create[:at], []byte(",\n  "), Join(added), create[at:]), nil
}

// foldColumn gives a column AUTO_INCREMENT.
func foldColumn(create []byte, column []Token, m Mode) ([]byte, error) {
	t, err := readTable(create, m)
	given := readElement(column, m)
	if err != nil || given.kind != columnDef || given.whole {
		return nil, notFolded(column)
	}
	at := t.bodyFrom
	for _, e := range t.elements {
		if e.kind != columnDef || !strings.EqualFold(e.name, given.name) {
			at += len(e.text) + 1
			continue
		}
		if e.whole || !sameColumn(Lex([]byte(e.body), m), column) {
			return nil, notFolded(column)
		}
		at += bytes.Index(e.text, []byte(e.body))
		return slices.Concat(create[:at], Join(column), create[at+len(e.body):]), nil
	}
	return nil, notFolded(column)
}

// sameColumn reports whether two definitions of a column are the same but for AUTO_INCREMENT.
func sameColumn(a, b []Token) bool {
	plain := func(tokens []Token) []Token {
		return slices.DeleteFunc(significant(tokens), func(t Token) bool { return t.Is("AUTO_INCREMENT") })
	}
	return slices.EqualFunc(plain(a)[1:], plain(b)[1:], func(a, b Token) bool { // behind the name, which has been compared
		return bytes.Equal(a.Text, b.Text) || a.Kind == Word && bytes.EqualFold(a.Text, b.Text)
	})
}

// foldNextValue sets the option AUTO_INCREMENT.
func foldNextValue(create []byte, value []Token, m Mode) ([]byte, error) {
	if len(value) == 2 && value[0].Is("=") {
		value = value[1:]
	}
	if len(value) != 1 || value[0].Kind != Number {
		return nil, notFolded(value)
	}
	n, err := strconv.ParseUint(string(value[0].Text), 10, 64)
	if err != nil {
		return nil, notFolded(value)
	}
	t, err := readTable(create, m)
	if err != nil || len(t.elements) == 0 || t.nextValue != 0 && t.nextValue != n {
		return nil, notFolded(value)
	}
	at := t.bodyTo + 1 // behind the closing parenthesis
	return slices.Concat(create[:at], fmt.Appendf(nil, " AUTO_INCREMENT=%d", n), create[at:]), nil
}
