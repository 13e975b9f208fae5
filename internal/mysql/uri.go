package mysql

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/gomove/gomove/internal/mysql/optfile"
)

// URI is a parsed mysql://user[:password]@host[:port]/?parameter=value... Its option files are read by the caller.
type URI struct {
	Given Given
	// Files are the option files that the URI names; the URI stands over them. It is the zero value when there are none.
	Files        URIFiles
	PasswordFile string
}

// URIFiles names option files.
type URIFiles struct {
	DefaultsFile string
	GroupSuffix  string
	LoginPath    string
}

// Where reads these files and none of the mysql client's own.
func (f URIFiles) Where() optfile.Where {
	return optfile.Where{DefaultsFile: f.DefaultsFile, GroupSuffix: f.GroupSuffix, LoginPath: f.LoginPath, NoDefaults: true}
}

// ParseURI reads a URI. Its errors hold no part of the URI that could be a password.
func ParseURI(s string) (URI, error) {
	u, err := url.Parse(s)
	if err != nil {
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err // without the URI
		}
		var escape url.EscapeError
		if errors.As(err, &escape) || strings.Contains(s, "@") {
			return URI{}, errors.New("URI does not parse: write it as mysql://user:password@host:port/, with %XX for special characters")
		}
		return URI{}, fmt.Errorf("URI does not parse: %w", err)
	}
	switch {
	case u.Scheme != "mysql" || u.Opaque != "":
		return URI{}, errors.New("URI does not start with mysql://")
	case u.Path != "" && u.Path != "/":
		return URI{}, errors.New("URI takes no schema after the host: select schemas with --schema")
	case u.Fragment != "":
		return URI{}, errors.New("URI has a #: write %23 for it")
	}
	out := URI{Given: Given{Host: u.Hostname(), User: u.User.Username()}}
	if p, ok := u.User.Password(); ok {
		secret := Secret(p)
		out.Given.Password = &secret
	}
	if p := u.Port(); p != "" {
		if out.Given.Port, err = parsePort(p); err != nil {
			return URI{}, fmt.Errorf("URI: %w", err)
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return URI{}, errors.New("URI: the part after ? does not parse: write parameter=value&parameter=value")
	}
	for name, values := range query {
		if err := out.parameter(strings.ReplaceAll(strings.ToLower(name), "_", "-"), values); err != nil {
			if strings.Contains(u.RawQuery, "@") { // more likely a password with a ? in it
				err = errors.New("URI: unknown parameter after ?: in a password write %3F for it")
			}
			return URI{}, err
		}
	}
	return out, nil
}

func (u *URI) parameter(name string, values []string) error {
	if len(values) != 1 {
		return fmt.Errorf("URI: parameter %s is there %d times", name, len(values))
	}
	into := map[string]*string{
		"socket": &u.Given.Socket, "ssl-mode": &u.Given.SSLMode, "ssl-ca": &u.Given.CA, "ssl-cert": &u.Given.Cert, "ssl-key": &u.Given.Key,
		"defaults-file": &u.Files.DefaultsFile, "defaults-group-suffix": &u.Files.GroupSuffix, "login-path": &u.Files.LoginPath,
		"password-file": &u.PasswordFile,
	}[name]
	if into == nil {
		return fmt.Errorf("URI: unknown parameter %s", name)
	}
	*into = values[0]
	return nil
}

// ReadPasswordFile returns the first line of a file.
func ReadPasswordFile(path string) (Secret, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return Secret(strings.TrimSuffix(line, "\r")), nil
}
