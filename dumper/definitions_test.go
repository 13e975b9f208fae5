package dumper

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// client runs SQL bytes as a client of a charset would, with the server's own client where there is one.
func client(t *testing.T, s *testdb.Server, sql string, args ...string) {
	t.Helper()
	cmd := s.Client(t, append(args, "--comments")...)
	cmd.Stdin = strings.NewReader(sql)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", s.Kind, err, out)
	}
}

// define returns what the server says of every object of a schema, under results in their own bytes.
func define(t *testing.T, s *testdb.Server, schema string) map[string]string {
	t.Helper()
	server, err := mysql.Connect(t.Context(), sourceOf(s), mysql.ForDump)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r, err := catalog.NewReader(server, catalog.Selection{Schemas: []string{schema}}, quietLog())
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := server.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	show := &catalog.ShowReader{Conn: conn}
	out := map[string]string{"schema": c.Schemas[0].Collation}
	add := func(kind, name string) {
		row, err := show.Show(context.Background(), kind, schema, name)
		if err != nil {
			t.Fatal(err)
		}
		delete(row, "created")
		for k, v := range row {
			out[kind+" "+name+" "+k] = string(v)
		}
	}
	for _, tb := range c.Tables {
		add("TABLE", tb.Name)
		out["triggers of "+tb.Name] = strings.Join(tb.Triggers, ",")
		for _, tr := range tb.Triggers {
			add("TRIGGER", tr)
		}
	}
	for _, v := range c.Views {
		add("VIEW", v.Name)
		out["definition "+v.Name] = v.Definition
	}
	for _, q := range c.Sequences {
		add("SEQUENCE", q.Name)
	}
	for _, ro := range c.Schemas[0].Routines {
		add(ro.Kind, ro.Name)
	}
	for _, e := range c.Schemas[0].Events {
		add("EVENT", e)
	}
	return out
}

// restore runs restore.mysql of a dump with the server's client.
func restore(t *testing.T, s *testdb.Server, dir string) {
	t.Helper()
	if s.Kind == testdb.MySQL97 {
		// Its client lives in a file system of its own, which has no test directories.
		testdb.Require(t, testdb.MariaDB)
	}
	run := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--local-infile=1", "--comments", "--host="+s.Host, "--port="+strconv.Itoa(s.Port), "--user=root")
	run.Dir = dir
	run.Stdin = strings.NewReader("SOURCE restore.mysql\n")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: restore: %v: %s", s.Kind, err, out)
	}
}

// objects of every kind by clients of different charsets and modes; %s is the schema.
const utf8Objects = `SET NAMES utf8mb4; USE %s;
CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(20) CHARACTER SET latin1, ` + "`ü``n` INT" + `,
  bin BINARY(3) DEFAULT x'61FF00', vb VARBINARY(9) DEFAULT x'00275C0AC3', d VARCHAR(9) DEFAULT 'a''\\b',
  ts TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00', e ENUM('a','','b''c','\\') DEFAULT 'a') AUTO_INCREMENT=77 COMMENT='tä';
INSERT INTO t (id) VALUES (1);
CREATE VIEW v3 AS SELECT id, b FROM t WHERE b <> 'é';
CREATE VIEW v2 AS SELECT id FROM v3;
CREATE VIEW v1 AS SELECT v2.id, 'ü' AS ` + "`ö`" + ` FROM v2;
SET SESSION sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
CREATE VIEW "v""a" AS SELECT "b" || '\' AS "q""q" FROM "t";
DELIMITER $$
CREATE TRIGGER z1 BEFORE INSERT ON t FOR EACH ROW BEGIN SET new.b = "b" || '\'; -- ;;
END$$
CREATE PROCEDURE p(a INT) COMMENT 'cé' BEGIN SELECT a; /* ;; */ SELECT 'é;
'; END$$
CREATE FUNCTION f(a CHAR(5)) RETURNS CHAR(5) DETERMINISTIC RETURN a$$
SET time_zone='+05:00'$$
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENDS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'é' DO SELECT 1$$
`

