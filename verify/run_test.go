package verify

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// compare compares the rows of a schema of two servers in small ranges.
func compare(t *testing.T, a, b *testdb.Server, schema string) (*Summary, error) {
	t.Helper()
	at := func(s *testdb.Server) mysql.Options { return mysql.Options{Host: s.Host, Port: s.Port, User: s.User} }
	return Run(t.Context(), Options{
		Source: at(a), Target: at(b), Selection: catalog.Selection{Schemas: []string{schema}, NoSchema: true}, RangeBytes: 256 << 10, Threads: 2, Recheck: 1,
		Log: slog.New(slog.DiscardHandler),
	})
}

// A table that is read in several ranges, along keys that the two sides order differently and alike, with and without a key.
func TestLargeTables(t *testing.T) {
	a, b := testdb.Start(t, testdb.MySQL56), testdb.Start(t, testdb.MySQL97)
	schema := a.Schema(t)
	const n = 30_000
	b.Exec(t, "DROP DATABASE IF EXISTS "+schema, "CREATE DATABASE "+schema)
	t.Cleanup(func() { b.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	for s, key := range map[*testdb.Server]string{a: "VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_swedish_ci", b: "VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"} {
		s.Exec(t, "USE "+schema, "SET sql_mode='', unique_checks=0, foreign_key_checks=0",
			"CREATE TABLE ints (id INT PRIMARY KEY, f FLOAT, v VARCHAR(200) CHARACTER SET latin1)",
			"INSERT INTO ints SELECT n, n/7e0, CONCAT(n, REPEAT('x',180)) FROM "+testdb.Numbers(1, n),
			"CREATE TABLE texts (k "+key+" PRIMARY KEY, v INT)",
			"INSERT INTO texts SELECT CONCAT(IF(n%2,'k','K'), IF(n%3,'_','a'), n, IF(n%5,'','b ')), n FROM "+testdb.Numbers(1, n),
			"CREATE TABLE bag (k "+key+", v INT)", "INSERT INTO bag SELECT k, v FROM texts", "ANALYZE TABLE ints, texts, bag")
	}
	if s, err := compare(t, a, b, schema); err != nil || s.SourceRows != 3*n || s.TargetRows != 3*n {
		t.Fatalf("%v %+v", err, s)
	}
	b.Exec(t, "USE "+schema, "SET NAMES utf8mb4", "UPDATE ints SET f=f+0.001 WHERE id=17777", "UPDATE ints SET v=CONCAT(v,' ') WHERE id=7", "DELETE FROM ints WHERE id=16000", "INSERT INTO ints VALUES (999998,1,'x'),(999999,1,'x')",
		"UPDATE texts SET k=UPPER(k) WHERE k='k_1'", "UPDATE texts SET k=CONCAT(k,' ') WHERE k='k_7'", "INSERT INTO texts VALUES ('é',1),('😀',2)", "UPDATE bag SET v=v+1 WHERE k='k_11'")
	a.Exec(t, "SET NAMES utf8mb4", "INSERT INTO "+schema+".texts VALUES ('é',1),('?',2)")
	s, err := compare(t, a, b, schema)
	if !errors.Is(err, ErrDiffers) {
		t.Fatal(err)
	}
	var got []string
	for _, x := range s.Differing {
		for i := range x.Rows {
			got = append(got, x.Rows[i].text())
		}
	}
	for _, want := range []string{
		"row (`id`=17777): column `f` is 2539.571533203125, on the target 2539.572509765625", "row (`id`=16000) is missing on the target", "row (`id`=999998) is on the target only", "row (`id`=999999) is on the target only",
		"row (`k`=\"k_1\") is missing on the target", "row (`k`=\"K_1\") is on the target only", "row (`k`=\"k_7\") is missing on the target", "row (`k`=\"k_7 \") is on the target only",
		"row (`k`=\"?\") is missing on the target", "row (`k`=\"k_11\", `v`=11) is missing on the target", "row (`k`=\"k_11\", `v`=12) is on the target only",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	if len(got) != 13 {
		t.Errorf("%d differences:\n%s", len(got), strings.Join(got, "\n"))
	}
}
