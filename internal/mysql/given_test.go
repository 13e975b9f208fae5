package mysql

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql/optfile"
)

func secret(s string) *Secret {
	v := Secret(s)
	return &v
}

// reveal makes go-cmp show what differs in secrets.
var reveal = cmp.Transformer("reveal", func(s Secret) string { return s.Reveal() })

func TestOver(t *testing.T) {
	file := Given{Host: "file.example", Port: 3307, User: "app", Password: secret("filepw"), Socket: "/file.sock", SSLMode: "REQUIRED", CA: "/ca.pem"}
	cases := []struct {
		name       string
		g, low, to Given
	}{
		{"nothing over file", Given{}, file, file},
		{"host voids the socket", Given{Host: "h"}, file, Given{Host: "h", Port: 3307, User: "app", Password: secret("filepw"), SSLMode: "REQUIRED", CA: "/ca.pem"}},
		{"localhost leaves the socket", Given{Host: "localhost"}, Given{Socket: "/s"}, Given{Host: "localhost", Socket: "/s"}},
		{"port voids the socket", Given{Port: 1}, Given{Socket: "/s", User: "u"}, Given{Port: 1, User: "u"}},
		{"socket voids host and port", Given{Socket: "/s"}, file, Given{Socket: "/s", User: "app", Password: secret("filepw"), SSLMode: "REQUIRED", CA: "/ca.pem"}},
		{"empty password over one", Given{Password: secret("")}, Given{Password: secret("x")}, Given{Password: secret("")}},
		{"asking over a password", Given{Ask: true}, Given{Password: secret("x")}, Given{Ask: true}},
		{"asked for in the file", Given{}, Given{Ask: true}, Given{Ask: true}},
		{"host voids the protocol", Given{Host: "h"}, Given{Protocol: "socket"}, Given{Host: "h"}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.to, c.g.Over(c.low), reveal); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestGivenOptions(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "s.sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, none := []string{"/none.sock", sock}, []string{"/none.sock"}
	cases := []struct {
		name    string
		g       Given
		sockets []string
		want    Options
		fails   string
	}{
		{"nothing", Given{}, there, Options{Socket: sock}, ""},
		{"nothing and no socket", Given{}, none, Options{}, ""},
		{"localhost", Given{Host: "localhost"}, there, Options{Host: "localhost", Socket: sock}, ""},
		{"localhost with a port", Given{Host: "localhost", Port: 3307}, there, Options{Host: "localhost", Port: 3307}, ""},
		{"address", Given{Host: "127.0.0.1"}, there, Options{Host: "127.0.0.1"}, ""},
		{"given socket", Given{Socket: "/x.sock"}, there, Options{Socket: "/x.sock"}, ""},
		{"host and socket", Given{Host: "h", Socket: "/x.sock"}, there, Options{Host: "h"}, ""},
		{"by TCP", Given{Protocol: "TCP"}, there, Options{}, ""},
		{"by socket", Given{Host: "h", Protocol: "socket"}, there, Options{Host: "h", Socket: sock}, ""},
		{"by socket, none there", Given{Protocol: "socket"}, none, Options{Socket: "/none.sock"}, ""},
		{"authority alone", Given{Host: "h", CA: "/ca"}, none, Options{Host: "h", TLS: TLS{Mode: SSLVerifyCA, CA: "/ca"}}, ""},
		{"authority and mode", Given{Host: "h", CA: "/ca", SSLMode: "required"}, none, Options{Host: "h", TLS: TLS{Mode: SSLRequired, CA: "/ca"}}, ""},
		{"verify-identity", Given{Host: "h", SSLMode: "verify-identity"}, none, Options{Host: "h", TLS: TLS{Mode: SSLVerifyIdentity}}, ""},
		{"bad mode", Given{SSLMode: "maybe"}, none, Options{}, "--ssl-mode maybe"},
		{"bad protocol", Given{Protocol: "pipe"}, none, Options{}, "--protocol pipe"},
		{"bad port", Given{Port: 65536}, none, Options{}, "--port 65536"},
	}
	for _, c := range cases {
		got, err := c.g.Options("source", c.sockets)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %q", c.name, err, c.fails)
			}
			continue
		}
		c.want.Label = "source"
		if d := cmp.Diff(c.want, got, reveal); err != nil || d != "" {
			t.Errorf("%s: %v %s", c.name, err, d)
		}
	}
}

