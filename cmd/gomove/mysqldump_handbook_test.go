package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestMysqldumpHandbook is the two-step migration of Amazon's handbook: mysqldump --databases myschema --single-transaction, gzip, and
// an import by an account without SUPER of a view whose definer is someuser@%. The import there fails with error 1227 at line 884.
func TestMysqldumpHandbook(t *testing.T) {
	source := testdb.Start(t, testdb.MariaDB)
	source.Exec(t, "CREATE DATABASE myschema", "USE myschema", "CREATE USER IF NOT EXISTS someuser@'%'", "GRANT ALL ON myschema.* TO someuser@'%'",
		"CREATE TABLE t1 (id INT PRIMARY KEY, s1 VARCHAR(20))", "INSERT INTO t1 VALUES (1,'a'),(2,'it''s')",
		"CREATE DEFINER=someuser@'%' SQL SECURITY DEFINER VIEW v1 AS SELECT id, s1 FROM t1")
	t.Cleanup(func() { source.Exec(t, "DROP DATABASE myschema", "DROP USER someuser@'%'") })
	file := filepath.Join(t.TempDir(), "myschema_dump.sql")
	mysqldumpTo(t, source, file, "--databases", "myschema", "--single-transaction")
	packed := gzipTo(t, file)
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			target := testdb.Start(t, k)
			if k != testdb.MariaDB {
				target.Exec(t, "DROP DATABASE IF EXISTS myschema")
			}
			target.Exec(t, "CREATE USER master@'%'", "GRANT ALL ON restored.* TO master@'%'")
			t.Cleanup(func() { target.Exec(t, "DROP USER master@'%'", "DROP DATABASE IF EXISTS restored") })
			args := func(in string, more ...string) []string {
				return append([]string{"load", "-h", target.Host, "-P", fmt.Sprint(target.Port), "-u", "master", "-d", in, "--schema-map", "myschema=restored", "--progress", "none"}, more...)
			}
			r := runBinary(t, args(packed, "--definer", "keep")...)
			if r.code != 1 || !strings.Contains(r.stderr, "someuser@%") || !strings.Contains(r.stderr, "1227") || !strings.Contains(r.stderr, "no row was loaded") {
				t.Errorf("--definer keep: exit %d: %s", r.code, r.stderr)
			}
			r = mustRun(t, args(packed)...)
			if !strings.Contains(r.stdout, "someuser@% was replaced (once)") {
				t.Errorf("summary: %s", r.stdout)
			}
			if got := fmt.Sprint(target.Query(t, "SELECT * FROM restored.v1 ORDER BY id")); got != "[[1 a] [2 it's]]" {
				t.Errorf("view: %s", got)
			}
			if got := target.Query(t, "SELECT definer FROM information_schema.views WHERE table_schema='restored'"); fmt.Sprint(got) != "[[master@%]]" {
				t.Errorf("definer: %v", got)
			}
		})
	}
}

// TestMysqldumpErrors has files that are cut off, or hold what no dump needs: the error names the line, and of a file that is read by
// its path nothing is changed on the target.
func TestMysqldumpErrors(t *testing.T) {
	const head = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n-- Host: h    Database: shop\n-- Server version\t8.0.36\n" +
		"/*!40103 SET TIME_ZONE='+00:00' */;\n/*!50503 SET NAMES utf8mb4 */;\n"
	const end = "-- Dump completed on 2026-01-02  3:04:05\n"
	const table = "DROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (`id` int NOT NULL, `ts` timestamp NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;\n"
	target := testdb.Start(t, testdb.MariaDB)
	for _, c := range []struct {
		name, text string
		args       []string
		want       string // in the error
	}{
		{"no schema", head + table + end, []string{}, "--into shop"},
		{"not completed", head + table, nil, `the line "-- Dump completed" is missing`},
		{"cut in a statement", head + "CREATE TABLE `t` (`id` int", nil, "dump.sql, line 6: dump is incomplete: the file was cut off: it ends within a statement: CREATE TABLE `t` (`id` int"},
		{"cut in quotes", head + "CREATE TABLE `t` (`id` int COMMENT 'abc", nil, "line 6: dump is incomplete"},
		{"cut in a row", head + table + "INSERT INTO `t` VALUES (1,NULL),(2,", nil, "line 8: dump is incomplete: the file was cut off: it ends within a row"},
		{"cut between rows", head + table + "INSERT INTO `t` VALUES (1,NULL),\n", nil, "line 9: dump is incomplete: the file was cut off: it ends within an INSERT"},
		{"other table dropped", head + table + "DROP TABLE `other`;\n" + end, nil, "line 8: statement refused: a dump needs no such statement; statement: DROP TABLE `other`"},
		{"update", head + table + "UPDATE t SET id=1;\n" + end, nil, "line 8: statement refused"},
		{"grant", head + "GRANT ALL ON *.* TO a@b;\n" + end, nil, "line 6: statement refused"},
		{"global", head + "SET GLOBAL max_connections=1;\n" + end, nil, "line 6: statement refused"},
		{"rows of a query", head + table + "INSERT INTO t SELECT * FROM mysql.user;\n" + end, nil, "line 8: statement refused"},
		{"on duplicate key", head + table + "INSERT INTO t VALUES (1,NULL) ON DUPLICATE KEY UPDATE id=2;\n" + end, nil, "line 8: statement refused"},
		{"function", head + table + "INSERT INTO t VALUES (1,\nNOW());\n" + end, nil, "line 8: row of `x`.`t`: value 2"},
		{"too few values", head + table + "INSERT INTO t VALUES (1);\n" + end, nil, "line 8: row of `x`.`t`: statement refused: 1 values for 2 columns"},
		{"unknown table", head + "INSERT INTO u VALUES (1);\n" + end, nil, "rows of table `x`.`u`, which the file does not create"},
		{"no time zone", "SET NAMES utf8mb4;\n" + table + "INSERT INTO t VALUES (1,'2020-01-01 00:00:00');\n", nil, "line 4: statement refused: the rows of `x`.`t` have TIMESTAMP values in time zone \"\""},
		{"stand-in alone", head + "/*!50001 CREATE VIEW `v` AS SELECT \n 1 AS `id`*/;\n" + end, nil, "stand-in of view `x`.`v`"},
		{"wrong definition", head + table + "CREATE TABLE `u` (`id` nonsense NOT NULL);\n" + end, nil, "dump.sql line 8: Error 4161"},
		{"data under another name", head + table + "USE `y`;\nINSERT INTO t VALUES (1,NULL);\n" + end, nil, "rows of table `y`.`t`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "dump.sql")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.args == nil {
				c.args = []string{"--into", "x"}
			}
			t.Cleanup(func() { target.Exec(t, "DROP DATABASE IF EXISTS x", "DROP DATABASE IF EXISTS y") })
			r := runBinary(t, loadArgs(target, file, c.args...)...)
			if r.code != 1 || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit %d, want %q in\n%s", r.code, c.want, r.stderr)
			}
			if left := target.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('x','y')"); len(left) > 0 && c.name != "wrong definition" &&
				c.name != "function" && c.name != "too few values" {
				t.Errorf("the target was changed: %v", left)
			}
			if r := fromFile(t, file, loadArgs(target, "-", append(c.args, "--restart", "--if-exists", "drop")...)...); r.code != 1 || !strings.Contains(r.stderr, strings.ReplaceAll(c.want, "dump.sql", "standard input")) {
				t.Errorf("standard input: exit %d, want %q in\n%s", r.code, c.want, r.stderr)
			}
		})
	}
}
