package loader

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/transform"
)

// environment is the session state that a dump's file asks for by its SET statements. They are understood, never sent
// as they stand: the target gets statements that gomove builds from this.
type environment struct {
	vars  map[string]string // character_set_client, collation_connection, sql_mode, time_zone
	saved map[string]string // @user variables that hold an earlier value
}

func newEnvironment() *environment {
	return &environment{vars: map[string]string{}, saved: map[string]string{}}
}

// These variables decide what a statement means; the others that dumps set have no bearing here.
const (
	varClient     = "character_set_client"
	varConnection = "character_set_connection"
	varCollation  = "collation_connection"
	varMode       = "sql_mode"
	varTimeZone   = "time_zone"
	varDatabase   = "collation of the schema" // ALTER DATABASE sets it
)

// kept reports how a variable is treated: known to the environment, or harmless and passed over.
func kept(name string) (keep, known bool) {
	switch name {
	case varClient, varConnection, varCollation, varMode, varTimeZone:
		return true, true
	case "character_set_results", "foreign_key_checks", "unique_checks", "sql_notes", "sql_quote_show_create", "sql_log_bin",
		"autocommit", "innodb_strict_mode", "sql_warnings", "explicit_defaults_for_timestamp":
		return false, true
	}
	return false, false
}

// set follows one SET statement. An assignment that a dump does not need is an error.
func (e *environment) set(stmt []byte, m transform.Mode) error {
	tokens := significant(transform.Lex(stmt, m))
	if len(tokens) == 0 || !tokens[0].Is("SET") {
		return fmt.Errorf("%w: not a SET statement", ErrUnsafe)
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

func (e *environment) assign(tokens []transform.Token, m transform.Mode) error {
	if len(tokens) >= 2 && tokens[0].Is("NAMES") {
		return e.names(tokens[1:], m)
	}
	if len(tokens) == 3 && tokens[0].Is("CHARACTER") && tokens[1].Is("SET") {
		return e.names(tokens[2:], m)
	}
	name, rest := variableName(tokens)
	if len(rest) < 2 || !isAssign(&rest) {
		return fmt.Errorf("%w: SET of %s", ErrUnsafe, transform.Join(tokens))
	}
	value, err := e.value(rest, m)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "@") {
		e.saved[name] = value
		return nil
	}
	keep, known := kept(name)
	if !known {
		return fmt.Errorf("%w: SET of %s", ErrUnsafe, transform.Join(tokens))
	}
	if keep {
		e.vars[name] = value
		switch name {
		case varConnection:
			delete(e.vars, varCollation)
		case varCollation:
			delete(e.vars, varConnection)
		}
	}
	return nil
}

// names is SET NAMES charset [COLLATE collation].
func (e *environment) names(tokens []transform.Token, m transform.Mode) error {
	charset := tokens[0].Unquote(m)
	e.vars[varClient], e.vars[varConnection] = charset, charset
	delete(e.vars, varCollation)
	switch {
	case len(tokens) == 1:
		return nil
	case len(tokens) == 3 && tokens[1].Is("COLLATE"):
		e.vars[varCollation] = tokens[2].Unquote(m)
		delete(e.vars, varConnection)
		return nil
	}
	return fmt.Errorf("%w: SET NAMES %s", ErrUnsafe, transform.Join(tokens))
}

// variableName reads `[SESSION|LOCAL] name`, `@@[session.]name` or `@user`. A global variable has no name here.
func variableName(tokens []transform.Token) (name string, rest []transform.Token) {
	if len(tokens) > 0 && (tokens[0].Is("SESSION") || tokens[0].Is("LOCAL")) {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return "", nil
	}
	name = strings.ToLower(string(tokens[0].Text))
	switch {
	case tokens[0].Kind == transform.Variable && strings.HasPrefix(name, "@@"):
		name = strings.TrimPrefix(strings.TrimPrefix(name[2:], "session."), "local.")
	case tokens[0].Kind == transform.Variable, tokens[0].Kind == transform.Word:
	case tokens[0].Kind == transform.QuotedName:
		name = strings.Trim(name, "`")
	default:
		return "", nil
	}
	return name, tokens[1:]
}

// isAssign takes `=` or `:=` off the front.
func isAssign(tokens *[]transform.Token) bool {
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

// value reads a literal, a word, a saved @variable or a @@variable.
func (e *environment) value(tokens []transform.Token, m transform.Mode) (string, error) {
	if len(tokens) == 2 && tokens[0].Is("-") {
		return "-" + string(tokens[1].Text), nil
	}
	if len(tokens) != 1 {
		return "", fmt.Errorf("%w: SET to %s", ErrUnsafe, transform.Join(tokens))
	}
	t := tokens[0]
	if t.Kind != transform.Variable {
		return t.Unquote(m), nil
	}
	name, _ := variableName(tokens)
	if strings.HasPrefix(name, "@") {
		return e.saved[name], nil
	}
	return e.vars[name], nil
}

// significant drops white space, comments and the marks of versioned comments.
func significant(tokens []transform.Token) []transform.Token {
	out := tokens[:0:0]
	for _, t := range tokens {
		if t.Significant() {
			out = append(out, t)
		}
	}
	return out
}

// cutComma splits at the first comma outside of parentheses.
func cutComma(tokens []transform.Token) (before, after []transform.Token) {
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
