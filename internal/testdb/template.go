package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// templateFormat changes when what an empty data directory holds changes.
const templateFormat = "1"

// copyEmptyData puts an empty data directory of the kind at dst; the first call on a machine creates it in the cache.
func copyEmptyData(ctx context.Context, k Kind, in *install, dst string) error {
	cache, err := CacheDir()
	if err != nil {
		return err
	}
	src := filepath.Join(cache, "empty", fmt.Sprintf("%s-%s-%s", k, in.version, templateFormat))
	if err := ensureTemplate(ctx, k, in, src); err != nil {
		return fmt.Errorf("empty data directory of %s: %w", k, err)
	}
	return copyDir(ctx, src, dst)
}

func copyDir(ctx context.Context, src, dst string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", "--sparse=always", src, dst).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", src, err, out)
	}
	return nil
}

// ensureTemplate creates the data directory at path unless it is there; a lock keeps parallel test binaries apart.
func ensureTemplate(ctx context.Context, k Kind, in *install, path string) (err error) {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	place, err := newPlace("empty-" + string(k))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.remove()) }()
	data, err := createData(ctx, k, in, place.dir)
	if err != nil {
		return err
	}
	if err := copyDir(ctx, data, path+".new"); err != nil {
		return errors.Join(err, os.RemoveAll(path+".new"))
	}
	return os.Rename(path+".new", path)
}

// createData initialises a data directory in dir, starts a server on it once to set up root, and returns its path.
func createData(ctx context.Context, k Kind, in *install, dir string) (string, error) {
	s := &Server{Kind: k, Host: "127.0.0.1", User: "root", install: in, args: []string{"--skip-log-bin"}, dir: dir}
	s.DataDir, s.Socket = filepath.Join(dir, "data"), filepath.Join(dir, "sock")
	if err := initData(ctx, in, s.DataDir); err != nil {
		return "", err
	}
	if err := s.launch(ctx); err != nil {
		return "", err
	}
	defer s.Kill()
	db, err := s.open("unix", s.Socket, "", nil)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, rootStatements(k)); err != nil {
		return "", fmt.Errorf("set up root: %w", err)
	}
	if err := s.Stop(); err != nil {
		return "", err
	}
	// The server's identity: two servers with one UUID cannot replicate.
	return s.DataDir, os.RemoveAll(filepath.Join(s.DataDir, "auto.cnf"))
}

func initData(ctx context.Context, in *install, data string) error {
	if in.emptyData != "" {
		return copyDir(ctx, in.emptyData, data)
	}
	program, args := in.server, append([]string{"--no-defaults", "--initialize-insecure", "--datadir=" + data}, in.args...)
	if in.installDB.argv != nil {
		program, args = in.installDB, append([]string{
			"--no-defaults", "--auth-root-authentication-method=normal", "--skip-name-resolve", "--skip-test-db", "--datadir=" + data,
		}, in.args...)
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	if out, err := program.command(ctx, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", program.argv, err, tail(out, 4000))
	}
	return nil
}

// rootStatements let root in by TCP as by socket, and leave no schema and no account of anybody else.
func rootStatements(k Kind) string {
	const plain = "SET sql_log_bin=0; DROP DATABASE IF EXISTS test;"
	switch k {
	case MySQL97:
		return plain + "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION"
	case MySQL56:
		return plain + "DELETE FROM mysql.user; DELETE FROM mysql.db; FLUSH PRIVILEGES;" +
			"GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION"
	case MariaDB:
		return plain + "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION"
	}
	return plain
}
