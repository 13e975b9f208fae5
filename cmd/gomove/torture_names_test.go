package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// oddNames are identifiers that quoting, file names, globs or tools trip over. No server takes 4-byte characters or a
// blank at the end in a name.
func oddNames() []string {
	return []string{
		strings.Repeat("n", 64), strings.Repeat("é", 64), "a`b", "``", "`", `a"b`, `"`, "a'b", "a.b", ".", "..", "../up", "a/b", `a\b`, `\`,
		"100%", "%", "_", "*", "a?[b]", " lead", "a b", "1st", "123", "1e5", "0x1f", "select", "from", "Key", "CON", "con.txt", "nul",
		"new\nline", "\ttab\tx", "cr\r\nx", "\x01", "ö", "日本", "ソ表", "a;b", "a;\nb", "-- x", "/*x*/", "*/", "#x", "-dash", "--dash", "@at", "@@x", "$dollar",
		"a-schema", "a-schema-post", "a-schema.sql", "gomove_000001", "mydumper_x", "metadata", "tables.jsonl", "~tilde", "a,b", "(x)", "a=b", "DELIMITER", "delimiter ;;",
		"a:b", "a|b", "<a>", "&amp;", "${x}", "$(x)", "{{x}}", "%s%d", "NULL", "\\N", "DEFINER=`x`@`y`", "DISABLE", "\u200b", "\ufeffbom",
	}
}

// textLiteral is a string literal with backslash escapes, for places that take no introducer.
func textLiteral(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}

// tortureNames are schemas, tables, columns, indexes, keys, views, routines, triggers and events of every odd name.
func tortureNames() []objectCase {
	tables := objectCase{schemas: []string{"on_tables", "on_views"}}
	add := func(format string, args ...any) { tables.setup = append(tables.setup, fmt.Sprintf(format, args...)) }
	add("CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB")
	add("INSERT INTO parent VALUES (1)")
	for i, n := range oddNames() {
		q := mysql.QuoteName(n)
		c, idx := q, q
		if n == "DISABLE" {
			c = "`enable`"
		}
		add("CREATE TABLE %s (id INT PRIMARY KEY, %s INT COMMENT %s, KEY %s (%s), CONSTRAINT %s FOREIGN KEY (%s) REFERENCES parent (id)) ENGINE=InnoDB COMMENT=%s",
			q, c, textLiteral(n+" 😀"), idx, c, q, c, textLiteral(n+" 😀"))
		add("INSERT INTO %s VALUES (%d, 1)", q, i)
		if strings.Contains(" \t\x01", n[:1]) {
			c += " AS one" // servers cut such characters off the name of a view's column when it is created again
		}
		add("CREATE VIEW on_views.%s AS SELECT %s, id AS %s FROM on_tables.%s", q, c, mysql.QuoteName("c"+string([]rune(n)[:min(len([]rune(n)), 60)])+"."), q)
		c = strings.TrimSuffix(c, " AS one")
		add("CREATE DEFINER=`no one`@`10.0.%%` TRIGGER %s BEFORE UPDATE ON %s FOR EACH ROW SET NEW.%s = 1 /* %d */", q, q, c, i)
		add("CREATE PROCEDURE %s (%s INT) SELECT %s FROM %s", q, mysql.QuoteName("p"+string([]rune(n)[:min(len([]rune(n)), 60)])+"x"), c, q)
		add("CREATE FUNCTION %s (a INT) RETURNS INT DETERMINISTIC RETURN a + %d", q, i)
		add("CREATE EVENT %s ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM %s WHERE %s = 5", q, q, c)
	}
	out := []objectCase{tables, {schemas: []string{"on_case"}, setup: []string{
		"CREATE TABLE `Thing` (`Id` INT PRIMARY KEY)", "INSERT INTO `Thing` VALUES (1)",
		"CREATE TABLE `thing` (`iD` INT PRIMARY KEY)", "INSERT INTO `thing` VALUES (2)",
		"CREATE TABLE `THING` (`ID` INT PRIMARY KEY)", "INSERT INTO `THING` VALUES (3)",
		"CREATE VIEW `View` AS SELECT 1 AS `a`", "CREATE VIEW `VIEW` AS SELECT 2 AS `A`, `Id` FROM `Thing`", "CREATE VIEW `view` AS SELECT `ID` FROM `THING`",
		"CREATE TRIGGER `Thing_bi` BEFORE INSERT ON `Thing` FOR EACH ROW SET @x = 'Thing'",
		"CREATE TRIGGER `thing_bi2` BEFORE INSERT ON `thing` FOR EACH ROW SET @x = 'thing'",
	}}}
	for i, n := range oddNames() {
		if n == "\x01" || i%2 == 1 && len(n) > 4 { // half of them: schemas take time
			continue
		}
		q := mysql.QuoteName(n)
		out = append(out, objectCase{schemas: []string{n}, setup: []string{
			"CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB", fmt.Sprintf("INSERT INTO t VALUES (%d)", i),
			"CREATE TRIGGER t_bi BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id + 1",
			"CREATE VIEW v AS SELECT id FROM " + q + ".t", "CREATE PROCEDURE p () SELECT * FROM " + q + ".t",
			"CREATE DEFINER=`no one`@`10.0.%` EVENT e ON SCHEDULE AT '2030-01-01 00:00:00' DO DELETE FROM t",
		}})
	}
	for _, n := range []string{"Case", "case", "CASE"} {
		out = append(out, objectCase{schemas: []string{n}, setup: []string{
			"CREATE TABLE t (id INT, v VARCHAR(10)) ENGINE=InnoDB", "INSERT INTO t VALUES (1,'" + n + "')", "CREATE VIEW v AS SELECT '" + n + "' AS a",
			"CREATE PROCEDURE p () SELECT '" + n + "'", "CREATE TRIGGER t_bi BEFORE INSERT ON t FOR EACH ROW SET @x='" + n + "'",
		}})
	}
	return out
}
