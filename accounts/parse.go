package accounts

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/transform"
)

// maxStatement bounds one statement, in bytes: a grant names at most 4,096 columns.
const maxStatement = 1 << 20

// maxAccounts bounds what a file may hold.
const maxAccounts = 1_000_000

var errNotUnderstood = errors.New("not understood")

// Parse reads the statements of a dump's accounts. What it does not understand goes to Unread of the account before it.
func Parse(r io.Reader) (all []*Account, err error) {
	byName := map[Name]*Account{}
	scan := transform.NewScanner(r, lexMode(), maxStatement)
	for {
		raw, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		p := newParser(raw.Text)
		if raw.Unterminated && p.end() {
			return all, nil
		}
		if raw.Unterminated || len(all) > maxAccounts {
			return nil, fmt.Errorf("line %d: the file ends before the statement does, it may have been cut", raw.Line)
		}
		a, err := p.statement(byName)
		switch {
		case err == nil && a != nil && byName[a.Name] == nil:
			byName[a.Name] = a
			all = append(all, a)
		case err != nil && len(all) > 0:
			last := all[len(all)-1]
			last.Unread = append(last.Unread, fmt.Sprintf("line %d: %s", raw.Line, firstWords(p.tokens)))
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", raw.Line, err)
		}
	}
}

func lexMode() transform.Mode { return transform.Mode{Charset: "utf8mb4"} }

// parser walks over a statement's significant tokens.
type parser struct {
	tokens []transform.Token
	at     int
}

func newParser(text []byte) *parser {
	p := &parser{}
	for _, t := range transform.Lex(text, lexMode()) {
		if t.Significant() {
			p.tokens = append(p.tokens, transform.Token{Kind: t.Kind, Text: slices.Clone(t.Text)})
		}
	}
	return p
}

// firstWords is the start of a statement for messages: it never reaches a password.
func firstWords(tokens []transform.Token) string {
	var words []string
	for _, t := range tokens[:min(len(tokens), 4)] {
		words = append(words, string(t.Text))
	}
	return strings.Join(words, " ") + " ..."
}

func (p *parser) end() bool { return p.at >= len(p.tokens) }

func (p *parser) is(word string) bool { return !p.end() && p.tokens[p.at].Is(word) }

// take passes over these words, all or none of them.
func (p *parser) take(words ...string) bool {
	after, ok := transform.Match(p.tokens, p.at, words...)
	if ok {
		p.at = after
	}
	return ok
}

// value is the text of the next token, without its quotes.
func (p *parser) value() (string, error) {
	if p.end() {
		return "", errNotUnderstood
	}
	t := p.tokens[p.at]
	p.at++
	if text := string(t.Text); t.Kind == transform.Number && (strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X")) {
		b, err := hex.DecodeString(text[2:])
		return string(b), err
	}
	return t.Unquote(lexMode()), nil
}

// name reads `user`@`host`, or `role`.
func (p *parser) name() (n Name, err error) {
	if p.end() || !isName(p.tokens[p.at]) {
		return n, errNotUnderstood
	}
	if n.User, err = p.value(); err != nil || p.end() {
		return n, err
	}
	if t := p.tokens[p.at]; t.Kind == transform.Variable && len(t.Text) > 1 {
		p.at++
		n.Host = transform.Token{Kind: transform.QuotedName, Text: t.Text[1:]}.Unquote(lexMode())
		if q := t.Text[1]; q != '`' && q != '\'' && q != '"' {
			n.Host = string(t.Text[1:])
		}
	}
	return n, nil
}

func isName(t transform.Token) bool {
	return t.Kind == transform.QuotedName || t.Kind == transform.String || t.Kind == transform.Word
}

func (p *parser) names() (all []Name, err error) {
	for {
		n, err := p.name()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if !p.take(",") {
			return all, nil
		}
	}
}

