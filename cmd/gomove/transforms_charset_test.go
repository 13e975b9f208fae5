package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadCharset loads text of several charsets into tables of utf8mb4, by a load and by a copy: the same characters, types that hold as
// many, collations that hold the same for equal, and what no longer fits is refused before anything is made.
func TestLoadCharset(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			to, copied := schema+"_u", schema+"_c"
			dropAfter(t, s, to, copied)
			for _, q := range []string{
				"ALTER DATABASE %s CHARACTER SET latin1",
				"CREATE TABLE %s.words (id INT PRIMARY KEY, a VARCHAR(50), b TEXT CHARACTER SET sjis, c TINYTEXT CHARACTER SET latin1 COLLATE latin1_bin, d ENUM('käse','brot') CHARACTER SET latin1," +
					" e CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, f VARBINARY(20), g VARCHAR(20) CHARACTER SET ucs2, KEY (a), UNIQUE KEY c (c(20)), KEY d (d)) DEFAULT CHARSET=latin1",
				"INSERT INTO %s.words VALUES (1, _utf8mb4 x'C3A4C3B6E282AC', _utf8mb4 x'E38182', _utf8mb4 x'C3BC', _utf8mb4 x'6BC3A47365', _utf8mb4 x'F09F9880', x'FF00', _utf8mb4 x'E4BDA0'), (2, '', NULL, 'U', 'brot', 'x', NULL, ''), (3, NULL, '', 'u', NULL, NULL, '', NULL)",
				"CREATE VIEW %s.v AS SELECT a FROM %s.words WHERE a <> 'x'",
			} {
				s.Exec(t, strings.ReplaceAll(q, "%s", schema))
			}
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(s, dir, "-B", schema)...)
			flags := []string{"--charset", "utf8mb4", "--collation-map", "utf8mb4_bin=utf8mb4_unicode_ci"}
			r := mustRun(t, loadArgs(s, dir, append(flags, "--schema-map", schema+"="+to)...)...)
			for _, want := range []string{"character set latin1 becomes utf8mb4", "becomes mediumtext", "utf8mb4_bin becomes utf8mb4_unicode_ci"} {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("the summary does not say %q:\n%s", want, r.stdout)
				}
			}
			mustRun(t, append([]string{"copy", "--source", uriOf(s), "--target", uriOf(s), "-B", schema, "--schema-map", schema + "=" + copied, "--progress", "none", "--verify"}, flags...)...)
			for _, made := range []string{to, copied} {
				requireCharset(t, s, schema, made)
				mustRun(t, append([]string{"verify", "-d", dir, "--target", uriOf(s), "--schema-map", schema + "=" + made, "--progress", "none"}, flags...)...)
			}
			if r := runBinary(t, "verify", "-d", dir, "--target", uriOf(s), "--schema-map", schema+"="+to, "--progress", "none"); r.code != 3 {
				t.Errorf("verify without the flags: exit %d\n%s", r.code, r.stdout)
			}
			s.Exec(t, "CREATE TABLE "+schema+".wide (a VARCHAR(20000)) DEFAULT CHARSET=latin1")
			s.Exec(t, "CREATE TABLE "+schema+".keyed (a VARCHAR(900), KEY k (a(767))) DEFAULT CHARSET=latin1 ROW_FORMAT=DYNAMIC")
			if s.Exec(t, "ALTER TABLE "+schema+".keyed ADD UNIQUE KEY u (a(200))"); k != testdb.MySQL56 {
				s.Exec(t, "ALTER TABLE "+schema+".keyed ADD KEY l (a(800))")
			}
			other := filepath.Join(t.TempDir(), "other")
			mustRun(t, dumpArgs(s, other, "-B", schema)...)
			r = runBinary(t, loadArgs(s, other, append(flags, "--schema-map", schema+"="+schema+"_n")...)...)
			if r.code != 1 || !strings.Contains(r.stderr, "a row takes up to 80000 bytes") || k != testdb.MySQL56 && !strings.Contains(r.stderr, "index `l`") || k == testdb.MySQL56 && !strings.Contains(r.stderr, "`u`") {
				t.Errorf("what does not fit: exit %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			if got := s.Query(t, "SHOW DATABASES LIKE '"+schema+"\\_n'"); len(got) > 0 {
				t.Error("the refused load has made its schema")
			}
		})
	}
}

