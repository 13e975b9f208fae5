package loader

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

func TestEnvironment(t *testing.T) {
	for _, c := range []struct {
		name string
		sql  []string
		want map[string]string
		err  error
	}{
		{"names", []string{"SET NAMES latin1"}, map[string]string{varClient: "latin1", varConnection: "latin1"}, nil},
		{"names with collation", []string{"/*!40101 SET NAMES 'utf8' COLLATE utf8_bin */"}, map[string]string{varClient: "utf8", varCollation: "utf8_bin"}, nil},
		{"saved and restored", []string{
			"/*!50003 SET sql_mode='ANSI' */", "/*!50003 SET @saved_sql_mode = @@sql_mode */",
			"SET SESSION sql_mode = 'STRICT_TRANS_TABLES'", "SET sql_mode = @saved_sql_mode",
		}, map[string]string{varMode: "ANSI"}, nil},
		{"several at once", []string{"SET @@session.time_zone='+00:00', character_set_client = cp932, collation_connection=cp932_bin"},
			map[string]string{varTimeZone: "+00:00", varClient: "cp932", varCollation: "cp932_bin"}, nil},
		{"harmless", []string{"/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */", "SET @@SESSION.SQL_LOG_BIN= 0"}, map[string]string{}, nil},
		{"global", []string{"SET GLOBAL local_infile=1"}, nil, ErrUnsafe},
		{"global by @@", []string{"SET @@global.general_log_file='/tmp/x'"}, nil, ErrUnsafe},
		{"persist", []string{"SET PERSIST sql_mode=''"}, nil, ErrUnsafe},
		{"gtid", []string{"SET @@GLOBAL.GTID_PURGED=''"}, nil, ErrUnsafe},
		{"password", []string{"SET PASSWORD = 'x'"}, nil, ErrUnsafe},
		{"query", []string{"SET sql_mode=(SELECT 1)"}, nil, ErrUnsafe},
		{"unknown variable", []string{"SET init_connect='x'"}, nil, ErrUnsafe},
		{"role", []string{"SET ROLE admin"}, nil, ErrUnsafe},
		{"second assignment", []string{"SET sql_mode='', GLOBAL read_only=1"}, nil, ErrUnsafe},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment()
			var err error
			for _, q := range c.sql {
				if err = env.set([]byte(q), transform.Mode{Charset: "utf8mb4"}); err != nil {
					break
				}
			}
			if !errors.Is(err, c.err) || err != nil && c.err == nil {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if c.err == nil {
				if d := cmp.Diff(c.want, env.vars); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestReadHeader(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want header
	}{
		{"CREATE TABLE `a``b` (`x` int)", header{verb: "CREATE", kind: "table", name: "a`b"}},
		{"create table if not exists s.t (x int)", header{verb: "CREATE", kind: "table", schema: "s", name: "t"}},
		{"CREATE TABLE `t` (`x` int) SELECT * FROM mysql.user", header{}},
		{"CREATE TABLE `t` AS SELECT 1", header{}},
		{"CREATE TABLE `t` LIKE mysql.user", header{}},
		{"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`table`@`view` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */", header{verb: "CREATE", kind: "view", name: "v"}},
		{"CREATE DEFINER=view@localhost PROCEDURE `p`() SELECT 1", header{verb: "CREATE", kind: "procedure", name: "p"}},
		{"CREATE DEFINER=`a`@`%` TRIGGER `tr` BEFORE INSERT ON `s`.`t` FOR EACH ROW SET @a=1", header{verb: "CREATE", kind: "trigger", name: "tr", on: "t"}},
		{"CREATE OR REPLACE DEFINER=CURRENT_USER AGGREGATE FUNCTION f() RETURNS INT RETURN 1", header{verb: "CREATE", kind: "function", name: "f"}},
		{"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET latin1 */", header{verb: "CREATE", kind: "database", name: "d"}},
		{"CREATE PACKAGE BODY `p` AS END", header{verb: "CREATE", kind: "package body", name: "p"}},
		{"CREATE SEQUENCE `q` start with 1", header{verb: "CREATE", kind: "sequence", name: "q"}},
		{"DO SETVAL(`q`, 12, 0)", header{verb: "SETVAL", name: "q"}},
		{"SELECT SETVAL(`s`.`q`, -12, 0, 3)", header{verb: "SETVAL", schema: "s", name: "q"}},
		{"SELECT SETVAL(`q`, (SELECT 1))", header{}},
		{"SELECT SETVAL(`q`, 1) INTO OUTFILE '/tmp/x'", header{}},
		{"SELECT 1", header{}},
		{"CREATE USER `x`", header{}},
		{"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x')", header{}},
		{"GRANT ALL ON *.* TO x", header{}},
		{"LOAD DATA INFILE '/etc/passwd' INTO TABLE t", header{}},
		{"INSERT INTO t VALUES (1)", header{}},
	} {
		t.Run(c.sql, func(t *testing.T) {
			got := readHeader([]byte(c.sql), transform.Mode{Charset: "utf8mb4"})
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestDisableEvent(t *testing.T) {
	for _, c := range []struct {
		name, sql, want string
		disabled        bool
	}{
		{"enabled", "CREATE EVENT `enable` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ENABLE' DO SET @a='ENABLE'",
			"CREATE EVENT `enable` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE COMMENT 'ENABLE' DO SET @a='ENABLE'", true},
		{"disabled", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1", false},
		{"on a replica", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1", false},
		{"unsaid", "CREATE EVENT e ON SCHEDULE AT (NOW() + INTERVAL 1 DAY) DO SELECT 1", "CREATE EVENT e ON SCHEDULE AT (NOW() + INTERVAL 1 DAY) DISABLE DO SELECT 1", true},
		{"unsaid with a comment", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'x' DO SELECT 1", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'x' DO SELECT 1", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, disabled := disableEvent([]byte(c.sql), transform.Mode{Charset: "utf8mb4"})
			if string(out) != c.want || disabled != c.disabled {
				t.Errorf("got %s (%v)\nwant %s (%v)", out, disabled, c.want, c.disabled)
			}
		})
	}
}

func TestReadForeign(t *testing.T) {
	child := &table{schema: "s", name: "c"}
	for _, c := range []struct {
		sql  string
		want string
	}{
		{"ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE",
			"SELECT c.`a` FROM `s`.`c` c WHERE c.`a` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `s`.`p` p WHERE p.`id`=c.`a`) LIMIT 3"},
		{"ADD CONSTRAINT `f``k` FOREIGN KEY (`a`, `b)`) REFERENCES `o`.`p` (`x`,`y`)",
			"SELECT c.`a`,c.`b)` FROM `s`.`c` c WHERE c.`a` IS NOT NULL AND c.`b)` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `o`.`p` p WHERE p.`x`=c.`a` AND p.`y`=c.`b)`) LIMIT 3"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			fk, err := readForeign(c.sql, transform.Mode{Charset: "utf8mb4"}, child)
			must(t, err)
			if got := fk.orphanQuery(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
	if _, err := readForeign("ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p`", transform.Mode{}, child); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func TestLoadRefusesUnsafeStatements(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	for _, c := range []struct {
		name string
		edit func(d *testDump)
	}{
		{"grant", func(d *testDump) { d.post = "GRANT ALL ON *.* TO x;\n" }},
		{"second statement", func(d *testDump) { d.tables[0].create += ";\nDELETE FROM mysql.user" }},
		{"other table", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "`t`", "`other`", 1)
		}},
		{"other schema", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "`t`", "`mysql`.`t`", 1)
		}},
		{"load data", func(d *testDump) { d.views = [][2]string{{"v", "LOAD DATA INFILE '/etc/passwd' INTO TABLE t;\n"}} }},
		{"system schema", func(d *testDump) { d.schema = "MySQL" }},
		{"progress schema", func(d *testDump) { d.schema = "gomove" }},
		{"DROP DATABASE", func(d *testDump) { d.tables[0].create = "DROP DATABASE `mysql`;\n" + d.tables[0].create }},
		{"DROP TABLE of another", func(d *testDump) { d.tables[0].create = "DROP TABLE IF EXISTS `users`;\n" + d.tables[0].create }},
		{"DROP TABLE of two", func(d *testDump) { d.tables[0].create = "DROP TABLE IF EXISTS `t`, `users`;\n" + d.tables[0].create }},
		{"hidden DROP", func(d *testDump) { d.tables[0].create = "/*!50000 DROP USER root@localhost */;\n" + d.tables[0].create }},
		{"hidden GRANT", func(d *testDump) { d.post = "/*M!100000 GRANT ALL ON *.* TO x */;\n" }},
		{"INSTALL PLUGIN", func(d *testDump) { d.post = "INSTALL PLUGIN x SONAME 'x.so';\n" }},
		{"a library", func(d *testDump) {
			d.procs, d.post = []string{"function x"}, "CREATE FUNCTION x RETURNS STRING SONAME 'x.so';\n"
		}},
		{"a hidden library", func(d *testDump) {
			d.procs, d.post = []string{"function x"}, "CREATE FUNCTION x /*!99999 () */ RETURNS STRING SONAME 'x.so';\n"
		}},
		{"SELECT INTO OUTFILE", func(d *testDump) { d.post = "SELECT 1 INTO OUTFILE '/tmp/x';\n" }},
		{"a query's rows", func(d *testDump) { d.tables[0].create += " SELECT * FROM mysql.user" }},
		{"a table's rows", func(d *testDump) { d.tables[0].create += " AS TABLE mysql.user" }},
		{"like another", func(d *testDump) { d.tables[0].create = "CREATE TABLE `t` (LIKE mysql.user)" }},
		{"OR REPLACE", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "CREATE TABLE", "CREATE OR REPLACE TABLE", 1)
		}},
		{"hidden name", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "`t` (", "/*!99999 `t` ( */ `other` (", 1)
		}},
		{"hidden schema", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "`t` (", "/*!99999 `t` ( `x` */ `mysql`.`t` (", 1)
		}},
		{"an event that hides that it runs", func(d *testDump) {
			d.events, d.post = []string{"e"}, "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND /*!99999 DISABLE */ DO DELETE FROM t;\n"
		}},
		{"LOAD_FILE", func(d *testDump) {
			d.tables[0].create = strings.Replace(d.tables[0].create, "(", "(`z` longtext DEFAULT (LOAD_FILE('/etc/passwd')),", 1)
		}},
		{"delimiter trick", func(d *testDump) {
			d.tables[0].create = "DELIMITER ;;\n" + d.tables[0].create + "; DROP DATABASE mysql;;\nDELIMITER ;\n"
		}},
		{"set password", func(d *testDump) { d.post = "SET PASSWORD=PASSWORD('x');\n" }},
		{"set @@global", func(d *testDump) { d.post = "SET @@global.local_infile=1;\n" }},
		{"set to a query", func(d *testDump) { d.post = "SET sql_mode=(SELECT 1);\n" }},
		{"set global", func(d *testDump) { d.post = "SET GLOBAL local_infile=1;\n" }},
		{"trigger of another table", func(d *testDump) {
			d.tables[0].triggers, d.tables[0].names = "CREATE TRIGGER `x` BEFORE INSERT ON `users` FOR EACH ROW SET @a=1;\n", []string{"x"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema := freshSchema(t, s)
			d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}}
			c.edit(d)
			_, err := run(t, options(s, d.write(t)))
			wantError(t, err, ErrUnsafe)
			if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('gomove','"+schema+"')"); n != 0 {
				t.Error("something was created")
			}
		})
	}
}

