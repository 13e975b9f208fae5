package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// zoo returns the statements that make schemas zoo and zoo2: values and objects that every pair of servers can hold.
func zoo(k testdb.Kind) []string {
	out := []string{
		"CREATE DATABASE zoo DEFAULT CHARACTER SET utf8mb4 COLLATE " + zooCollation(k),
		"CREATE DATABASE zoo2 DEFAULT CHARACTER SET latin1",
		"USE zoo",
		"SET SESSION sql_mode='ALLOW_INVALID_DATES', time_zone='+09:00'",
	}
	out = append(out, zooValues()...)
	out = append(out, zooKeys()...)
	return append(out, zooObjects()...)
}

func zooCollation(k testdb.Kind) string {
	switch k {
	case testdb.MariaDB:
		return "utf8mb4_uca1400_ai_ci"
	case testdb.MySQL97:
		return "utf8mb4_0900_ai_ci"
	default:
		return "utf8mb4_unicode_520_ci"
	}
}

func zooValues() []string {
	var every strings.Builder
	for i := range 256 {
		fmt.Fprintf(&every, "%02x", i)
	}
	return []string{
		`CREATE TABLE numbers (
			id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
			t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT UNSIGNED, i INT, b BIGINT, bu BIGINT UNSIGNED,
			z INT(8) UNSIGNED ZEROFILL, y YEAR, flag BIT(1), bits BIT(64), bo BOOL,
			d DECIMAL(65,30), f FLOAT, fm FLOAT(7,3), x DOUBLE, xm DOUBLE(12,4)) ENGINE=InnoDB`,
		`INSERT INTO numbers VALUES
			(1,-128,0,-32768,0,-2147483648,-9223372036854775808,0,0,0,b'0',0,0,-99999999999999999999999999999999999.999999999999999999999999999999,-3.402823466e38,-9999.999,-1.7976931348623157e308,-99999999.9999),
			(2,127,255,32767,16777215,2147483647,9223372036854775807,18446744073709551615,42,1901,b'1',0xffffffffffffffff,1,99999999999999999999999999999999999.999999999999999999999999999999,3.402823466e38,9999.999,1.7976931348623157e308,99999999.9999),
			(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
			(4,0,1,2,3,4,5,6,7,2155,b'1',0x2c225c0a,1,0.1,0.010516252390057362,0.1,0.1,0.1),
			(5,0,1,2,3,4,5,6,7,2024,b'0',0x00,1,-0.1,16777217,123.456,2.2250738585072014e-308,1.5),
			(6,0,1,2,3,4,5,6,12345678,1999,b'0',1,1,0,123456.789,-0.001,5e-324,0),
			(7,0,1,2,3,4,5,6,7,1970,b'0',1,1,0,1e-45,0,-1e0,0),
			(8,0,1,2,3,4,5,6,7,1970,b'0',1,1,1e-30,1.17549435e-38,0,123456789012345680000,0),
			(90,0,1,2,3,4,5,6,7,1970,b'0',1,1,1e-30,-1e0,0,1e15,0)`,
		"ALTER TABLE numbers AUTO_INCREMENT=1000",
		`CREATE TABLE moments (id INT PRIMARY KEY, d DATE, t TIME(6), dt DATETIME(6), dt0 DATETIME, ts TIMESTAMP(6) NULL, ts0 TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00') ENGINE=InnoDB`,
		`INSERT INTO moments VALUES
			(1,'1000-01-01','-838:59:59','1000-01-01 00:00:00','1000-01-01 00:00:00','1970-01-01 09:00:01','1970-01-01 09:00:01'),
			(2,'9999-12-31','838:59:59','9999-12-31 23:59:59.999999','9999-12-31 23:59:59','2038-01-19 12:14:07.999999','2038-01-19 12:14:07'),
			(3,'0000-00-00','00:00:00.000001','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00'),
			(4,'2024-02-31','23:59:59.5','2024-00-00 01:02:03.4','2024-02-30 00:00:00','2021-03-28 10:30:00.25','2021-10-31 10:30:00'),
			(5,NULL,NULL,NULL,NULL,NULL,'2024-06-01 00:00:00')`,
		`CREATE TABLE texts (id INT PRIMARY KEY, c CHAR(20), v VARCHAR(500), tx TEXT, mt MEDIUMTEXT,
			b BINARY(5), vb VARBINARY(600), bl BLOB, lb LONGBLOB,
			e ENUM('a','b''c','d,e','"','') , s SET('x','y''z','w w'),
			l1 VARCHAR(100) CHARACTER SET latin1, sj VARCHAR(100) CHARACTER SET sjis, gb VARCHAR(100) CHARACTER SET gbk, cp VARCHAR(100) CHARACTER SET cp1251,
			u16 VARCHAR(100) CHARACTER SET utf16, u32 VARCHAR(100) CHARACTER SET utf32, eu VARCHAR(100) CHARACTER SET euckr, bg VARCHAR(100) CHARACTER SET big5,
			u8 VARCHAR(100) CHARACTER SET utf8) ENGINE=InnoDB`,
		`INSERT INTO texts VALUES (1,'','','','','','','','','a','','','','','','','','','','')`,
		`INSERT INTO texts (id) VALUES (2)`,
		`INSERT INTO texts VALUES (3,'trail  ','a''b"c\\d\ne\rf\tg\0h,i;\n\Z','\\N','NULL',0x0102030000,0x` + every.String() + `,0x` + every.String() + `,0x` + every.String() + every.String() + `,'b''c','x,y''z',
			_latin1 0xe9c3a9ff,_sjis 0x835c905c5c,_gbk 0xd25c815c,_cp1251 0xeff0e8,_utf16 0x0041d83dde00,_utf32 0x0001f600,_euckr 0xb0a1,_big5 0xa55ca65c,'é')`,
		`INSERT INTO texts VALUES (4,'😀','e` + "\u0301" + ` 😀 \\\\ \\" ''','` + strings.Repeat(`x"\\`, 500) + `','\\N',0x00,0x5c4e,0x0a,0x0d0a,'"','w w','"',_sjis 0x8140,'a','b','c','d','e','f','g')`,
		"CREATE TABLE `odd \"name\" 'x' 100%` (`select` INT PRIMARY KEY, `a b` VARCHAR(10), `ö` INT, `back``tick` INT, UNIQUE KEY `k ``y` (`a b`)) COMMENT='it''s; a -- \"comment\" \\\\ with KEY (`x`)'",
		"INSERT INTO `odd \"name\" 'x' 100%` VALUES (1,'x',2,3),(2,NULL,4,5)",
		"CREATE TABLE `Dotted.Name` (id INT PRIMARY KEY)", "INSERT INTO `Dotted.Name` VALUES (7)",
		"CREATE TABLE one_column (c VARCHAR(10))", "INSERT INTO one_column VALUES (''),(NULL),('x'),('x')",
		"CREATE TABLE one_row (id INT PRIMARY KEY, v INT)", "INSERT INTO one_row VALUES (1,1)",
		"CREATE TABLE no_row (id INT PRIMARY KEY, v INT, KEY (v))",
		"CREATE TABLE my (id INT PRIMARY KEY, v VARCHAR(10), KEY v (v)) ENGINE=MyISAM", "INSERT INTO my VALUES (1,'a'),(2,'b')",
	}
}

