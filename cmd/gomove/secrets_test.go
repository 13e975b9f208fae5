package main

import (
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

const (
	// markedPassword needs escapes in a URI; marker is in every form of it.
	markedPassword = "p@ss/%41:" + marker
	marker         = "mArKeDpAsSwOrD"
)

// passwordWay is one way to tell gomove a password: arguments and variables.
type passwordWay struct {
	args, env []string
	password  string // of the URI; empty: it has none
	query     string // of the URI
}

func passwordWays(t *testing.T, password string) map[string]passwordWay {
	t.Helper()
	dir := t.TempDir()
	file, options := filepath.Join(dir, "password"), filepath.Join(dir, "options.cnf")
	for path, text := range map[string]string{file: password + "\n", options: "[client]\npassword=\"" + password + "\"\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]passwordWay{
		"-pSECRET":   {args: []string{"-p" + password}},
		"--password": {args: []string{"--password=" + password}},
		"file":       {args: []string{"--password-file", file}, query: "?password-file=" + file},
		"options":    {args: []string{"--defaults-extra-file", options}, query: "?defaults-file=" + options},
		"MYSQL_PWD":  {env: []string{"MYSQL_PWD=" + password}},
		"URI":        {password: password},
	}
}

// uri is an account's URI with what the way says.
func (w passwordWay) uri(host, user string) string {
	account := url.User(user)
	if w.password != "" {
		account = url.UserPassword(user, w.password)
	}
	return "mysql://" + account.String() + "@" + host + "/" + w.query
}

// takesFlags and takesURI report where the way works.
func (w passwordWay) takesFlags() bool { return w.password == "" }
func (w passwordWay) takesURI() bool {
	return w.password != "" || w.query != "" || w.env != nil
}

// requireNoSecret looks for words in what a command printed and in every file below dir.
func requireNoSecret(t *testing.T, r result, dir string, words ...string) {
	t.Helper()
	looks := func(where, text string) {
		for _, w := range words {
			if i := strings.Index(text, w); i >= 0 {
				t.Errorf("%s has the secret: %.200q", where, text[max(0, i-100):])
			}
		}
	}
	looks("stdout", r.stdout)
	looks("stderr", r.stderr)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		looks("a file's name", path)
		text, err := os.ReadFile(path)
		looks(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPasswordIsNowhere runs every command with a marked password, told in each way, to success and to failures, and looks for it.
func TestPasswordIsNowhere(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(40))", "INSERT INTO "+schema+".t VALUES (1,'a'),(2,'b')")
	for _, account := range []string{"marked_all", "marked_none"} {
		server.Exec(t, "CREATE USER "+account+" IDENTIFIED BY '"+markedPassword+"'")
		t.Cleanup(func() { server.Exec(t, "DROP USER "+account) })
	}
	server.Exec(t, "GRANT ALL ON *.* TO marked_all WITH GRANT OPTION")
	place := server.Host + ":" + strconv.Itoa(server.Port)
	for name, way := range passwordWays(t, markedPassword) {
		wrong := passwordWays(t, markedPassword+"-not")[name]
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "dump")
			into := []string{"-d", out, "--schema-map", schema + "=" + schema + "_into"}
			defer server.Exec(t, "DROP DATABASE IF EXISTS "+schema+"_into", "DROP DATABASE IF EXISTS gomove")
			run := func(code int, w passwordWay, command, flag, host, user string, more ...string) {
				t.Helper()
				args := []string{command}
				if command == "verify" || !w.takesFlags() {
					args = append(args, flag, w.uri(host, user))
				} else {
					h, p, _ := strings.Cut(host, ":")
					args = append(append(args, "-h", h, "-P", p, "-u", user), w.args...)
				}
				args = append(append(args, "--log-level", "debug", "--progress", "plain"), more...)
				r := startChanged(t, func(c *exec.Cmd) { c.Env = append(c.Env, w.env...) }, args...).wait(t)
				if r.code != code {
					t.Errorf("%s: exit %d, want %d: %s", command, r.code, code, r.stderr)
				}
				requireNoSecret(t, r, dir, marker)
			}
			const nowhere = "no-such-host.invalid:3306"
			run(0, way, "dump", "--source", place, "marked_all", "-o", out, "-B", schema)
			run(0, way, "load", "--target", place, "marked_all", into...)
			run(1, way, "load", "--target", place, "marked_all", into...)
			run(1, wrong, "load", "--target", place, "marked_all", into...)
			run(1, way, "load", "--target", place, "marked_none", into...)
			run(1, way, "load", "--target", nowhere, "marked_all", into...)
			for n, c := range []struct {
				way        passwordWay
				host, user string
			}{{wrong, place, "marked_all"}, {way, nowhere, "marked_all"}, {way, place, "marked_none"}} {
				run(1, c.way, "dump", "--source", c.host, c.user, "-o", out+strconv.Itoa(n), "-B", schema)
			}
			run(2, way, "dump", "--source", place, "marked_all", "-o", out, "--no-such-flag")
			if way.takesURI() {
				report := filepath.Join(dir, "report.jsonl")
				verify := []string{"--source", way.uri(place, "marked_all"), "-B", schema, "--schema-map", schema + "=" + schema + "_into", "--report", report}
				run(0, way, "verify", "--target", place, "marked_all", verify...)
				server.Exec(t, "UPDATE "+schema+"_into.t SET v='c' WHERE id=2")
				run(exitDiffers, way, "verify", "--target", place, "marked_all", verify...)
				run(1, wrong, "verify", "--target", place, "marked_all", verify...)
				run(1, way, "verify", "--target", nowhere, "marked_all", "-d", out)
			}
			requireNoSecret(t, mustRun(t, "inspect", out, "--deep", "--log-level", "debug"), dir, marker)
		})
	}
}

