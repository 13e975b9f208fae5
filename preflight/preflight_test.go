package preflight

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// reach is how a test's server is reached, as root or as another account without a password.
func reach(s *testdb.Server, label, user string) mysql.Options {
	if user == "" {
		user = s.User
	}
	return mysql.Options{Host: s.Host, Port: s.Port, User: user, Label: label}
}

// subject reads what is selected; without to there is no target. The servers are closed at the end of the test.
func subject(t *testing.T, from *testdb.Server, fromUser string, to *testdb.Server, toUser string, sel catalog.Selection) Subject {
	t.Helper()
	s := Subject{Selection: sel, Log: slog.New(slog.DiscardHandler)}
	connect := func(o mysql.Options, p mysql.Purpose) *mysql.Server {
		c, err := mysql.Connect(t.Context(), o, p)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return c
	}
	s.Source = connect(reach(from, "source", fromUser), mysql.ForDump)
	if to != nil {
		s.Target = connect(reach(to, "target", toUser), mysql.ForLoad)
	}
	r, err := catalog.NewReader(s.Source, sel, s.Log)
	if err == nil {
		s.Catalog, err = r.Read(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find runs one check.
func find(t *testing.T, id string, e *examination) []Finding {
	t.Helper()
	for _, c := range checks() {
		if c.id == id {
			found, err := c.find(t.Context(), e)
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			return found
		}
	}
	t.Fatalf("no check %s", id)
	return nil
}

// planted is a defect on a server, and what the check is to say of it.
type planted struct {
	id       string
	on       []testdb.Kind // default all
	to       testdb.Kind   // default no target
	sql      string        // S is the schema
	adjust   func(e *examination)
	severity Severity
	names    string // within the name of one object, or in What where there is no object
	says     string // within the detail of that object, or anywhere in the finding
	only     string // name of an object that is right, and must not be named
}

const clean = "ALTER DATABASE S COLLATE utf8mb4_bin; CREATE TABLE S.fine (id INT PRIMARY KEY, a VARCHAR(20), d DATE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

func defects() []planted {
	maria, my56, my97 := testdb.MariaDB, testdb.MySQL56, testdb.MySQL97
	aurora := func(e *examination) {
		v := maps.Clone(e.Target.Facts.Variables)
		v["aurora_version"] = "3.08.0"
		e.Target.Facts.Variables, e.Target.Facts.Product = v, mysql.Aurora
	}
	return []planted{
		{id: "P01", sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) ENGINE=MyISAM", severity: Warning, names: "`bad`", says: "engine MyISAM"},
		{id: "P01", on: []testdb.Kind{my56}, to: my97, adjust: aurora, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) ENGINE=MyISAM", severity: Warning, names: "`bad`", says: "Aurora has InnoDB only"},
		{id: "P02", on: []testdb.Kind{maria, my97}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) ROW_FORMAT=COMPRESSED", severity: Note, names: "`bad`"},
		{id: "P02", on: []testdb.Kind{my97}, to: my97, adjust: aurora, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) KEY_BLOCK_SIZE=4", severity: Warning, names: "`bad`", says: "Aurora has no compressed tables"},
		{id: "P02", on: []testdb.Kind{maria}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) PAGE_COMPRESSED=1", severity: Note, names: "`bad`"},
		{id: "P03", sql: "CREATE TABLE S.bad (id INT, UNIQUE KEY (id))", severity: Warning, names: "`bad`"},
		{id: "P03", sql: "CREATE TABLE S.bad (id INT); CREATE TABLE S.good (id INT NOT NULL, UNIQUE KEY (id))", severity: Warning, names: "`bad`", only: "`good`"},
		{id: "P03", sql: "CREATE TABLE S.bad (id VARCHAR(90) NOT NULL, UNIQUE KEY (id(5)))", severity: Warning, names: "`bad`"},
		{id: "P04", sql: "CREATE DEFINER=somebody@nowhere VIEW S.bad AS SELECT id FROM S.fine; CREATE VIEW S.good AS SELECT id FROM S.fine",
			severity: Note, names: "`bad`", says: "somebody@nowhere", only: "`good`"},
		{id: "P04", sql: "CREATE DEFINER=somebody@nowhere TRIGGER S.bad BEFORE INSERT ON S.fine FOR EACH ROW SET NEW.a='x'", severity: Note, names: "trigger", says: "somebody@nowhere"},
		{id: "P04", sql: "CREATE DEFINER=somebody@nowhere PROCEDURE S.bad() SELECT 1", severity: Note, names: "procedure", says: "somebody@nowhere"},
		{id: "P04", sql: "CREATE DEFINER=somebody@nowhere EVENT S.bad ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1", severity: Note, names: "event", says: "somebody@nowhere"},
		{id: "P05", sql: "SET sql_mode=''; CREATE TABLE S.bad (id INT PRIMARY KEY, d DATE NOT NULL DEFAULT '0000-00-00', e DATETIME DEFAULT '2000-10-10')",
			severity: Note, names: "`d`", only: "`e`"},
		{id: "P05", sql: "SET sql_mode=''; CREATE TABLE S.bad (id INT PRIMARY KEY, d DATETIME NOT NULL DEFAULT '2000-01-00 00:00:00')", severity: Note, names: "`d`"},
		{id: "P05", to: my97, sql: "SET sql_mode=''; CREATE TABLE S.bad (id INT PRIMARY KEY, d DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00')", severity: Warning, names: "`d`", says: "NO_ZERO_DATE"},
		{id: "P06", on: []testdb.Kind{maria, my97}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, g INT AS (id+1) STORED, v INT AS (id+2) VIRTUAL)", severity: Note, names: "`g`", says: "stored"},
		{id: "P07", on: []testdb.Kind{maria, my97}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, i INT INVISIBLE)", severity: Note, names: "`i`"},
		{id: "P08", on: []testdb.Kind{maria, my56}, sql: "CREATE TABLE S.bad (f FLOAT AUTO_INCREMENT PRIMARY KEY)", severity: Note, names: "`f`"},
		{id: "P08", on: []testdb.Kind{maria, my56}, to: my97, sql: "CREATE TABLE S.bad (f DOUBLE AUTO_INCREMENT PRIMARY KEY)", severity: Error, names: "`f`"},
		{id: "P09", sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, a CHAR(1) CHARACTER SET utf8)", severity: Note, names: "`a`", says: "utf8"},
		{id: "P09", on: []testdb.Kind{my97}, to: my56, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, a CHAR(1) COLLATE utf8mb4_0900_ai_ci)", severity: Warning, names: "utf8mb4_0900_ai_ci", says: "becomes utf8mb4_"},
		{id: "P09", on: []testdb.Kind{maria}, to: my97, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, a CHAR(1) COLLATE utf8mb4_uca1400_as_cs)", severity: Warning, names: "uca1400", says: "becomes utf8mb4_0900_as_cs"},
		{id: "P09", to: maria, adjust: func(e *examination) { // as on a server that was built without it
			if to, err := e.holds(context.Background()); err == nil {
				maps.DeleteFunc(to.Collations, func(name string, _ bool) bool { return !strings.HasPrefix(name, "latin1") })
			}
		}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, a CHAR(1) CHARACTER SET greek, b CHAR(1) CHARACTER SET latin1)", severity: Error, names: "greek_general_ci", says: "`bad`.`a`", only: "latin1_swedish_ci"},
		{id: "P10", sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3", severity: Note, names: "`bad`", says: "3 partitions"},
		{id: "P11", sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, p INT, CONSTRAINT casc FOREIGN KEY (p) REFERENCES S.fine(id) ON DELETE CASCADE, CONSTRAINT plain FOREIGN KEY (p) REFERENCES S.fine(id))",
			severity: Note, names: "`casc`", says: "ON DELETE CASCADE", only: "`plain`"},
		{id: "P12", on: []testdb.Kind{maria, my56}, sql: "CREATE TABLE S.parent (id INT PRIMARY KEY, k INT, KEY (k)); CREATE TABLE S.bad (id INT PRIMARY KEY, p INT, CONSTRAINT odd FOREIGN KEY (p) REFERENCES S.parent(k), CONSTRAINT even FOREIGN KEY (id) REFERENCES S.parent(id))",
			severity: Note, names: "`odd`", only: "`even`"},
		{id: "P12", on: []testdb.Kind{maria, my56}, to: my97, sql: "CREATE TABLE S.parent (id INT PRIMARY KEY, k INT, KEY (k)); CREATE TABLE S.bad (id INT PRIMARY KEY, p INT, CONSTRAINT odd FOREIGN KEY (p) REFERENCES S.parent(k))",
			severity: Warning, names: "`odd`", says: "switches restrict_fk_on_non_standard_key off"},
		{id: "P13", on: []testdb.Kind{my56}, to: my97, severity: Note, names: "sql_mode", says: "target ONLY_FULL_GROUP_BY"},
		{id: "P14", sql: "SET foreign_key_checks=0; CREATE TABLE S.bad (id INT PRIMARY KEY, p INT, CONSTRAINT mixed FOREIGN KEY (p) REFERENCES S.parent(id)); CREATE TABLE S.parent (id INT PRIMARY KEY) ENGINE=MyISAM",
			severity: Warning, names: "`mixed`", says: "of MyISAM"},
		{id: "P15", on: []testdb.Kind{maria, my56}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, e ENUM('" + strings.Repeat("é", 256) + "') CHARACTER SET latin1)", severity: Note, names: "`e`", says: "256 characters"},
		{id: "P15", on: []testdb.Kind{maria, my56}, to: my97, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, e SET('" + strings.Repeat("x", 300) + "','b') CHARACTER SET latin1)", severity: Error, names: "`e`", says: "300 characters"},
		{id: "P16", adjust: func(e *examination) { e.limits.largeTable = 20_000 }, sql: "CREATE TABLE S.bad (id INT, KEY (id)); CREATE TABLE S.small (id INT)", severity: Warning, names: "`bad`", only: "`small`"},
		{id: "P17", sql: "CREATE TABLE S.Bad (id INT PRIMARY KEY); CREATE TABLE S.bad (id INT PRIMARY KEY)", severity: Note, names: "`bad`", says: "beside"},
		{id: "P18", to: maria, adjust: func(e *examination) { e.Target.Facts.MaxAllowedPacket = 1 << 20 }, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, b LONGBLOB, s VARCHAR(100))", severity: Warning, names: "`b`", only: "`s`"},
		{id: "P22", adjust: func(e *examination) { e.Source.Facts.LogBin = false }, severity: Note, names: "log_bin", says: "needs ON"},
		{id: "P25", to: maria, sql: "TARGET CREATE DATABASE S; CREATE TABLE S.fine (id INT)", severity: Error, names: "`fine`", says: "--if-exists"},
		{id: "P26", on: []testdb.Kind{maria}, to: my97, sql: "CREATE SEQUENCE S.bad", severity: Error, names: "sequence", says: "SEQUENCE"},
		{id: "P26", on: []testdb.Kind{my97}, to: my56, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, j JSON)", severity: Error, names: "`bad` column `j`"},
		{id: "P26", on: []testdb.Kind{my97}, to: my56, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY, c INT CHECK (c>1))", severity: Note, names: "`bad`", says: "CHECK"},
		{id: "P26", on: []testdb.Kind{maria}, to: maria, adjust: func(e *examination) { // as on a server that was built without it
			if to, err := e.holds(context.Background()); err == nil {
				delete(to.Engines, "aria")
			}
		}, sql: "CREATE TABLE S.bad (id INT PRIMARY KEY) ENGINE=Aria", severity: Note, names: "`bad`", says: "InnoDB"},
		{id: "P27", on: []testdb.Kind{maria, my56}, to: my97, sql: "CREATE VIEW S.bad AS SELECT MD5(a) AS m FROM S.fine; CREATE VIEW S.good AS SELECT UPPER(a) FROM S.fine", severity: Error, names: "`bad`", says: "MD5()", only: "`good`"},
		{id: "P27", on: []testdb.Kind{my56}, to: my97, sql: "CREATE PROCEDURE S.bad() SELECT a, PASSWORD('x') FROM S.fine GROUP BY a DESC", severity: Error, names: "`bad`", says: "PASSWORD(), GROUP BY ... DESC"},
		{id: "P27", on: []testdb.Kind{my56}, to: my97, sql: "CREATE PROCEDURE S.bad() SELECT MD5('x'); CREATE PROCEDURE S.good() SELECT 1", severity: Warning, names: "`bad`", says: "MD5()", only: "`good`"},
		{id: "P27", on: []testdb.Kind{my97}, to: maria, sql: "CREATE FUNCTION S.bad() RETURNS INT DETERMINISTIC RETURN BIN_TO_UUID(UUID_TO_BIN('x')) IS NULL; CREATE VIEW S.good AS SELECT id FROM S.fine WHERE a REGEXP 'x'",
			severity: Warning, names: "`bad`", says: "UUID_TO_BIN()", only: "`good`"},
		{id: "P27", on: []testdb.Kind{my97}, to: my56, sql: "CREATE VIEW S.bad AS SELECT ROW_NUMBER() OVER (ORDER BY id) FROM S.fine", severity: Error, names: "`bad`", says: "ROW_NUMBER()"},
		{id: "P27", on: []testdb.Kind{my56}, to: my97, sql: "SET sql_mode='NO_AUTO_CREATE_USER,STRICT_ALL_TABLES'; CREATE PROCEDURE S.bad() SELECT 1", severity: Note, names: "`bad`", says: "NO_AUTO_CREATE_USER"},
		{id: "P30", sql: "CREATE EVENT S.bad ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1", severity: Note, names: "`bad`", says: "disabled"},
		{id: "P31", adjust: func(e *examination) { e.Source.Facts.Variables["net_write_timeout"] = "5" }, severity: Note, names: "net_write_timeout", says: "5 s"},
		{id: "P32", to: maria, adjust: func(e *examination) { e.Target.Facts.LocalInfile = false }, severity: Warning, names: "local_infile=OFF"},
		{id: "P33", to: my97, adjust: aurora, severity: Note, names: "role for S3"},
		{id: "P34", to: maria, adjust: func(e *examination) { e.limits.space = 1 }, severity: Note, names: "binary log"},
		{id: "P37", sql: "CREATE TABLE S.other (id INT PRIMARY KEY); CREATE TABLE S.bad (id INT PRIMARY KEY, CONSTRAINT out_ FOREIGN KEY (id) REFERENCES S.other(id))", severity: Warning, names: "`out_`", says: "`other`",
			adjust: func(e *examination) { delete(e.tables, [2]string{e.Catalog.Schemas[0].Name, "other"}) }},
	}
}

// Each check finds the defect that was planted for it, names the object and says how to get rid of it, and nothing else.
func TestChecksFindWhatIsPlanted(t *testing.T) {
	for _, p := range defects() {
		on := p.on
		if on == nil {
			on = testdb.All()
		}
		for _, k := range on {
			if !slices.Contains(testdb.All(), k) || p.to != "" && !slices.Contains(testdb.All(), p.to) {
				continue
			}
			name := strings.Join([]string{p.id, string(k), string(p.to), p.names}, " ")
			t.Run(strings.TrimSpace(name), func(t *testing.T) {
				from := testdb.Start(t, k)
				var to *testdb.Server
				if p.to != "" {
					to = testdb.Start(t, p.to)
				}
				schema := from.Schema(t)
				statements := clean + ";" + p.sql
				if rest, ok := strings.CutPrefix(p.sql, "TARGET "); ok {
					statements = clean
					if to == from {
						t.Skip("the schema is there")
					}
					to.Exec(t, planting(rest, schema)...)
					t.Cleanup(func() { to.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
				}
				from.Exec(t, planting(statements, schema)...)
				e := newExamination(subject(t, from, "", to, "", catalog.Selection{Schemas: []string{schema}}))
				if p.adjust != nil {
					p.adjust(e)
				}
				expect(t, find(t, p.id, e), p)
			})
		}
	}
}

// planting puts the schema's name for S and returns the statements one by one.
func planting(sql, schema string) []string {
	out := []string{"SET NAMES utf8mb4"}
	for s := range strings.SplitSeq(sql, ";") {
		if s = strings.TrimSpace(s); s != "" {
			s = strings.ReplaceAll(strings.ReplaceAll(s, " S.", " "+schema+"."), "DATABASE S", "DATABASE "+schema)
			out = append(out, s)
		}
	}
	return out
}

func expect(t *testing.T, found []Finding, p planted) {
	t.Helper()
	for _, f := range found {
		if f.Why == "" || f.Fix == "" || f.What == "" {
			t.Errorf("finding without what, why or fix: %+v", f)
		}
		for _, o := range f.Objects {
			if p.only != "" && strings.Contains(o.Name, p.only) {
				t.Errorf("%s is right and was named: %+v", p.only, o)
			}
		}
	}
	for _, f := range found {
		if f.Severity != p.severity {
			continue
		}
		if len(f.Objects) == 0 && strings.Contains(f.What, p.names) {
			return
		}
		for _, o := range f.Objects {
			if strings.Contains(o.Name, p.names) && strings.Contains(strings.Join([]string{o.Detail, f.What, f.Why, f.Fix}, "\n"), p.says) {
				return
			}
		}
	}
	t.Errorf("no %s that names %s and says %q: %+v", p.severity, p.names, p.says, found)
}

// On a server without any defect no check finds anything, whatever the target.
func TestChecksFindNothingOnACleanSchema(t *testing.T) {
	for _, from := range testdb.All() {
		for _, target := range append([]testdb.Kind{""}, testdb.All()...) {
			t.Run(strings.TrimSpace(string(from)+" "+string(target)), func(t *testing.T) {
				a := testdb.Start(t, from)
				var b *testdb.Server
				if target != "" {
					b = testdb.Start(t, target)
				}
				schema := a.Schema(t)
				a.Exec(t, planting(clean, schema)...)
				s := subject(t, a, "", b, "", catalog.Selection{Schemas: []string{schema}})
				skip := []string{"P13"} // servers of two kinds differ in their settings
				if a == b {
					s.Names = transform.Names{Schemas: map[string]string{schema: schema + "_new"}}
					skip = append(skip, "P25") // it is the same server
				}
				r, err := Examine(t.Context(), s, All, skip)
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Findings) > 0 || r.Err() != nil {
					t.Errorf("%v: %+v", r.Err(), r.Findings)
				}
				if want := len(checks()) - len(skip); b != nil && r.Checks != want {
					t.Errorf("%d checks were run, want %d", r.Checks, want)
				}
			})
		}
	}
}
