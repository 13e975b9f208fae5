package mydumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"

	"github.com/gomove/gomove/internal/foreign/flat"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/transform"
)

const header = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"

// oldDump is a directory as 0.10 writes it.
func oldDump() map[string]string {
	return map[string]string{
		"metadata":                         "Started dump at: 2026-01-02 03:04:05\nSHOW MASTER STATUS:\n\tLog: bin.000007\n\tPos: 815\n\tGTID:0-1-9\n\nSHOW SLAVE STATUS:\n\tHost: up\n\tLog: up.000001\n\tPos: 4\n\tGTID:\n\nFinished dump at: 2026-01-02 03:04:06\n",
		"a.b-schema-create.sql":            "CREATE DATABASE `a.b`;\n",
		"a.b.t-schema.sql":                 header + "CREATE TABLE `t` (`id` int, `s` varchar(9), `g` int GENERATED ALWAYS AS (1)) DEFAULT CHARSET=latin1;\n",
		"a.b.t.00001.sql":                  header + "INSERT INTO `t` (`id`,`s`) VALUES\n(3,\"c\");\n",
		"a.b.t.00000.sql":                  header + "INSERT INTO `t` (`id`,`s`) VALUES\n(1,\"a;\n\"),\n(2,\"\xe9\");\nINSERT INTO `t` (`id`,`s`) VALUES(7,NULL);\n",
		"a.b.t.x-schema.sql":               header + "CREATE TABLE `t.x` (`id` int, `hidden` int INVISIBLE);\n",
		"a.b.t.x.sql":                      header + "INSERT INTO `t.x` VALUES(1);\n",
		"a.b.v-schema.sql":                 header + "CREATE TABLE `v`(\n`id` int\n)ENGINE=MyISAM;\n",
		"a.b.v-schema-view.sql":            header + "DROP TABLE IF EXISTS `v`;\nDROP VIEW IF EXISTS `v`;\nSET character_set_client = latin1;\nCREATE VIEW `v` AS select ';\n';\n",
		"a.b.t-schema-triggers.sql":        "SET character_set_client = utf8mb4;\nCREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a=1; SET @b=2; END;\n",
		"a.b-schema-post.sql":              "DROP PROCEDURE IF EXISTS `p`;\nCREATE PROCEDURE `p`()\nBEGIN SELECT 1; \nEND;\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT ';;';\n",
		"a.b.sq-schema.sql":                header + "CREATE TABLE `sq` (\n`next_not_cached_value` bigint(21) NOT NULL\n) ENGINE=InnoDB SEQUENCE=1;\n",
		"a.b.sq.sql":                       header + "INSERT INTO `sq` VALUES\n(1005,1,9223372036854775806,5,1,1000,0,0);\n",
		"a.b.none-schema.sql":              header + "CREATE TABLE `none` (`id` int, `g` int AS (1));\n",
		"a.b.none.sql":                     header,
		"all-schema-create-tablespace.sql": "CREATE TABLESPACE x;\n",
		"dump.log":                         "anything",
	}
}

// newDump is a directory as 1.0 writes it, with LOAD DATA files.
func newDump() map[string]string {
	return map[string]string{
		"metadata":                     "# Started dump at: 2026-01-02 03:04:05\n[config]\nquote-character = BACKTICK\n\n[source]\n# SOURCE_LOG_FILE = \"bin.000007\"\nexecuted_gtid_set = \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\"\nSOURCE_LOG_FILE = \"bin.000007\"\nSOURCE_LOG_POS = 815\n\n[replication]\n# Source_Host = \"up\"\n# Relay_Source_Log_File = \"up.000001\"\n# Exec_Source_Log_Pos = 4\n\n[`s`.`mydumper_1`]\nreal_table_name=odd/name\nrows = 2\n\n[config]\nnum-sequences = 0\n# Finished dump at: 2026-01-02 03:04:06\n",
		"s-schema-create.sql":          "CREATE DATABASE IF NOT EXISTS `s`;\n",
		"s-schema-triggers.sql":        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a=1;\n",
		"s.mydumper_1-schema.sql":      header + "CREATE TABLE `odd/name` (`id` int, `j` json, `b` blob);\n",
		"s.mydumper_1.00000.00001.sql": header + "LOAD DATA LOCAL INFILE 's.mydumper_1.00000.00001.dat' REPLACE INTO TABLE `odd/name` CHARACTER SET binary FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n' (`id`,@`j`,`b`) SET `j` = CONVERT(@`j` USING UTF8MB4);\n",
		"s.mydumper_1.00000.00001.dat": "1\t[]\ta\\tb\n2\t\\N\t\\0\n",
		"s.q-schema-sequence.sql":      "CREATE SEQUENCE `q`;\nDO SETVAL(`q`, 5, 0);\n",
	}
}

