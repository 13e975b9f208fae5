package loader

import (
	"fmt"

	"github.com/gomove/gomove/transform"
)

// environment is the session state that a dump's file asks for. A setting that no dump needs is ErrUnsafe.
type environment struct {
	*transform.Environment
	vars map[string]string // its Vars
}

func newEnvironment() *environment {
	e := transform.NewEnvironment()
	return &environment{e, e.Vars}
}

// These variables decide what a statement means.
const (
	varClient     = transform.VarClient
	varConnection = transform.VarConnection
	varCollation  = transform.VarCollation
	varMode       = transform.VarMode
	varTimeZone   = transform.VarTimeZone
	varDatabase   = "collation of the schema" // ALTER DATABASE sets it
)

// set follows one SET statement.
func (e *environment) set(stmt []byte, m transform.Mode) error {
	if err := e.Set(stmt, m); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	return nil
}

// significant drops white space, comments and the marks of versioned comments.
func significant(tokens []transform.Token) []transform.Token {
	out := make([]transform.Token, 0, len(tokens))
	for _, t := range tokens {
		if t.Significant() {
			out = append(out, t)
		}
	}
	return out
}
