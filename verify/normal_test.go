package verify

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomove/gomove/transform"
)

var utf8Mode = transform.Mode{Charset: "utf8mb4"}

// What servers print of the same table is no difference.
func TestSameTable(t *testing.T) {
	const mysql56 = "CREATE TABLE `t` (\n  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n  `v` varchar(9) CHARACTER SET latin1 DEFAULT NULL,\n  `n` decimal(10,2) DEFAULT '0.50',\n" +
		"  `at` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,\n  `b` text,\n  `y` year(4) DEFAULT NULL,\n  `z` int(6) unsigned zerofill DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `k` (`v`(5)) USING BTREE,\n" +
		"  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE ON UPDATE NO ACTION\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='c'\n/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */"
	for name, other := range map[string]string{
		"mariadb": "CREATE TABLE `t` (\n  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n  `v` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,\n  `n` decimal(10,2) DEFAULT 0.50,\n" +
			"  `at` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),\n  `b` text DEFAULT NULL,\n  `y` year(4) DEFAULT NULL,\n  `z` int(6) unsigned zerofill DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `k` (`v`(5)),\n" +
			"  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE\n) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='c'\n PARTITION BY RANGE (`id`)\n(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB)",
		"mysql97": "CREATE TABLE `t` (\n  `id` int unsigned NOT NULL AUTO_INCREMENT,\n  `v` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,\n  `n` decimal(10,2) DEFAULT '0.50',\n" +
			"  `at` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,\n  `b` text,\n  `y` year DEFAULT NULL,\n  `z` int(6) unsigned zerofill DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `k` (`v`(5)),\n" +
			"  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='c'\n/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */",
	} {
		a, b := readTable([]byte(mysql56), utf8Mode), readTable([]byte(other), utf8Mode)
		if len(a.parts) != 13 || a.parts["index `k`"] == "" || a.parts["partitions"] == "" {
			t.Fatalf("%d parts: %q", len(a.parts), a.parts)
		}
		for _, d := range a.differences(&b) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// Each change of a table is one.
func TestOtherTable(t *testing.T) {
	const base = "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `v` varchar(9) DEFAULT 'a',\n  PRIMARY KEY (`id`),\n  KEY `k` (`v`),\n  CONSTRAINT `c1` CHECK ((`id` > 0))\n) ENGINE=InnoDB COMMENT='c'"
	for _, change := range [][3]string{
		{"`id` int", "`id` bigint", "column `id`"}, {"varchar(9)", "varchar(10)", "column `v`"}, {"DEFAULT 'a'", "DEFAULT 'A'", "column `v`"}, {"int NOT NULL", "int", "column `id`"},
		{"(`v`)", "(`v` DESC)", "index `k`"}, {"KEY `k`", "UNIQUE KEY `k`", "index `k`"}, {"PRIMARY KEY (`id`)", "PRIMARY KEY (`v`)", "primary key"},
		{"`id` > 0", "`id` > 1", "check is missing on the target"}, {"InnoDB", "MyISAM", "option engine"}, {"'c'", "'d'", "option comment"}, {"  KEY `k` (`v`),\n", "", "index `k` is missing on the target"},
		{"  `id` int NOT NULL,\n  `v` varchar(9) DEFAULT 'a',\n", "  `v` varchar(9) DEFAULT 'a',\n  `id` int NOT NULL,\n", "order of the columns"},
	} {
		a, b := readTable([]byte(base), utf8Mode), readTable([]byte(strings.Replace(base, change[0], change[1], 1)), utf8Mode)
		var got []string
		for _, d := range a.differences(&b) {
			got = append(got, d.What)
		}
		if !slices.Contains(got, change[2]) {
			t.Errorf("%s for %s: %q, want %q", change[1], change[0], got, change[2])
		}
	}
}

func TestStoredWords(t *testing.T) {
	for _, same := range [][3]string{
		{"EVENT", "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE DO SELECT 1", "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE ON SLAVE DO SELECT 1"},
		{"FUNCTION", "CREATE FUNCTION `f`(a int) RETURNS char(5) CHARSET latin1 RETURN a", "CREATE FUNCTION `f`(a int) RETURNS char(5) CHARSET latin1 COLLATE latin1_bin RETURN a"},
		{"VIEW", "CREATE VIEW `v` AS select `s`.`t`.`a` AS `a` from `s`.`t`", "CREATE VIEW `v` AS select `t`.`a` AS `a` from `t`"},
		{"VIEW", "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select (`t`.`a` + 1) AS `b`", "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select `t`.`a` + 1 AS `b`"},
	} {
		if a, b := storedWords(same[0], "s", []byte(same[1]), utf8Mode), storedWords(same[0], "s", []byte(same[2]), utf8Mode); !slices.Equal(a, b) {
			t.Errorf("%s: %q\nand %q", same[0], a, b)
		}
	}
	if slices.Equal(storedWords("PROCEDURE", "s", []byte("CREATE PROCEDURE p() SELECT 'a '"), utf8Mode), storedWords("PROCEDURE", "s", []byte("CREATE PROCEDURE p() SELECT 'a'"), utf8Mode)) {
		t.Error("a blank in a string of a routine is lost")
	}
	for _, other := range [][3]string{
		{"PROCEDURE", "CREATE PROCEDURE p() SELECT _latin1'a'", "CREATE PROCEDURE p() SELECT _cp850'a'"},
		{"VIEW", "CREATE VIEW `v` AS select `s`.`t`.`a` AS `a`", "CREATE VIEW `v` AS select `o`.`t`.`a` AS `a`"},
	} {
		if slices.Equal(storedWords(other[0], "s", []byte(other[1]), utf8Mode), storedWords(other[0], "s", []byte(other[2]), utf8Mode)) {
			t.Errorf("%s is taken for %s", other[1], other[2])
		}
	}
}

// TestSameColumn has what servers of two kinds print of one column.
func TestSameColumn(t *testing.T) {
	read := func(column string) tableText {
		return readTable([]byte("CREATE TABLE `t` (\n  `id` int,\n  "+column+"\n) ENGINE=InnoDB"), utf8Mode)
	}
	for _, same := range [][2]string{
		{"`i` int DEFAULT - 5", "`i` int DEFAULT '-5'"},
		{"`i` int INVISIBLE DEFAULT 7 COMMENT 'c'", "`i` int DEFAULT '7' COMMENT 'c' /*!80023 INVISIBLE */"},
		{"`v` varchar(9) DEFAULT _utf8mb4 X'F09F9880'", "`v` varchar(9) DEFAULT 0xf09f9880"},
		{"`l` int GENERATED ALWAYS AS (octet_length(`b`)) STORED", "`l` int GENERATED ALWAYS AS (length(`b`)) STORED"},
		{"`u` varchar(9) AS (ucase(substr(`b`,1))) VIRTUAL", "`u` varchar(9) AS (upper(mid(`b`,1))) VIRTUAL"},
		{"`m` int AS (`a` MOD 3) VIRTUAL", "`m` int AS ((`a` % 3)) VIRTUAL"}, {"`m` int AS (1) VIRTUAL", "`m` int AS (true) VIRTUAL"},
		{"`m` int AS (`a` <> 0 and `j` = 0) VIRTUAL", "`m` int AS (((0 <> `a`) and (0 = `j`))) VIRTUAL"}, {"`m` int AS (`b` not like 'x') VIRTUAL", "`m` int AS ((not((`b` like 'x')))) VIRTUAL"},
		{"`m` int CHECK (`m` MOD 3 <> 0)", "`m` int, CONSTRAINT `c` CHECK ((`m` % 3 <> 0))"},
		{"`p` point REF_SYSTEM_ID=4326 NOT NULL", "`p` point NOT NULL"},
	} {
		a, b := read(same[0]), read(same[1])
		for _, d := range a.differences(&b) {
			t.Errorf("%s: %+v", same[0], d)
		}
	}
	for _, other := range [][2]string{
		{"`i` int DEFAULT - 5", "`i` int DEFAULT 5"}, {"`i` int INVISIBLE", "`i` int"}, {"`v` varchar(9) DEFAULT 0xf09f9880", "`v` varchar(9) DEFAULT 0xf09f9881"},
		{"`v` varchar(9) DEFAULT 'octet_length'", "`v` varchar(9) DEFAULT 'length'"}, {"`m` int AS (`a` = 0)", "`m` int AS (`a` = 1)"}, {"`m` int AS (`a` <> 0)", "`m` int AS (`a` = 0)"}, {"`m` int AS (`b` like 'x')", "`m` int AS (not `b` like 'x')"}, {"`octet_length` int", "`length` int"}, {"`l` int AS (length(`b`))", "`l` int AS (char_length(`b`))"},
	} {
		a, b := read(other[0]), read(other[1])
		if len(a.differences(&b)) == 0 {
			t.Errorf("%s is taken for %s", other[0], other[1])
		}
	}
}

// TestFunctionType: charsets of a function's type are printed by some servers alone; what follows it is compared as it stands.
func TestFunctionType(t *testing.T) {
	want := storedWords("FUNCTION", "s", []byte("CREATE FUNCTION `f`() RETURNS varchar(100) CHARSET utf8mb4 DETERMINISTIC RETURN CONCAT('<', (1))"), utf8Mode)
	for text, same := range map[string]bool{
		"CREATE FUNCTION `f`() RETURNS varchar(100) CHARSET utf8mb4 COLLATE utf8mb4_general_ci DETERMINISTIC RETURN CONCAT('<', (1))": true,
		"CREATE FUNCTION `f`() RETURNS varchar(100) CHARACTER SET utf8mb4 DETERMINISTIC RETURN CONCAT('<', (1))":                      true,
		"CREATE FUNCTION `f`() RETURNS varchar(10) CHARSET utf8mb4 DETERMINISTIC RETURN CONCAT('<', (1))":                             false,
		"CREATE FUNCTION `f`() RETURNS varchar(100) CHARSET utf8mb4 DETERMINISTIC RETURN CONCAT('<', 1)":                              false,
	} {
		if have := storedWords("FUNCTION", "s", []byte(text), utf8Mode); slices.Equal(want, have) != same {
			t.Errorf("%s: equal %v, want %v: %q", text, !same, same, have)
		}
	}
}