// TestPasswordIsNotInTheProcessList looks at the arguments of a gomove that waits for its server.
func TestPasswordIsNotInTheProcessList(t *testing.T) {
	server := testdb.Start(t, testdb.MariaDB)
	for name, way := range passwordWays(t, markedPassword) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waits := make(chan int, 16)
			r := startRogue(t, server, "", func(r *rogue, c net.Conn) { waits <- 1; says()(r, c) })
			place := "127.0.0.1:" + strconv.Itoa(r.Port)
			args := []string{"dump", "-o", filepath.Join(t.TempDir(), "out"), "--source", way.uri(place, "u")}
			if way.takesFlags() {
				args = append([]string{"dump", "-o", filepath.Join(t.TempDir(), "out"), "-h", "127.0.0.1", "-P", strconv.Itoa(r.Port)}, way.args...)
			}
			run := startChanged(t, func(c *exec.Cmd) { c.Env = append(c.Env, way.env...) }, args...)
			select {
			case <-waits:
			case <-time.After(20 * time.Second):
				t.Error("gomove does not connect")
			}
			line, err := os.ReadFile("/proc/" + strconv.Itoa(run.cmd.Process.Pid) + "/cmdline")
			if err != nil {
				t.Error(err)
			}
			if !strings.Contains(string(line), "dump") || strings.Contains(string(line), marker) {
				t.Errorf("arguments: %q", line)
			}
			if err := run.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			requireNoSecret(t, run.wait(t), t.TempDir(), marker)
		})
	}
}

// TestPasswordAsAnArgument gives a password where mysql takes a schema: after a blank. It is refused, and not repeated.
func TestPasswordAsAnArgument(t *testing.T) {
	for _, args := range [][]string{{"dump", "--password", marker, "-o", "x"}, {"dump", "-o", "x", "-p", marker}, {"load", "-d", "x", "--password", marker}} {
		r := runBinary(t, args...)
		if r.code != exitUsage {
			t.Errorf("%q: exit %d: %s", args, r.code, r.stderr)
		}
		requireNoSecret(t, r, t.TempDir(), marker)
	}
	for _, uri := range []string{"mysql://u:" + marker + "@h:x/", "mysql://u:" + marker + "#@h/", "MYSQL://u:" + marker + "@h/schema", "u:" + marker + "@h", "mysql://u:" + marker + "@h/?a=b", "mysql://u:" + marker + "@@h:99999/"} {
		r := runBinary(t, "dump", "-o", filepath.Join(t.TempDir(), "x"), "--source", uri)
		if r.code == 0 {
			t.Errorf("%s: exit 0", uri)
		}
		requireNoSecret(t, r, t.TempDir(), marker)
	}
}

// TestS3KeyIsNowhere dumps to S3 and back with debug logs, and with keys that are refused.
func TestS3KeyIsNowhere(t *testing.T) {
	s3 := testdb.StartS3(t)
	server := testdb.Start(t, testdb.MariaDB)
	schema := server.Schema(t)
	server.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)", "INSERT INTO "+schema+".t VALUES (1)")
	place := "s3://" + s3.Bucket + "/secrets"
	wrong := *s3
	wrong.SecretKey = marker
	requireNone := func(r result) { requireNoSecret(t, r, s3.Dir, s3.SecretKey, marker) }
	debug := []string{"--log-level", "debug", "--progress", "plain"}
	requireNone(onS3(t, s3, 0, dumpArgs(server, place, append(debug, "-B", schema)...)...))
	requireNone(onS3(t, s3, 0, append([]string{"inspect", place, "--deep"}, debug...)...))
	requireNone(onS3(t, s3, 0, append([]string{"verify", "-d", place, "--target", uriOf(server)}, debug...)...))
	requireNone(onS3(t, s3, 1, loadArgs(server, place, debug...)...))
	requireNone(onS3(t, s3, 1, dumpArgs(server, "s3://no-such-bucket/x", append(debug, "-B", schema)...)...))
	requireNone(onS3(t, &wrong, 1, dumpArgs(server, place+"2", append(debug, "-B", schema)...)...))
	requireNone(onS3(t, &wrong, 1, append([]string{"inspect", place}, debug...)...))
}
