package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// tlsConfig is what the driver encrypts with, or nil for none. Like the mysql client, preferred leaves a unix socket alone.
func tlsConfig(o Options) (*tls.Config, error) {
	t := o.TLS
	if t.Mode == SSLDisabled || t.Mode == SSLPreferred && o.Socket != "" {
		return nil, nil
	}
	// The certificate is verified in VerifyConnection: Go's own check cannot leave out the name alone.
	cfg := &tls.Config{ServerName: o.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	var roots *x509.CertPool
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("--ssl-ca: %w", err)
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ssl-ca: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		if t.Cert == "" || t.Key == "" {
			return nil, errors.New("--ssl-cert and --ssl-key go together")
		}
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("--ssl-cert: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if t.Mode >= SSLVerifyCA {
		cfg.VerifyConnection = func(s tls.ConnectionState) error {
			return verifyServer(s, roots, t.Mode, o.Host)
		}
	}
	return cfg, nil
}

// verifyServer checks the chain, and for verify-identity the name, of a server's certificate.
func verifyServer(s tls.ConnectionState, roots *x509.CertPool, mode SSLMode, host string) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("server sent no certificate")
	}
	leaf := s.PeerCertificates[0]
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(opts); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	if mode < SSLVerifyIdentity {
		return nil
	}
	err := leaf.VerifyHostname(host)
	// Certificates made for MySQL name their host in the subject alone; the mysql client accepts those.
	noNames := len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.EmailAddresses)+len(leaf.URIs) == 0
	if err != nil && noNames && strings.EqualFold(leaf.Subject.CommonName, host) {
		err = nil
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return nil
}

// legacyTLS is cfg for servers of the time of MySQL 5.6, whose yaSSL speaks TLS 1.0 with RSA key exchange at best.
// It is nil where a certificate must be verified: there old TLS would only pretend to protect.
func legacyTLS(o Options, cfg *tls.Config) *tls.Config {
	if cfg == nil || o.TLS.Mode >= SSLVerifyCA {
		return nil
	}
	old := cfg.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS12
	old.CurvePreferences = []tls.CurveID{tls.CurveP256, tls.CurveP384}
	for _, c := range tls.CipherSuites() {
		old.CipherSuites = append(old.CipherSuites, c.ID)
	}
	old.CipherSuites = append(old.CipherSuites, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA)
	return old
}

// noteTLS makes a handshake that ends well leave its state in a.
func noteTLS(cfg *tls.Config, a *attempt) {
	verify := cfg.VerifyConnection
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		if verify != nil {
			if err := verify(s); err != nil {
				return err
			}
		}
		a.tls = &s
		return nil
	}
}
