package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// requireDiffers runs a dump that must finish with exit code 3 and name exactly these values.
func requireDiffers(t *testing.T, s *testdb.Server, want []string, args ...string) {
	t.Helper()
	r := runBinary(t, dumpArgs(s, filepath.Join(t.TempDir(), "dump"), args...)...)
	if r.code != 3 {
		t.Fatalf("exit %d, want 3\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	for _, w := range want {
		if !strings.Contains(r.stdout, w) {
			t.Errorf("the summary lacks %q", w)
		}
	}
	if n := strings.Count(r.stdout, "DIFFERS"); n != len(want) || t.Failed() {
		t.Errorf("%d values named, want %d:\n%s", n, len(want), r.stdout)
	}
}

// TestTortureJSON has what a text of JSON does not carry: decimals, dates, times and opaque values, beside strings that look the same.
func TestTortureJSON(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := s.Schema(t)
	s.Exec(t, "SET NAMES utf8mb4, time_zone='+09:00'", "USE "+schema,
		"CREATE TABLE bad (a INT, b VARCHAR(20), j JSON, k JSON, PRIMARY KEY (a,b))",
		`INSERT INTO bad VALUES (1,'decimal',JSON_ARRAY(1,CAST(12345678901234567890.123456789 AS DECIMAL(60,20))),'1'),(1,'zeros','1',JSON_OBJECT('x',1.50)),
			(2,'date',JSON_ARRAY(CAST('2024-01-01' AS DATE)),'"2024-01-01"'),(2,'time',CAST(CAST('10:00:00' AS TIME) AS JSON),'"10:00:00.000000"'),
			(3,'it''s "moment"',JSON_OBJECT('t',CAST('2024-01-01 10:00:00.25' AS DATETIME(6))),NULL),(4,'opaque',JSON_ARRAY(CAST(x'00ff' AS BINARY)),'"base64:type15:YQ=="'),
			(5,'bit',CAST(b'101' AS JSON),'1'),(6,'beyond',CAST(123456789012345678901234567890 AS JSON),'1')`,
		"CREATE TABLE keyless (j JSON)", "INSERT INTO keyless VALUES ('1'),(JSON_ARRAY(1.10)),(JSON_ARRAY(CAST('2024-01-01' AS DATE)))",
		"CREATE TABLE good (id INT PRIMARY KEY, j JSON)",
		`INSERT INTO good VALUES (1,'"2024-01-01"'),(2,'"10:00:00.000000"'),(3,'["2024-01-01 00:00:00.000000", 0.1, 1e300]'),(4,'"base64:type252:AA=="'),(5,JSON_ARRAY(1.5,0.25)),(6,NULL)`,
		"CREATE TABLE cut (id INT PRIMARY KEY, pad VARCHAR(200), j JSON)", "INSERT INTO cut (id) VALUES (0)")
	for i := range 12 {
		s.Exec(t, fmt.Sprintf("INSERT INTO %s.cut SELECT id+%d, REPEAT('x',200), '\"2024-01-01\"' FROM %s.cut", schema, 1<<i, schema))
	}
	s.Exec(t, "UPDATE "+schema+".cut SET j=JSON_ARRAY(CAST('2024-01-01' AS DATE)) WHERE id IN (7,4000)", "ANALYZE TABLE "+schema+".cut")
	mustRun(t, dumpArgs(s, filepath.Join(t.TempDir(), "good"), "-T", schema+".good")...)
	for _, format := range []string{"csv", "sql"} {
		t.Run(format, func(t *testing.T) {
			column := func(table, c, row string) string {
				return "`" + schema + "`.`" + table + "` column `" + c + "`, row " + row
			}
			requireDiffers(t, s, []string{
				column("bad", "j", "(`a`=1, `b`=\"decimal\"): the JSON number 12345678901234567890.1234567890"), column("bad", "k", "(`a`=1, `b`=\"zeros\"): the JSON number 1.50"),
				column("bad", "j", "(`a`=2, `b`=\"date\"): JSON holds"), column("bad", "j", "(`a`=2, `b`=\"time\"): JSON holds"), column("bad", "j", "(`a`=3, `b`=\"it's \\\"moment\\\"\"): JSON holds"),
				column("bad", "j", "(`a`=4, `b`=\"opaque\"): JSON holds"), column("bad", "j", "(`a`=5, `b`=\"bit\"): JSON holds"), column("bad", "j", "(`a`=6, `b`=\"beyond\"): the JSON number 123456789012345678901234567890"),
				column("keyless", "j", "2 of chunk 0: the JSON number 1.10"), column("keyless", "j", "without a key: JSON holds"),
				column("cut", "j", "(`id`=7): JSON holds"), column("cut", "j", "(`id`=4000): JSON holds"),
			}, "-B", schema, "--format", format, "--chunk-size", "64KiB")
		})
	}
}

// TestTortureUTF8Dump has text that has no way back from utf8mb4, dumped with --charset utf8mb4: unassigned bytes, and two
// codes for one character.
func TestTortureUTF8Dump(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "USE "+schema,
				"CREATE TABLE bad (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET cp1251, j VARCHAR(9) CHARACTER SET cp932, t TEXT CHARACTER SET sjis)",
				"INSERT INTO bad VALUES (1,_cp1251 x'e998e9','a','?'),(2,'?',_cp932 x'ed40',_sjis x'955c'),(3,'',NULL,'')",
				"CREATE TABLE good (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET cp1251, l VARCHAR(9) CHARACTER SET latin1, u VARCHAR(9) CHARACTER SET utf16, c8 CHAR(9) CHARACTER SET cp1251)",
				"INSERT INTO good VALUES (1,_cp1251 x'e9e8',_latin1 x'8199e9ff',_utf16 x'd83dde00','a '),(2,'?','?','?','?'),(3,NULL,NULL,NULL,NULL)")
			mustRun(t, dumpArgs(s, filepath.Join(t.TempDir(), "good"), "-T", schema+".good", "--charset", "utf8mb4")...)
			mustRun(t, dumpArgs(s, filepath.Join(t.TempDir(), "bad"), "-T", schema+".bad")...)
			requireDiffers(t, s, []string{"`bad` column `c`, row (`id`=1): text in cp1251", "`bad` column `j`, row (`id`=2): text in cp932"}, "-B", schema, "--charset", "utf8mb4")
		})
	}
}