// requireCharset compares characters, and looks at the types.
func requireCharset(t *testing.T, s *testdb.Server, schema, to string) {
	t.Helper()
	rows := func(in string) [][]string {
		return s.Query(t, "SELECT id, HEX(CONVERT(a USING utf8mb4)), HEX(CONVERT(b USING utf8mb4)), HEX(CONVERT(c USING utf8mb4)), HEX(CONVERT(d USING utf8mb4)), d+0, HEX(CONVERT(e USING utf8mb4)), HEX(f), HEX(CONVERT(g USING utf8mb4)) FROM "+in+".words ORDER BY id")
	}
	if diff := cmp.Diff(rows(schema), rows(to)); diff != "" {
		t.Errorf("%s (-source +target):\n%s", to, diff)
	}
	got := s.Query(t, "SELECT column_name, data_type, character_set_name, IF(collation_name LIKE '%bin', 'bin', 'other') FROM information_schema.columns WHERE table_schema='"+to+"' AND table_name='words' ORDER BY ordinal_position")
	want := [][]string{{"id", "int"}, {"a", "varchar", "utf8mb4", "other"}, {"b", "mediumtext", "utf8mb4", "other"}, {"c", "text", "utf8mb4", "bin"}, {"d", "enum", "utf8mb4", "other"},
		{"e", "char", "utf8mb4", "other"}, {"f", "varbinary"}, {"g", "varchar", "utf8mb4", "other"}}
	for i := range got {
		if len(want[i]) == 2 {
			got[i] = got[i][:2]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns of %s (-want +got):\n%s", to, diff)
	}
	if got := s.Query(t, "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name='"+to+"'")[0][0]; got != "utf8mb4" {
		t.Errorf("schema %s has charset %s", to, got)
	}
}

// TestMapsTogether brings two schemas, and a table of a third, into one by running again with other maps; views, triggers and foreign
// keys go on to mean the same tables.
func TestMapsTogether(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			var shops []string
			for range 2 {
				schema := s.Schema(t)
				shops = append(shops, schema)
				for _, q := range []string{
					"CREATE TABLE %s.parents (id INT PRIMARY KEY)", "CREATE TABLE %s.children (id INT PRIMARY KEY, p INT, CONSTRAINT c_p_%s FOREIGN KEY (p) REFERENCES %s.parents (id))",
					"CREATE TABLE %s.log (what VARCHAR(40))", "INSERT INTO %s.parents VALUES (1), (2)", "INSERT INTO %s.children VALUES (1, 1), (2, 2), (3, NULL)",
					"CREATE VIEW %s.both_%s AS SELECT c.id FROM %s.children c JOIN %s.parents p ON p.id = c.p",
					"CREATE TRIGGER %s.t_%s BEFORE INSERT ON %s.children FOR EACH ROW INSERT INTO log VALUES ('%s')",
				} {
					s.Exec(t, strings.ReplaceAll(q, "%s", schema))
				}
			}
			all, viaDump, away := shops[0]+"_all", shops[0]+"_dall", shops[0]+"_away"
			dropAfter(t, s, all, viaDump, away)
			for i, shop := range shops {
				maps := func(to string) (args []string) {
					for _, table := range []string{"parents", "children"} {
						args = append(args, "--table-map", shop+"."+table+"="+to+"."+table+string(rune('a'+i)))
					}
					return append(args, "--table-map", shop+".log="+away+".log_"+shop, "--table-map", shop+".both_"+shop+"="+to+".both_"+shop)
				}
				plain, mapped := filepath.Join(t.TempDir(), "plain"), filepath.Join(t.TempDir(), "mapped")
				mustRun(t, dumpArgs(s, plain, "-B", shop)...)
				mustRun(t, loadArgs(s, plain, maps(all)...)...)
				mustRun(t, append([]string{"verify", "-d", plain, "--target", uriOf(s), "--progress", "none"}, maps(all)...)...)
				s.Exec(t, "DROP TABLE "+away+".log_"+shop)
				mustRun(t, dumpArgs(s, mapped, append(maps(viaDump), "-B", shop)...)...)
				mustRun(t, loadArgs(s, mapped)...)
				mustRun(t, append([]string{"verify", "--source", uriOf(s), "--target", uriOf(s), "-B", shop, "--progress", "none"}, maps(viaDump)...)...)
				for _, to := range []string{all, viaDump} {
					n := string(rune('a' + i))
					s.Exec(t, "INSERT INTO "+to+".children"+n+" VALUES (10, 1)")
					if got := s.Query(t, "SELECT COUNT(*) FROM "+to+".both_"+shop)[0][0]; got != "3" {
						t.Errorf("view in %s has %s rows", to, got)
					}
					if got := s.Query(t, "SELECT REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA='"+to+"' AND TABLE_NAME='children"+n+"' AND REFERENCED_TABLE_NAME IS NOT NULL"); len(got) != 1 || got[0][0] != to || got[0][1] != "parents"+n {
						t.Errorf("foreign key in %s: %v", to, got)
					}
				}
				if got := s.Query(t, "SELECT COUNT(*) FROM "+away+".log_"+shop)[0][0]; got != "2" {
					t.Errorf("the triggers have written %s rows", got)
				}
			}
		})
	}
}
