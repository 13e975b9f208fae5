package testdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gomove/gomove/internal/testdb/aurora"
)

// AuroraVersion is a version line of Aurora MySQL.
type AuroraVersion = aurora.Version

// The lines that StartAurora has: version 1 before MySQL 5.6.24, the others before MySQL 9.7.
const (
	Aurora1  = aurora.V1
	Aurora3  = aurora.V3
	Aurora84 = aurora.V84
)

// Auroras returns every line, the oldest last. Under -short it leaves out version 1, as All leaves out MySQL 5.6.
func Auroras() []AuroraVersion {
	if testing.Testing() && testing.Short() {
		return []AuroraVersion{Aurora3, Aurora84}
	}
	return []AuroraVersion{Aurora3, Aurora84, Aurora1}
}

// Aurora is a stand-in for an Aurora MySQL cluster; package aurora says what it does. Server is how a client sees it: User, the managed
// master user, and Password, on Host and Port; it has no Socket, and cannot be stopped.
type Aurora struct {
	*Server
	Cluster *aurora.Proxy // NameRole and AttachRole change the cluster's parameter and its role
	Real    *Server       // what is behind it, with root
}

// AuroraOption changes a stand-in from what a new cluster is: binary log off, S3 out of reach, a role for S3 named and attached, roles
// of accounts not active at login, TLS required by version 8.4.
type AuroraOption func(*auroraSettings)

type auroraSettings struct {
	config aurora.Config
	args   []string
	binlog bool
	active bool
}

// WithS3 gives the cluster a way to S3. Every bucket is in the server's region.
func WithS3(s *S3Server) AuroraOption {
	return func(a *auroraSettings) {
		a.config.Store = aurora.NewStore(s.Endpoint, s.Region, s.AccessKey, s.SecretKey)
	}
}

// WithBinlog switches the binary log on. log_bin_trust_function_creators stays off.
func WithBinlog() AuroraOption { return func(a *auroraSettings) { a.binlog = true } }

// WithPartBytes has SELECT INTO OUTFILE S3 begin a new file above so many bytes; else 6 GiB.
func WithPartBytes(n int64) AuroraOption { return func(a *auroraSettings) { a.config.PartBytes = n } }

// AsReader makes it a reader of the cluster.
func AsReader() AuroraOption { return func(a *auroraSettings) { a.config.Reader = true } }

// WithActiveRoles sets activate_all_roles_on_login, which version 1 does not have.
func WithActiveRoles() AuroraOption { return func(a *auroraSettings) { a.active = true } }

// WithPlainLogin has version 8.4 take connections without TLS.
func WithPlainLogin() AuroraOption { return func(a *auroraSettings) { a.config.SecureOnly = false } }

// WithAuroraArgs adds arguments of the real server.
func WithAuroraArgs(args ...string) AuroraOption {
	return func(a *auroraSettings) { a.args = append(a.args, args...) }
}

// StartAurora starts a stand-in that ends with the test; like StartOwn it skips the test, loudly, when the real server is not installed.
func StartAurora(t testing.TB, v AuroraVersion, opts ...AuroraOption) *Aurora {
	t.Helper()
	Require(t, auroraKind(v))
	a, err := LaunchAurora(t.Context(), v, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Remove(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func auroraKind(v AuroraVersion) Kind {
	if v == Aurora1 {
		return MySQL56
	}
	return MySQL97
}

// LaunchAurora starts a stand-in for a program, which calls Remove at the end. ctx bounds the start only.
func LaunchAurora(ctx context.Context, v AuroraVersion, opts ...AuroraOption) (*Aurora, error) {
	set := auroraSettings{config: aurora.Config{Version: v, User: "admin", Password: "gomove-stand-in", SecureOnly: v == Aurora84}}
	for _, o := range opts {
		o(&set)
	}
	args := []string{"--loose-disabled-storage-engines=MyISAM,MEMORY,ARCHIVE,CSV,FEDERATED,BLACKHOLE,MRG_MyISAM"}
	if !set.binlog {
		args = append(args, "--skip-log-bin")
	}
	if v == Aurora1 { // as Aurora keeps them; later versions have nothing else
		args = append(args, "--master-info-repository=TABLE", "--relay-log-info-repository=TABLE")
	}
	if set.active {
		args = append(args, "--activate-all-roles-on-login=1")
	}
	served, err := Launch(ctx, auroraKind(v), "", append(args, set.args...))
	if err != nil {
		return nil, err
	}
	a := &Aurora{Real: served}
	if err := a.front(ctx, set.config); err != nil {
		return nil, errors.Join(fmt.Errorf("start the stand-in for Aurora %s: %w", v, err), a.Remove())
	}
	return a, nil
}

func (a *Aurora) front(ctx context.Context, c aurora.Config) (err error) {
	root, err := a.Real.reading.open(a.Real)
	if err != nil {
		return err
	}
	c.Root = root
	c.Address = net.JoinHostPort(a.Real.Host, strconv.Itoa(a.Real.Port))
	c.Dir = filepath.Join(a.Real.dir, "s3")
	if a.Cluster, err = aurora.New(ctx, c); err != nil {
		return err
	}
	a.Server = &Server{
		Kind: a.Real.Kind, Version: a.Cluster.AuroraVersion(), Host: "127.0.0.1", Port: a.Cluster.Port(), User: c.User, Password: c.Password,
		install: a.Real.install, secure: c.SecureOnly,
	}
	return nil
}

// Remove ends the stand-in and the real server.
func (a *Aurora) Remove() (err error) {
	if a.Server != nil {
		err = a.reading.close()
	}
	if a.Cluster != nil {
		err = errors.Join(err, a.Cluster.Close())
	}
	return errors.Join(err, a.Real.Remove())
}
