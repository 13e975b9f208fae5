package testdb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSample fills every kind of server with the same data: the sums must not depend on the server.
func TestSample(t *testing.T) {
	var first []TableSum
	var firstCounts []ObjectCount
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			db := StartOwn(t, k).DB(t)
			if err := LoadWorld(t.Context(), db, "world"); err != nil {
				t.Fatal(err)
			}
			if err := LoadShop(t.Context(), db, "shop", 6000); err != nil {
				t.Fatal(err)
			}
			sums, err := TableSums(t.Context(), db, "world", "shop")
			if err != nil {
				t.Fatal(err)
			}
			counts, err := ObjectCounts(t.Context(), db, "world", "shop")
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first, firstCounts = sums, counts
				var rows int64
				for _, s := range sums {
					rows += s.Rows
				}
				if rows < 11000 || len(sums) != 10 {
					t.Errorf("%d rows in %d tables and views", rows, len(sums))
				}
			}
			if diff := cmp.Diff(first, sums); diff != "" {
				t.Errorf("sums differ from the first server's (-first +%s):\n%s", k, diff)
			}
			if diff := cmp.Diff(firstCounts, counts); diff != "" {
				t.Errorf("counts differ from the first server's (-first +%s):\n%s", k, diff)
			}
		})
	}
}

// TestSumSeesEveryChange alters one cell at a time; each must show in the sum.
func TestSumSeesEveryChange(t *testing.T) {
	for _, tt := range []struct {
		name           string
		kind           Kind
		create, change string
	}{
		{"null to empty", MariaDB, "(i INT, c TEXT); INSERT INTO T VALUES (1,NULL),(2,'')", "UPDATE T SET c='' WHERE i=1"},
		{"cell border moves", MariaDB, "(a TEXT, b TEXT); INSERT INTO T VALUES ('ab','c')", "UPDATE T SET a='a', b='bc'"},
		{"float beyond six digits", MariaDB, "(f FLOAT); INSERT INTO T VALUES (16777216)", "UPDATE T SET f=16777215"},
		{"negative zero", MySQL56, "(d DOUBLE); INSERT INTO T VALUES (0e0)", "UPDATE T SET d=-0e0"},
		{"negative zero as float", MySQL97, "(f FLOAT); INSERT INTO T VALUES (0e0)", "UPDATE T SET f=-0e0"},
		{"enum error value", MariaDB, "(e ENUM('','a')); INSERT INTO T VALUES ('')", "SET sql_mode=''; UPDATE T SET e=0"},
		{"a pair of equal rows", MariaDB, "(i INT); INSERT INTO T VALUES (1),(2)", "INSERT INTO T VALUES (1),(1)"},
		{"trailing blank", MariaDB, "(c VARCHAR(9)); INSERT INTO T VALUES ('a')", "UPDATE T SET c='a '"},
		{"invisible column", MariaDB, "(i INT, v INT INVISIBLE DEFAULT 1); INSERT INTO T VALUES (1)", "UPDATE T SET v=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Start(t, tt.kind)
			schema, db := s.Schema(t), s.DB(t)
			sum := func() string {
				t.Helper()
				sums, err := TableSums(t.Context(), db, schema)
				if err != nil || len(sums) != 1 {
					t.Fatalf("%v, %v", sums, err)
				}
				return sums[0].Sum
			}
			s.Exec(t, "USE "+schema, "CREATE TABLE T "+tt.create)
			before := sum()
			s.Exec(t, "USE "+schema, tt.change)
			if after := sum(); after == before {
				t.Errorf("sum stays %s after %s", after, tt.change)
			}
		})
	}
}

// TestObjectSumSeesEveryChange alters one object at a time; the sum of its kind must change, and no other.
func TestObjectSumSeesEveryChange(t *testing.T) {
	s := Start(t, MySQL56)
	db := s.DB(t)
	for _, tt := range []struct{ name, create, change, kind string }{
		{"column length", "CREATE TABLE a(c VARCHAR(9))", "ALTER TABLE a MODIFY c VARCHAR(8)", "columns"},
		{"index becomes unique", "CREATE TABLE a(c INT, KEY k(c))", "ALTER TABLE a DROP KEY k, ADD UNIQUE KEY k(c)", "index columns"},
		{"delete rule", "CREATE TABLE a(c INT PRIMARY KEY, d INT, KEY k(d), CONSTRAINT f FOREIGN KEY (d) REFERENCES a(c))",
			"ALTER TABLE a DROP FOREIGN KEY f; ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (d) REFERENCES a(c) ON DELETE CASCADE", "foreign keys"},
		{"trigger body", "CREATE TABLE a(c INT); CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.c=1",
			"DROP TRIGGER g; CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.c=2", "triggers"},
		{"function sql_mode", "SET sql_mode=''; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
			"SET sql_mode='ANSI_QUOTES'; DROP FUNCTION f; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1", "routines"},
		{"event body", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01' DO SELECT 1", "ALTER EVENT e DO SELECT 2", "events"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			schema := s.Schema(t)
			count := func() []ObjectCount {
				t.Helper()
				counts, err := ObjectCounts(t.Context(), db, schema)
				if err != nil {
					t.Fatal(err)
				}
				return counts
			}
			s.Exec(t, "USE "+schema, tt.create)
			before := count()
			s.Exec(t, "USE "+schema, tt.change)
			for i, after := range count() {
				if changed := after != before[i]; changed != (after.Kind == tt.kind) {
					t.Errorf("%s: changed is %v after %s", after.Kind, changed, tt.change)
				}
			}
		})
	}
}
