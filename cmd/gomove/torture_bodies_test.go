package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// clientText is text in the charset of a client: its bytes hold 0x5c where the charset has it as a second byte.
type clientText struct {
	charset, collation string
	text               string // safe within quotes, in a comment and, by name, in an identifier
	name               string
	safe               string // without 0x5c: in a view MySQL escapes that byte by itself, and cannot read the view again
}

// The second byte of these is a backslash: ソ and 表 in sjis, 誠 and 乗 in gbk, 功 and 許 in big5.
var clientTexts = []clientText{
	{"latin1", "latin1_german1_ci", "caf\xe9 \xff \x80", "caf\xe9", "caf\xe9"},
	{"cp1251", "cp1251_ukrainian_ci", "\xef\xf0\xe8\xe2\xe5\xf2", "\xef\xf0", "\xef\xf0"},
	{"sjis", "sjis_japanese_ci", "\x83\x5c \x95\x5c' '\x83\x5c", "\x95\x5c\x8c\xbb", "\x8c\xbb"},
	{"cp932", "cp932_bin", "\x83\x5c \x87\x40", "\x83\x5c", "\x87\x40"},
	{"gbk", "gbk_chinese_ci", "\xd5\x5c \x81\x5c' '\x81\x5c \xb0\x60", "\xd5\x5c\x81\x60", "\xb0\xa1"},
	{"big5", "big5_chinese_ci", "\xa5\x5c \xb3\x5c' '\xb3\x5c", "\xa5\x5c", "\xa5\x40"},
	{"euckr", "euckr_korean_ci", "\xb0\xa1", "\xb0\xa1", "\xb0\xa1"},
	{"utf8", "utf8_unicode_ci", "é ソ", "é表", "é表"},
	{"utf8mb4", "utf8mb4_unicode_ci", "é ソ 😀", "é表", "é表"},
}

// bodyModes change how a body is read or what it does.
var bodyModes = []string{
	"", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT",
	"IGNORE_SPACE,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,PAD_CHAR_TO_FULL_LENGTH", "REAL_AS_FLOAT,STRICT_TRANS_TABLES,NO_ZERO_DATE,ALLOW_INVALID_DATES",
}

// body is a block that every reader of scripts trips over, in the words of its mode.
func body(c clientText, mode string) string {
	lines := []string{
		"BEGIN", "  -- a comment; with DEFINER=`a`@`b` and an odd ' quote", "  # another ; \" one", "",
		"  /* DEFINER=`x`@`y` ;", "DELIMITER $$", "  // ;; $$ || ~~ end_of_statement */",
		"  DECLARE s TEXT DEFAULT 'DELIMITER $$", ";", ";;", "//", "$$ DEFINER=`c`@`d` ''quoted'' ';",
		"  SET s = CONCAT(s, ';", "', '-- no comment', '/* none */', '# none');",
		"  SET s = '" + c.text + "';", "  SET s = CONCAT(s, '\t', '\r\n', '');\r",
	}
	if strings.Contains(mode, "ANSI_QUOTES") {
		lines = append(lines, `  SET "s" = CONCAT("s", 'x;', '"');`)
	} else {
		lines = append(lines, `  SET s = CONCAT(s, "x;`, `""DELIMITER ;;", '"');`)
	}
	if strings.Contains(mode, "NO_BACKSLASH_ESCAPES") {
		lines = append(lines, `  SET s = CONCAT(s, 'C:\'); SET s = '\'';\';`)
	} else {
		lines = append(lines, `  SET s = CONCAT(s, '\'; ', '\\'); SET s = 'a\n\Z\0\%';`)
	}
	if strings.Contains(mode, "PIPES_AS_CONCAT") {
		lines = append(lines, "  SET s = s || 'x' || 'y';")
	}
	return strings.Join(append(lines, "  SET @result = s;", "END"), "\n")
}

