package accounts

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// ErrDenied is an account that may not create others at all.
var ErrDenied = errors.New("the loading account may not create accounts: GRANT CREATE USER ON *.* to it, or leave out --users")

// Exec runs one statement on the target.
type Exec func(ctx context.Context, statement string) error

// errExists is what CREATE USER and CREATE ROLE say of an account that is there.
const errExists = 1396

// Create makes an account without its grants. An error is one that ends the load; an account that the target refuses stands in the report.
func (t *Target) Create(ctx context.Context, exec Exec, a *Account) error {
	statement, more := t.creation(a)
	err := exec(ctx, statement)
	switch n := mysql.Number(err); {
	case err == nil, n == errExists && t.there[a.Name]:
	case n == 0 || mysql.IsConnectionLost(err):
		return err
	case n == 1227 || n == 1044 || n == 1045 || n == 1142:
		return fmt.Errorf("%w: account %s: error %d", ErrDenied, a, n)
	default:
		note(&t.Report.Failed, "%s: %s", a, reason(err))
		a.Grants, a.Revokes, a.DefaultRoles = nil, nil, nil
		return nil
	}
	t.there[a.Name] = true
	for _, m := range more {
		if err := exec(ctx, m.statement); err != nil {
			if mysql.Number(err) == 0 || mysql.IsConnectionLost(err) {
				return err
			}
			note(&t.Report.Changed, "%s: without %s: %s", a, m.what, reason(err))
		}
	}
	note(&t.Report.Created, "%s", a)
	return nil
}

// note adds a line to a list, once: after a lost connection an account is looked at again.
func note(list *[]string, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if !slices.Contains(*list, line) {
		*list = append(*list, line)
	}
}

// reason is a refusal for messages. The text of a syntax error repeats the statement, and with it a hash.
func reason(err error) string {
	switch n := mysql.Number(err); n {
	case 1064, 1149:
		return fmt.Sprintf("this server does not know it (error %d)", n)
	case 1044, 1045, 1227, 1142, 1410, 4151:
		return fmt.Sprintf("the loading account may not (error %d)", n)
	}
	return err.Error()
}

// also is a statement that completes an account, and what would be missing without it.
type also struct{ statement, what string }

// creation is what makes an account: one statement, so that nobody can log in between two, and the options that a server may lack.
func (t *Target) creation(a *Account) (statement string, more []also) {
	name := a.Quoted()
	if a.Role {
		return "CREATE ROLE " + name, nil
	}
	identified, locked := t.identified(a)
	if a.Locked && !locked && !t.locks() {
		identified = t.unknownPassword()
		note(&t.Report.Locked, "%s: it was locked, which this server does not have: it has a password that nobody knows", a)
	}
	statement = "CREATE USER " + name + identified
	old := t.before(50706, 100200)
	rest := t.demands(a)
	if !old {
		statement += rest
		rest = ""
	}
	if (locked || a.Locked) && t.locks() {
		statement += " ACCOUNT LOCK"
	}
	if rest != "" {
		more = append(more, also{"GRANT USAGE ON *.* TO " + name + rest, strings.TrimSpace(rest)})
	}
	if a.Expired && !a.Locked && !(t.isMariaDB() && t.before(0, 100403)) {
		more = append(more, also{"ALTER USER " + name + " PASSWORD EXPIRE", "PASSWORD EXPIRE"})
	}
	for _, o := range a.Options {
		if !t.knowsOption(o) {
			note(&t.Report.Changed, "%s: without %s, which this server does not have", a, o)
			continue
		}
		more = append(more, also{"ALTER USER " + name + " " + o, o})
	}
	if a.Factors > 0 {
		note(&t.Report.Changed, "%s: without its further authentication factors", a)
	}
	return statement, more
}

