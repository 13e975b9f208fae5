package transform

import (
	"errors"
	"fmt"
	"strings"
)

// Environment is the session state that a script asks for by its SET statements. They are understood, never sent as they
// stand: a server gets statements that are built from this.
type Environment struct {
	Vars  map[string]string // by the names below; what was not set is missing
	saved map[string]string // @user variables that hold an earlier value
}

// NewEnvironment is that of a session in which nothing was set.
func NewEnvironment() *Environment {
	return &Environment{Vars: map[string]string{}, saved: map[string]string{}}
}

// These variables decide what a statement means; the others that dumps set have no bearing here.
const (
	VarClient     = "character_set_client"
	VarConnection = "character_set_connection"
	VarCollation  = "collation_connection"
	VarMode       = "sql_mode"
	VarTimeZone   = "time_zone"
	VarForeign    = "foreign_key_checks" // of statements that are run; SQL does not set it
)

// kept reports how a variable is treated: known to the environment, or harmless and passed over.
func kept(name string) (keep, known bool) {
	switch name {
	case VarClient, VarConnection, VarCollation, VarMode, VarTimeZone, VarForeign:
		return true, true
	case "character_set_results", "unique_checks", "sql_notes", "sql_quote_show_create", "sql_log_bin",
		"autocommit", "innodb_strict_mode", "sql_warnings", "explicit_defaults_for_timestamp", "note_verbosity":
		return false, true
	}
	return false, false
}

// Set follows one SET statement. An assignment that a dump does not need is an error.
func (e *Environment) Set(stmt []byte, m Mode) error {
	tokens := significant(Lex(stmt, m))
	if len(tokens) == 0 || !tokens[0].Is("SET") {
		return errors.New("not a SET statement")
	}
	for rest := tokens[1:]; len(rest) > 0; {
		one, after := cutComma(rest)
		if err := e.assign(one, m); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

// SQL is the statements that bring a session to this state, on one line with a blank at its end.
func (e *Environment) SQL() string {
	var b strings.Builder
	for _, name := range []string{VarClient, VarConnection, VarCollation, VarMode, VarTimeZone} {
		if value, ok := e.Vars[name]; ok && (value != "" || name == VarMode) {
			fmt.Fprintf(&b, "SET %s='%s'; ", name, strings.ReplaceAll(value, "'", "''"))
		}
	}
	return b.String()
}

func (e *Environment) assign(tokens []Token, m Mode) error {
	if len(tokens) >= 2 && tokens[0].Is("NAMES") {
		return e.names(tokens[1:], m)
	}
	if len(tokens) == 3 && tokens[0].Is("CHARACTER") && tokens[1].Is("SET") {
		return e.names(tokens[2:], m)
	}
	name, rest := settingName(tokens)
	if len(rest) < 2 || !isAssign(&rest) {
		return fmt.Errorf("SET of %s", Join(tokens))
	}
	value, given, err := e.value(rest, m)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "@") {
		if delete(e.saved, name); given {
			e.saved[name] = value
		}
		return nil
	}
	keep, known := kept(name)
	if !known {
		return fmt.Errorf("SET of %s", Join(tokens))
	}
	if keep {
		if delete(e.Vars, name); given {
			e.Vars[name] = value
		}
		switch name {
		case VarConnection:
			delete(e.Vars, VarCollation)
		case VarCollation:
			delete(e.Vars, VarConnection)
		}
	}
	return nil
}

// names is SET NAMES charset [COLLATE collation].
func (e *Environment) names(tokens []Token, m Mode) error {
	charset := tokens[0].Unquote(m)
	e.Vars[VarClient], e.Vars[VarConnection] = charset, charset
	delete(e.Vars, VarCollation)
	switch {
	case len(tokens) == 1:
		return nil
	case len(tokens) == 3 && tokens[1].Is("COLLATE"):
		e.Vars[VarCollation] = tokens[2].Unquote(m)
		delete(e.Vars, VarConnection)
		return nil
	}
	return fmt.Errorf("SET NAMES %s", Join(tokens))
}

// settingName reads `[SESSION|LOCAL] name`, `@@[session.]name` or `@user`. A global variable has no name here.
func settingName(tokens []Token) (name string, rest []Token) {
	if len(tokens) > 0 && (tokens[0].Is("SESSION") || tokens[0].Is("LOCAL")) {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return "", nil
	}
	name = strings.ToLower(string(tokens[0].Text))
	switch {
	case tokens[0].Kind == Variable && strings.HasPrefix(name, "@@"):
		name = strings.TrimPrefix(strings.TrimPrefix(name[2:], "session."), "local.")
	case tokens[0].Kind == Variable, tokens[0].Kind == Word:
	case tokens[0].Kind == QuotedName:
		name = strings.Trim(name, "`")
	default:
		return "", nil
	}
	return name, tokens[1:]
}

// isAssign takes `=` or `:=` off the front.
func isAssign(tokens *[]Token) bool {
	t := *tokens
	if t[0].Is(":=") || t[0].Is("=") {
		*tokens = t[1:]
		return true
	}
	if len(t) > 2 && t[0].Is(":") && t[1].Is("=") {
		*tokens = t[2:]
		return true
	}
	return false
}

// value reads a literal, a word, a saved @variable or a @@variable; given is false for a variable that nothing was set to.
func (e *Environment) value(tokens []Token, m Mode) (value string, given bool, err error) {
	if len(tokens) == 2 && tokens[0].Is("-") {
		return "-" + string(tokens[1].Text), true, nil
	}
	if len(tokens) >= 6 && tokens[0].Is("IFNULL") && tokens[1].Is("(") && tokens[3].Is(",") && tokens[len(tokens)-1].Is(")") { // HeidiSQL's footer
		if value, given, err = e.value(tokens[2:3], m); err != nil || given {
			return value, given, err
		}
		return "", false, nil // what it was before, which is not known
	}
	if len(tokens) != 1 {
		return "", false, fmt.Errorf("SET to %s", Join(tokens))
	}
	t := tokens[0]
	if t.Kind != Variable {
		return t.Unquote(m), true, nil
	}
	name, _ := settingName(tokens)
	if strings.HasPrefix(name, "@") {
		value, given = e.saved[name]
		return value, given, nil
	}
	value, given = e.Vars[name]
	return value, given, nil
}

// cutComma splits at the first comma outside of parentheses.
func cutComma(tokens []Token) (before, after []Token) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is(","):
			return tokens[:i], tokens[i+1:]
		}
	}
	return tokens, nil
}