// zooKeys makes tables of 2,500 rows that are cut along keys of several kinds; 16-KiB chunks make several of each.
func zooKeys() []string {
	const digits = "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
	numbers := "(SELECT a.n+10*b.n+100*c.n+1000*d.n AS n FROM " + digits + " a," + digits + " b," + digits + " c,(SELECT 0 n UNION SELECT 1 UNION SELECT 2) d HAVING n<2500)"
	return []string{
		"CREATE TABLE k_int (id BIGINT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB",
		"INSERT INTO k_int SELECT n*n*n-5000, REPEAT('v',50) FROM " + numbers + " x",
		"CREATE TABLE k_string (id VARCHAR(60) NOT NULL PRIMARY KEY, v INT) ENGINE=InnoDB",
		"INSERT INTO k_string SELECT CONCAT('key''%_\\\\', SHA2(n,224)), n FROM " + numbers + " x",
		"CREATE TABLE k_pair (a INT, b CHAR(8), v VARCHAR(40), PRIMARY KEY (a,b)) ENGINE=InnoDB",
		"INSERT INTO k_pair SELECT n DIV 250, SUBSTR(SHA2(n,224),1,8), 'pair' FROM " + numbers + " x",
		"CREATE TABLE k_enum (a INT NOT NULL, e ENUM('z','é','a') NOT NULL, v VARCHAR(60), PRIMARY KEY (e,a)) ENGINE=InnoDB",
		"INSERT INTO k_enum SELECT n, 1+n%3, REPEAT('e',40) FROM " + numbers + " x",
		"CREATE TABLE k_null (u INT, v VARCHAR(60), UNIQUE KEY u (u)) ENGINE=InnoDB",
		"INSERT INTO k_null SELECT IF(n%10=0,NULL,n), REPEAT('u',40) FROM " + numbers + " x",
		"CREATE TABLE k_none (v VARCHAR(60), n INT) ENGINE=InnoDB",
		"INSERT INTO k_none SELECT REPEAT('d',40), n%7 FROM " + numbers + " x",
		"CREATE TABLE k_binary (id BINARY(16) PRIMARY KEY, v INT) ENGINE=InnoDB",
		"INSERT INTO k_binary SELECT UNHEX(SUBSTR(SHA2(n,224),1,32)), n FROM " + numbers + " x",
		"CREATE TABLE k_parts (id INT, d DATE NOT NULL, v VARCHAR(40), PRIMARY KEY (id,d)) ENGINE=InnoDB PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
		"INSERT INTO k_parts SELECT n, IF(n%2,'2019-05-05','2021-05-05'), 'part' FROM " + numbers + " x",
	}
}

