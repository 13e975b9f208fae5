package transform

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// renameTests map schema a to x, table a.t to a.u (that is x.u by its own entry), a.m to b.n.
var renameTests = []struct{ name, in, want string }{
	// schemas
	{"use", "USE `a`", "USE `x`"},
	{"create database", "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `a` /*!40100 DEFAULT CHARACTER SET latin1 */", "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `x` /*!40100 DEFAULT CHARACTER SET latin1 */"},
	{"create schema unquoted", "create schema if not exists a", "create schema if not exists `x`"},
	{"drop database", "DROP DATABASE IF EXISTS a", "DROP DATABASE IF EXISTS `x`"},
	{"alter database", "ALTER DATABASE `a` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "ALTER DATABASE `x` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"},
	{"alter current database", "ALTER DATABASE CHARACTER SET a", "ALTER DATABASE CHARACTER SET a"},
	{"database function", "SELECT DATABASE(), SCHEMA() = 'a', a FROM a.z", "SELECT DATABASE(), SCHEMA() = 'a', a FROM `x`.z"},
	// tables
	{"create table", "CREATE TABLE `a`.`z` (`a` int, `b` int DEFAULT 1 COMMENT 'a.z')", "CREATE TABLE `x`.`z` (`a` int, `b` int DEFAULT 1 COMMENT 'a.z')"},
	{"create table unqualified", "CREATE TABLE `t` (`t` int, KEY `t` (`t`))", "CREATE TABLE `u` (`t` int, KEY `t` (`t`))"},
	{"name that starts with a digit", "SELECT a.1t.c, a.2t.1c FROM a.1t, a.`3t`", "SELECT `x`.`1t`.c, `x`.`2t`.`1c` FROM `x`.`1t`, `x`.`3t`"},
	{"create table moved", "CREATE TABLE IF NOT EXISTS m (c int)", "CREATE TABLE IF NOT EXISTS `b`.`n` (c int)"},
	{"create table like", "CREATE TABLE z LIKE a.t", "CREATE TABLE z LIKE `x`.`u`"},
	{"create table like in parentheses", "CREATE TABLE z (LIKE t)", "CREATE TABLE z (LIKE `u`)"},
	{"references", "CREATE TABLE z (c int, CONSTRAINT a FOREIGN KEY (c) REFERENCES `a`.`t` (`c`) ON DELETE CASCADE ON UPDATE SET NULL, CONSTRAINT t FOREIGN KEY (c) REFERENCES m (t))",
		"CREATE TABLE z (c int, CONSTRAINT a FOREIGN KEY (c) REFERENCES `x`.`u` (`c`) ON DELETE CASCADE ON UPDATE SET NULL, CONSTRAINT t FOREIGN KEY (c) REFERENCES `b`.`n` (t))"},
	{"alter add foreign key", "ALTER TABLE `a`.`t` ADD CONSTRAINT `a` FOREIGN KEY (`t`) REFERENCES `t` (`a`), ADD KEY t (t)",
		"ALTER TABLE `x`.`u` ADD CONSTRAINT `a` FOREIGN KEY (`t`) REFERENCES `u` (`a`), ADD KEY t (t)"},
	{"alter rename", "ALTER TABLE z RENAME TO a.t, RENAME INDEX t TO m", "ALTER TABLE z RENAME TO `x`.`u`, RENAME INDEX t TO m"},
	{"rename table", "RENAME TABLE a.z TO a.t, m TO c.d", "RENAME TABLE `x`.z TO `x`.`u`, `b`.`n` TO c.d"},
	{"drop table", "DROP TABLE IF EXISTS t, a.z, `m`", "DROP TABLE IF EXISTS `u`, `x`.z, `b`.`n`"},
	{"truncate", "TRUNCATE TABLE t; TRUNCATE a.z; SELECT TRUNCATE(t, 1)", "TRUNCATE TABLE `u`; TRUNCATE `x`.z; SELECT TRUNCATE(t, 1)"},
	{"lock", "LOCK TABLES t AS k READ, a.z WRITE", "LOCK TABLES `u` AS k READ, `x`.z WRITE"},
	{"create index", "CREATE UNIQUE INDEX t ON a.t (t); DROP INDEX m ON m", "CREATE UNIQUE INDEX t ON `x`.`u` (t); DROP INDEX m ON `b`.`n`"},
	{"merge table", "CREATE TABLE z (c int) ENGINE=MRG_MyISAM UNION=(`t`,a.z)", "CREATE TABLE z (c int) ENGINE=MRG_MyISAM UNION=(`u`,`x`.z)"},
	{"sequence default", "CREATE TABLE z (c int DEFAULT nextval(`a`.`s`))", "CREATE TABLE z (c int DEFAULT nextval(`x`.`s`))"},
	{"sequence", "SELECT NEXT VALUE FOR a.s, lastval(t), a.s.nextval, t.nextval, setval(a.s, 5)", "SELECT NEXT VALUE FOR `x`.s, lastval(`u`), `x`.s.nextval, `u`.nextval, setval(`x`.s, 5)"},
	{"same name as column and comment", "CREATE TABLE a (a int, t int COMMENT 'a.t' CHECK (a.t > 0)) COMMENT='a.t' -- a.t", "CREATE TABLE a (a int, t int COMMENT 'a.t' CHECK (a.t > 0)) COMMENT='a.t' -- a.t"},
	// queries
	{"insert", "INSERT INTO `a`.`t` (`a`) VALUES (1),('a.t')", "INSERT INTO `x`.`u` (`a`) VALUES (1),('a.t')"},
	{"insert without into", "INSERT IGNORE t VALUES (1)", "INSERT IGNORE `u` VALUES (1)"},
	{"insert select", "INSERT INTO t (c) SELECT z.c FROM a.z ON DUPLICATE KEY UPDATE c=t.c+z.c", "INSERT INTO `u` (c) SELECT z.c FROM `x`.z ON DUPLICATE KEY UPDATE c=`u`.c+z.c"},
	{"insert and replace functions", "SELECT INSERT(t,1,2,'a.t'), REPLACE(a,'a','t') FROM z", "SELECT INSERT(t,1,2,'a.t'), REPLACE(a,'a','t') FROM z"},
	{"replace", "REPLACE INTO a.t SET t=1", "REPLACE INTO `x`.`u` SET t=1"},
	{"columns", "SELECT `a`.`t`.`c`, t.c, t.*, a.t.*, c FROM `a`.`t` WHERE t.c=1", "SELECT `x`.`u`.`c`, `u`.c, `u`.*, `x`.`u`.*, c FROM `x`.`u` WHERE `u`.c=1"},
	{"alias of the schema's name", "SELECT a.t, a.c, a.* FROM z AS a WHERE a.t=1", "SELECT a.t, a.c, a.* FROM z AS a WHERE a.t=1"},
	{"alias of a table's name", "SELECT t.c FROM a.z t JOIN t AS k ON t.c=k.c", "SELECT t.c FROM `x`.z t JOIN `u` AS k ON t.c=k.c"},
	{"alias of its own name", "SELECT t.c FROM t AS t", "SELECT t.c FROM `u` AS t"},
	{"quoted alias", "SELECT `t`.`c` FROM `z` `t`, `t` `k`, a.z", "SELECT `t`.`c` FROM `z` `t`, `u` `k`, `x`.z"},
	{"self join", "SELECT t.c, k.c FROM t, t k", "SELECT `u`.c, k.c FROM `u`, `u` k"},
	{"nested joins", "SELECT 1 FROM ((`a`.`t` JOIN `a`.`z` ON(`a`.`t`.`c` = `a`.`z`.`c`)) LEFT JOIN (m, a.y) ON (n = 1))", "SELECT 1 FROM ((`x`.`u` JOIN `x`.`z` ON(`x`.`u`.`c` = `x`.`z`.`c`)) LEFT JOIN (`b`.`n`, `x`.y) ON (n = 1))"},
	{"subquery", "SELECT t.c FROM t WHERE EXISTS (SELECT 1 FROM z t WHERE t.c=1) AND t.c IN (SELECT t.d FROM k)", "SELECT `u`.c FROM `u` WHERE EXISTS (SELECT 1 FROM z t WHERE t.c=1) AND `u`.c IN (SELECT `u`.d FROM k)"},
	{"derived table", "SELECT t.c FROM (SELECT m.c FROM m) t", "SELECT t.c FROM (SELECT `n`.c FROM `b`.`n`) t"},
	{"union", "SELECT t.c FROM t UNION ALL SELECT t.c FROM z t ORDER BY 1", "SELECT `u`.c FROM `u` UNION ALL SELECT t.c FROM z t ORDER BY 1"},
	{"common table expression", "WITH t AS (SELECT c FROM t), k (c) AS (SELECT 1 FROM a.t) SELECT t.c FROM t, k, a.z UNION SELECT c FROM t", "WITH t AS (SELECT c FROM `u`), k (c) AS (SELECT 1 FROM `x`.`u`) SELECT t.c FROM t, k, `x`.z UNION SELECT c FROM t"},
	{"recursive", "WITH RECURSIVE t AS (SELECT 1 AS c UNION ALL SELECT c+1 FROM t) SELECT * FROM t", "WITH RECURSIVE t AS (SELECT 1 AS c UNION ALL SELECT c+1 FROM t) SELECT * FROM t"},
	{"functions with from", "SELECT TRIM(LEADING a.t FROM a.c), EXTRACT(YEAR FROM a.t), SUBSTRING(a.t FROM 2) FROM z a", "SELECT TRIM(LEADING a.t FROM a.c), EXTRACT(YEAR FROM a.t), SUBSTRING(a.t FROM 2) FROM z a"},
	{"stored function", "SELECT a.f(a.c), `a`.`f` (1), f(a) FROM a.z a", "SELECT `x`.f(a.c), `x`.`f` (1), f(a) FROM `x`.z a"},
	{"json table", "SELECT j.c FROM t, JSON_TABLE(t.c, '$' COLUMNS (a int PATH '$.a')) AS j, a.z", "SELECT j.c FROM `u`, JSON_TABLE(`u`.c, '$' COLUMNS (a int PATH '$.a')) AS j, `x`.z"},
	{"lateral", "SELECT 1 FROM t, LATERAL (SELECT t.c FROM m) AS j", "SELECT 1 FROM `u`, LATERAL (SELECT `u`.c FROM `b`.`n`) AS j"},
	{"index hints", "SELECT t.c FROM t USE INDEX FOR ORDER BY (t) IGNORE INDEX (m), m ORDER BY t.c", "SELECT `u`.c FROM `u` USE INDEX FOR ORDER BY (t) IGNORE INDEX (m), `b`.`n` ORDER BY `u`.c"},
	{"partition", "SELECT k.c FROM t PARTITION (m, t) AS k, m", "SELECT k.c FROM `u` PARTITION (m, t) AS k, `b`.`n`"},
	{"period", "SELECT 1 FROM t FOR SYSTEM_TIME AS OF TIMESTAMP'2020-01-01' AS k, t FOR SYSTEM_TIME FROM a.t TO a.c", "SELECT 1 FROM `u` FOR SYSTEM_TIME AS OF TIMESTAMP'2020-01-01' AS k, `u` FOR SYSTEM_TIME FROM a.t TO a.c"},
	{"for update", "SELECT t.c FROM t FOR UPDATE OF t; UPDATE t SET c=1", "SELECT `u`.c FROM `u` FOR UPDATE OF `u`; UPDATE `u` SET c=1"},
	{"select into", "SELECT c INTO t FROM a.t WHERE t.c=1", "SELECT c INTO t FROM `x`.`u` WHERE `u`.c=1"},
	{"update", "UPDATE LOW_PRIORITY t, a.z AS a SET t.c=a.c, a.t=1 WHERE t.d=a.d", "UPDATE LOW_PRIORITY `u`, `x`.z AS a SET `u`.c=a.c, a.t=1 WHERE `u`.d=a.d"},
	{"delete", "DELETE FROM a.t WHERE t.c=1 AND a.t.d=2", "DELETE FROM `x`.`u` WHERE `u`.c=1 AND `x`.`u`.d=2"},
	{"delete several", "DELETE t, k.*, a.z FROM t JOIN m k JOIN a.z WHERE t.c=k.c", "DELETE `u`, k.*, `x`.z FROM `u` JOIN `b`.`n` k JOIN `x`.z WHERE `u`.c=k.c"},
	{"delete by alias", "DELETE t FROM z AS t WHERE t.c=1", "DELETE t FROM z AS t WHERE t.c=1"},
	{"delete using", "DELETE FROM t USING t JOIN m ON t.c=m.c", "DELETE FROM `u` USING `u` JOIN `b`.`n` ON `u`.c=`n`.c"},
	{"load data", "LOAD DATA LOCAL INFILE 'a.t' INTO TABLE a.t FIELDS TERMINATED BY 't'", "LOAD DATA LOCAL INFILE 'a.t' INTO TABLE `x`.`u` FIELDS TERMINATED BY 't'"},
	{"grant", "GRANT SELECT, UPDATE (t), DELETE ON a.* TO a@t; GRANT EXECUTE ON PROCEDURE a.t TO a; REVOKE ALL ON a.t FROM t",
		"GRANT SELECT, UPDATE (t), DELETE ON `x`.* TO a@t; GRANT EXECUTE ON PROCEDURE `x`.t TO a; REVOKE ALL ON `x`.`u` FROM t"},
	{"unquoted names that are no reserved words", "SELECT begin FROM t, comment a, package WHERE begin=1", "SELECT begin FROM `u`, comment a, package WHERE begin=1"},
	// objects
	{"view", "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`t` SQL SECURITY DEFINER VIEW `a`.`v` AS select `a`.`t`.`a` AS `a`,`a`.`f`(`a`.`t`.`b`) AS `t` from `a`.`t` WITH CASCADED CHECK OPTION",
		"CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`t` SQL SECURITY DEFINER VIEW `x`.`v` AS select `x`.`u`.`a` AS `a`,`x`.`f`(`x`.`u`.`b`) AS `t` from `x`.`u` WITH CASCADED CHECK OPTION"},
	{"view of mysqldump", "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`t` SQL SECURITY DEFINER */\n/*!50001 VIEW `t` AS select `t`.`c` AS `c` from `m` `t` join `t` `m` */",
		"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`t` SQL SECURITY DEFINER */\n/*!50001 VIEW `u` AS select `t`.`c` AS `c` from `b`.`n` `t` join `u` `m` */"},
	{"trigger", "CREATE DEFINER=`a`@`t` TRIGGER `a`.`t` BEFORE UPDATE ON `a`.`t` FOR EACH ROW BEGIN SET NEW.t = OLD.t; INSERT INTO a.z VALUES (NEW.a, 'a.t'); END",
		"CREATE DEFINER=`a`@`t` TRIGGER `x`.`t` BEFORE UPDATE ON `x`.`u` FOR EACH ROW BEGIN SET NEW.t = OLD.t; INSERT INTO `x`.z VALUES (NEW.a, 'a.t'); END"},
	{"trigger unqualified", "CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW UPDATE t SET c=NEW.t WHERE t.d=1", "CREATE TRIGGER t AFTER INSERT ON `u` FOR EACH ROW UPDATE `u` SET c=NEW.t WHERE `u`.d=1"},
	{"trigger moves with its table", "CREATE TRIGGER k AFTER DELETE ON m FOR EACH ROW SET @a=1", "CREATE TRIGGER `b`.`k` AFTER DELETE ON `b`.`n` FOR EACH ROW SET @a=1"},
	{"trigger moves, other tables stay", "CREATE TRIGGER k AFTER DELETE ON m FOR EACH ROW INSERT INTO z SELECT t.c FROM t", "CREATE TRIGGER `b`.`k` AFTER DELETE ON `b`.`n` FOR EACH ROW INSERT INTO `x`.`z` SELECT `u`.c FROM `x`.`u`"},
	{"table moves, its parents stay", "CREATE TABLE `m` (`a` int, CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `z` (`a`), CONSTRAINT `g` FOREIGN KEY (`a`) REFERENCES `m` (`a`))",
		"CREATE TABLE `b`.`n` (`a` int, CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `x`.`z` (`a`), CONSTRAINT `g` FOREIGN KEY (`a`) REFERENCES `b`.`n` (`a`))"},
	{"table stays, its parents do too", "CREATE TABLE `t` (`a` int, CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `z` (`a`), CONSTRAINT `g` FOREIGN KEY (`a`) REFERENCES `m` (`a`))",
		"CREATE TABLE `u` (`a` int, CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `z` (`a`), CONSTRAINT `g` FOREIGN KEY (`a`) REFERENCES `b`.`n` (`a`))"},
	{"qualified trigger moves", "CREATE TRIGGER a.k AFTER DELETE ON a.m FOR EACH ROW SET @a=1", "CREATE TRIGGER `b`.k AFTER DELETE ON `b`.`n` FOR EACH ROW SET @a=1"},
	{"procedure", "CREATE PROCEDURE a.p(a int, t int)\nBEGIN\n  DECLARE t CURSOR FOR SELECT t.c FROM a.t;\n  -- a.t\n  IF EXISTS (SELECT 1 FROM t) THEN CALL a.p(a, t); ELSE DELETE FROM m; END IF;\n  OPEN t; FETCH NEXT FROM t INTO a;\n  SET a = a.f(1);\n  DROP TEMPORARY TABLE IF EXISTS t;\nEND",
		"CREATE PROCEDURE `x`.p(a int, t int)\nBEGIN\n  DECLARE t CURSOR FOR SELECT `u`.c FROM `x`.`u`;\n  -- a.t\n  IF EXISTS (SELECT 1 FROM `u`) THEN CALL `x`.p(a, t); ELSE DELETE FROM `b`.`n`; END IF;\n  OPEN t; FETCH NEXT FROM t INTO a;\n  SET a = `x`.f(1);\n  DROP TEMPORARY TABLE IF EXISTS `u`;\nEND"},
	{"function", "CREATE FUNCTION a.f(t int) RETURNS int RETURN (SELECT MAX(t.c) FROM t) + a.g()", "CREATE FUNCTION `x`.f(t int) RETURNS int RETURN (SELECT MAX(`u`.c) FROM `u`) + `x`.g()"},
	{"event", "CREATE EVENT `a`.`e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE COMMENT 'a.t' DO DELETE FROM a.t", "CREATE EVENT `x`.`e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE COMMENT 'a.t' DO DELETE FROM `x`.`u`"},
	{"alter event rename", "ALTER EVENT a.e RENAME TO a.t", "ALTER EVENT `x`.e RENAME TO `x`.t"},
	{"package body", "CREATE PACKAGE BODY a.p AS PROCEDURE q(t a.z.c%TYPE, r t%ROWTYPE) AS BEGIN INSERT INTO t VALUES (r.c); a.p.q(1); END; END",
		"CREATE PACKAGE BODY `x`.p AS PROCEDURE q(t `x`.z.c%TYPE, r t%ROWTYPE) AS BEGIN INSERT INTO `u` VALUES (r.c); `x`.p.q(1); END; END"},
	{"type of", "CREATE PROCEDURE p() BEGIN DECLARE k TYPE OF t.c; DECLARE l ROW TYPE OF a.t; END", "CREATE PROCEDURE p() BEGIN DECLARE k TYPE OF `u`.c; DECLARE l ROW TYPE OF `x`.`u`; END"},
	{"drop objects", "DROP PROCEDURE IF EXISTS a.p; DROP TRIGGER a.t; DROP VIEW IF EXISTS a.v, t; DROP FUNCTION a.f", "DROP PROCEDURE IF EXISTS `x`.p; DROP TRIGGER `x`.t; DROP VIEW IF EXISTS `x`.v, `u`; DROP FUNCTION `x`.f"},
	{"variables", "SET @a=1, @@a.key_buffer_size=1, a=@a", "SET @a=1, @@a.key_buffer_size=1, a=@a"},
}

func TestRename(t *testing.T) {
	n := Names{
		Schemas: map[string]string{"a": "x"},
		Tables:  map[[2]string][2]string{{"a", "t"}: {"x", "u"}, {"a", "m"}: {"b", "n"}},
	}
	for _, tt := range renameTests {
		t.Run(tt.name, func(t *testing.T) {
			out, changed := n.Rename([]byte(tt.in), Mode{}, "a")
			if diff := cmp.Diff(tt.want, string(out)); diff != "" {
				t.Error(diff)
			}
			if changed != (tt.in != tt.want) {
				t.Errorf("changed: %v", changed)
			}
		})
	}
}

func TestRenameModes(t *testing.T) {
	n := Names{Schemas: map[string]string{"a": "x`y", "b`c": "z"}}
	tests := []struct {
		name, in string
		mode     Mode
		want     string
	}{
		{"ansi quotes", `SELECT "a"."t"."c", 'a' FROM "a"."t"`, Mode{ANSIQuotes: true}, "SELECT `x``y`.\"t\".\"c\", 'a' FROM `x``y`.\"t\""},
		{"strings", `SELECT "a" FROM t`, Mode{}, `SELECT "a" FROM t`},
		{"backtick", "SELECT 1 FROM `b``c`.t", Mode{}, "SELECT 1 FROM `z`.t"},
		{"gbk", "SELECT '\x81\x5c', '`a`.`t`' FROM a.t", Mode{Charset: "gbk"}, "SELECT '\x81\x5c', '`a`.`t`' FROM `x``y`.t"},
		{"another case", "SELECT 1 FROM A.t", Mode{}, "SELECT 1 FROM A.t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _ := n.Rename([]byte(tt.in), tt.mode, "q")
			if diff := cmp.Diff(tt.want, string(out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzRename(f *testing.F) {
	for _, tt := range renameTests {
		f.Add([]byte(tt.in), uint8(0))
	}
	n := Names{Schemas: map[string]string{"a": "x"}, Tables: map[[2]string][2]string{{"a", "t"}: {"a", "u"}}}
	f.Fuzz(func(t *testing.T, in []byte, bits uint8) {
		m := fuzzMode(bits)
		out, changed := n.Rename(in, m, "a")
		if changed == (string(out) == string(in)) {
			t.Fatalf("changed is %v: %q became %q", changed, in, out)
		}
		if a, b := untouched(in, m), untouched(out, m); a != b {
			t.Fatalf("strings and comments of %q were %s, are %s", in, a, b)
		}
	})
}

// untouched prints what no rename may touch.
func untouched(stmt []byte, m Mode) string {
	var out []Token
	for _, t := range Lex(stmt, m) {
		if !t.isName() && t.Kind != Punct {
			out = append(out, t)
		}
	}
	return kinds(out)
}
