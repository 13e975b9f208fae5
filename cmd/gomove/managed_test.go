package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestManagedTarget loads what no managed server takes into the stand-in for Aurora, with the rights of its master user and no flag but
// --users, dumps it from there, and is refused by a reader.
func TestManagedTarget(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	source := testdb.StartOwn(t, testdb.MySQL97, testdb.WithArgs("--innodb-directories="+elsewhere))
	source.Exec(t, usersOf(testdb.MySQL97)...)
	source.Exec(t, "CREATE TABLE shop_x.other (a INT PRIMARY KEY, b TEXT) ENGINE=MyISAM", "INSERT INTO shop_x.other VALUES (1,'x')",
		"CREATE TABLE shop_x.small (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4", "INSERT INTO shop_x.small VALUES (1,'x'),(2,'y')",
		"CREATE TABLESPACE place ADD DATAFILE 'place.ibd'", "CREATE TABLE shop_x.placed (a INT PRIMARY KEY) TABLESPACE place",
		"CREATE TABLE shop_x.elsewhere (a INT PRIMARY KEY) DATA DIRECTORY '"+elsewhere+"'",
		"CREATE DEFINER=app@localhost VIEW shop_x.v AS SELECT a FROM shop_x.t", "CREATE USER rdsadmin@localhost IDENTIFIED BY 'mine'",
		"CREATE EVENT shop_x.e ON SCHEDULE EVERY 1 DAY DO SELECT 1")
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(source, dir, "--users", "-B", "shop_x")...)
	for v, is := range map[testdb.AuroraVersion]string{testdb.Aurora3: "aurora 3.05.2", testdb.Aurora84: "aurora 8.4.7"} {
		t.Run(string(v), func(t *testing.T) { moveToManaged(t, source, dir, testdb.StartAurora(t, v, testdb.WithBinlog()), is) })
	}
	if r := runBinary(t, "check", "--source", uriOf(source), "--profile", "oracle"); r.code != exitUsage {
		t.Errorf("--profile oracle: exit %d, %s", r.code, r.stderr)
	}
}

// moveToManaged loads a dump into a cluster, which the log calls by its version, looks at what came of its accounts, and dumps it from there.
func moveToManaged(t *testing.T, source *testdb.Server, dir string, cluster *testdb.Aurora, is string) {
	t.Helper()
	load := []string{"load", "--target", clusterURI(cluster), "-d", dir, "--progress", "none", "--users", "--log-level", "info"}
	r := mustRun(t, load...)
	t.Log(r.stdout)
	for _, want := range []string{
		"MyISAM becomes InnoDB", "ROW_FORMAT=COMPRESSED left out", "option TABLESPACE `place`", "option DATA DIRECTORY=", "KEY_BLOCK_SIZE=4 left out",
		"SUPER", "FILE", "created disabled", "definer",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
	if !strings.Contains(r.stderr, is+" (mysql 8.") {
		t.Errorf("the log does not say what the target is:\n%s", r.stderr)
	}
	mustRun(t, "verify", "--source", uriOf(source), "--target", clusterURI(cluster), "-B", "shop_x", "--progress", "none", "--no-events")
	if got := cluster.Query(t, "SELECT COUNT(*) FROM mysql.user WHERE User='rdsadmin'"); got[0][0] != "1" {
		t.Errorf("rdsadmin: %v", got)
	}
	if got := fmt.Sprint(cluster.Real.Query(t, "SHOW GRANTS FOR 'o''dd`x'")); strings.Contains(got, "SUPER") || strings.Contains(got, "SYSTEM_USER") || strings.Contains(got, "FILE") || !strings.Contains(got, "SELECT") {
		t.Errorf("grants of an account that had all: %s", got)
	}
	// Back from there: no global lock, no backup lock.
	back := mustRun(t, "dump", "--source", clusterURI(cluster), "-o", filepath.Join(t.TempDir(), "back"), "--users", "-B", "shop_x", "--progress", "none", "--summary", "json")
	plan := fmt.Sprint(jsonSummary(t, back)["snapshot"])
	for _, want := range []string{"mode:tables", "FLUSH TABLES WITH READ LOCK was refused with error 1045", "LOCK INSTANCE FOR BACKUP was refused"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q: %s", want, plan)
		}
	}
	source.Exec(t, "CREATE FUNCTION shop_x.f() RETURNS INT DETERMINISTIC RETURN 1")
	defer source.Exec(t, "DROP FUNCTION shop_x.f")
	if r := runBinary(t, "check", "--source", uriOf(source), "--target", clusterURI(cluster), "-B", "shop_x", "--progress", "none"); !strings.Contains(r.stdout, "for "+is) ||
		!strings.Contains(r.stdout, "log_bin_trust_function_creators=1 in the cluster's parameter group") {
		t.Errorf("check: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// TestReaderEndpoint has a reader of the cluster: a load changes nothing, not even accounts.
func TestReaderEndpoint(t *testing.T) {
	t.Parallel()
	source := testdb.StartOwn(t, testdb.MySQL56)
	source.Exec(t, usersOf(testdb.MySQL56)...)
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(source, dir, "--users", "-B", "shop_x")...)
	reader := testdb.StartAurora(t, testdb.Aurora1, testdb.AsReader())
	r := runBinary(t, "load", "--target", clusterURI(reader), "-d", dir, "--users", "--progress", "none")
	if r.code != exitFailed || !strings.Contains(r.stderr, "writer endpoint") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
	if got := reader.Real.Query(t, "SELECT COUNT(*) FROM mysql.user WHERE User='app'"); got[0][0] != "0" {
		t.Error("an account was made")
	}
}

// TestSkipBinlog has an account that may not set sql_log_bin: with the procedure of Aurora 2.12 the load stays out of the binary log,
// without it the load says that it does not.
func TestSkipBinlog(t *testing.T) {
	t.Parallel()
	s := testdb.StartOwn(t, testdb.MySQL56)
	s.Exec(t, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)", "INSERT INTO a.t VALUES (1)",
		"CREATE USER master IDENTIFIED BY 'm'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, EXECUTE ON *.* TO master")
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(s, dir, "-B", "a")...)
	as := loggedIn(s, "master", "m")
	position := func() string { return fmt.Sprint(s.Query(t, "SHOW MASTER STATUS")[0][:2]) }
	before := position()
	r := mustRun(t, loadArgs(as, dir, "--skip-binlog", "--schema-map", "a=b")...)
	if before == position() || !strings.Contains(r.stdout, "the load is in the target's binary log") {
		t.Errorf("binary log from %s to %s, and the summary says:\n%s", before, position(), r.stdout)
	}
	s.Exec(t, "CREATE PROCEDURE mysql.rds_disable_session_binlog() SET SESSION sql_log_bin=0")
	before = position()
	r = mustRun(t, loadArgs(as, dir, "--skip-binlog", "--schema-map", "a=c")...)
	if before != position() || strings.Contains(r.stdout, "warning") {
		t.Errorf("binary log from %s to %s, and the summary says:\n%s", before, position(), r.stdout)
	}
}

