package mysql

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// testRowsBelowTLS reads rows of every size from an encrypted connection by the packets, and compares them with the driver's.
func testRowsBelowTLS(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "SET GLOBAL max_allowed_packet=64*1024*1024")
	o := optionsOf(s)
	o.TLS.Mode = SSLRequired
	server := connect(t, o, ForDump)
	c := session(t, server)
	if cipher(t, server) == "" || !c.net.plain {
		t.Fatalf("cipher %q, packets can be read: %v", cipher(t, server), c.net.plain)
	}
	for _, size := range []int{0, 1, 250, 251, 65535, 65536, 300 << 10, 1<<24 - 5, 1<<24 - 1, 20 << 20} {
		query := fmt.Sprintf("SELECT 1, REPEAT('x', %d), NULL UNION ALL SELECT 2, REPEAT('y', 7), 'z'", size)
		want := readAll(t, c, query, nil, openDriver)
		for name, open := range openers() {
			t.Log(size, "bytes by", name)
			requireRows(t, readAll(t, c, query, nil, open), want)
		}
	}
	testSeveralBelowTLS(t, c)
	if _, err := Rows(t.Context(), c, "SELECT * FROM nowhere.at_all", nil); Number(err) == 0 {
		t.Errorf("error of the server: %v", err)
	}
	requireRows(t, readAll(t, c, "SELECT 5", nil, openPackets), [][][]byte{{[]byte("5")}})
}

func testSeveralBelowTLS(t *testing.T, c *Conn) {
	t.Helper()
	r, err := Several(t.Context(), c, []string{"DO 1", "SELECT 'a' UNION ALL SELECT 'b'"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{0, 1} {
		if n, err := r.NextResult(); err != nil || n != want {
			t.Fatalf("%d columns, %v; want %d", n, err, want)
		}
	}
	requireRows(t, readResult(t, r), [][][]byte{{[]byte("a")}, {[]byte("b")}})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// testSHA256Password logs in by the plugin that the driver serves within its own TLS only.
func testSHA256Password(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "CREATE USER sha256@'%' IDENTIFIED WITH sha256_password BY 'pw'")
	o := optionsOf(s)
	o.User, o.Password, o.TLS.Mode = "sha256", "pw", SSLRequired
	server := connect(t, o, ForDump)
	c := session(t, server)
	if cipher(t, server) == "" || c.net.plain {
		t.Errorf("cipher %q, packets can be read: %v", cipher(t, server), c.net.plain)
	}
	r, err := Rows(t.Context(), c, "SELECT 'x'", nil)
	if err != nil {
		t.Fatal(err)
	}
	requireRows(t, readResult(t, r), [][][]byte{{[]byte("x")}})
	o.Password = "wrong"
	if _, err := Connect(t.Context(), o, ForDump); Number(err) != 1045 {
		t.Errorf("wrong password: %v", err)
	}
}

// greetings are first packets of servers, without their heads.
func greetings() map[string]string {
	const rest = "9.7.0\x00" + "\x01\x00\x00\x00" + "12345678\x00"
	return map[string]string{
		"none":            "\x0a" + rest + "\xff\xf7" + "\xff\x02\x00\xff\xff\x15" + strings.Repeat("\x00", 10) + "123456789012\x00caching_sha2_password\x00",
		"sha256_password": "\x0a" + rest + "\xff\xff" + "\xff\x02\x00\xff\xff\x15" + strings.Repeat("\x00", 10) + "123456789012\x00sha256_password\x00",
		"cut":             "\x0a9.7.0\x00\x01\x00",
		"no version":      "\x0a",
	}
}

// TestLoginNeverInClear offers what the driver may send in clear on a unix socket to servers with which nothing is encrypted.
func TestLoginNeverInClear(t *testing.T) {
	for name, greet := range greetings() {
		t.Run(name, func(t *testing.T) {
			client, far := net.Pipe()
			defer far.Close()
			w := &wire{Conn: client, stream: client}
			encryptLogin(t.Context(), w, &tls.Config{InsecureSkipVerify: true})
			go func() {
				_, _ = far.Write(append([]byte{byte(len(greet)), 0, 0, 0}, greet...))
			}()
			b := make([]byte, 4096)
			if _, err := w.Read(b); !errors.Is(err, errDriversTLS) || !errors.Is(w.login.failed, errDriversTLS) {
				t.Errorf("error %v", err)
			}
			if n, err := w.Write(append([]byte{40, 0, 0, 1}, strings.Repeat("p", 40)...)); err == nil || n != 0 {
				t.Errorf("wrote %d bytes: %v", n, err)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
