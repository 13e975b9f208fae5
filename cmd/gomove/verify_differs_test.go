package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// Each kind of difference between two schemas is named.
func TestVerifyNamesObjects(t *testing.T) {
	a, b := testdb.Start(t, testdb.MySQL56), testdb.Start(t, testdb.MariaDB)
	schema := a.Schema(t)
	createVerified(t, a, schema)
	loadedPair(t, a, b, schema)
	b.Exec(t, "USE "+schema, "SET foreign_key_checks=0",
		"ALTER TABLE parent MODIFY name VARCHAR(50) CHARACTER SET latin1 NOT NULL DEFAULT 'x', DROP KEY by_name, ADD KEY other (flag), AUTO_INCREMENT=200, COMMENT='fathers'",
		"ALTER TABLE child MODIFY t TEXT COLLATE utf8mb4_bin", "INSERT INTO child (id, parent, e) VALUES (3,77,'a')",
		"DROP TRIGGER tr", "DROP PROCEDURE p", "CREATE PROCEDURE p(a INT) COMMENT 'c' BEGIN SELECT a, 'e'; END", "CREATE PROCEDURE q() SELECT 1",
		"CREATE TABLE more (a INT)", "CREATE VIEW broken AS SELECT a FROM more", "RENAME TABLE more TO more2", "DROP TABLE parts")
	v := mustVerify(t, 3, verifyArgs(a, b, schema)...)
	q := func(name string) string { return "`" + schema + "`.`" + name + "`" }
	var got []string
	for _, o := range v.Objects {
		got = append(got, o.Object+": "+o.What)
	}
	for _, want := range []string{
		"table " + q("parent") + ": column `name`", "table " + q("parent") + ": index `by_name` is missing on the target", "table " + q("parent") + ": index `other` is on the target only",
		"table " + q("parent") + ": option comment", "table " + q("parent") + ": AUTO_INCREMENT", "table " + q("child") + ": collation of column `t`",
		"trigger " + q("tr") + ": it is missing on the target", "procedure " + q("p") + ": definition", "procedure " + q("p") + ": sql_mode", "procedure " + q("q") + ": it is on the target only",
		"view " + q("broken") + ": it is on the target only",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	if !slices.IsSorted(got) {
		t.Errorf("in no order:\n%s", strings.Join(got, "\n"))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"foreign key `fk` of table " + q("child") + ": 1 row on the target without a parent", "view " + q("broken") + ": it does not work on the target"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if len(got) != 13 {
		t.Errorf("%d differences of objects:\n%s", len(got), text)
	}
	var tables []string
	for _, x := range v.Tables {
		tables = append(tables, x.Source+" "+x.Target+" "+fmt.Sprint(x.Extra))
	}
	slices.Sort(tables)
	if want := []string{" " + q("more2") + " 0", q("child") + " " + q("child") + " 1", q("parts") + "  0"}; !slices.Equal(tables, want) {
		t.Errorf("tables %q, want %q", tables, want)
	}
}

// Rows that reach the target a little later than the source are no differences.
func TestVerifyWhileWriting(t *testing.T) {
	a, b := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL97)
	schema := a.Schema(t)
	a.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY, v BIGINT)", "INSERT INTO t SELECT n, 0 FROM "+testdb.Numbers(1, 1000), "CREATE TABLE bag (v BIGINT)", "INSERT INTO bag SELECT 0 FROM "+testdb.Numbers(1, 1000))
	loadedPair(t, a, b, schema)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; ; i++ {
			for _, s := range []*testdb.Server{a, b} {
				for _, q := range []string{"UPDATE " + schema + ".t SET v=? WHERE id%100=?%100", "UPDATE " + schema + ".bag SET v=? WHERE v%10=?%10"} {
					if _, err := s.DB(t).Exec(q, i, i); err != nil {
						t.Error(err)
						return
					}
				}
				time.Sleep(20 * time.Millisecond)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	defer func() { close(stop); <-done }()
	mustVerify(t, 0, verifyArgs(a, b, schema, "--recheck", "12")...)
}

func TestVerifyReportAndLimits(t *testing.T) {
	a, b := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL56)
	schema := a.Schema(t)
	a.Exec(t, "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT n, n FROM "+testdb.Numbers(1, 1000))
	loadedPair(t, a, b, schema)
	other := schema + "_2"
	b.Exec(t, "CREATE DATABASE "+other, "RENAME TABLE "+schema+".t TO "+other+".u", "UPDATE "+other+".u SET v=-v WHERE id > 500")
	t.Cleanup(func() { b.Exec(t, "DROP DATABASE "+other) })
	report := filepath.Join(t.TempDir(), "report.jsonl")
	v := mustVerify(t, 3, verifyArgs(a, b, schema, "--table-map", schema+".t="+other+".u", "--max-differences", "7", "--report", report, "--no-schema")...)
	if len(v.Tables) != 1 || v.Tables[0].Differing != 500 || len(v.Tables[0].Rows) != 7 {
		t.Fatalf("%+v", v.Tables)
	}
	f, err := os.Open(report)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kinds := map[string]int{}
	for in := bufio.NewScanner(f); in.Scan(); {
		var line struct{ Kind string }
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		kinds[line.Kind]++
	}
	if kinds["table"] != 1 || kinds["differs"] != 7 || len(kinds) != 2 {
		t.Errorf("report has %v", kinds)
	}
	v = mustVerify(t, 0, verifyArgs(a, b, schema, "--table-map", schema+".t="+other+".u", "--where", schema+".t=id <= 500", "--no-schema")...)
	if v.SourceRows != 500 {
		t.Errorf("--where: %d rows", v.SourceRows)
	}
	for _, args := range [][]string{{"verify"}, {"verify", "--target", uriOf(b)}, verifyArgs(a, b, schema, "--max-differences", "0"), verifyArgs(a, b, schema, "--table-map", "x=y"), verifyArgs(a, b, schema, "--no-data", "--no-schema")} {
		if r := runBinary(t, args...); r.code != 2 {
			t.Errorf("gomove %q: exit %d\n%s", args, r.code, r.stderr)
		}
	}
}

// A dump in UTF-8, and one in INSERT statements, compare as well.
func TestVerifyDumpForms(t *testing.T) {
	a, b := testdb.Start(t, testdb.MySQL97), testdb.Start(t, testdb.MariaDB)
	schema := a.Schema(t)
	a.Exec(t, "SET NAMES utf8mb4", "USE "+schema, "CREATE TABLE t (id INT PRIMARY KEY, l VARCHAR(9) CHARACTER SET latin1, u VARCHAR(9) CHARACTER SET utf16, e ENUM('é','b') CHARACTER SET latin1, j JSON, f FLOAT)",
		`INSERT INTO t VALUES (1,'é','😀','é','{"a": "é"}',0.1),(2,'','',NULL,NULL,NULL)`)
	b.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	t.Cleanup(func() { b.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	dirs := map[string]string{}
	for _, form := range []string{"--charset=utf8mb4", "--format=sql"} {
		dirs[form] = filepath.Join(t.TempDir(), "dump")
		mustRun(t, dumpArgs(a, dirs[form], "-B", schema, form)...)
		mustRun(t, loadArgs(b, dirs[form], "--if-exists", "drop")...)
		mustVerify(t, 0, "verify", "-d", dirs[form], "--target", uriOf(b), "--progress", "none", "--summary", "json")
	}
	b.Exec(t, "SET NAMES utf8mb4", "UPDATE "+schema+".t SET l='É' WHERE id=1")
	for form, dir := range dirs {
		v := mustVerify(t, 3, "verify", "-d", dir, "--target", uriOf(b), "--progress", "none", "--summary", "json")
		want := []string{"differs `id`=1 `l`:\"é\"->\"É\""}
		if form == "--format=sql" { // its text is in the column's charset
			want = []string{"differs `id`=1 `l`:0xE9->0xC9"}
		}
		if got := v.lines(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
}
