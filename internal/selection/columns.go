package selection

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoColumn is a pattern that wants a column and has none.
var ErrNoColumn = errors.New("want schema.table.column")

// ParseColumn reads schema.table.column: the table is a pattern, the column a name.
func ParseColumn(s string) (table Pattern, column string, err error) {
	schema, rest, err := parseGlob(s, true)
	if err == nil && rest == "" {
		err = ErrNoColumn
	}
	var name Glob
	if err == nil {
		name, rest, err = parseGlob(rest[1:], true)
	}
	if err == nil && rest == "" {
		err = ErrNoColumn
	}
	if err != nil {
		return Pattern{}, "", fmt.Errorf("column %q: %w", s, err)
	}
	last, _, err := parseGlob(rest[1:], false)
	if err == nil && !last.Exact() {
		err = errors.New("the column is a name, and no pattern")
	}
	if err != nil {
		return Pattern{}, "", fmt.Errorf("column %q: %w", s, err)
	}
	return Pattern{Schema: schema, Table: name}, last.Name(), nil
}

// ParseNames reads names with commas between them, odd ones in backticks.
func ParseNames(s string) (names []string, err error) {
	for {
		s = strings.TrimLeft(s, " ")
		name, n := "", 0
		if strings.HasPrefix(s, "`") {
			if name, n, err = quoted(s); err != nil {
				return nil, fmt.Errorf("names %q: %w", s, err)
			}
		} else if n = strings.IndexByte(s, ','); n < 0 {
			n = len(s)
		}
		if name == "" {
			name = strings.TrimSpace(s[:n])
		}
		if name == "" {
			return nil, fmt.Errorf("names %q: %w", s, ErrEmpty)
		}
		names = append(names, name)
		s = strings.TrimLeft(s[n:], " ")
		if s == "" {
			return names, nil
		}
		if s[0] != ',' {
			return nil, fmt.Errorf("names: want a comma before %q", s)
		}
		s = s[1:]
	}
}

// CutAtEqual cuts at the first = that is not part of a name in backticks.
func CutAtEqual(s string) (before, after string, ok bool) {
	inName := false
	for i := range len(s) {
		switch s[i] {
		case '`':
			inName = !inName
		case '=':
			if !inName {
				return s[:i], s[i+1:], true
			}
		}
	}
	return s, "", false
}
