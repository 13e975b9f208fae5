// Package selection reads and applies the patterns that name schemas and tables: `shop`, `shop.ord*`, "`odd.name`.`t`".
// `*` stands for any run of characters and `?` for one; what stands in backticks is taken as it is.
package selection

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Glob is a pattern for one name.
type Glob struct {
	text  string
	parts []part
	exact bool
}

type part struct {
	kind    partKind
	literal string
}

type partKind int

const (
	literal partKind = iota
	anyRun
	anyOne
)

// String is the pattern as the user wrote it.
func (g Glob) String() string { return g.text }

// Exact reports whether the pattern names one object: it holds no `*` and no `?` outside of backticks.
func (g Glob) Exact() bool { return g.exact }

// Name is the name that an exact pattern stands for.
func (g Glob) Name() string {
	var b strings.Builder
	for _, p := range g.parts {
		b.WriteString(p.literal)
	}
	return b.String()
}

// Match reports whether name fits; fold ignores case (lower_case_table_names 1 and 2).
func (g Glob) Match(name string, fold bool) bool {
	if !fold {
		return match(g.parts, name)
	}
	parts := make([]part, len(g.parts))
	for i, p := range g.parts {
		parts[i] = part{kind: p.kind, literal: strings.ToLower(p.literal)}
	}
	return match(parts, strings.ToLower(name))
}

func match(parts []part, s string) bool {
	for i, p := range parts {
		switch p.kind {
		case literal:
			if !strings.HasPrefix(s, p.literal) {
				return false
			}
			s = s[len(p.literal):]
		case anyOne:
			if s == "" {
				return false
			}
			s = s[firstRune(s):]
		case anyRun:
			for rest := s; ; rest = rest[firstRune(rest):] {
				if match(parts[i+1:], rest) {
					return true
				}
				if rest == "" {
					return false
				}
			}
		}
	}
	return s == ""
}

// firstRune is the length of the first character of s, which is not empty.
func firstRune(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// Pattern names tables, views and sequences: schema.table.
type Pattern struct {
	Schema, Table Glob
}

// String is the pattern as the user wrote it.
func (p Pattern) String() string { return p.Schema.text + "." + p.Table.text }

// Exact reports whether the pattern names one table.
func (p Pattern) Exact() bool { return p.Schema.exact && p.Table.exact }

// Match reports whether a table fits.
func (p Pattern) Match(schema, table string, fold bool) bool {
	return p.Schema.Match(schema, fold) && p.Table.Match(table, fold)
}

// The errors of patterns.
var (
	ErrEmpty        = errors.New("empty name")
	ErrUnterminated = errors.New("backtick without its end")
	ErrNoTable      = errors.New("want schema.table")
)

// ParseSchema reads a pattern for schemas. A dot outside of backticks is part of the name.
func ParseSchema(s string) (Glob, error) {
	g, rest, err := parseGlob(s, false)
	if err == nil && rest != "" {
		err = ErrUnterminated
	}
	if err != nil {
		return Glob{}, fmt.Errorf("schema pattern %q: %w", s, err)
	}
	return g, nil
}

// ParseTable reads a pattern for tables: schema.table, cut at the first dot outside of backticks.
func ParseTable(s string) (Pattern, error) {
	schema, rest, err := parseGlob(s, true)
	if err != nil {
		return Pattern{}, fmt.Errorf("table pattern %q: %w", s, err)
	}
	if rest == "" {
		return Pattern{}, fmt.Errorf("table pattern %q: %w", s, ErrNoTable)
	}
	table, _, err := parseGlob(rest[1:], false)
	if err != nil {
		return Pattern{}, fmt.Errorf("table pattern %q: %w", s, err)
	}
	return Pattern{Schema: schema, Table: table}, nil
}

// parseGlob reads one name; with stopAtDot it ends before a dot, which then starts rest.
func parseGlob(s string, stopAtDot bool) (g Glob, rest string, err error) {
	g.exact = true
	i := 0
loop:
	for i < len(s) {
		switch s[i] {
		case '`':
			name, n, err := quoted(s[i:])
			if err != nil {
				return Glob{}, "", err
			}
			g.addLiteral(name)
			i += n
			continue
		case '*':
			g.add(anyRun)
		case '?':
			g.add(anyOne)
		case '.':
			if stopAtDot {
				break loop
			}
			g.addLiteral(".")
		default:
			g.addLiteral(s[i : i+1])
		}
		i++
	}
	if len(g.parts) == 0 {
		return Glob{}, "", ErrEmpty
	}
	g.text = s[:i]
	return g, s[i:], nil
}

func (g *Glob) add(k partKind) {
	g.exact = false
	g.parts = append(g.parts, part{kind: k})
}

func (g *Glob) addLiteral(s string) {
	if n := len(g.parts); n > 0 && g.parts[n-1].kind == literal {
		g.parts[n-1].literal += s
		return
	}
	g.parts = append(g.parts, part{kind: literal, literal: s})
}

// quoted reads a name in backticks and returns it with the bytes that it took.
func quoted(s string) (name string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '`' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '`' {
			b.WriteByte('`')
			i++
			continue
		}
		if b.Len() == 0 {
			return "", 0, ErrEmpty
		}
		return b.String(), i + 1, nil
	}
	return "", 0, ErrUnterminated
}