// TestKeylessTables has servers that add a key to tables without one, or refuse them, and an account that may not switch that off.
func TestKeylessTables(t *testing.T) {
	t.Parallel()
	s := testdb.StartOwn(t, testdb.MySQL97)
	s.Exec(t, "CREATE DATABASE a", "CREATE TABLE a.t (i INT, v VARCHAR(9))", "INSERT INTO a.t VALUES (1,'x'),(1,'x'),(2,NULL)", "CREATE TABLE a.k (i INT PRIMARY KEY)",
		"CREATE USER master IDENTIFIED BY 'm'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, EXECUTE ON *.* TO master")
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(s, dir, "-B", "a")...)
	as := loggedIn(s, "master", "m")
	s.Exec(t, "SET GLOBAL sql_generate_invisible_primary_key=ON", "SET GLOBAL sql_require_primary_key=ON")
	r := mustRun(t, loadArgs(as, dir, "--schema-map", "a=added")...)
	if !strings.Contains(r.stdout, "my_row_id, an invisible primary key") || !strings.Contains(r.stdout, "once: table `added`.`t`") {
		t.Errorf("the summary does not tell of the key:\n%s", r.stdout)
	}
	if got := fmt.Sprint(s.Query(t, "SELECT * FROM added.t ORDER BY i, v")); got != fmt.Sprint(s.Query(t, "SELECT * FROM a.t ORDER BY i, v")) {
		t.Errorf("rows: %s", got)
	}
	s.Exec(t, "SET GLOBAL sql_generate_invisible_primary_key=OFF")
	refused := runBinary(t, loadArgs(as, dir, "--schema-map", "a=refused")...)
	if refused.code != exitFailed || !strings.Contains(refused.stderr, "SET GLOBAL sql_require_primary_key=OFF") || len(s.Query(t, "SHOW DATABASES LIKE 'refused'")) != 0 {
		t.Errorf("exit %d: %s", refused.code, refused.stderr)
	}
	if r := mustRun(t, loadArgs(s, dir, "--schema-map", "a=root")...); strings.Contains(r.stdout, "primary key") {
		t.Errorf("root may switch it off:\n%s", r.stdout)
	}
}
