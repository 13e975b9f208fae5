package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// masterRights are those that Aurora gives its master user: no SUPER.
const masterRights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, " +
	"LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"

// TestHandbookOneStep is "One-Step Migration Using mysqldump" of the Aurora migration handbook with gomove in its place: a self-managed
// source and its super-user, a target whose account has what Aurora gives, and clients that write meanwhile.
func TestHandbookOneStep(t *testing.T) {
	t.Parallel()
	source := testdb.StartOwn(t, testdb.MySQL56)
	loadSamples(t, source)
	source.Exec(t, "GRANT ALL ON *.* TO mysql_admin_user@'%' IDENTIFIED BY 'mysql_user_password' WITH GRANT OPTION")
	for _, k := range []testdb.Kind{testdb.MySQL56, testdb.MySQL97, testdb.MariaDB} {
		t.Run(string(k), func(t *testing.T) {
			target := testdb.StartOwn(t, k, testdb.WithArgs("--log-bin-trust-function-creators=1"))
			target.Exec(t, "CREATE USER aurora_master@'%' IDENTIFIED BY 'aurora_user_password'", "GRANT "+masterRights+" ON *.* TO aurora_master@'%'")
			r := mustRun(t, "copy", "--progress", "none", "-B", "shop", "-B", "world", "--verify",
				"--source", fmt.Sprintf("mysql://mysql_admin_user:mysql_user_password@%s:%d/", source.Host, source.Port),
				"--target", fmt.Sprintf("mysql://aurora_master:aurora_user_password@%s:%d/", target.Host, target.Port))
			for _, want := range []string{"no difference", "binary log: "} {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("summary lacks %q:\n%s", want, r.stdout)
				}
			}
			for _, schema := range restoredSchemas {
				if diff := cmp.Diff(objectNames(t, source, schema), objectNames(t, target, schema)); diff != "" {
					t.Errorf("objects of %s (-source +target):\n%s", schema, diff)
				}
			}
			if n := target.Query(t, "SELECT COUNT(*) FROM gomove.copies WHERE binlog_position>0")[0][0]; n != "1" {
				t.Errorf("%s copies with coordinates are recorded, want 1", n)
			}
		})
	}
}

// TestCopyMemory copies about 150 MB by 2 pairs, with rows of up to 300 KB, and then a row of 64 MB.
func TestCopyMemory(t *testing.T) {
	const large = 64_000_000
	server := testdb.StartOwn(t, testdb.MariaDB, testdb.WithArgs("--skip-log-bin", "--max-allowed-packet=256M", "--innodb-log-file-size=512M"))
	server.Exec(t, "CREATE DATABASE big", "USE big",
		"CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, s VARCHAR(200) CHARACTER SET utf8mb4, p MEDIUMTEXT) ENGINE=InnoDB",
		`INSERT INTO t SELECT seq, CONCAT('Name "', seq, '"'), REPEAT(CONCAT(MD5(seq), '"\\'), IF(seq MOD 1000, 12, 9000)) FROM seq_1_to_200000`)
	r := mustRun(t, copyArgs(server, server, "-B", "big", "--schema-map", "big=into", "-t", "2")...)
	requireMemory(t, "copy", r, memoryBound)
	requireSameBig(t, server)
	server.Exec(t, "CREATE DATABASE one", "USE one", "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB)",
		fmt.Sprintf("INSERT INTO t VALUES (1, 'before'), (2, REPEAT(CONCAT(UNHEX('005C220A0D1A27FF'), 'eight is'), %d)), (3, 'behind')", large/16))
	for _, via := range []string{"local-infile", "insert"} {
		r = mustRun(t, copyArgs(server, server, "-B", "one", "--schema-map", "one=other", "-t", "2", "--via", via, "--if-exists", "drop")...)
		requireMemory(t, "copy of a large row by "+via, r, memoryBound+2*large)
		if sums := server.Query(t, "CHECKSUM TABLE one.t, other.t"); sums[0][1] != sums[1][1] {
			t.Errorf("checksums differ: %v", sums)
		}
	}
	r = mustRun(t, loadArgs(server, largeRowFile(t, large), "--schema-map", "one=loaded", "-t", "2", "--via", "insert")...)
	requireMemory(t, "load of a large row from a file of mysqldump", r, memoryBound+2*large)
	if sums := server.Query(t, "CHECKSUM TABLE one.t, loaded.t"); sums[0][1] != sums[1][1] {
		t.Errorf("checksums differ: %v", sums)
	}
}

// largeRowFile writes TestCopyMemory's table as mysqldump does, in pieces: what is resident here counts for the programs that are started.
func largeRowFile(t *testing.T, large int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "one.sql")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	write := func(text string) {
		if _, err := out.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write("CREATE DATABASE one;\nUSE one;\nCREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB);\nINSERT INTO t VALUES (1, 'before'), (2, '")
	for range large / 16 {
		write(`\0\\\"\n\r\Z\'` + "\xffeight is")
	}
	write("'), (3, 'behind');\n-- Dump completed\n")
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
