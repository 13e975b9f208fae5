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

// TestTortureReaders dumps every table of the suite in clear, where gomove reads the server's packets, and encrypted, where the
// driver reads them: the files are the same, byte for byte.
func TestTortureReaders(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			testdb.Require(t, k)
			s := tortureSource(t, k, tlsArgs(t)...)
			dir := t.TempDir()
			dumps := map[string]string{}
			for _, mode := range []string{"DISABLED", "REQUIRED"} {
				dumps[mode] = filepath.Join(dir, mode)
				mustRun(t, dumpArgs(s, dumps[mode], "-B", "tv*", "--compress", "none", "--ssl-mode", mode, "-t", "1")...) // with more threads, who comes first has the lower number
			}
			files, err := filepath.Glob(filepath.Join(dumps["DISABLED"], "*.csv"))
			if err != nil || len(files) < len(tortures(k))*9/10 { // a table without rows has no file
				t.Fatalf("%d files of %d tables, %v", len(files), len(tortures(k)), err)
			}
			for _, path := range files {
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join(dumps["REQUIRED"], filepath.Base(path)))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %.300q by packets, %.300q by the driver: %v", filepath.Base(path), want, got, err)
				}
			}
		})
	}
}
