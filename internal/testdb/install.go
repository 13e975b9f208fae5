package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
)

var errNotInstalled = errors.New("not installed")

// program is how to run one executable: the head of its command line and what it needs in its environment.
type program struct {
	argv []string
	env  []string
}

// install is where the programs of one kind are.
type install struct {
	server    program
	client    program
	binlog    program
	dump      program  // mysqldump
	installDB program  // creates a data directory; empty when the server does it itself
	emptyData string   // a data directory to copy in place of creating one
	args      []string // of the server
	version   string
}

// CacheDir returns the folder in which setup.sh and this package keep servers and empty data directories.
func CacheDir() (string, error) {
	if d := os.Getenv("GOMOVE_TESTDB"); d != "" {
		return filepath.Abs(d)
	}
	d, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("test server cache: %w", err)
	}
	return filepath.Join(d, "gomove-testdb"), nil
}

// declaredMissing reports whether setup.sh recorded that this system cannot have the server.
func declaredMissing(k Kind) bool {
	cache, err := CacheDir()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(cache, string(k)+".unavailable"))
	return err == nil
}

// installs remembers what find found, as asking a server for its version takes a process.
var installs sync.Map

func find(k Kind) (*install, error) {
	if in, ok := installs.Load(k); ok {
		return in.(*install), nil
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	var in *install
	switch k {
	case MariaDB:
		in, err = findMariaDB()
	case MySQL56:
		in, err = findMySQL56(filepath.Join(cache, "mysql56"), cache)
	case MySQL97:
		in, err = findMySQL97(filepath.Join(cache, "mysql97"))
	default:
		return nil, fmt.Errorf("unknown kind of server %q", k)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	if in.version, err = in.askVersion(); err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	installs.Store(k, in)
	return in, nil
}

func findMariaDB() (*install, error) {
	in := &install{}
	for name, dst := range map[string]*program{
		"mariadbd": &in.server, "mariadb": &in.client, "mariadb-binlog": &in.binlog, "mariadb-install-db": &in.installDB,
		"mariadb-dump": &in.dump,
	} {
		p, err := lookPath(name)
		if err != nil {
			return nil, err
		}
		dst.argv = []string{p}
	}
	in.args = []string{"--innodb-log-file-size=64M"}
	return in, nil
}

func findMySQL56(dir, cache string) (*install, error) {
	server := filepath.Join(dir, "server")
	mysqld := filepath.Join(server, "mysqld")
	in := &install{
		server: program{argv: []string{mysqld}, env: []string{"LD_LIBRARY_PATH=" + server}},
		args: []string{
			"--basedir=" + server, "--lc-messages-dir=" + filepath.Join(server, "share"),
			"--character-sets-dir=" + filepath.Join(server, "share", "charsets"),
			"--innodb-log-file-size=32M",
		},
		emptyData: filepath.Join(server, "data", "mysql"),
	}
	if err := mustExist(mysqld, in.emptyData); err != nil {
		return nil, err
	}
	// Its package holds no client programs: MariaDB's client, and the newer MySQL's binary log reader.
	if p, err := lookPath("mariadb"); err == nil {
		in.client.argv = []string{p}
	}
	if newer, err := findMySQL97(filepath.Join(cache, "mysql97")); err == nil {
		in.binlog = newer.binlog
	} else if p, err := lookPath("mariadb-binlog"); err == nil {
		in.binlog.argv = []string{p}
	}
	return in, nil
}

// findMySQL97 runs the tree's programs with the tree's own dynamic loader: no chroot, no mount, any user.
func findMySQL97(tree string) (*install, error) {
	loaders, _ := filepath.Glob(filepath.Join(tree, "usr/lib/*-linux-gnu*/ld-linux-*.so.*"))
	if len(loaders) == 0 {
		return nil, fmt.Errorf("%s: %w", tree, errNotInstalled)
	}
	share := filepath.Join(tree, "usr/share/mysql")
	charsets := "--character-sets-dir=" + filepath.Join(share, "charsets")
	run := func(name string) program {
		return program{argv: []string{loaders[0], "--library-path", filepath.Dir(loaders[0]), filepath.Join(tree, name)}}
	}
	in := &install{
		server: run("usr/sbin/mysqld"),
		client: run("usr/bin/mysql"),
		binlog: run("usr/bin/mysqlbinlog"),
		dump:   run("usr/bin/mysqldump"),
		args: []string{
			"--lc-messages-dir=" + share, charsets, "--plugin-dir=" + filepath.Join(tree, "usr/lib/mysql/plugin"),
			"--innodb-redo-log-capacity=64M", "--mysqlx=OFF",
		},
	}
	for _, p := range []program{in.server, in.client, in.binlog, in.dump} {
		if err := mustExist(p.argv[len(p.argv)-1]); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func mustExist(paths ...string) error {
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return fmt.Errorf("%s: %w", p, errNotInstalled)
		}
	}
	return nil
}

// lookPath also looks where servers are, as a plain user's PATH has no sbin.
func lookPath(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"} {
		if p := filepath.Join(dir, name); mustExist(p) == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, errNotInstalled)
}

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.argv[0], append(p.argv[1:len(p.argv):len(p.argv)], args...)...)
	cmd.Env = append(os.Environ(), p.env...)
	return cmd
}

var versionPattern = regexp.MustCompile(`Ver (\d+\.\d+\.\d+)`)

func (in *install) askVersion() (string, error) {
	out, err := in.server.command(context.Background(), "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%v --version: %w: %s", in.server.argv, err, out)
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%v --version: no version in %q", in.server.argv, out)
	}
	return string(m[1]), nil
}
