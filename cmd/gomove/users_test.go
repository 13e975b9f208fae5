package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// usersOf makes accounts of many kinds, as far as a server has them.
func usersOf(k testdb.Kind) []string {
	all := []string{
		"CREATE DATABASE shop_x", "CREATE TABLE shop_x.t (a INT PRIMARY KEY, b INT)", "INSERT INTO shop_x.t VALUES (1,2)", "CREATE PROCEDURE shop_x.p() SELECT 1",
		"CREATE USER app@localhost IDENTIFIED BY 'secret'", "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'",
		"GRANT SELECT, INSERT ON `shop\\_x`.* TO app@'127.0.0.1' WITH GRANT OPTION", "GRANT SELECT (a), UPDATE (a,b), DELETE ON shop_x.t TO app@'127.0.0.1'",
		"GRANT EXECUTE ON PROCEDURE shop_x.p TO app@'127.0.0.1'", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO app@'127.0.0.1'", "GRANT ALL ON `other%`.* TO app@'127.0.0.1'",
		"CREATE USER 'o''dd`x'@'%' IDENTIFIED BY 'pass''wo\\\\rd'", "GRANT ALL ON *.* TO 'o''dd`x'@'%' WITH GRANT OPTION", "CREATE USER nobody@localhost",
		"CREATE USER lim@'10.%' IDENTIFIED BY 'x'", "CREATE USER left_out@'%'",
	}
	limits := "REQUIRE SUBJECT '/CN=x\\\\y' AND ISSUER '/CN=y' WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 3"
	if k == testdb.MySQL56 {
		return append(all, "GRANT USAGE ON *.* TO lim@'10.%' "+limits)
	}
	all = append(all, "ALTER USER lim@'10.%' "+limits, "ALTER USER nobody@localhost ACCOUNT LOCK", "ALTER USER nobody@localhost PASSWORD EXPIRE INTERVAL 5 DAY",
		"CREATE ROLE reader", "CREATE ROLE writer", "GRANT SELECT ON shop_x.* TO reader", "GRANT reader TO writer", "GRANT writer TO app@'127.0.0.1'")
	if k == testdb.MariaDB {
		return append(all, "SET DEFAULT ROLE writer FOR app@'127.0.0.1'", "GRANT BINLOG MONITOR, CONNECTION ADMIN ON *.* TO lim@'10.%'")
	}
	return append(all, "SET DEFAULT ROLE writer TO app@'127.0.0.1'", "GRANT BINLOG_ADMIN, CONNECTION_ADMIN, SHOW_ROUTINE ON *.* TO lim@'10.%'",
		"ALTER USER lim@'10.%' PASSWORD HISTORY 3 FAILED_LOGIN_ATTEMPTS 4 ATTRIBUTE '{\"a\": \"it''s\"}'",
		"SET GLOBAL partial_revokes=ON", "GRANT UPDATE ON *.* TO nobody@localhost", "REVOKE UPDATE ON mysql.* FROM nobody@localhost")
}

// users describes all accounts of a server but its own, as the server does.
func users(t *testing.T, s *testdb.Server) string {
	t.Helper()
	var b strings.Builder
	for _, u := range s.Query(t, "SELECT User, Host FROM mysql.user WHERE User NOT IN ('root','mariadb.sys','mysql.sys','mysql.session','mysql.infoschema') ORDER BY 1,2") {
		name := "'" + strings.ReplaceAll(u[0], "'", "''") + "'"
		if u[1] != "" {
			name += "@'" + u[1] + "'"
		}
		lines := []string{name}
		if s.Kind != testdb.MySQL56 && u[1] != "" {
			lines = append(lines, s.Query(t, "SHOW CREATE USER "+name)[0][0])
		}
		var grants []string
		for _, g := range s.Query(t, "SHOW GRANTS FOR "+name) {
			grants = append(grants, g[0])
		}
		slices.Sort(grants)
		b.WriteString(strings.Join(append(lines, grants...), "\n") + "\n")
	}
	return b.String()
}

