package replica

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

func (s *starting) user() string {
	if s.o.User == "" {
		return DefaultUser
	}
	return s.o.User
}

// passwordChars is how long a password is that gomove makes up: a replica takes up to 32 characters.
const passwordChars = 30

// planAccount makes the replication account on the source, unless the user named one with its password. It is kept out of the binary log
// where the source lets it be: it has nothing to do on the target.
func (s *starting) planAccount(ctx context.Context) (mysql.Secret, error) {
	if s.o.User != "" && s.o.Password != "" {
		if len(s.o.Password) > 32 {
			return "", fmt.Errorf("%w: the replication account's password has %d characters, and a replica takes up to 32", ErrRefused, len(s.o.Password))
		}
		return s.o.Password, nil
	}
	// Rules for passwords ask for both cases, digits and a sign.
	password := mysql.Secret("aA1-" + rand.Text())[:passwordChars]
	account := quote(s.user()) + "@'%'"
	there, err := word(ctx, s.e.source, "SELECT COUNT(*) FROM mysql.user WHERE User="+quote(s.user())+" AND Host='%'")
	if err != nil && !mysql.IsDenied(err) {
		return "", err
	}
	create := "CREATE USER " + account + " IDENTIFIED BY " + hiddenPassword
	if s.nativeNeeded() {
		create = "CREATE USER " + account + " IDENTIFIED WITH mysql_native_password BY " + hiddenPassword
	}
	if there != "" && there != "0" {
		create = "ALTER USER " + account + " IDENTIFIED BY " + hiddenPassword
		f := &s.e.source.Facts
		if f.Flavor == mysql.MariaDB && f.Number < 100200 || f.Flavor != mysql.MariaDB && f.Number < 50706 {
			create = "SET PASSWORD FOR " + account + " = PASSWORD(" + hiddenPassword + ")"
		}
	}
	for _, sql := range []string{create, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO " + account} {
		step := onSource(sql)
		step.sql = strings.Replace(sql, hiddenPassword, quote(password.Reveal()), 1)
		step.unlogged = true
		s.steps = append(s.steps, step)
	}
	return password, nil
}

// nativeNeeded reports a target that cannot use the source's default authentication over the channel.
func (s *starting) nativeNeeded() bool {
	from := &s.e.source.Facts
	if !from.AtLeast(mysql.MySQL, 80000) || from.AtLeast(mysql.MySQL, 90000) {
		return false
	}
	return s.e.target.Facts.Number < 80000 || s.e.speak.mariadb || !s.tls() && s.e.speak.managed()
}