func TestFromFiles(t *testing.T) {
	read := func(text string) (Given, error) {
		path := filepath.Join(t.TempDir(), "my.cnf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := optfile.Read(optfile.Where{DefaultsFile: path, Home: t.TempDir(), Getenv: func(string) string { return "" }}, "client", "gomove")
		if err != nil {
			t.Fatal(err)
		}
		return FromFiles(r)
	}
	cases := []struct {
		name, text string
		want       Given
		fails      string
	}{
		{"all", "[client]\nhost=h\nport=1\nuser=u\npassword=p\nsocket=/s\nssl_mode=REQUIRED\nssl-ca=a\nssl-cert=c\nssl-key=k\nprotocol=tcp\ndefault-character-set=x\n",
			Given{Host: "h", Port: 1, User: "u", Password: secret("p"), Socket: "/s", SSLMode: "REQUIRED", CA: "a", Cert: "c", Key: "k", Protocol: "tcp"}, ""},
		{"gomove over client", "[client]\nuser=a\n[gomove]\nuser=b\n", Given{User: "b"}, ""},
		{"password asked for", "[client]\npassword\n", Given{Ask: true}, ""},
		{"empty password", "[client]\npassword=\n", Given{Password: secret("")}, ""},
		{"old TLS options", "[client]\nssl\nskip-ssl\n", Given{SSLMode: "DISABLED"}, ""},
		{"MariaDB's TLS option", "[client]\nssl-verify-server-cert\n", Given{SSLMode: "VERIFY_IDENTITY"}, ""},
		{"bad port", "[client]\nport=http\n", Given{}, "line 2: port \"http\""},
		{"unknown of ours", "[gomove]\nthreads=4\n", Given{}, "line 2: group [gomove] takes connection options, not threads"},
		{"loose of ours", "[gomove]\nloose-threads=4\n", Given{}, ""},
	}
	for _, c := range cases {
		got, err := read(c.text)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %q", c.name, err, c.fails)
			}
			continue
		}
		if d := cmp.Diff(c.want, got, reveal); err != nil || d != "" {
			t.Errorf("%s: %v %s", c.name, err, d)
		}
	}
}

func TestParseURI(t *testing.T) {
	good := map[string]URI{
		"mysql://root@db.example/":                                       {Given: Given{Host: "db.example", User: "root"}},
		"mysql://db.example":                                             {Given: Given{Host: "db.example"}},
		"mysql://u:p%40ss%3A@db.example:3307":                            {Given: Given{Host: "db.example", Port: 3307, User: "u", Password: secret("p@ss:")}},
		"mysql://u:@[::1]:3306/":                                         {Given: Given{Host: "::1", Port: 3306, User: "u", Password: secret("")}},
		"mysql://u@/?socket=/tmp/x.sock&ssl_mode=DISABLED":               {Given: Given{User: "u", Socket: "/tmp/x.sock", SSLMode: "DISABLED"}},
		"mysql://h/?defaults-file=/a/my.cnf&defaults-group-suffix=_x":    {Given: Given{Host: "h"}, Files: URIFiles{DefaultsFile: "/a/my.cnf", GroupSuffix: "_x"}},
		"mysql://h/?password-file=/pw&ssl-ca=/ca&ssl-cert=/c&ssl-key=/k": {Given: Given{Host: "h", CA: "/ca", Cert: "/c", Key: "/k"}, PasswordFile: "/pw"},
		"mysql://h/?login-path=prod":                                     {Given: Given{Host: "h"}, Files: URIFiles{LoginPath: "prod"}},
	}
	for uri, want := range good {
		got, err := ParseURI(uri)
		if d := cmp.Diff(want, got, reveal); err != nil || d != "" {
			t.Errorf("%s: %v %s", uri, err, d)
		}
	}
	bad := map[string]string{
		"postgres://h/": "mysql://", "h:3306": "mysql://", "mysql:h": "mysql://", "mysql://h/shop": "--schema", "mysql://h/?frob=1": "unknown parameter frob",
		"mysql://h/?socket=a&socket=b": "socket is there 2 times", "mysql://h:99999/": "not between", "mysql://h:x/": "parse", "mysql://h/#x": "%23",
		// Passwords with characters that should have been escaped.
		"mysql://u:S3CRET/x@h/": "", "mysql://u:S3CRET#x@h/": "", "mysql://u:1?S3CRET@h/": "", "mysql://u:S3CRET%zz@h/": "", "mysql://u:1?S3CRET&b@h/": "", "mysql://u:1/S3CRET@h/": "",
	}
	for uri, want := range bad {
		_, err := ParseURI(uri)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", uri, err, want)
		} else if strings.Contains(err.Error(), "S3CRET") || strings.Contains(strings.ToLower(err.Error()), "s3cret") {
			t.Errorf("%s: the error shows the password: %v", uri, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	env := map[string]string{"MYSQL_PWD": "pw", "MYSQL_TCP_PORT": "3310", "MYSQL_UNIX_PORT": "/e.sock", "MYSQL_HOST": "e.example"}
	got, err := FromEnvironment(func(n string) string { return env[n] })
	want := Given{Host: "e.example", Port: 3310, Password: secret("pw"), Socket: "/e.sock"}
	if d := cmp.Diff(want, got, reveal); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	env["MYSQL_TCP_PORT"] = "x"
	if _, err := FromEnvironment(func(n string) string { return env[n] }); err == nil {
		t.Error("bad port accepted")
	}
}