func dropUsers(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "DROP DATABASE IF EXISTS shop_x", "DROP DATABASE IF EXISTS shop_y")
	for _, u := range s.Query(t, "SELECT User, Host FROM mysql.user WHERE User IN ('app','o''dd`x','nobody','lim','left_out','reader','writer')") {
		name := "'" + strings.ReplaceAll(u[0], "'", "''") + "'@'" + u[1] + "'"
		if u[1] == "" {
			s.Exec(t, "DROP ROLE "+u[0])
			continue
		}
		s.Exec(t, "DROP USER "+name)
	}
}

// TestUsers moves accounts between every ordered pair of servers, and logs in with the passwords that were moved.
func TestUsers(t *testing.T) {
	t.Parallel()
	targets := map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = testdb.StartOwn(t, k)
	}
	targets[testdb.MySQL97].Exec(t, "SET GLOBAL partial_revokes=ON")
	for _, from := range testdb.All() {
		source := testdb.StartOwn(t, from)
		source.Exec(t, usersOf(from)...)
		dir := filepath.Join(t.TempDir(), "dump")
		r := mustRun(t, dumpArgs(source, dir, "--users", "--exclude-users", "left*", "-B", "shop_x")...)
		if !strings.Contains(r.stdout, "accounts with their grants") {
			t.Errorf("the summary tells of no accounts:\n%s", r.stdout)
		}
		if f, err := os.Stat(filepath.Join(dir, "users.sql")); err != nil || f.Mode().Perm() != 0o600 {
			t.Errorf("users.sql: %v, %v", f, err)
		}
		mustRun(t, "inspect", dir)
		for _, to := range testdb.All() {
			t.Run(string(from)+"-to-"+string(to), func(t *testing.T) {
				target := targets[to]
				defer dropUsers(t, target)
				r := mustRun(t, loadArgs(target, dir, "--users", "--definer", "keep")...)
				t.Log(r.stdout)
				requireUsers(t, source, target, r.stdout)
			})
		}
	}
}

// requireUsers looks at what a load has made of the accounts of usersOf.
func requireUsers(t *testing.T, source, target *testdb.Server, summary string) {
	t.Helper()
	want, got := users(t, source), users(t, target)
	if strings.Contains(got, "left_out") {
		t.Errorf("an account was created that is not in the dump:\n%s", got)
	}
	if source.Kind == target.Kind {
		want = want[:strings.Index(want, "'left_out'")] + want[strings.Index(want, "'lim'"):]
		if got != want {
			t.Errorf("accounts differ:\n%s\nwant\n%s", got, want)
		}
		if strings.Contains(summary, "LOCKED") || strings.Contains(summary, "not granted") {
			t.Errorf("the same server refuses what it had:\n%s", summary)
		}
	}
	for _, has := range []string{"EXECUTE ON PROCEDURE `shop_x`.`p`", "ALL PRIVILEGES ON `other%`.*", "`shop\\_x`.*", "DELETE", "MAX_QUERIES_PER_HOUR 5"} {
		if !strings.Contains(got, has) {
			t.Errorf("no %q in\n%s", has, got)
		}
	}
	sha, native := source.Kind == testdb.MySQL97, target.Kind != testdb.MySQL97
	in := loggedIn(target, "app", "secret")
	db, err := in.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	err = db.QueryRowContext(t.Context(), "SELECT COUNT(a) FROM shop_x.t").Scan(&n)
	if kept := sha != native; kept && (err != nil || n != 1) {
		t.Errorf("the password was not moved: %d, %v", n, err)
	} else if !kept && (err == nil || !strings.Contains(summary, "LOCKED  app@127.0.0.1")) {
		t.Errorf("an account without its password is open, %v, or not named:\n%s", err, summary)
	}
}

// loggedIn is a server with another account.
func loggedIn(s *testdb.Server, user, password string) *testdb.Server {
	return &testdb.Server{Kind: s.Kind, Host: s.Host, Port: s.Port, User: user, Password: password}
}

