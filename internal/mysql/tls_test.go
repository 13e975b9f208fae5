package mysql

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// pki is a certificate authority and the files that it made.
type pki struct {
	dir    string
	ca     *x509.Certificate
	key    *rsa.PrivateKey
	serial int64
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	p := &pki{dir: t.TempDir()}
	p.ca, p.key = p.issue(t, "ca", &x509.Certificate{Subject: pkix.Name{CommonName: "gomove test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return p
}

func (p *pki) file(name string) string { return filepath.Join(p.dir, name+".pem") }

// issue writes NAME.pem and NAME-key.pem.
func (p *pki) issue(t *testing.T, name string, c *x509.Certificate) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.serial++
	c.SerialNumber = big.NewInt(p.serial)
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if p.ca != nil {
		parent, signer = p.ca, p.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) {
		if err := os.WriteFile(p.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(name, "CERTIFICATE", der)
	write(name+"-key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func cipher(t *testing.T, s *Server) string {
	t.Helper()
	var name, value string
	if err := s.DB().QueryRowContext(t.Context(), "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTLS(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			testdb.Require(t, k)
			p := newPKI(t)
			p.issue(t, "server", &x509.Certificate{Subject: pkix.Name{CommonName: "db.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
			p.issue(t, "client", &x509.Certificate{Subject: pkix.Name{CommonName: "client"}})
			other := newPKI(t)
			s := testdb.StartOwn(t, k, testdb.WithArgs("--ssl-ca="+p.file("ca"), "--ssl-cert="+p.file("server"), "--ssl-key="+p.file("server-key")))
			s.Exec(t, "CREATE USER secure@'%' IDENTIFIED BY 'pw'", "CREATE USER x509@'%' IDENTIFIED BY 'pw'")
			if k == testdb.MySQL56 {
				s.Exec(t, "DELETE FROM mysql.user WHERE user=''", "FLUSH PRIVILEGES", "GRANT USAGE ON *.* TO secure@'%' REQUIRE SSL", "GRANT USAGE ON *.* TO x509@'%' REQUIRE X509")
			} else {
				s.Exec(t, "ALTER USER secure@'%' REQUIRE SSL", "ALTER USER x509@'%' REQUIRE X509")
			}
			cases := []struct {
				name   string
				user   string
				host   string
				tls    TLS
				socket bool
				plain  bool
				fails  string // in the error or its hint
			}{
				{name: "preferred", user: "secure"},
				{name: "required", user: "secure", tls: TLS{Mode: SSLRequired}},
				{name: "disabled", user: "root", tls: TLS{Mode: SSLDisabled}, plain: true},
				{name: "disabled but needed", user: "secure", tls: TLS{Mode: SSLDisabled}, fails: "1045"},
				{name: "preferred leaves a socket alone", user: "root", socket: true, plain: true},
				{name: "required on a socket", user: "root", socket: true, tls: TLS{Mode: SSLRequired}},
				{name: "client certificate", user: "x509", tls: TLS{Mode: SSLRequired, Cert: p.file("client"), Key: p.file("client-key")}},
				{name: "no client certificate", user: "x509", tls: TLS{Mode: SSLRequired}, fails: "1045"},
				{name: "verify-ca", user: "secure", tls: TLS{Mode: SSLVerifyCA, CA: p.file("ca")}},
				{name: "verify-ca by another name", user: "secure", host: "localhost", tls: TLS{Mode: SSLVerifyCA, CA: p.file("ca")}},
				{name: "verify-ca of another authority", user: "secure", tls: TLS{Mode: SSLVerifyCA, CA: other.file("ca")}, fails: "--ssl-ca"},
				{name: "verify-identity", user: "secure", tls: TLS{Mode: SSLVerifyIdentity, CA: p.file("ca")}},
				{name: "verify-identity by another name", user: "secure", host: "localhost", tls: TLS{Mode: SSLVerifyIdentity, CA: p.file("ca")}, fails: "--ssl-ca"},
				{name: "verify-identity of the system's authorities", user: "secure", tls: TLS{Mode: SSLVerifyIdentity}, fails: "--ssl-ca"},
			}
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					o := optionsOf(s)
					o.User, o.TLS = c.user, c.tls
					if c.user != "root" {
						o.Password = "pw"
					}
					if c.host != "" {
						o.Host = c.host
					}
					if c.socket {
						o.Socket = s.Socket
					}
					verified := c.tls.Mode >= SSLVerifyCA
					server, err := Connect(t.Context(), o, ForDump)
					if c.fails != "" || verified && k == testdb.MySQL56 {
						if err == nil {
							t.Fatal("connected", server.Close())
						}
						if c.fails != "" && k != testdb.MySQL56 && !strings.Contains(err.Error()+Hint(err), c.fails) {
							t.Errorf("error %v (hint: %s)", err, Hint(err))
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					defer server.Close()
					if got := cipher(t, server); (got == "") != c.plain {
						t.Errorf("cipher %q", got)
					}
					if _, err := Rows(t.Context(), session(t, server), "SELECT 1", nil); err != nil {
						t.Error(err)
					}
				})
			}
			testLegacyLog(t, s)
			testRowsBelowTLS(t, s)
			if k == testdb.MariaDB {
				o := optionsOf(s)
				o.TLS.Mode = SSLRequired
				testBulk(t, s, o)
			}
			if k == testdb.MySQL97 {
				testSHA256Password(t, s)
			}
		})
	}
}

// testLegacyLog checks that old TLS is used where nothing else is spoken, and said once.
func testLegacyLog(t *testing.T, s *testdb.Server) {
	var log strings.Builder
	o := optionsOf(s)
	o.TLS.Mode = SSLRequired
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := connect(t, o, ForDump)
	for range 3 {
		session(t, server)
	}
	want := 0
	if s.Kind == testdb.MySQL56 {
		want = 1
	}
	if n := strings.Count(log.String(), "old TLS only"); n != want {
		t.Errorf("said %d times, want %d: %s", n, want, log.String())
	}
}

// TestCachingSHA2 logs in with an empty cache on the server and with a full one, in clear and encrypted.
func TestCachingSHA2(t *testing.T) {
	s := testdb.StartOwn(t, testdb.MySQL97)
	for _, mode := range []SSLMode{SSLDisabled, SSLPreferred, SSLRequired} {
		user := []string{"sha_p", "sha_d", "sha_r", "", ""}[mode]
		s.Exec(t, "CREATE USER "+user+"@'%' IDENTIFIED WITH caching_sha2_password BY 'p\"w é'", "FLUSH PRIVILEGES")
		for _, cache := range []string{"empty", "full"} {
			o := optionsOf(s)
			o.User, o.Password, o.TLS.Mode = user, "p\"w é", mode
			server, err := Connect(t.Context(), o, ForLoad)
			if err != nil {
				t.Fatalf("mode %d, cache %s: %v", mode, cache, err)
			}
			if got := cipher(t, server); (got == "") != (mode == SSLDisabled) {
				t.Errorf("mode %d: cipher %q", mode, got)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		}
		o := optionsOf(s)
		o.User, o.Password, o.TLS.Mode = user, "wrong", mode
		if _, err := Connect(t.Context(), o, ForLoad); Number(err) != 1045 {
			t.Errorf("mode %d, wrong password: %v", mode, err)
		}
	}
}

// TestPreferredFallsBack reaches a server that has no TLS, from many goroutines at once.
func TestPreferredFallsBack(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL56)
	o := optionsOf(s)
	o.TLS.Mode = SSLPreferred
	server := connect(t, o, ForDump)
	errs := make(chan error)
	for range 8 {
		go func() {
			c, err := server.Session(context.WithoutCancel(t.Context()))
			if err == nil {
				err = c.Close()
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := cipher(t, server); got != "" {
		t.Errorf("cipher %q", got)
	}
}

func TestVerifyServerByCommonName(t *testing.T) {
	p := newPKI(t)
	leaf, _ := p.issue(t, "old", &x509.Certificate{Subject: pkix.Name{CommonName: "db.example"}})
	roots := x509.NewCertPool()
	roots.AddCert(p.ca)
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	if err := verifyServer(state, roots, SSLVerifyIdentity, "DB.example"); err != nil {
		t.Error(err)
	}
	var cert *tls.CertificateVerificationError
	if err := verifyServer(state, roots, SSLVerifyIdentity, "other.example"); !errors.As(err, &cert) {
		t.Errorf("other name: %v", err)
	}
	if err := verifyServer(tls.ConnectionState{}, roots, SSLVerifyCA, ""); err == nil {
		t.Error("no certificate accepted")
	}
}