// statement reads one statement. A CREATE gives a new account; the others are about one that there is.
func (p *parser) statement(byName map[Name]*Account) (*Account, error) {
	switch {
	case p.end(), p.is("SET") && !p.take("SET", "DEFAULT", "ROLE"):
		return nil, nil // of the file's head
	case p.take("CREATE", "USER"), p.take("CREATE", "ROLE"):
		a := &Account{Role: p.tokens[p.at-1].Is("ROLE")}
		var err error
		if a.Name, err = p.name(); err != nil {
			return nil, err
		}
		if err := p.tail(a); err != nil {
			return nil, err
		}
		// MySQL's own way to make a role: an account with which nobody can log in.
		a.Role = a.Role || a.Locked && a.Expired && len(a.Auth) > 0 && a.Auth[0].Hash == ""
		return a, nil
	case p.take("GRANT"):
		return nil, p.grant(byName, "TO")
	case p.take("REVOKE"):
		return nil, p.grant(byName, "FROM")
	}
	if p.at == 0 { // no SET DEFAULT ROLE
		return nil, errNotUnderstood
	}
	roles, err := p.names()
	if err != nil || !p.take("FOR") && !p.take("TO") {
		return nil, errNotUnderstood
	}
	n, err := p.name()
	if a := byName[n]; err == nil && a != nil {
		a.DefaultRoles = roles
		return nil, nil
	}
	return nil, errNotUnderstood
}

// grant reads what follows GRANT or REVOKE.
func (p *parser) grant(byName map[Name]*Account, direction string) error {
	g, err := p.given(direction)
	if err != nil || !p.take(direction) {
		return errNotUnderstood
	}
	n, err := p.name()
	a := byName[n]
	if err != nil || a == nil {
		return errNotUnderstood
	}
	before := *a
	if err := p.tail(a); err != nil {
		return err
	}
	// What CREATE USER has told stands: MariaDB's first GRANT tells it again.
	if before.Auth != nil {
		a.Auth = before.Auth
	}
	if before.Require != nil {
		a.Require = before.Require
	}
	if before.Limits != nil {
		a.Limits = before.Limits
	}
	if slices.Contains(a.Options, grantOption) {
		g.Option = true
		a.Options = before.Options
	}
	if direction == "FROM" {
		a.Revokes = append(a.Revokes, g)
		return nil
	}
	if len(g.Privileges) != 1 || g.Privileges[0].Name != usage || g.Option {
		a.Grants = append(a.Grants, g)
	}
	return nil
}

// given reads the privileges, roles or account that are given, and on what.
func (p *parser) given(direction string) (g Grant, err error) {
	if p.take("PROXY", "ON") {
		n, err := p.name()
		g.Proxy = &n
		return g, err
	}
	if t := p.tokens[p.at:]; len(t) > 0 && t[0].Kind == transform.QuotedName {
		g.Roles, err = p.names()
		return g, err
	}
	for !p.take("ON") {
		one, err := p.privilege()
		if err != nil || p.is(direction) {
			return g, errNotUnderstood
		}
		g.Privileges = append(g.Privileges, one)
	}
	for _, kind := range []string{"PACKAGE BODY", "PACKAGE", "PROCEDURE", "FUNCTION"} {
		if p.take(strings.Fields(kind)...) {
			g.On = kind
			break
		}
	}
	p.take("TABLE")
	if g.Schema, err = p.value(); err != nil || !p.take(".") {
		return g, errNotUnderstood
	}
	g.Object, err = p.value()
	return g, err
}

// privilege reads one, with its columns and the comma behind it.
func (p *parser) privilege() (one Privilege, err error) {
	var words []string
	for !p.end() && p.tokens[p.at].Kind == transform.Word && !p.is("ON") {
		words = append(words, strings.ToUpper(string(p.tokens[p.at].Text)))
		p.at++
	}
	if one.Name = strings.Join(words, " "); one.Name == "" {
		return one, errNotUnderstood
	}
	if p.take("(") {
		for !p.take(")") {
			c, err := p.value()
			if err != nil {
				return one, err
			}
			one.Columns = append(one.Columns, c)
			p.take(",")
		}
	}
	p.take(",")
	return one, nil
}
