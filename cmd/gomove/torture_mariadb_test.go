package main

import "github.com/gomove/gomove/internal/testdb"

// tortureMariaDB are objects that MariaDB alone has.
func tortureMariaDB() []objectCase {
	return []objectCase{mariaDBSequences(), mariaDBHistory(), mariaDBOracle()}
}

func mariaDBSequences() objectCase {
	return objectCase{schemas: []string{"om_sequences"}, setup: []string{
		"CREATE SEQUENCE fresh", "CREATE SEQUENCE used START WITH 10 INCREMENT BY 3 MINVALUE -5 MAXVALUE 1000 CACHE 5", "SELECT NEXTVAL(used), NEXTVAL(used)",
		"CREATE SEQUENCE down START WITH -1 INCREMENT BY -2 MINVALUE -9 MAXVALUE -1 NOCACHE CYCLE", "SELECT NEXTVAL(down), NEXTVAL(down), NEXTVAL(down), NEXTVAL(down), NEXTVAL(down), NEXTVAL(down)",
		"CREATE SEQUENCE full MAXVALUE 2 NOCACHE NOCYCLE", "SELECT NEXTVAL(full), NEXTVAL(full)",
		"CREATE SEQUENCE `odd ``name` ENGINE=MyISAM COMMENT='it''s'", "SELECT SETVAL(`odd ``name`, 9223372036854775800)",
		"CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(used), n BIGINT DEFAULT NEXTVAL(`odd ``name`)) ENGINE=InnoDB", "INSERT INTO t VALUES (1,1)",
	}}.between(testdb.MariaDB)
}

func mariaDBHistory() objectCase {
	return objectCase{schemas: []string{"om_history"}, declared: []string{"history"}, setup: []string{
		"CREATE TABLE versioned (id INT PRIMARY KEY, v VARCHAR(10), w INT WITHOUT SYSTEM VERSIONING) ENGINE=InnoDB WITH SYSTEM VERSIONING",
		"INSERT INTO versioned VALUES (1,'old',1),(2,'gone',2)", "UPDATE versioned SET v='new' WHERE id=1", "DELETE FROM versioned WHERE id=2",
		"CREATE TABLE explicit (id INT PRIMARY KEY, v INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s,e)) ENGINE=InnoDB WITH SYSTEM VERSIONING",
		"CREATE TABLE parted (id INT PRIMARY KEY, v INT) ENGINE=InnoDB WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pn CURRENT)",
		"INSERT INTO parted VALUES (1,1)", "UPDATE parted SET v=2",
		"CREATE TABLE periods (id INT, a DATE, b DATE, PERIOD FOR p (a,b), PRIMARY KEY (id, p WITHOUT OVERLAPS)) ENGINE=InnoDB", "INSERT INTO periods VALUES (1,'2020-01-01','2021-01-01')",
	}}.between(testdb.MariaDB)
}

func mariaDBOracle() objectCase {
	return objectCase{schemas: []string{"om_oracle"}, setup: []string{
		"CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE AGGREGATE FUNCTION total (x INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END",
		"SET sql_mode='ORACLE'",
		"CREATE PROCEDURE p (a IN INT, b OUT VARCHAR2(20)) AS x INT := 1; BEGIN b := 'x;\n' || a; /* DEFINER=\"x\" */ END;",
		"CREATE FUNCTION f (a INT) RETURN INT IS BEGIN RETURN a + 1; END",
		"CREATE PACKAGE pack AS\n  PROCEDURE p1 (a INT);\n  FUNCTION f1 RETURN INT; -- a comment; here\nEND;",
		"CREATE PACKAGE BODY pack AS\n  v INT := 5;\n  PROCEDURE p1 (a INT) AS BEGIN SELECT 'é; DELIMITER $$', a, v; END;\n  FUNCTION f1 RETURN INT AS BEGIN RETURN v; END;\nBEGIN\n  v := 6;\nEND",
		"CREATE DEFINER=`no one`@`10.0.%` PACKAGE \"odd \"\"name\" AS FUNCTION f RETURN INT; END",
		"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN :NEW.id := :NEW.id + 1; END",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN NULL; END",
		"CREATE VIEW v AS SELECT \"id\" || 'x' AS \"y\" FROM \"t\"",
	}}.between(testdb.MariaDB)
}