// demands is REQUIRE and the limits.
func (t *Target) demands(a *Account) string {
	s := ""
	if len(a.Require) > 0 {
		s = " REQUIRE " + strings.Join(a.Require, " AND ")
	}
	var limits []string
	for _, l := range a.Limits {
		if strings.HasPrefix(l, "MAX_STATEMENT_TIME") && !t.isMariaDB() {
			note(&t.Report.Changed, "%s: without %s, which this server does not have", a, l)
			continue
		}
		limits = append(limits, l)
	}
	if len(limits) > 0 {
		s += " WITH " + strings.Join(limits, " ")
	}
	return s
}

// knowsOption reports whether the target has an option of passwords.
func (t *Target) knowsOption(o string) bool {
	if strings.HasPrefix(o, "PASSWORD EXPIRE") {
		return !t.before(50706, 100403)
	}
	return !t.isMariaDB() && !t.before(80000, 0)
}

// identified is how an account logs in: by the first of its ways that the target has. Where it has none the account is locked, with a
// password that nobody knows: without the lock it would be open to all.
func (t *Target) identified(a *Account) (clause string, locked bool) {
	ways := a.Auth
	if len(ways) == 0 {
		ways = []Auth{{Plugin: nativePassword}}
	}
	var clauses []string
	for _, w := range ways {
		if c, ok := t.way(w); ok {
			clauses = append(clauses, c)
		}
	}
	switch {
	case len(clauses) > 0 && t.isMariaDB() && !t.before(0, 100400):
		return " IDENTIFIED VIA " + strings.Join(clauses, " OR "), false
	case len(clauses) > 0:
		return " " + clauses[0], false
	}
	var names []string
	for _, w := range ways {
		names = append(names, w.Plugin)
	}
	note(&t.Report.Locked, "%s: its password is of %s, which this server does not have: set another one%s", a, strings.Join(names, ", "), map[bool]string{true: " and unlock it"}[t.locks()])
	return t.unknownPassword(), true
}

// locks reports whether the target has ACCOUNT LOCK.
func (t *Target) locks() bool { return !t.before(50706, 100402) }

func (t *Target) unknownPassword() string {
	if t.before(50706, 100402) {
		return " IDENTIFIED BY PASSWORD '*" + strings.ToUpper(hex.EncodeToString(random(20))) + "'"
	}
	return " IDENTIFIED BY '" + base64.RawURLEncoding.EncodeToString(random(24)) + "-aA1!'"
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return b
}

// way is what stands behind IDENTIFIED, or on MariaDB behind IDENTIFIED VIA.
func (t *Target) way(w Auth) (clause string, ok bool) {
	plugin := strings.ToLower(w.Plugin)
	for _, twin := range [][2]string{{"unix_socket", "auth_socket"}, {"auth_socket", "unix_socket"}} {
		if plugin == twin[0] && !t.plugins[plugin] {
			plugin = twin[1]
		}
	}
	if !t.plugins[plugin] {
		return "", false
	}
	switch {
	case t.isMariaDB() && !t.before(0, 100400):
		if w.Hash == "" {
			return plugin, true
		}
		return plugin + " USING " + quoteText(w.Hash), true
	case plugin == nativePassword && t.before(50706, 100400):
		if w.Hash == "" {
			return "", true
		}
		return "IDENTIFIED BY PASSWORD " + quoteText(w.Hash), true
	case t.isMariaDB():
		return "IDENTIFIED VIA " + plugin + " USING " + quoteText(w.Hash), true
	case w.Hash == "":
		return "IDENTIFIED WITH '" + plugin + "'", true
	case printable(w.Hash):
		return "IDENTIFIED WITH '" + plugin + "' AS " + quoteText(w.Hash), true
	}
	if !t.before(80017, 0) {
		return "IDENTIFIED WITH '" + plugin + "' AS 0x" + hex.EncodeToString([]byte(w.Hash)), true
	}
	return "IDENTIFIED WITH '" + plugin + "' AS " + quoteText(w.Hash), true
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
