package main

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestCopySkipReadsNothing copies by --if-exists skip beside tables that are there: their rows are not read, the others are.
func TestCopySkipReadsNothing(t *testing.T) {
	source := testdb.StartOwn(t, testdb.MariaDB, testdb.WithArgs("--general-log=1", "--log-output=TABLE"))
	target := testdb.Start(t, testdb.MariaDB)
	source.Exec(t, "CREATE DATABASE skips", "USE skips", "CREATE TABLE skips.there (id INT PRIMARY KEY, v INT)", "INSERT INTO skips.there SELECT seq, seq FROM seq_1_to_5000",
		"CREATE TRIGGER skips.fires BEFORE INSERT ON skips.there FOR EACH ROW SET NEW.v = NEW.v + 1",
		"CREATE TABLE skips.plain (id INT) ENGINE=MyISAM", "INSERT INTO skips.plain VALUES (1), (2)",
		"CREATE TABLE skips.fresh (id INT PRIMARY KEY)", "INSERT INTO skips.fresh VALUES (1), (2), (3)", "CREATE VIEW skips.seen AS SELECT * FROM skips.there")
	dropAfter(t, target, "skips")
	target.Exec(t, "CREATE DATABASE skips", "CREATE TABLE skips.there (id INT PRIMARY KEY, v INT)", "INSERT INTO skips.there VALUES (7, 7)",
		"CREATE TABLE skips.plain (id INT) ENGINE=MyISAM")
	r := mustRun(t, copyArgs(source, target, "-B", "skips", "-t", "2", "--if-exists", "skip", "--summary", "json")...)
	from, ok := jsonSummary(t, r)["source"].(map[string]any)
	if !ok || from["rows"].(float64) != 3 {
		t.Errorf("rows of the source: %v, want 3", from["rows"])
	}
	const read = "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT SQL_NO_CACHE%FROM `skips`.`"
	for table, want := range map[string]string{"there": "0", "plain": "0", "fresh": "1"} {
		if n := source.Query(t, read+table+"`%'")[0][0]; n != want {
			t.Errorf("table %s was read %s times, want %s", table, n, want)
		}
	}
	for table, want := range map[string]string{"there": "1", "plain": "0", "fresh": "3", "seen": "1"} {
		if n := target.Query(t, "SELECT COUNT(*) FROM skips."+table)[0][0]; n != want {
			t.Errorf("%s has %s rows, want %s", table, n, want)
		}
	}
	if n := len(target.Query(t, "SELECT 1 FROM information_schema.triggers WHERE trigger_schema='skips'")); n != 0 {
		t.Errorf("%d triggers came to a table that is left alone", n)
	}
	// With all tables there, and again with rows of every table.
	r = mustRun(t, copyArgs(source, target, "-B", "skips", "--if-exists", "skip")...)
	if !strings.Contains(r.stdout, "copied") {
		t.Errorf("summary: %s", r.stdout)
	}
}