// orderedTriggers needs several triggers for one event, which MySQL 5.6 lacks.
const orderedTriggers = `USE %s;
CREATE TRIGGER a2 BEFORE INSERT ON t FOR EACH ROW FOLLOWS z1 SET @x=1;
CREATE TRIGGER b0 BEFORE INSERT ON t FOR EACH ROW PRECEDES z1 SET @x=2;
`

// latin1Objects holds the byte E9, an é of a latin1 client.
const latin1Objects = "SET NAMES latin1; USE %s;\n" +
	"CREATE VIEW vl AS SELECT _latin1 '\xe9' AS `x\xe9`, id AS `\xfc` FROM t;\n" +
	"DELIMITER $$\n" +
	"CREATE PROCEDURE `p\xe9`(`x\xe9` INT) COMMENT 'c\xe9' BEGIN DECLARE `y\xe9` CHAR(2) DEFAULT '\xe9'; END$$\n" +
	"CREATE FUNCTION `f\xe9`(`x\xe9` ENUM('\xe9')) RETURNS ENUM('\xe9') DETERMINISTIC COMMENT 'c\xe9' RETURN '\xe9'$$\n" +
	"CREATE TRIGGER `t\xe9` BEFORE UPDATE ON t FOR EACH ROW SET new.b='\xe9'$$\n" +
	"CREATE EVENT `e\xe9` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'c\xe9' DO SET @a='\xe9'$$\n"

const mariaObjects = `USE %s;
CREATE SEQUENCE s START WITH 5 INCREMENT BY 3; SELECT NEXT VALUE FOR s;
SET sql_mode=ORACLE;
DELIMITER $$
CREATE PACKAGE pk AS PROCEDURE p1; END$$
CREATE PACKAGE BODY pk AS PROCEDURE p1 AS BEGIN SELECT 1; END; END$$
`

// createObjects makes them all; the schema's collation changes afterwards, so that the routines keep another.
func createObjects(t *testing.T, s *testdb.Server) (schema string) {
	t.Helper()
	schema = s.Schema(t)
	s.Exec(t, "ALTER DATABASE "+schema+" CHARACTER SET latin1")
	in := func(sql string) string { return strings.ReplaceAll(sql, "%s", schema) }
	client(t, s, in(utf8Objects), "--default-character-set=utf8mb4")
	client(t, s, in(latin1Objects), "--default-character-set=latin1")
	if s.Kind != testdb.MySQL56 {
		client(t, s, in(orderedTriggers))
	}
	if s.Kind == testdb.MariaDB {
		client(t, s, in(mariaObjects))
	}
	s.Exec(t, "ALTER DATABASE "+schema+" CHARACTER SET utf8 COLLATE utf8_bin")
	return schema
}

func TestDefinitionsSurvive(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createObjects(t, s)
		want := define(t, s, schema)
		d := mustDump(t, s, Options{For: dump.ForMySQL, Selection: catalog.Selection{Schemas: []string{schema}}})
		if len(d.summary.Warnings) != 0 {
			t.Errorf("warnings: %q", d.summary.Warnings)
		}
		s.Exec(t, "DROP DATABASE "+schema)
		restore(t, s, d.dir)
		if diff := cmp.Diff(want, define(t, s, schema)); diff != "" {
			t.Error(diff)
		}
	})
}

// SHOW CREATE VIEW of MySQL 5.6 prints <> ” for <> 'é' on a column of another charset.
func TestViewLiterals(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createObjects(t, s)
		d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		text := d.file(t, schema+".v3-schema-view.sql")
		if !strings.Contains(text, "<> 'é'") {
			t.Errorf("the view's literal is lost:\n%s", text)
		}
	})
}

func TestBinaryDefaultsAreHex(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createObjects(t, s)
		d := mustDump(t, s, Options{Selection: catalog.Selection{Tables: []string{schema + ".t"}}})
		text := d.file(t, schema+".t-schema.sql")
		for _, want := range []string{"(?i)`bin` binary\\(3\\) DEFAULT (x'61FF00'|0x61FF00)", "(?i)`vb` varbinary\\(9\\) DEFAULT (x'00275C0AC3'|0x00275C0AC3)", "AUTO_INCREMENT=77"} {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
	})
}

