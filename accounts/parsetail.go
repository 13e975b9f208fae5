package accounts

import "strings"

// tail reads what CREATE USER, and before MySQL 8 GRANT, say of an account behind its name. WITH GRANT OPTION and WITH ADMIN OPTION
// stand in Options afterwards, as grantOption.
func (p *parser) tail(a *Account) error {
	for !p.end() {
		var err error
		switch {
		case p.take("IDENTIFIED"):
			err = p.identified(a)
		case p.take("AND"): // of MySQL's further factors, each with its IDENTIFIED
			a.Factors++
		case p.take("OR"):
			err = p.way(a)
		case p.take("DEFAULT", "ROLE"):
			a.DefaultRoles, err = p.names()
		case p.take("REQUIRE"):
			err = p.require(a)
		case p.take("WITH"):
			err = p.with(a)
		default:
			err = p.option(a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// identified reads WITH 'plugin' [AS 'hash'], BY PASSWORD 'hash', or VIA plugin [USING 'hash'] [OR ...].
func (p *parser) identified(a *Account) error {
	if p.take("BY", "PASSWORD") {
		hash, err := p.value()
		a.Auth = append(a.Auth, Auth{nativePassword, hash})
		return err
	}
	if p.take("VIA") || p.take("WITH") {
		return p.way(a)
	}
	return errNotUnderstood
}

const nativePassword = "mysql_native_password"

// way reads a plugin and its hash.
func (p *parser) way(a *Account) (err error) {
	var w Auth
	if w.Plugin, err = p.value(); err != nil {
		return err
	}
	if p.take("AS") || p.take("USING") {
		if w.Hash, err = p.value(); err != nil {
			return err
		}
	}
	if a.Factors == 0 {
		a.Auth = append(a.Auth, w)
	}
	return nil
}

func (p *parser) require(a *Account) error {
	a.Require = nil
	for {
		switch {
		case p.take("NONE"):
		case p.take("SSL"):
			a.Require = append(a.Require, "SSL")
		case p.take("X509"):
			a.Require = append(a.Require, "X509")
		case p.is("SUBJECT"), p.is("ISSUER"), p.is("CIPHER"):
			word := strings.ToUpper(string(p.tokens[p.at].Text))
			p.at++
			text, err := p.value()
			if err != nil {
				return err
			}
			a.Require = append(a.Require, word+" "+quoteText(text))
		case p.take("AND"):
		default:
			return nil
		}
	}
}

// with reads limits, and the option of a GRANT.
func (p *parser) with(a *Account) error {
	for {
		switch {
		case p.take("GRANT", "OPTION"), p.take("ADMIN", "OPTION"):
			a.Options = append(a.Options, grantOption)
		case !p.end() && strings.HasPrefix(strings.ToUpper(string(p.tokens[p.at].Text)), "MAX_"):
			word := strings.ToUpper(string(p.tokens[p.at].Text))
			p.at++
			n, err := p.value()
			if err != nil || !isNumber(n) || !isLimit(word) {
				return errNotUnderstood
			}
			a.Limits = append(a.Limits, word+" "+n)
		default:
			return nil
		}
	}
}

func isLimit(word string) bool {
	switch word {
	case "MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS", "MAX_STATEMENT_TIME":
		return true
	}
	return false
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

// option reads one of ACCOUNT, PASSWORD and the like. What is the default is passed over.
func (p *parser) option(a *Account) error {
	for _, o := range []struct {
		words string
		value func(p *parser) (string, error) // nil: none
	}{
		{"ACCOUNT LOCK", nil}, {"ACCOUNT UNLOCK", nil},
		{"PASSWORD EXPIRE INTERVAL", days}, {"PASSWORD EXPIRE DEFAULT", nil}, {"PASSWORD EXPIRE NEVER", nil}, {"PASSWORD EXPIRE", nil},
		{"PASSWORD HISTORY DEFAULT", nil}, {"PASSWORD HISTORY", count},
		{"PASSWORD REUSE INTERVAL DEFAULT", nil}, {"PASSWORD REUSE INTERVAL", days},
		{"PASSWORD REQUIRE CURRENT DEFAULT", nil}, {"PASSWORD REQUIRE CURRENT OPTIONAL", nil}, {"PASSWORD REQUIRE CURRENT", nil},
		{"FAILED_LOGIN_ATTEMPTS", count}, {"PASSWORD_LOCK_TIME UNBOUNDED", nil}, {"PASSWORD_LOCK_TIME", count},
		{"ATTRIBUTE", quotedText}, {"COMMENT", quotedText},
	} {
		if !p.take(strings.Fields(o.words)...) {
			continue
		}
		switch {
		case o.words == "ACCOUNT LOCK":
			a.Locked = true
		case o.words == "PASSWORD EXPIRE":
			a.Expired = true
		case strings.HasSuffix(o.words, "UNLOCK"), strings.HasSuffix(o.words, "DEFAULT"):
		case o.value == nil:
			a.Options = append(a.Options, o.words)
		default:
			v, err := o.value(p)
			if err != nil {
				return err
			}
			a.Options = append(a.Options, o.words+" "+v)
		}
		return nil
	}
	return errNotUnderstood
}

func count(p *parser) (string, error) {
	v, err := p.value()
	if err != nil || !isNumber(v) {
		return "", errNotUnderstood
	}
	return v, nil
}

func days(p *parser) (string, error) {
	v, err := count(p)
	if err != nil || !p.take("DAY") {
		return "", errNotUnderstood
	}
	return v + " DAY", nil
}

func quotedText(p *parser) (string, error) {
	v, err := p.value()
	return quoteText(v), err
}

// quoteText is a literal where the grammar takes no other than a plain string. It is for sessions without NO_BACKSLASH_ESCAPES.
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''", "\x00", `\0`).Replace(s) + "'"
}
