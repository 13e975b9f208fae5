package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// collationFacts is what a server does under a collation.
type collationFacts struct{ cases, accents, padding bool }

// measure asks a server what it does under a collation.
func (e *side) measure(t *testing.T, charset, collation string) collationFacts {
	t.Helper()
	text := func(s string) string {
		return fmt.Sprintf("CONVERT(_utf8mb4 x'%x' USING %s) COLLATE %s", s, charset, collation)
	}
	r := e.rows(t, fmt.Sprintf("SELECT %s = %s, %s = %s, %s = %s", text("a"), text("A"), text("e"), text("\u0115"), text("a"), text("a ")))[0]
	return collationFacts{cases: r[0] == "0", accents: r[1] == "0", padding: r[2] == "1"}
}

// collations lists every collation of a server by its full name, with its character set.
func (e *side) collations(t *testing.T) [][]string {
	name := "collation_name"
	if e.kind == testdb.MariaDB {
		name = "full_collation_name"
	}
	return e.rows(t, "SELECT "+name+", character_set_name FROM information_schema.collation_character_set_applicability ORDER BY 1")
}

// TestAdaptCollationMeaning maps every collation of every server to every other, and compares what the two servers do
// with what the note says of it.
func TestAdaptCollationMeaning(t *testing.T) {
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			if from == to {
				continue
			}
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				source, target := newSide(t, from), newSide(t, to)
				for _, c := range source.collations(t) {
					compareCollation(t, source, target, c[0], c[1])
				}
			})
		}
	}
}

func compareCollation(t *testing.T, source, target *side, name, charset string) {
	out, _, err := AdaptCollation(name, target.target)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if spelled(name, map[string]bool{out: true}) != "" || name == "binary" || charset == "gb18030" {
		return // the same collation; or one of a character set that the target lacks
	}
	targetCharset := charset
	if !target.target.Charsets[charset] {
		targetCharset = spelled(charset, target.target.Charsets)
	}
	want, got := source.measure(t, charset, name), target.measure(t, targetCharset, out)
	says := collationChange(name, out)
	for _, f := range []struct {
		what      string
		want, got bool
		on, off   string
	}{
		{"cases", want.cases, got.cases, "now tells upper", "no longer tells upper"},
		{"accents", want.accents, got.accents, "now tells accents", "no longer tells accents"},
		{"padding", want.padding, got.padding, "is PAD SPACE", "is NO PAD"},
	} {
		expect := ""
		if f.want != f.got {
			if expect = f.off; f.got {
				expect = f.on
			}
		}
		for _, phrase := range []string{f.on, f.off} {
			if strings.Contains(says, phrase) != (phrase == expect) {
				t.Errorf("%s becomes %s: %s were %t and are %t, the note says %q", name, out, f.what, f.want, f.got, says)
			}
		}
	}
}

// TestAdaptSQLModeOnServers sets every mode of every server on every other.
func TestAdaptSQLModeOnServers(t *testing.T) {
	modes := strings.Split("REAL_AS_FLOAT PIPES_AS_CONCAT ANSI_QUOTES IGNORE_SPACE IGNORE_BAD_TABLE_OPTIONS ONLY_FULL_GROUP_BY "+
		"NO_UNSIGNED_SUBTRACTION NO_DIR_IN_CREATE POSTGRESQL ORACLE MSSQL DB2 MAXDB NO_KEY_OPTIONS NO_TABLE_OPTIONS NO_FIELD_OPTIONS "+
		"MYSQL323 MYSQL40 ANSI NO_AUTO_VALUE_ON_ZERO NO_BACKSLASH_ESCAPES STRICT_TRANS_TABLES STRICT_ALL_TABLES NO_ZERO_IN_DATE "+
		"NO_ZERO_DATE ALLOW_INVALID_DATES ERROR_FOR_DIVISION_BY_ZERO TRADITIONAL NO_AUTO_CREATE_USER HIGH_NOT_PRECEDENCE "+
		"NO_ENGINE_SUBSTITUTION PAD_CHAR_TO_FULL_LENGTH EMPTY_STRING_IS_NULL SIMULTANEOUS_ASSIGNMENT TIME_ROUND_FRACTIONAL "+
		"TIME_TRUNCATE_FRACTIONAL", " ")
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				source, target := newSide(t, from), newSide(t, to)
				for _, mode := range modes {
					if source.try("SET sql_mode='"+mode+"'") != nil {
						continue
					}
					given := source.rows(t, "SELECT @@sql_mode")[0][0]
					replayMode(t, source, target, given)
				}
			})
		}
	}
}