func TestWideDefaults(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "SET NAMES utf8mb4", "CREATE TABLE "+schema+".t (id INT, c VARCHAR(9) CHARACTER SET utf8mb4 DEFAULT 'a😀', u VARCHAR(9) CHARACTER SET utf16 DEFAULT '😀', q VARCHAR(9) DEFAULT '?')",
			"INSERT INTO "+schema+".t (id) VALUES (1)")
		d := mustDump(t, s, Options{For: dump.ForMySQL, Selection: catalog.Selection{Schemas: []string{schema}}})
		s.Exec(t, "DROP DATABASE "+schema)
		restore(t, s, d.dir)
		var c, u, q string
		if err := s.DB(t).QueryRow("SELECT HEX(DEFAULT(c)), HEX(DEFAULT(u)), HEX(DEFAULT(q)) FROM "+schema+".t").Scan(&c, &u, &q); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"61F09F9880", "D83DDE00", "3F"}, []string{c, u, q}); diff != "" {
			t.Error(diff)
		}
	})
}

func TestViewOrder(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createObjects(t, s)
		d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		var got []string
		for o, err := range d.reader.Objects(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Kind == dump.KindView && strings.HasPrefix(o.Name, "v") && len(o.Name) == 2 && o.Name[1] < '9' {
				got = append(got, o.Name)
			}
		}
		if diff := cmp.Diff([]string{"v3", "v2", "v1"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBrokenView(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (a INT)", "CREATE VIEW "+schema+".v AS SELECT a FROM "+schema+".t", "DROP TABLE "+schema+".t")
		d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		if text := d.file(t, schema+".v-schema-view.sql"); !strings.Contains(text, "VIEW `v` AS select") {
			t.Errorf("the view is\n%s", text)
		}
	})
}

// An account that may call a routine and not read it must not make a dump without its body.
func TestUnreadableRoutine(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (a INT PRIMARY KEY)", "CREATE PROCEDURE "+schema+".p() SELECT 1",
			"CREATE USER reader_"+schema[:4]+"@'%'", "GRANT SELECT, EXECUTE, LOCK TABLES ON "+schema+".* TO reader_"+schema[:4]+"@'%'")
		t.Cleanup(func() { s.Exec(t, "DROP USER reader_"+schema[:4]+"@'%'") })
		o := Options{Selection: catalog.Selection{Schemas: []string{schema}}, Snapshot: SnapshotOptions{Consistency: ConsistencyNone}}
		src := sourceOf(s)
		src.User = "reader_" + schema[:4]
		_, err := dumpAs(t, src, o)
		if !errors.Is(err, catalog.ErrUnreadable) || !strings.Contains(err.Error(), "SHOW_ROUTINE") || !strings.Contains(err.Error(), schema+".p") {
			t.Errorf("error %v", err)
		}
		o.Selection.NoRoutines, o.Selection.NoTriggers, o.Selection.NoEvents = true, true, true // the account sees none of them
		if _, err := dumpAs(t, src, o); err != nil {
			t.Errorf("without routines: %v", err)
		}
	})
}

func TestMyloaderFiles(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createObjects(t, s)
		d := mustDump(t, s, Options{For: dump.ForMyloader, Selection: catalog.Selection{Schemas: []string{schema}}})
		if text := d.file(t, schema+".v1-schema.sql"); !strings.Contains(text, "CREATE TABLE IF NOT EXISTS `v1` (\n`id` int,\n`ö` int\n);") {
			t.Errorf("placeholder:\n%s", text)
		}
		if text := d.file(t, schema+".v1-schema-view.sql"); !strings.Contains(text, "DROP TABLE IF EXISTS `v1`;\nDROP VIEW IF EXISTS `v1`;\n") {
			t.Errorf("view:\n%s", text)
		}
		if text := d.file(t, schema+"-schema-post.sql"); strings.Contains(text, "DELIMITER") || !strings.Contains(text, "'é; \n'; END;\n") {
			t.Errorf("post:\n%s", text)
		}
		names, err := filepath.Glob(filepath.Join(d.dir, "*sequence*"))
		if err != nil || len(names) != 0 {
			t.Errorf("files that myloader does not know: %q", names)
		}
		if s.Kind == testdb.MariaDB && !strings.Contains(d.file(t, schema+"-schema-create.sql"), "DO SETVAL(`"+schema+"`.`s`") {
			t.Error("the sequence is lost")
		}
	})
}
