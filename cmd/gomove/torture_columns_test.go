package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// newer are the servers with generated and invisible columns.
func newer() []testdb.Kind { return []testdb.Kind{testdb.MariaDB, testdb.MySQL97} }

func tortureColumns() []torture {
	only97 := []testdb.Kind{testdb.MySQL97}
	return append(append(tortureCounters(), torturePartitions()...), []torture{
		{table: "defaults", setup: []string{
			`CREATE TABLE $T (id INT PRIMARY KEY COMMENT 'it''s "the" \\ key\n; -- ö 日本', v VARCHAR(50) CHARACTER SET utf8mb4 DEFAULT 'it''s "ü" \\ \n\t\0 日本' COMMENT ' blank ', l CHAR(5) CHARACTER SET latin1 DEFAULT 'é''', n VARCHAR(10) DEFAULT 'NULL',
				e VARCHAR(5) NOT NULL DEFAULT '', x VARCHAR(5) DEFAULT NULL, bi BIT(5) DEFAULT b'101', b4 BIT(40) DEFAULT b'0101110000100111', bn BINARY(4) DEFAULT 0x61FF00, vb VARBINARY(9) DEFAULT 0x005c27, d DECIMAL(5,2) DEFAULT '1.50', f FLOAT DEFAULT 0.1, do DOUBLE DEFAULT 1e100,
				en ENUM('a','b''','é') CHARACTER SET utf8mb4 DEFAULT 'b''', st SET('x','y') DEFAULT 'x,y', i INT DEFAULT -5, z INT(6) ZEROFILL DEFAULT 42, sj VARCHAR(9) CHARACTER SET sjis DEFAULT '表', u16 VARCHAR(9) CHARACTER SET utf16 DEFAULT 'é\\''', y YEAR DEFAULT 2000) COMMENT 'it''s; "x" \\ /* -- ö 日本\n'`,
			"INSERT INTO $T (id) VALUES (1),(2)",
		}},
		{table: "default_4byte", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v VARCHAR(50) CHARACTER SET utf8mb4 DEFAULT '😀')", "INSERT INTO $T (id) VALUES (1)",
		}},
		tortureThousand(),
		{table: "indexes", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v VARCHAR(200) CHARACTER SET utf8mb4, t TEXT CHARACTER SET utf8mb4, b BLOB, a INT, KEY p (v(10)), KEY tb (t(20),b(7)), UNIQUE KEY u (a,v(5)), KEY `odd ``name` (a) COMMENT 'it''s'," +
				" FULLTEXT KEY ft (t), FULLTEXT KEY ft2 (t,v)) ENGINE=InnoDB",
			"INSERT INTO $T VALUES (1,'x','some words','b',1),(2,NULL,NULL,NULL,NULL),(3,'y','',NULL,NULL)",
		}},
		{table: "spatial", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, g GEOMETRY NOT NULL, SPATIAL KEY sp (g)) ENGINE=MyISAM",
			"INSERT INTO $T VALUES (1,POINT(1,2)),(2,LINESTRING(POINT(0,0),POINT(3,3)))",
		}},
		{table: "invisible", from: newer(), setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, h INT INVISIBLE DEFAULT 7, v VARCHAR(5), i TEXT INVISIBLE)",
			"INSERT INTO $T (id,h,v,i) VALUES (1,8,'a','hidden'),(2,NULL,'b',NULL)", "INSERT INTO $T VALUES (3,'c')",
		}},
		{table: "all_but_one_invisible", from: newer(), setup: []string{
			"CREATE TABLE $T (a INT INVISIBLE DEFAULT 1, v INT)", "INSERT INTO $T (a,v) VALUES (5,6),(5,6),(NULL,NULL)",
		}},
		{table: "generated", from: newer(), to: newer(), refused: "`st`", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v INT AS (id*2) VIRTUAL, st VARCHAR(50) CHARACTER SET utf8mb4 AS (CONCAT('it''s ö',id)) STORED, b VARCHAR(50) CHARACTER SET utf8mb4, l INT AS (LENGTH(b)) STORED COMMENT 'c', last INT, KEY (v), UNIQUE KEY (st))",
			"INSERT INTO $T (id,b,last) VALUES (1,'😀',9),(2,NULL,NULL)",
		}},
		{table: "gipk", from: only97, setup: []string{
			"SET SESSION sql_generate_invisible_primary_key=ON",
			"CREATE TABLE $T (v INT, s VARCHAR(5))", "INSERT INTO $T VALUES (1,'a'),(1,'a'),(2,'b')", "DELETE FROM $T WHERE v=2",
		}},
		{table: "no_key", setup: []string{"CREATE TABLE $T (v INT, s VARCHAR(5)) ENGINE=InnoDB", "INSERT INTO $T VALUES (1,'a'),(1,'a'),(2,NULL)"}},
		{table: "default_expression", from: newer(), setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, a INT DEFAULT (1+2), b VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT (CONCAT('it''s','ö')), c INT DEFAULT (a*2), t TEXT DEFAULT ('x'))",
			"INSERT INTO $T (id,a,t) VALUES (1,5,'z'),(2,NULL,NULL)",
		}},
		{table: "checks", from: newer(), setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, a INT CHECK (a > 0), b VARCHAR(9) CHARACTER SET utf8mb4, CONSTRAINT b_ok CHECK (b <> 'it''s ö'))",
			"INSERT INTO $T VALUES (1,1,'x'),(2,NULL,NULL)",
		}},
		{table: "expressions_4byte", from: newer(), to: newer(), refused: "`g`", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, b VARCHAR(20), g VARCHAR(50) AS (CONCAT('it''s 😀',b)) STORED, d VARCHAR(50) DEFAULT (CONCAT('😀','\\\\')), CONSTRAINT no_smile CHECK (b <> '😀')) DEFAULT CHARSET=utf8mb4",
			"INSERT INTO $T (id,b) VALUES (1,'x'),(2,'ö'),(3,NULL)",
		}},
		{table: "check_violated", from: []testdb.Kind{testdb.MariaDB}, to: []testdb.Kind{testdb.MySQL56}, late: true, refused: "constraint", setup: []string{
			"SET SESSION check_constraint_checks=0", "CREATE TABLE $T (id INT PRIMARY KEY, a INT CHECK (a > 0))", "INSERT INTO $T VALUES (1,1),(2,-1)",
		}},
		{table: "check_off", from: only97, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, a INT, CONSTRAINT off CHECK (a > 0) NOT ENFORCED)", "INSERT INTO $T VALUES (1,-1)",
		}},
		{table: "functional_index", from: only97, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, a INT, v VARCHAR(20) CHARACTER SET utf8mb4, KEY f ((a*2+id)), KEY low ((LOWER(v))), KEY mixed (a, (ABS(a)) DESC), KEY d (a DESC, v), KEY i (v) INVISIBLE)",
			"INSERT INTO $T VALUES (1,1,'A'),(2,NULL,NULL),(3,-5,'ö')",
		}},
		{table: "ignored_index", from: []testdb.Kind{testdb.MariaDB}, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v INT, KEY i (v) IGNORED, UNIQUE KEY u (v,id))", "INSERT INTO $T VALUES (1,1),(2,NULL)",
		}},
		{table: "descending_key", from: newer(), setup: []string{
			"CREATE TABLE $T (a INT NOT NULL, b VARCHAR(9) CHARACTER SET utf8mb4 NOT NULL, PRIMARY KEY (a DESC, b))", "INSERT INTO $T VALUES (3,'x'),(1,'y'),(1,'a'),(-2,'')",
		}},
	}...)
}

