package transform

import (
	"errors"
	"strconv"
)

// ErrUnclear is a versioned comment that servers read differently.
var ErrUnclear = errors.New("versioned comment that servers read differently")

// Executed is a statement as a target executes it: versioned comments that it does not execute are gone, and so are the
// marks of those that it does.
func Executed(tokens []Token, to Target) ([]Token, error) {
	out := make([]Token, 0, len(tokens))
	depth := 0      // of versioned comments
	passedOver := 0 // the depth of the one that the target does not execute; 0: none
	for _, t := range tokens {
		switch t.Kind {
		case VersionedOpen:
			if passedOver > 0 {
				return nil, ErrUnclear
			}
			depth++
			executed, err := to.executes(t.Text)
			if err != nil {
				return nil, err
			}
			if !executed {
				passedOver = depth
			}
		case VersionedClose:
			if passedOver == depth {
				passedOver = 0
			}
			depth--
		default:
			if passedOver == 0 {
				out = append(out, t)
			}
			continue
		}
		out = append(out, Token{Kind: Space, Text: []byte{' '}})
	}
	return out, nil
}

// executes reports whether a target executes what stands in a versioned comment with this opening. MariaDB passes over
// versions 5.7 to 9.99, which are MySQL's; MySQL takes /*M! for a plain comment, and before 8.0 reads five digits only
// (sql/sql_lex.cc of each).
func (t Target) executes(opening []byte) (bool, error) {
	mark, maria := 3, false
	if opening[2] == 'M' {
		mark, maria = 4, true
	}
	digits := string(opening[mark:])
	if len(digits) == 6 && !t.isMariaDB() && t.mysqlBefore(80000) && !maria {
		return false, ErrUnclear
	}
	version, err := strconv.Atoi(digits)
	if digits == "" {
		version, err = 0, nil
	}
	switch {
	case err != nil:
		return false, ErrUnclear
	case !t.isMariaDB():
		return !maria && version <= t.Number, nil
	case !maria && version >= 50700 && version <= 99999:
		return false, nil
	}
	return version <= t.Number, nil
}