// TestUsersAreKept has accounts on the target, an account that may not all, another name of the schema and a run that is carried on.
func TestUsersAreKept(t *testing.T) {
	t.Parallel()
	s := testdb.StartOwn(t, testdb.MariaDB)
	s.Exec(t, usersOf(testdb.MariaDB)...)
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(s, dir, "--users", "-B", "shop_x")...)
	target := testdb.StartOwn(t, testdb.MariaDB)
	target.Exec(t, "CREATE USER app@localhost IDENTIFIED BY 'other'",
		"CREATE USER master@'%' IDENTIFIED BY 'm'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, ALTER, INDEX, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, CREATE USER, CREATE VIEW, TRIGGER, EVENT, REFERENCES ON *.* TO master@'%' WITH GRANT OPTION")
	before := target.Query(t, "SHOW CREATE USER app@localhost")[0][0]
	as := loggedIn(target, "master", "m")
	r := mustRun(t, loadArgs(as, dir, "--users", "--include-users", "app*", "--include-users", "o'dd*", "--schema-map", "shop_x=shop_y", "--summary", "json")...)
	report := fmt.Sprint(jsonSummary(t, r)["users"])
	for _, want := range []string{"SUPER", "FILE", "kept:[app@localhost]", "the loading account may not (error 1045)", "`o'dd``x`@`%`"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q: %s", want, report)
		}
	}
	if after := target.Query(t, "SHOW CREATE USER app@localhost")[0][0]; after != before {
		t.Errorf("an account that was there was changed: %s", after)
	}
	got := users(t, target)
	for _, want := range []string{"ON `shop\\_y`.*", "`shop_y`.`t`", "PROCEDURE `shop_y`.`p`", "RELOAD"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "'lim'") || strings.Contains(got, "SUPER") {
		t.Errorf("more was made than was asked for, or may be:\n%s", got)
	}
	if r := runBinary(t, loadArgs(target, dir, "--include-users", "x")...); r.code != exitUsage {
		t.Errorf("--include-users without --users: exit %d, %s", r.code, r.stderr)
	}
}

// TestUsersAreCarriedOn breaks a load between the accounts and their grants, and runs it again.
func TestUsersAreCarriedOn(t *testing.T) {
	t.Parallel()
	source, target := testdb.StartOwn(t, testdb.MariaDB), testdb.StartOwn(t, testdb.MariaDB)
	source.Exec(t, usersOf(testdb.MariaDB)...)
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(source, dir, "--users", "--exclude-users", "left_out", "-B", "shop_x")...)
	chunk := filepath.Join(dir, "shop_x.t.00000.csv.zst")
	whole, err := os.ReadFile(chunk)
	if err != nil {
		t.Fatal(err)
	}
	broken := slices.Clone(whole)
	broken[len(broken)/2] ^= 1
	for _, step := range []struct {
		content []byte
		code    int
		grants  bool
	}{{broken, exitFailed, false}, {whole, exitOK, true}} {
		if err := os.WriteFile(chunk, step.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := runBinary(t, loadArgs(target, dir, "--users")...); r.code != step.code {
			t.Fatalf("exit %d: %s", r.code, r.stderr)
		} else if got := users(t, target); !strings.Contains(got, "`lim`") || strings.Contains(got, "BINLOG MONITOR") != step.grants {
			t.Errorf("after exit %d:\n%s", r.code, got)
		} else if step.grants {
			requireUsers(t, source, target, r.stdout)
		}
	}
}

// TestCopyUsers copies accounts through memory, and loads a stream of them.
func TestCopyUsers(t *testing.T) {
	t.Parallel()
	source, target := testdb.StartOwn(t, testdb.MariaDB), testdb.StartOwn(t, testdb.MariaDB)
	source.Exec(t, usersOf(testdb.MariaDB)...)
	r := mustRun(t, copyArgs(source, target, "-B", "shop_x", "--users", "--exclude-users", "left_out", "--verify")...)
	requireUsers(t, source, target, r.stdout)
	dropUsers(t, target)
	file := filepath.Join(t.TempDir(), "stream.tar")
	if r := runBinary(t, append(append([]string{"dump"}, at(source)...), "-o", "-", "--progress", "none", "--users", "--exclude-users", "left_out@%", "-B", "shop_x")...); r.code != 0 {
		t.Fatal(r.stderr)
	} else if err := os.WriteFile(file, []byte(r.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	run := startChanged(t, func(c *exec.Cmd) { c.Stdin = in }, loadArgs(target, "-", "--users")...)
	res := run.wait(t)
	if res.code != 0 {
		t.Fatal(res.stderr)
	}
	requireUsers(t, source, target, res.stdout)
}