// tortureCounters has AUTO_INCREMENT columns: 0 as a value, gaps, negatives, the end of the type.
func tortureCounters() []torture {
	counter := func(name, typ, rows, more string) torture {
		setup := []string{"CREATE TABLE $T (id " + typ + " NOT NULL AUTO_INCREMENT, v INT, PRIMARY KEY (id)) ENGINE=InnoDB"}
		if rows != "" {
			setup = append(setup, "INSERT INTO $T VALUES "+rows)
		}
		if more != "" {
			setup = append(setup, more)
		}
		return torture{table: name, setup: setup}
	}
	return []torture{
		counter("counter_zero", "INT", "(0,1),(1,2),(7,3)", "ALTER TABLE $T AUTO_INCREMENT=100"),
		counter("counter_only_zero", "INT", "(0,1)", ""),
		counter("counter_deleted", "BIGINT UNSIGNED", "(5,1),(1000,2)", "DELETE FROM $T WHERE id=1000"),
		counter("counter_negative", "INT", "(-5,1),(-1,2)", ""),
		counter("counter_full", "TINYINT", "(126,1),(127,2)", ""),
		counter("counter_large", "BIGINT UNSIGNED", "(18446744073709551613,1)", ""),
		counter("counter_unused", "INT", "", ""),
		counter("counter_set_empty", "INT", "", "ALTER TABLE $T AUTO_INCREMENT=50"),
		counter("counter_off_grid", "INT", "(1,1),(2,1),(11,1)", ""),
		{table: "counter_second", setup: []string{
			"CREATE TABLE $T (g INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (g,id)) ENGINE=MyISAM", "INSERT INTO $T VALUES (1,1),(1,2),(2,1),(2,9)",
		}},
		{table: "counter_key", setup: []string{
			"CREATE TABLE $T (a VARCHAR(9) NOT NULL PRIMARY KEY, id INT NOT NULL AUTO_INCREMENT, KEY (id)) ENGINE=InnoDB AUTO_INCREMENT=40", "INSERT INTO $T (a) VALUES ('x'),('y')", "UPDATE $T SET id=0 WHERE a='x'",
		}},
	}
}