// TestTortureStoredGenerated has stored generated columns that a session in another zone has computed.
func TestTortureStoredGenerated(t *testing.T) {
	const table = "CREATE TABLE %s (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE AS (DATE(ts)) STORED, s VARCHAR(60) CHARACTER SET utf8mb4 AS (CONCAT(HOUR(ts),'it''s \\\\ \\n')) STORED," +
		" v DATE AS (DATE(ts)) VIRTUAL, u VARCHAR(9) AS (CONCAT(id,'`ts')) STORED)"
	for _, k := range newer() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "SET NAMES utf8mb4, time_zone='+09:00'", "USE "+schema, fmt.Sprintf(table, "bad"), fmt.Sprintf(table, "good"),
				"INSERT INTO bad (id,ts) VALUES (1,'2024-01-01 05:00:00'),(2,NULL)",
				"SET time_zone='+00:00'", "INSERT INTO bad (id,ts) VALUES (3,'2024-01-01 05:00:00')", "INSERT INTO good (id,ts) VALUES (3,'2024-01-01 05:00:00'),(4,NULL)")
			mustRun(t, dumpArgs(s, filepath.Join(t.TempDir(), "good"), "-T", schema+".good")...)
			requireDiffers(t, s, []string{"`bad` column `d`, row (`id`=1): the stored generated value", "`bad` column `s`, row (`id`=1): the stored generated value"}, "-B", schema)
		})
	}
}

// TestTortureUTF8Numbers has 0 in AUTO_INCREMENT columns of a dump in UTF-8, whose text is loaded by a SET clause.
func TestTortureUTF8Numbers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "SET sql_mode='NO_AUTO_VALUE_ON_ZERO'", "USE "+schema,
				"CREATE TABLE `first` (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1)", "INSERT INTO `first` VALUES (0,_latin1 x'e9'),(3,'b')",
				"CREATE TABLE `last` (v VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, Id BIGINT UNSIGNED AUTO_INCREMENT, KEY (Id))", "INSERT INTO `last` VALUES ('a',0),('b',18446744073709551613)")
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(s, dir, "-B", schema, "--charset", "utf8mb4")...)
			as := s.Schema(t)
			mustRun(t, loadArgs(s, dir, "--schema-map", schema+"="+as)...)
			requireSameRows(t, s, s, schema, as)
		})
	}
}