// replayMode sets an adapted mode; what the target makes of it has to be what was given but for what was dropped.
func replayMode(t *testing.T, source, target *side, given string) {
	out, dropped := AdaptSQLMode(given, target.target)
	if source.kind == target.kind && out != given {
		t.Errorf("%q: changed to %q for its own kind of server", given, out)
	}
	if err := target.try("SET sql_mode='" + out + "'"); err != nil {
		t.Errorf("%q: %v", given, err)
		return
	}
	got := target.rows(t, "SELECT @@sql_mode")[0][0]
	before, after := strings.Split(given, ","), strings.Split(got, ",")
	for _, m := range before {
		if !slices.Contains(after, m) && !slices.Contains(dropped, m) {
			t.Errorf("%q: %s is lost and not in %q", given, m, dropped)
		}
	}
	for _, m := range after {
		// NO_AUTO_CREATE_USER is for GRANT only.
		if m != "" && !slices.Contains(before, m) && m != "NO_AUTO_CREATE_USER" {
			t.Errorf("%q: %s is new in %q", given, m, got)
		}
	}
}

// TestAdaptDatabaseOnServers replays CREATE DATABASE on every server.
func TestAdaptDatabaseOnServers(t *testing.T) {
	options := map[testdb.Kind][]string{
		testdb.MySQL56: {"", "CHARSET utf8mb4", "CHARSET utf8", "CHARSET latin1 COLLATE latin1_bin"},
		testdb.MariaDB: {"", "CHARSET utf8mb4", "CHARSET utf8mb4 COLLATE uca1400_nopad_as_cs", "CHARSET utf8mb3 COMMENT 'x'"},
		testdb.MySQL97: {"", "CHARSET utf8mb4", "CHARSET utf8mb4 COLLATE utf8mb4_sv_0900_as_cs", "CHARSET utf8mb3 ENCRYPTION='N'"},
	}
	for _, from := range testdb.All() {
		for _, to := range testdb.All() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				source, target := newSide(t, from), newSide(t, to)
				for i, o := range options[from] {
					name := fmt.Sprintf("%s_%s_%d", source.schema, to, i)
					source.exec(t, "CREATE DATABASE "+name+" "+o)
					create := source.showCreate(t, "DATABASE", name)
					wanted := adapted(t, source.schemaCollation(t, name), target.target)
					source.exec(t, "DROP DATABASE "+name)
					out, notes := Adapt([]byte(create), Mode{}, source.origin, target.target, "database")
					if from == to && string(out) != create {
						t.Errorf("%s: changed to %s", create, out)
					}
					if err := target.try(string(out)); err != nil {
						t.Errorf("%s: %v\n%q", out, err, notes)
						continue
					}
					if got := target.schemaCollation(t, name); spelled(wanted, map[string]bool{got: true}) == "" {
						t.Errorf("%s: collation %s, want %s\n%s", create, got, wanted, out)
					}
					target.exec(t, "DROP DATABASE "+name)
				}
			})
		}
	}
}

func (e *side) schemaCollation(t *testing.T, name string) string {
	return e.rows(t, "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name=?", name)[0][0]
}

// TestAdaptOracleOnServers refuses what only MariaDB's other language can say.
func TestAdaptOracleOnServers(t *testing.T) {
	source := newSide(t, testdb.MariaDB)
	source.exec(t, "SET sql_mode=ORACLE")
	for _, q := range []string{
		"CREATE PROCEDURE o_p(a int) AS b int; BEGIN b := a; END",
		"CREATE FUNCTION o_f(a int) RETURN int DETERMINISTIC AS BEGIN RETURN a; END",
		"CREATE PACKAGE o_k AS PROCEDURE p1(a int); END",
		"CREATE PACKAGE BODY o_k AS PROCEDURE p1(a int) AS BEGIN NULL; END; END",
	} {
		if _, err := source.conn.ExecContext(context.Background(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	m := ModeOf("utf8mb4", "ORACLE")
	for kind, name := range map[string]string{"PROCEDURE": "o_p", "FUNCTION": "o_f", "PACKAGE": "o_k", "PACKAGE BODY": "o_k"} {
		create := source.showCreate(t, kind, name)
		for _, target := range []Target{{Flavor: "mysql", Number: 50624}, {Flavor: "mysql", Number: 90704}, {Flavor: "mariadb", Number: 101119}} {
			_, notes := Adapt([]byte(create), m, source.origin, target, kind)
			refused := slices.ContainsFunc(notes, func(n Note) bool { return n.Refused })
			if want := target.Flavor == "mysql"; refused != want {
				t.Errorf("%s to %s %d: refused %t: %q\n%s", kind, target.Flavor, target.Number, refused, notes, create)
			}
		}
	}
}
