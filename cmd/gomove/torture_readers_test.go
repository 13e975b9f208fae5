package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// tlsArgs makes a certificate and returns the arguments that have a server use it.
func tlsArgs(t *testing.T) []string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gomove test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	}
	for name, block := range files {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert := filepath.Join(dir, "cert.pem")
	return []string{"--ssl-ca=" + cert, "--ssl-cert=" + cert, "--ssl-key=" + filepath.Join(dir, "key.pem")}
}

// driversUser makes a user whose rows the driver reads, and returns the options of its connections; none on servers that have no such login.
func driversUser(t *testing.T, s *testdb.Server) []string {
	t.Helper()
	switch s.Kind {
	case testdb.MariaDB:
		return nil
	case testdb.MySQL56:
		s.Exec(t, "CREATE USER sha256@'%' IDENTIFIED WITH sha256_password", "SET old_passwords=2", "SET PASSWORD FOR sha256@'%'=PASSWORD('pw')")
	default:
		s.Exec(t, "CREATE USER sha256@'%' IDENTIFIED WITH sha256_password BY 'pw'")
	}
	s.Exec(t, "GRANT ALL ON *.* TO sha256@'%'")
	return []string{"-u", "sha256", "-ppw", "--ssl-mode", "REQUIRED"}
}

// TestTortureReaders dumps every table of the suite, and one of many integers, in clear and encrypted, where gomove reads the server's packets, and by a login
// for which the driver reads them: the files are the same, byte for byte.
func TestTortureReaders(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			testdb.Require(t, k)
			s := tortureSource(t, k, tlsArgs(t)...)
			s.Exec(t, "CREATE SCHEMA tv_integers", // of as many rows as the binary protocol is used for
				"CREATE TABLE tv_integers.n (id INT AUTO_INCREMENT PRIMARY KEY, b BIGINT, bu BIGINT UNSIGNED, s SMALLINT, t TINYINT, z INT(9) ZEROFILL, c CHAR(5))",
				"INSERT INTO tv_integers.n (t) SELECT NULL FROM information_schema.COLUMNS LIMIT 1200",
				"UPDATE tv_integers.n SET b=(id-600)*15000000000000000, bu=18446744073709551615-id*id, s=(id-600)*54, t=(id-600)/5, z=id*id, c=id",
				"ANALYZE TABLE tv_integers.n")
			dir := t.TempDir()
			ways := map[string][]string{"clear": {"--ssl-mode", "DISABLED"}, "encrypted": {"--ssl-mode", "REQUIRED"}}
			if user := driversUser(t, s); user != nil {
				ways["driver"] = user
			}
			for way, options := range ways {
				args := dumpArgs(s, filepath.Join(dir, way), "-B", "tv*", "--compress", "none", "-t", "1") // with more threads, who comes first has the lower number
				mustRun(t, append(args, options...)...)
			}
			files, err := filepath.Glob(filepath.Join(dir, "clear", "*.csv"))
			if err != nil || len(files) <= len(tortures(k))*9/10 { // a table without rows has no file
				t.Fatalf("%d files of %d tables, %v", len(files), len(tortures(k)), err)
			}
			for _, path := range files {
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for way := range ways {
					got, err := os.ReadFile(filepath.Join(dir, way, filepath.Base(path)))
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%s: %.300q in clear, %.300q %s: %v", filepath.Base(path), want, got, way, err)
					}
				}
			}
		})
	}
}
