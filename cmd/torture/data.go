package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// schema is what is moved; side holds what the second client needs.
const (
	schema = "torture"
	side   = "torture_side"
)

// tables, with what follows the name in CREATE TABLE. Each is filled from numbers.
func tables() []struct{ name, def, columns string } {
	const n = "n.n"
	return []struct{ name, def, columns string }{
		{"parents", "(id INT NOT NULL PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB", n + ", CONCAT('parent ', n.n)"},
		{"keyed", `(id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent INT NOT NULL, note VARCHAR(80), amount DECIMAL(20,6), born DATETIME,
			KEY parent (parent), UNIQUE KEY note (note), KEY born (born, amount),
			CONSTRAINT keyed_parent FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE) ENGINE=InnoDB AUTO_INCREMENT=5000000`,
			n + `, n.n, CONCAT('note, "', n.n, '"\\\n', CHAR(0x27)), n.n / 7, '2001-01-01' + INTERVAL n.n HOUR`},
		{"strings", "(a VARCHAR(30) NOT NULL, b CHAR(8) NOT NULL, c BLOB, PRIMARY KEY (a, b), KEY c (c(10))) ENGINE=InnoDB",
			"MD5X(n.n), CONCAT('b', n.n % 10), REPEAT(UNHEX('00275C0A0D2C22FF1A'), 1 + n.n % 9)"},
		{"keyless", "(a INT, b VARCHAR(20), KEY b (b)) ENGINE=InnoDB", "n.n % 11, IF(n.n % 3 = 0, NULL, CONCAT('twice ', n.n % 5))"},
		{"plain", "(id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), KEY v (v)) ENGINE=MyISAM", n + ", CONCAT('plain ', n.n)"},
		{"plain_keyless", "(a INT, b VARCHAR(20)) ENGINE=MyISAM", "n.n % 7, CONCAT('twice ', n.n % 3)"},
		{"small", "(id INT NOT NULL PRIMARY KEY, e ENUM('x','y') NOT NULL, s SET('p','q'), KEY e (e)) ENGINE=InnoDB", n + ", 1 + n.n % 2, n.n % 4"},
	}
}

// fill makes the schema anew, the same rows every time.
func fill(ctx context.Context, db *sql.DB, rows int) error {
	statements := []string{
		"SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION', sql_log_bin=0, foreign_key_checks=0",
		"DROP DATABASE IF EXISTS " + schema, "CREATE DATABASE " + schema + " DEFAULT CHARACTER SET utf8mb4", "USE " + schema,
		"CREATE TEMPORARY TABLE numbers (n INT PRIMARY KEY)",
	}
	var values []string
	for i := 1; i <= rows; i++ {
		values = append(values, fmt.Sprintf("(%d)", i))
	}
	statements = append(statements, "INSERT INTO numbers VALUES "+strings.Join(values, ","))
	for _, t := range tables() {
		columns := strings.ReplaceAll(t.columns, "MD5X(n.n)", "SUBSTRING(SHA2(n.n, 256), 1, 25)")
		statements = append(statements, "CREATE TABLE "+t.name+" "+t.def, "INSERT INTO "+t.name+" SELECT "+columns+" FROM numbers n")
	}
	statements = append(statements, "ANALYZE TABLE keyed",
		"CREATE FUNCTION twice(n DECIMAL(12,0)) RETURNS DECIMAL(12,0) DETERMINISTIC NO SQL RETURN 2*n",
		"CREATE PROCEDURE clear() DELETE FROM keyed",
		"CREATE VIEW a_early AS SELECT id FROM keyed", "CREATE VIEW b_late AS SELECT twice(id) AS d FROM a_early",
		"CREATE TRIGGER alters BEFORE INSERT ON keyed FOR EACH ROW SET NEW.note=CONCAT('fired ', NEW.note)",
		"CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1",
		"SET SESSION sql_log_bin=1")
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, q := range statements {
		if err := runAll(ctx, conn, q); err != nil {
			return fmt.Errorf("%.200s: %w", q, err)
		}
	}
	return nil
}

// runAll runs a statement and reads away what it returns.
func runAll(ctx context.Context, conn *sql.Conn, query string) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