func zooObjects() []string {
	return []string{
		"CREATE TABLE zoo2.parent (id INT PRIMARY KEY, name VARCHAR(50)) ENGINE=InnoDB",
		"CREATE TABLE child (id INT PRIMARY KEY, parent INT, self INT, KEY p (parent), KEY s (self), CONSTRAINT fk_parent FOREIGN KEY (parent) REFERENCES zoo2.parent (id) ON DELETE CASCADE, CONSTRAINT fk_self FOREIGN KEY (self) REFERENCES child (id) ON UPDATE CASCADE) ENGINE=InnoDB",
		"INSERT INTO zoo2.parent VALUES (1,'one'),(2,'two')", "INSERT INTO child VALUES (1,1,NULL),(2,2,1),(3,NULL,2)",
		"CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100)) ENGINE=InnoDB",
		"CREATE DEFINER=`nobody here`@`10.0.%` SQL SECURITY DEFINER VIEW a_on_b AS SELECT id FROM zoo.no_row",
		"CREATE OR REPLACE SQL SECURITY INVOKER VIEW a_on_b AS SELECT id, CONCAT('DEFINER=`x`@`y` ;', id) AS c FROM zoo2.parent",
		"CREATE VIEW a_first AS SELECT id, c FROM a_on_b WHERE id > 0",
		"CREATE DEFINER=`nobody`@`%` TRIGGER child_bi BEFORE INSERT ON child FOR EACH ROW BEGIN /* DEFINER=`a`@`b` */ INSERT INTO log (what) VALUES ('DEFINER=`c`@`d`; x'); END",
		"CREATE TRIGGER child_au AFTER UPDATE ON child FOR EACH ROW SET @zoo = 'it''s'",
		"CREATE DEFINER=`nobody`@`%` PROCEDURE p (IN a INT, OUT b VARCHAR(20)) COMMENT 'a ; comment' BEGIN DECLARE x INT DEFAULT 1; -- a comment; here\n SET b = CONCAT(a, ';\n', x); END",
		"CREATE FUNCTION f (a VARCHAR(50) CHARACTER SET utf8mb4) RETURNS VARCHAR(100) CHARACTER SET utf8mb4 DETERMINISTIC RETURN CONCAT('<', a, '>')",
		"CREATE DEFINER=`nobody`@`%` EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'e;v' DO DELETE FROM log WHERE id < 0",
	}
}
