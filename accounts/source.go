package accounts

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Dumped is what a server's accounts look like in a dump.
type Dumped struct {
	Names []string // of those that are in Text
	Idle  []string // of those that the server has and does not use: under skip_name_resolve it has no accounts of named hosts
	Left  []string // of those that belong to the server or its provider, or are not selected
	Text  []byte   // statements for any client of this server's kind and version
}

// Source reads accounts. Its session is one for dumps.
type Source struct {
	Conn  *mysql.Conn
	Facts *mysql.Facts
}

// Read reads the selected accounts: CREATE USER and GRANT statements, in the words of the server.
func (s *Source) Read(ctx context.Context, f Filter) (*Dumped, error) {
	rows, err := mysql.QueryNamed(ctx, s.Conn, "SELECT * FROM mysql.user ORDER BY User, Host")
	if mysql.IsDenied(err) {
		return nil, fmt.Errorf("--users: account %s may not read the accounts: GRANT SELECT ON mysql.* to it, or leave out --users: %w", s.Facts.User, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	// Hashes of caching_sha2_password hold any bytes. MySQL before 8.0.17 does not know the setting, and prints them as a string.
	if _, err := s.Conn.ExecContext(ctx, "SET SESSION print_identified_with_as_hex=ON"); err != nil && mysql.IsConnectionLost(err) {
		return nil, err
	}
	out := &Dumped{}
	var b bytes.Buffer
	b.WriteString("SET NAMES utf8mb4;\nSET SQL_MODE='';\n")
	var grants bytes.Buffer // behind all accounts: they name roles
	for _, row := range rows {
		n := Name{row.Text("user"), row.Text("host")}
		role := row.Text("is_role") == "Y"
		if role {
			n.Host = ""
		}
		if !f.takes(n) || n.Host == "" && !role { // without a host it cannot be told from a role
			out.Left = append(out.Left, n.String())
			continue
		}
		create, err := s.create(ctx, n, role, row)
		if err == nil {
			err = s.grants(ctx, &grants, n, row)
		}
		if number := mysql.Number(err); number == errNoSuchUser || number == errNoSuchGrant {
			out.Idle = append(out.Idle, n.String())
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", n, err)
		}
		b.WriteString(create + ";\n")
		out.Names = append(out.Names, n.String())
	}
	out.Text = append(b.Bytes(), grants.Bytes()...)
	return out, nil
}

// What SHOW CREATE USER and SHOW GRANTS say of an account that the server does not use.
const (
	errNoSuchUser  = 1133
	errNoSuchGrant = 1141
)

// create is the statement that makes an account.
func (s *Source) create(ctx context.Context, n Name, role bool, row mysql.Named) (string, error) {
	if role {
		return "CREATE ROLE " + n.Quoted(), nil
	}
	if !s.Facts.AtLeast(mysql.MySQL, 50706) && !s.Facts.AtLeast(mysql.MariaDB, 100200) {
		return composed(n, row), nil
	}
	texts, err := mysql.Column(ctx, s.Conn, "SHOW CREATE USER "+n.Quoted())
	if err != nil || len(texts) == 0 {
		return "", err
	}
	return requoted(texts[0], row), nil
}

// requoted has the subjects of certificates in quotes that can be read back: the servers print them as they are.
func requoted(text string, row mysql.Named) string {
	for _, column := range []string{"x509_subject", "x509_issuer", "ssl_cipher"} {
		if v := row.Text(column); strings.ContainsAny(v, `\'`) {
			text = strings.Replace(text, "'"+v+"'", quoteText(v), 1)
		}
	}
	return text
}

// composed is for servers without SHOW CREATE USER. What else there is to know stands in their first GRANT.
func composed(n Name, row mysql.Named) string {
	create := "CREATE USER " + n.Quoted()
	plugin, hash := row.Text("plugin"), row.Text("authentication_string")
	switch plugin {
	case "", nativePassword:
		if password := row.Text("password"); password != "" {
			create += " IDENTIFIED BY PASSWORD " + quoteText(password)
		} else if hash != "" {
			create += " IDENTIFIED BY PASSWORD " + quoteText(hash)
		}
	default:
		create += " IDENTIFIED WITH " + quoteText(plugin)
		if hash != "" {
			create += " AS " + quoteText(hash)
		}
	}
	if row.Text("password_expired") == "Y" {
		create += " PASSWORD EXPIRE"
	}
	return create
}

// grants adds what an account may do.
func (s *Source) grants(ctx context.Context, b *bytes.Buffer, n Name, row mysql.Named) error {
	lines, err := mysql.Column(ctx, s.Conn, "SHOW GRANTS FOR "+n.Quoted())
	if err != nil {
		return err
	}
	// MySQL before 8 does not double quotes within names.
	bare := "'" + n.User + "'@'" + n.Host + "'"
	for _, line := range lines {
		line = strings.Replace(line, " TO "+bare, " TO "+n.Quoted(), 1)
		mine := false
		for _, word := range []string{" TO ", " FROM ", " FOR "} {
			rest := line[strings.Index(line, word+n.Quoted())+1:]
			rest, found := strings.CutPrefix(rest, word[1:]+n.Quoted())
			mine = mine || found && !strings.HasPrefix(rest, "@") // MariaDB tells of a role's own roles too
		}
		if mine {
			b.WriteString(requoted(line, row) + ";\n")
		}
	}
	return nil
}
