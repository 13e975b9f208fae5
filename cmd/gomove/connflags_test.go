package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/mysql"
)

// resolve runs a command line as main does, up to the connection's options.
func resolve(t *testing.T, s surroundings, args ...string) (mysql.Options, error) {
	t.Helper()
	var got mysql.Options
	app := newApp(strings.NewReader(""), io.Discard, io.Discard)
	app.Commands = []*cli.Command{{
		Name: "dump", Flags: append(connectionFlags(), &cli.StringFlag{Name: "source"}), OnUsageError: onUsageError,
		Action: func(c *cli.Context) (err error) {
			got, err = resolveConnection(c, "source", "source", s)
			return err
		},
	}}
	err := app.RunContext(t.Context(), normalizeArgs(append([]string{"gomove", "dump"}, args...)))
	return got, err
}

func TestResolveConnection(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	home := file(".my.cnf", "[client]\nuser=homeuser\npassword=homepw\nhost=home.example\n[client_b]\nuser=buser\n")
	other := file("other.cnf", "[gomove]\nhost=other.example\nport=3399\nssl-mode=REQUIRED\n")
	pw := file("pw", "filepw\nsecond line\n")
	env := map[string]string{}
	s := surroundings{
		Getenv: func(n string) string { return env[n] }, Home: filepath.Dir(home), Global: []string{}, Sockets: []string{"/none"},
		Prompt: func(_ context.Context, label string) (mysql.Secret, error) {
			return mysql.Secret("asked " + label), nil
		},
	}
	bare := s
	bare.Home = t.TempDir()
	cases := []struct {
		name  string
		s     surroundings
		env   map[string]string
		args  []string
		want  mysql.Options
		fails string
	}{
		{"nothing", bare, nil, nil, mysql.Options{}, ""},
		{"home file", s, nil, nil, mysql.Options{Host: "home.example", User: "homeuser", Password: "homepw"}, ""},
		{"flags over file", s, nil, []string{"-hflag", "-P3307", "-uflaguser", "-pflagpw"}, mysql.Options{Host: "flag", Port: 3307, User: "flaguser", Password: "flagpw"}, ""},
		{"bare -p over file", s, nil, []string{"-p"}, mysql.Options{Host: "home.example", User: "homeuser", Password: "asked source"}, ""},
		{"empty password over file", s, nil, []string{"--password="}, mysql.Options{Host: "home.example", User: "homeuser"}, ""},
		{"suffix", s, nil, []string{"--defaults-group-suffix", "_b"}, mysql.Options{Host: "home.example", User: "buser", Password: "homepw"}, ""},
		{"no defaults", s, nil, []string{"--no-defaults"}, mysql.Options{}, ""},
		{"defaults file", s, nil, []string{"--defaults-file=" + other}, mysql.Options{Host: "other.example", Port: 3399, TLS: mysql.TLS{Mode: mysql.SSLRequired}}, ""},
		{"password file over MYSQL_PWD", bare, map[string]string{"MYSQL_PWD": "envpw"}, []string{"--password-file", pw}, mysql.Options{Password: "filepw"}, ""},
		{"MYSQL_PWD", bare, map[string]string{"MYSQL_PWD": "envpw", "MYSQL_TCP_PORT": "3311"}, nil, mysql.Options{Password: "envpw", Port: 3311}, ""},
		{"file over MYSQL_PWD", s, map[string]string{"MYSQL_PWD": "envpw"}, nil, mysql.Options{Host: "home.example", User: "homeuser", Password: "homepw"}, ""},
		{"socket", s, nil, []string{"-S/x.sock"}, mysql.Options{Socket: "/x.sock", User: "homeuser", Password: "homepw"}, ""},
		{"URI reads no home file", s, nil, []string{"--source", "mysql://u@h:3308/"}, mysql.Options{Host: "h", Port: 3308, User: "u"}, ""},
		{"URI and its file", s, nil, []string{"--source", "mysql://u@/?defaults-file=" + other}, mysql.Options{Host: "other.example", Port: 3399, User: "u", TLS: mysql.TLS{Mode: mysql.SSLRequired}}, ""},
		{"URI and MYSQL_PWD", s, map[string]string{"MYSQL_PWD": "envpw", "MYSQL_HOST": "no"}, []string{"--source=mysql://u@h/"}, mysql.Options{Host: "h", User: "u", Password: "envpw"}, ""},
		{"URI and its password file", s, nil, []string{"--source=mysql://u@h/?password-file=" + pw}, mysql.Options{Host: "h", User: "u", Password: "filepw"}, ""},
		{"URI beside flags", s, nil, []string{"--source=mysql://u@h/", "-P3306"}, mysql.Options{}, "--source and --port exclude each other"},
		{"URI beside a bare -p", s, nil, []string{"--source=mysql://u@h/", "-p"}, mysql.Options{}, "exclude each other"},
		{"bad URI", s, nil, []string{"--source=mysql://u:S3CRET/@h/"}, mysql.Options{}, "--source: URI does not parse"},
		{"bad port", s, nil, []string{"-P0"}, mysql.Options{}, "--port 0"},
		{"missing password file", s, nil, []string{"--password-file=/no/pw"}, mysql.Options{}, "--password-file: open /no/pw"},
		{"missing defaults file", s, nil, []string{"--defaults-file=/no/cnf"}, mysql.Options{}, "/no/cnf"},
		{"missing login path", bare, nil, []string{"--login-path=x"}, mysql.Options{}, "--login-path x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env = c.env
			got, err := resolve(t, c.s, c.args...)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "S3CRET") {
					t.Errorf("error %v, want %q", err, c.fails)
				}
				return
			}
			c.want.Label = "source"
			reveal := cmp.Transformer("reveal", func(s mysql.Secret) string { return s.Reveal() })
			if d := cmp.Diff(c.want, got, reveal); err != nil || d != "" {
				t.Errorf("%v %s", err, d)
			}
		})
	}
	t.Run("warning", func(t *testing.T) {
		if err := os.Chmod(other, 0o666); err != nil {
			t.Fatal(err)
		}
		var warned []string
		s.Warn = func(m string) { warned = append(warned, m) }
		if _, err := resolve(t, s, "--defaults-file="+other); err != nil || len(warned) != 1 {
			t.Errorf("%v %v", err, warned)
		}
	})
	t.Run("prompt ends with the context", func(t *testing.T) {
		s.Prompt = func(context.Context, string) (mysql.Secret, error) { return "", context.Canceled }
		if _, err := resolve(t, s, "-p"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