func place(t testing.TB, files map[string]string) store.Store {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// events tells what a directory gives, one event a line.
func events(ctx context.Context, s store.Store, chunkBytes int64) (out []string, m *dump.Manifest, err error) {
	f, err := Open(ctx, Options{Store: s, ChunkBytes: chunkBytes})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		e, err := f.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return append(out, f.Warnings()...), f.Manifest(), nil
		case err != nil:
			return out, f.Manifest(), err
		case e.Object != nil:
			o := e.Object
			line := fmt.Appendf(nil, "%s %s.%s %v %v %v", o.Kind, o.Schema, o.Name, o.Triggers, o.Routines, o.Events)
			for i, text := range o.Texts {
				line = fmt.Appendf(line, "\n  %s: %q", o.Files[i], text)
			}
			out = append(out, string(line))
		case e.Chunk != nil:
			in, err := e.Chunk.Open()
			if err != nil {
				return out, nil, err
			}
			text, err := io.ReadAll(in)
			if err != nil {
				return out, nil, err
			}
			out = append(out, fmt.Sprintf("%s.%s %d %s, %d rows: %q", e.Chunk.Schema, e.Chunk.Table, e.Chunk.Number, e.Chunk.File, e.Chunk.Rows, text))
			e.Chunk.Release()
		default:
			out = append(out, fmt.Sprintf("end of %s.%s, %d rows", e.Finished.Schema, e.Finished.Table, e.Finished.Rows))
		}
	}
}

const settings = "SET character_set_client='utf8mb4';; SET character_set_connection='utf8mb4';; SET time_zone='+00:00';; "