// torturePartitions has tables in parts of every kind, with rows at both sides of each boundary.
func torturePartitions() []torture {
	part := func(name, columns, by, rows string) torture {
		return torture{table: name, setup: []string{"CREATE TABLE $T (" + columns + ") ENGINE=InnoDB " + by, "INSERT INTO $T VALUES " + rows}}
	}
	return []torture{
		part("part_range", "id INT PRIMARY KEY, v INT", "PARTITION BY RANGE (id) (PARTITION `p ``0` VALUES LESS THAN (-5) COMMENT 'it''s; ö', PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN MAXVALUE)",
			"(-2147483648,1),(-6,1),(-5,1),(9,1),(10,1),(2147483647,1)"),
		part("part_range_columns", "d DATE NOT NULL, s VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, PRIMARY KEY (d,s)",
			"PARTITION BY RANGE COLUMNS (d,s) (PARTITION p0 VALUES LESS THAN ('2020-01-01','m'), PARTITION p1 VALUES LESS THAN ('2024-02-29','it''s'), PARTITION p2 VALUES LESS THAN (MAXVALUE,MAXVALUE))",
			"('0000-00-00',''),('2020-01-01','M'),('2020-01-01','l'),('2024-02-29','it''s'),('9999-12-31','z')"),
		part("part_list", "id INT, l INT", "PARTITION BY LIST (l) (PARTITION p0 VALUES IN (0,NULL), PARTITION p1 VALUES IN (-1,5,7))", "(1,NULL),(2,0),(2,0),(3,-1),(4,7)"),
		part("part_list_columns", "s VARCHAR(9) CHARACTER SET latin1, n INT", "PARTITION BY LIST COLUMNS (s) (PARTITION p0 VALUES IN ('a','it''s',''), PARTITION p1 VALUES IN ('b',NULL))", "('',1),('it''s',2),('b',3),(NULL,4)"),
		part("part_hash", "id INT, d DATETIME NOT NULL, PRIMARY KEY (id,d)", "PARTITION BY LINEAR HASH (TO_DAYS(d)) PARTITIONS 5", "(1,'2020-01-01'),(2,'2020-01-02'),(3,'2020-01-03'),(4,'2020-01-04 10:00:00')"),
		part("part_key", "id VARCHAR(9) CHARACTER SET utf8mb4 NOT NULL, v INT, UNIQUE KEY u (id)", "PARTITION BY KEY (id) PARTITIONS 3", "('a',1),('é',2),('😀',3),('',4)"),
		part("part_sub", "id INT NOT NULL, y DATE NOT NULL, PRIMARY KEY (id,y)",
			"PARTITION BY RANGE (YEAR(y)) SUBPARTITION BY KEY (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)", "(1,'1999-12-31'),(2,'2000-01-01'),(3,'0000-00-00'),(4,'9999-12-31')"),
	}
}

func tortureThousand() torture {
	defs := []string{"id INT PRIMARY KEY"}
	full, nulls := []string{"1"}, []string{"2"}
	for i := 1; i < 1000; i++ {
		typ, v := "SMALLINT", fmt.Sprint(i)
		switch i % 4 {
		case 1:
			typ, v = "VARCHAR(3) CHARACTER SET latin1", fmt.Sprintf("'%d'", i%7)
		case 2:
			typ, v = "BIT(5)", fmt.Sprint(i%32)
		case 3:
			typ, v = "ENUM('a','')", fmt.Sprint(i%3)
		}
		defs = append(defs, fmt.Sprintf("`column %d` %s", i, typ))
		full, nulls = append(full, v), append(nulls, "NULL")
	}
	return torture{table: "thousand", setup: []string{
		"CREATE TABLE $T (" + strings.Join(defs, ",") + ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
		"INSERT INTO $T VALUES (" + strings.Join(full, ",") + "),(" + strings.Join(nulls, ",") + ")",
	}}
}
