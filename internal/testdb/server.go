package testdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	startTimeout = 90 * time.Second // a loaded machine starts three servers at once
	stopTimeout  = 60 * time.Second
	portTries    = 10
	maxSocket    = 100 // a socket's path has 107 bytes at most
)

var errPortTaken = errors.New("port is taken")

// Server is one server process. Its fields do not change while it lives.
type Server struct {
	Kind     Kind
	Version  string // such as "10.11.19"
	Host     string // "127.0.0.1"
	Port     int
	Socket   string // path of the unix socket; empty when there is none
	User     string // "root"
	Password string // empty
	DataDir  string

	dir     string // holds all that the server writes
	place   *place // dir, when it goes away with the server; else nil
	install *install
	args    []string // the caller's
	proc    *process // nil while stopped
	reading pool     // of Query
	secure  bool     // it takes connections with TLS only
	killed  bool     // by Kill, at least once
}

// Launch starts a server in dir, which keeps its data: an existing one goes on with what it has. With an empty
// dir the data is in memory and goes away at Remove. ctx bounds the start only. A caller that is no test calls Remove.
func Launch(ctx context.Context, k Kind, dir string, args []string) (*Server, error) {
	in, err := find(k)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", k, err)
	}
	s := &Server{Kind: k, Version: in.version, Host: "127.0.0.1", User: "root", install: in, args: args, dir: dir}
	if dir == "" {
		if s.place, err = newPlace(string(k)); err != nil {
			return nil, fmt.Errorf("start %s: %w", k, err)
		}
		s.dir = s.place.dir
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, fmt.Errorf("start %s: %w", k, err)
	}
	s.DataDir = filepath.Join(s.dir, "data")
	s.Socket = filepath.Join(s.dir, "sock")
	if len(s.Socket) > maxSocket {
		s.Socket = filepath.Join(os.TempDir(), fmt.Sprintf("gomove-%d-%s.sock", os.Getpid(), filepath.Base(s.dir)))
	}
	if err := s.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", k, err), s.Remove())
	}
	return s, nil
}

// launch fills the data directory and starts the server on a free port.
func (s *Server) launch(ctx context.Context) error {
	for _, d := range []string{s.dir, s.BinlogDir(), filepath.Join(s.dir, "tmp")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	if _, err := os.Stat(s.DataDir); errors.Is(err, os.ErrNotExist) {
		if err := copyEmptyData(ctx, s.Kind, s.install, s.DataDir); err != nil {
			return err
		}
	}
	var err error
	for range portTries {
		if s.Port, err = freePort(ctx); err != nil {
			return err
		}
		if err = s.run(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

// run starts the process on s.Port and waits until it answers.
func (s *Server) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	args := append(s.defaultArgs(), s.install.args...)
	proc, err := startProcess(s.install.server, append(args, s.args...), s.errorLog())
	if err != nil {
		return err
	}
	s.proc = proc
	if err := s.waitReady(ctx); err != nil {
		proc.kill()
		s.proc = nil
		return err
	}
	return nil
}

func (s *Server) defaultArgs() []string {
	args := []string{
		"--no-defaults", "--datadir=" + s.DataDir, "--socket=" + s.Socket,
		"--port=" + strconv.Itoa(s.Port), "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--tmpdir=" + filepath.Join(s.dir, "tmp"),
		"--log-bin=" + filepath.Join(s.BinlogDir(), "bin"), "--binlog-format=ROW",
		"--server-id=" + strconv.Itoa(s.Port), "--sync-binlog=0",
		"--local-infile=1", "--secure-file-priv=", "--max-allowed-packet=64M",
		"--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=2", "--innodb-use-native-aio=0",
		"--loose-performance-schema=OFF", "--loose-innodb-buffer-pool-dump-at-shutdown=OFF",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

// waitReady asks through the socket, which no other server can own, so that a taken port is noticed.
func (s *Server) waitReady(ctx context.Context) error {
	db, err := s.open("unix", s.Socket, "", nil)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		var port int
		if err = db.QueryRowContext(ctx, "SELECT @@port").Scan(&port); err == nil && port == s.Port {
			return nil
		}
		select {
		case <-s.proc.done:
			log, _ := os.ReadFile(s.errorLog())
			if bytes.Contains(log, []byte("Do you already have another")) {
				return errPortTaken
			}
			return fmt.Errorf("server ended: %w; its log:\n%s", s.proc.err, tail(log, 4000))
		case <-ctx.Done():
			log, _ := os.ReadFile(s.errorLog())
			return fmt.Errorf("server does not answer: %w; its log:\n%s", errors.Join(err, ctx.Err()), tail(log, 4000))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// BinlogDir returns the folder of the binary log; its files are bin.000001 and so on.
func (s *Server) BinlogDir() string { return filepath.Join(s.dir, "binlog") }

func (s *Server) errorLog() string { return filepath.Join(s.dir, "error.log") }

// Stop shuts the server down in order; the data stays.
func (s *Server) Stop() error {
	if s.proc == nil {
		return nil
	}
	err := s.proc.terminate(stopTimeout)
	s.proc = nil
	return err
}

// Kill ends the server with signal 9; the data stays as it is.
func (s *Server) Kill() {
	s.killed = true
	if s.proc != nil {
		s.proc.kill()
		s.proc = nil
	}
}

// Restart starts the server again on its data, its port and its socket, after stopping it when it runs.
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	if err := s.run(context.Background()); err != nil {
		return fmt.Errorf("restart %s: %w", s.Kind, err)
	}
	return nil
}

// Remove ends the server at once, and removes its files when its folder was made for it.
func (s *Server) Remove() error {
	err := s.reading.close()
	s.Kill()
	if s.place == nil {
		return err
	}
	return errors.Join(err, s.place.remove())
}

// Open returns a pool of root's connections by TCP, several statements at once allowed.
func (s *Server) Open(schema string) (*sql.DB, error) {
	return s.open("tcp", s.address(), schema, nil)
}

func (s *Server) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// open returns a pool whose sessions start with these variables.
func (s *Server) open(network, addr, schema string, variables map[string]string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Passwd, cfg.DBName = network, addr, s.User, s.Password, schema
	cfg.MultiStatements = true
	cfg.Params = variables
	if s.secure {
		cfg.TLSConfig = "skip-verify"
	}
	cfg.AllowAllFiles = true
	cfg.Logger = &mysql.NopLogger{}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// PID is the number of the server's process; 0 while it is stopped.
func (s *Server) PID() int {
	if s.proc == nil {
		return 0
	}
	return s.proc.cmd.Process.Pid
}

// ClientCommand is the command line of the server's own client, root by TCP; nil when there is none.
func (s *Server) ClientCommand() []string {
	if s.install.client.argv == nil {
		return nil
	}
	return append(slices.Clone(s.install.client.argv),
		"--no-defaults", "--host="+s.Host, "--port="+strconv.Itoa(s.Port), "--user="+s.User)
}

func tail(b []byte, n int) []byte {
	return b[max(0, len(b)-n):]
}