func TestOldDirectory(t *testing.T) {
	got, m, err := events(t.Context(), place(t, oldDump()), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema a.b. [] [procedure p] [e]" +
			"\n  a.b-schema-create.sql:1: \"DELIMITER ;;\\nCREATE DATABASE `a.b`\\n;;\\n\"" +
			"\n  a.b-schema-post.sql:2: \"DELIMITER ;;\\nCREATE PROCEDURE `p`()\\nBEGIN SELECT 1; \\nEND\\n;;\\n\"" +
			"\n  a.b-schema-post.sql:5: \"DELIMITER //\\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT ';;'\\n//\\n\"",
		"table a.b.none [] [] []\n  a.b.none-schema.sql:4: \"DELIMITER ;;\\n" + settings + "CREATE TABLE `none` (`id` int, `g` int AS (1))\\n;;\\n\"",
		"sequence a.b.sq [] [] []" +
			"\n  a.b.sq-schema.sql:4: \"DELIMITER ;;\\nCREATE SEQUENCE `sq` START WITH 5 MINVALUE 1 MAXVALUE 9223372036854775806 INCREMENT BY 1 CACHE 1000\\n;;\\n\"" +
			"\n  a.b.sq.sql:1: \"DELIMITER ;;\\nDO SETVAL(`sq`, 1005, 0, 0)\\n;;\\n\"",
		"table a.b.t [tr] [] []" +
			"\n  a.b.t-schema.sql:4: \"DELIMITER ;;\\n" + settings + "CREATE TABLE `t` (`id` int, `s` varchar(9), `g` int GENERATED ALWAYS AS (1)) DEFAULT CHARSET=latin1\\n;;\\n\"" +
			"\n  a.b.t-schema-triggers.sql:2: \"DELIMITER ;;\\nSET character_set_client='utf8mb4';; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a=1; SET @b=2; END\\n;;\\n\"",
		"table a.b.t.x [] [] []\n  a.b.t.x-schema.sql:4: \"DELIMITER ;;\\n" + settings + "CREATE TABLE `t.x` (`id` int, `hidden` int INVISIBLE)\\n;;\\n\"",
		"view a.b.v [] [] []\n  a.b.v-schema-view.sql:7: \"DELIMITER ;;\\nSET character_set_client='latin1';; SET character_set_connection='binary';; SET time_zone='+00:00';; CREATE VIEW `v` AS select ';\\n'\\n;;\\n\"",
		"end of a.b.none, 0 rows",
		`a.b.t 0 a.b.t.00000.sql from line 5, 2 rows: "1,\"a;\\n\"\n2,\"` + `\xe9` + `\"\n"`,
		`a.b.t 1 a.b.t.00000.sql from line 8, 1 rows: "7,\\N\n"`,
		`a.b.t 2 a.b.t.00001.sql from line 5, 1 rows: "3,\"c\"\n"`,
		"end of a.b.t, 4 rows",
		`a.b.t.x 0 a.b.t.x.sql from line 4, 1 rows: "1\n"`,
		"end of a.b.t.x, 1 rows",
		"table `a.b`.`t.x`: the dump has no values of column `hidden`, which keeps its default: mydumper leaves out what SELECT * does not show",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := m.Snapshot.Coordinates; c.String() != "bin.000007:815, GTID 0-1-9" || m.Snapshot.Source.String() != "up.000001:4" || m.Snapshot.Source.Host != "up" || m.Server.Flavor != "mariadb" {
		t.Errorf("coordinates %s, %+v, flavor %s", &c, m.Snapshot.Source, m.Server.Flavor)
	}
}

func TestNewDirectory(t *testing.T) {
	got, m, err := events(t.Context(), place(t, newDump()), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema s. [tr] [] []" +
			"\n  s-schema-create.sql:1: \"DELIMITER ;;\\nCREATE DATABASE IF NOT EXISTS `s`\\n;;\\n\"" +
			"\n  s-schema-triggers.sql:1: \"DELIMITER ;;\\nCREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a=1\\n;;\\n\"",
		"table s.odd/name [] [] []\n  s.mydumper_1-schema.sql:4: \"DELIMITER ;;\\n" + settings + "CREATE TABLE `odd/name` (`id` int, `j` json, `b` blob)\\n;;\\n\"",
		"sequence s.q [] [] []\n  s.q-schema-sequence.sql:1: \"DELIMITER ;;\\nCREATE SEQUENCE `q`\\n;;\\n\"\n  s.q-schema-sequence.sql:2: \"DELIMITER ;;\\nDO SETVAL(`q`, 5, 0)\\n;;\\n\"",
		`s.odd/name 0 s.mydumper_1.00000.00001.dat from line 1, 2 rows: "1,\"[]\",\"a\tb\"\n2,\\N,\"\\0\"\n"`,
		"end of s.odd/name, 2 rows",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := m.Snapshot.Coordinates; c.String() != "bin.000007:815, GTID 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5" || m.Snapshot.Source.String() != "up.000001:4" || m.Server.Flavor != "mysql" {
		t.Errorf("coordinates %s, %+v, flavor %s", &c, m.Snapshot.Source, m.Server.Flavor)
	}
}

// TestStableID wants the same id for the same files, and another one for others.
func TestStableID(t *testing.T) {
	id := func(files map[string]string, chunkBytes int64) string {
		_, m, err := events(t.Context(), place(t, files), chunkBytes)
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	one := id(oldDump(), 0)
	if again := id(oldDump(), 0); again != one {
		t.Errorf("ids %s and %s", one, again)
	}
	more := oldDump()
	more["a.b.t.00001.sql"] += "INSERT INTO `t` (`id`,`s`) VALUES(9,NULL);\n"
	if other := id(more, 0); other == one {
		t.Error("a longer file has the same id")
	}
	if other := id(oldDump(), 1000); other == one {
		t.Error("other chunks have the same id")
	}
}

// TestRefused damages directories: nothing is guessed.
func TestRefused(t *testing.T) {
	timestamp := strings.Replace(header, "/*!40103 SET TIME_ZONE='+00:00' */;\n", "", 1)
	for _, c := range []struct {
		name string
		dump map[string]string
		file string
		with string // the file's text; "-" removes it
		want string
	}{
		{"not finished", oldDump(), "metadata", "Started dump at: x\n", "no line \"Finished dump at\""},
		{"not finished, 1.0", newDump(), "metadata", "# Started dump at: x\n[source]\n", "no line \"Finished dump at\""},
		{"cut in a row", oldDump(), "a.b.t.00001.sql", header + "INSERT INTO `t` (`id`,`s`) VALUES\n(3,\"c", "a.b.t.00001.sql, line 5: dump is incomplete"},
		{"cut behind a row", oldDump(), "a.b.t.00001.sql", header + "INSERT INTO `t` (`id`,`s`) VALUES\n(3,\"c\")", "a.b.t.00001.sql, line 5: dump is incomplete"},
		{"cut in a definition", oldDump(), "a.b.t-schema.sql", header + "CREATE TABLE `t` (`id` int", "a.b.t-schema.sql, line 4: dump is incomplete"},
		{"cut in a routine", oldDump(), "a.b-schema-post.sql", "CREATE PROCEDURE `p`()\nBEGIN SELECT 1; \n", "a.b-schema-post.sql, line 1: dump is incomplete"},
		{"no definition", oldDump(), "a.b.t-schema.sql", "-", "definition (-schema.sql) is missing"},
		{"empty definition", oldDump(), "a.b.t-schema.sql", header, "a.b.t-schema.sql creates no table"},
		{"rows of another table", oldDump(), "a.b.t.00001.sql", header + "INSERT INTO `u` (`id`,`s`) VALUES(1,2);\n", "a.b.t.00001.sql, line 4: statement refused: INSERT INTO"},
		{"other columns", oldDump(), "a.b.t.00001.sql", header + "INSERT INTO `t` (`s`,`id`) VALUES(1,2);\n", "other columns"},
		{"another statement", oldDump(), "a.b.t.00001.sql", header + "DELETE FROM mysql.user;\n", "a.b.t.00001.sql, line 4: statement refused"},
		{"another statement among routines", oldDump(), "a.b-schema-post.sql", "GRANT ALL ON *.* TO x;\n", "a.b-schema-post.sql, line 1: statement refused"},
		{"another schema", oldDump(), "a.b-schema-post.sql", "CREATE PROCEDURE mysql.p() SELECT 1;\n", "a.b-schema-post.sql, line 1: statement refused"},
		{"unknown time zone", oldDump(), "a.b.t-schema.sql", header + "CREATE TABLE `t` (`id` int, `s` varchar(9), `at` timestamp);\n", ""},
		{"REPLACE", oldDump(), "a.b.t.x.sql", header + "REPLACE INTO `t.x` VALUES(1);\n", "REPLACE"},
		{"file of no known form", oldDump(), "a.b.t.00003.csv", "1\n", "is in no form of mydumper's"},
		{"rows missing", newDump(), "s.mydumper_1.00000.00001.dat", "1\t[]\ta\n", "has 1 rows in its files, the dump says 2"},
		{"all rows missing", newDump(), "s.mydumper_1.00000.00001.dat", "-", ""},
		{"LOAD DATA missing", newDump(), "s.mydumper_1.00000.00001.sql", "-", "has no s.mydumper_1.00000.00001.sql"},
		{"LOAD DATA in a charset", newDump(), "s.mydumper_1.00000.00001.sql", "LOAD DATA LOCAL INFILE 'x' INTO TABLE `odd/name` CHARACTER SET latin1 (`id`,`j`,`b`);\n", "another character set"},
		{"LOAD DATA with an expression", newDump(), "s.mydumper_1.00000.00001.sql", "LOAD DATA LOCAL INFILE 'x' INTO TABLE `odd/name` CHARACTER SET binary (`id`,`j`,@b) SET b = UNHEX(@b);\n", "not known"},
		{"a cell too few", newDump(), "s.mydumper_1.00000.00001.dat", "1\t[]\n", "s.mydumper_1.00000.00001.dat, line 1: statement refused: 2 values for 3 columns"},
	} {
		files := maps.Clone(c.dump)
		if files[c.file] = c.with; c.with == "-" {
			delete(files, c.file)
		}
		switch c.name {
		case "unknown time zone":
			files["a.b.t.00000.sql"] = timestamp + "INSERT INTO `t` (`id`,`s`) VALUES(1,2);\n"
			c.want = "--skip-tz-utc"
		case "all rows missing":
			delete(files, "s.mydumper_1.00000.00001.sql")
			c.want = "has 0 rows in its files, the dump says 2"
		}
		got, _, err := events(t.Context(), place(t, files), 0)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q; events %q", c.name, err, c.want, got)
		}
	}
}

// TestReleasedEarly stops reading: the open file is closed.
func TestReleasedEarly(t *testing.T) {
	f, err := Open(t.Context(), Options{Store: place(t, oldDump()), ChunkBytes: 4})
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := f.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e.Chunk != nil {
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
}

// TestSelected reads no rows of tables that nobody wants: their files may be damaged.
func TestSelected(t *testing.T) {
	files := oldDump()
	files["a.b.t.00001.sql"] = "damaged"
	f, err := Open(t.Context(), Options{Store: place(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	f.Select(func(_, table string) bool { return table == "t.x" })
	ends, chunks := []string{}, 0
	for {
		e, err := f.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Chunk != nil {
			chunks++
			e.Chunk.Release()
		}
		if e.Finished != nil {
			ends = append(ends, fmt.Sprint(e.Finished.Table, e.Finished.Rows))
		}
	}
	if diff := cmp.Diff([]string{"none-1", "t-1", "t.x1"}, ends); diff != "" || chunks != 1 {
		t.Errorf("%d chunks; %s", chunks, diff)
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(oldDump()["metadata"]))
	f.Add([]byte(newDump()["metadata"]))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := readMetadata(text); err == nil && !m.finished {
			t.Error("not finished, and no error")
		}
	})
}

// FuzzDefinitions cuts files of definitions and LOAD DATA statements: what is kept stood in the text.
func FuzzDefinitions(f *testing.F) {
	for _, files := range []map[string]string{oldDump(), newDump()} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f.Add([]byte(files[name]), true)
			f.Add([]byte(files[name]), false)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, byLine bool) {
		d := &reading{o: Options{AllowUnsafe: true}}
		statements, err := d.statements("f", text, byLine)
		if err != nil {
			return
		}
		for _, st := range statements {
			if !strings.Contains(string(text), string(st.text)) {
				t.Errorf("%q is not in %q", st.text, text)
			}
			isSequence(st)
			l := &load{dialect: flat.Dialect{}}
			var tokens []transform.Token
			for _, token := range transform.Lex(st.text, st.mode) {
				if token.Significant() {
					tokens = append(tokens, token)
				}
			}
			_ = l.parse(tokens, st.mode)
		}
		l := &load{}
		var tokens []transform.Token
		for _, token := range transform.Lex(text, transform.Mode{}) {
			if token.Significant() {
				tokens = append(tokens, token)
			}
		}
		if err := l.parse(tokens, transform.Mode{}); err == nil && slices.Contains(l.columns, "") {
			t.Errorf("%q: a column without a name", text)
		}
	})
}