// tortureBodies are routines, triggers, events and views of clients of every kind.
func tortureBodies() []objectCase {
	// MySQL 8 and newer refuse comments that are not UTF-8 (error 4089).
	comments := objectCase{schemas: []string{"ob_comments"}}.between(testdb.MariaDB, testdb.MySQL56)
	out := []objectCase{bodyEnds(), oldCollation()}
	for _, c := range clientTexts {
		one := objectCase{schemas: []string{"ob_" + c.charset}}
		add := func(format string, args ...any) { one.setup = append(one.setup, fmt.Sprintf(format, args...)) }
		for i, mode := range bodyModes {
			b := body(c, mode)
			add("SET NAMES utf8mb4")
			add("CREATE TABLE t%d (id INT PRIMARY KEY, v VARCHAR(50) CHARACTER SET %s) ENGINE=InnoDB", i, c.charset)
			add("SET NAMES %s COLLATE %s", c.charset, c.collation)
			add("SET sql_mode='%s'", mode)
			add("CREATE DEFINER=`no one`@`10.0.%%` PROCEDURE `p%d%s`(IN `%s` VARCHAR(10) CHARACTER SET %s, OUT b INT)\nCOMMENT '%s'\n%s", i, c.name, c.name, c.charset, c.name, b)
			add("CREATE FUNCTION `f%d%s`(a INT) RETURNS INT\n    DETERMINISTIC\n    COMMENT '%s'\n%s", i, c.name, c.name, strings.Replace(b, "SET @result = s;", "RETURN a;", 1))
			add("CREATE TRIGGER `tr%d%s` BEFORE INSERT ON t%d FOR EACH ROW %s", i, c.name, i, b)
			add("CREATE EVENT `e%d%s` ON SCHEDULE EVERY 3 MINUTE STARTS '2031-02-03 04:05:06' ON COMPLETION PRESERVE DISABLE COMMENT '%s' DO %s", i, c.name, c.name, b)
			add("CREATE VIEW `v%d%s` AS SELECT id, v AS `%s` FROM t%d WHERE v <> '%s'", i, c.name, c.name, i, c.safe)
		}
		out = append(out, one)
		text := strings.ReplaceAll(c.text, "'", "")
		comments.setup = append(comments.setup, "SET NAMES "+c.charset, "CREATE PROCEDURE p_"+c.charset+" () BEGIN -- "+text+" ;\n/* "+text+" */ SELECT '"+c.text+"'; # "+text+"\n END")
	}
	return append(out, comments)
}

// bodyEnds are bodies whose ends and starts are odd.
func bodyEnds() objectCase {
	return objectCase{schemas: []string{"ob_ends"}, setup: []string{
		"CREATE TABLE t (id INT PRIMARY KEY)",
		"CREATE PROCEDURE in_comment () SELECT 1 -- ends in a comment; here",
		"CREATE PROCEDURE in_block () SELECT 1 /* ends in a comment; here */",
		"CREATE PROCEDURE hash () SELECT 1 # ;",
		"CREATE PROCEDURE blanks () \n\n  SELECT 1  \n\n",
		"CREATE PROCEDURE nothing () BEGIN END",
		"CREATE PROCEDURE `begin` ()\nCOMMENT 'it''s; DEFINER=`x`@`y` -- \\\\ \"'\nSQL SECURITY INVOKER\nMODIFIES SQL DATA\nBEGIN END",
		"CREATE PROCEDURE /* a */ commented /* b; */ ( /* c ( */ IN a INT /* d ) */ ) /* e */ BEGIN END",
		"CREATE PROCEDURE labels (INOUT a DECIMAL(10,2), OUT b ENUM('x;','y''') CHARACTER SET latin1) outer_block: BEGIN l: LOOP LEAVE l; END LOOP l; END outer_block",
		"CREATE FUNCTION `no parameters` () RETURNS INT NO SQL RETURN 1",
		"CREATE FUNCTION texts (a CHAR(3) CHARACTER SET sjis) RETURNS VARCHAR(30) CHARACTER SET latin1 READS SQL DATA RETURN 'x;\ny'",
		"CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1 -- DEFINER=`x`@`y` PROCEDURE `z`",
		"CREATE TRIGGER two AFTER DELETE ON t FOR EACH ROW BEGIN IF OLD.id > 1 THEN SET @x = ';\n;;\nDELIMITER ;\n'; END IF; END",
		"CREATE EVENT one ON SCHEDULE EVERY 1 HOUR STARTS '2030-01-01 00:00:00' DO SELECT 1 -- ;",
		"CREATE PROCEDURE long_one () SELECT '" + strings.Repeat("0123456789;\n", 5000) + "'",
	}}
}

// oldCollation is routines and events of a schema that had another collation when they were created: what a parameter
// without a charset is depends on it.
func oldCollation() objectCase {
	return objectCase{schemas: []string{"ob_altered"}, setup: []string{
		"CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))",
		"ALTER DATABASE ob_altered CHARACTER SET latin1 COLLATE latin1_bin",
		"CREATE PROCEDURE p_latin1 (a VARCHAR(10)) SELECT a",
		"CREATE FUNCTION f_latin1 (a VARCHAR(10)) RETURNS INT DETERMINISTIC RETURN LENGTH(a)",
		"CREATE TRIGGER t_latin1 BEFORE INSERT ON t FOR EACH ROW SET @x = 'latin1'",
		"CREATE EVENT e_latin1 ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SET @x = 'latin1'",
		"ALTER DATABASE ob_altered CHARACTER SET sjis",
		"CREATE PROCEDURE p_sjis (a VARCHAR(10)) SELECT a",
		"ALTER DATABASE ob_altered CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
		"CREATE PROCEDURE p_now (a VARCHAR(10)) SELECT a",
	}}
}