// TestSafeTable looks at definitions one by one: what reaches out of itself is refused, what servers print is not.
func TestSafeTable(t *testing.T) {
	l := &load{target: transform.Target{Flavor: "mariadb", Number: 101119}}
	o := &dump.Object{Kind: dump.KindTable, Schema: "s", Name: "t"}
	for _, c := range []struct {
		sql  string
		safe bool
	}{
		{"CREATE TABLE `t` (`id` int NOT NULL, `select` text DEFAULT 'SELECT ; DATA DIRECTORY', KEY `k` (`id`)) ENGINE=InnoDB COMMENT='; CONNECTION='", true},
		{"CREATE TABLE `t` (`id` int, `d` int DEFAULT (NEXTVAL(`s`.`q`)), CHECK (`id` in (1,2))) ENGINE=MRG_MyISAM UNION=(`a`,`s`.`b`) INSERT_METHOD=LAST", true},
		{"CREATE TABLE `t` (`id` int) ENGINE=InnoDB /*!50100 PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (5) ENGINE = InnoDB) */", true},
		{"CREATE TABLE `t` (`id` int GENERATED ALWAYS AS (1) VIRTUAL) ENGINE=InnoDB /*!80016 DEFAULT ENCRYPTION='N' */", true},
		{"CREATE TABLE `t` (`id` int) ENGINE=MRG_MyISAM UNION=(`mysql`.`user`)", false},
		{"CREATE TABLE `t` (`id` int) ENGINE=FEDERATED CONNECTION='mysql://root@h/d/t'", false},
		{"CREATE TABLE `t` (`id` int) ENGINE `connect` TABLE_TYPE=DOS FILE_NAME='/etc/passwd'", false},
		{"CREATE TABLE `t` (`id` int) TYPE = Spider COMMENT='x'", false},
		{"CREATE TABLE `t` (`id` int) CONNECTION='srv'", false},
		{"CREATE TABLE `t` (`id` int) DATA DIRECTORY='/tmp'", false},
		{"CREATE TABLE `t` (`id` int) /*!40000 INDEX DIRECTORY='/tmp' */", false},
		{"CREATE TABLE `t` (`id` int) PARTITION BY HASH (id) (PARTITION p DATA/**/DIRECTORY = '/tmp')", false},
		{"CREATE TABLE `t` (`id` int DEFAULT (SLEEP(1000)))", false},
		{"CREATE TABLE `t` (`id` int) REPLACE AS TABLE x", false},
		{"CREATE TABLE `t` (`id` int); DROP TABLE x", false},
		{"CREATE TABLE `t` (`id` int) /*!100100 x */ /*!50000 /*!50000 y */ */", true}, // all executed
		{"CREATE TABLE `t` (`id` int) /*!999999 /*!50000 y */ */", false},
	} {
		st := &statement{text: []byte(c.sql), mode: transform.Mode{Charset: "utf8mb4"}}
		st.header = readHeader(st.text, st.mode)
		if c.safe && st.verb != "CREATE" {
			t.Fatalf("%s: header %v", c.sql, st.header)
		}
		st.verb, st.kind = "CREATE", "table"
		if err := l.checkSafe(o, st, st.text); (err == nil) != c.safe || err != nil && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}
