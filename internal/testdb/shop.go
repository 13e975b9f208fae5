package testdb

import (
	"context"
	"database/sql"
	"fmt"
)

// ShopDefiner owns the views, triggers, routines and events of the shop; LoadShop creates it.
const ShopDefiner = "`shopkeeper`@`10.%`"

// LoadShop creates the schema shop, or what it is to be called, with about rows rows in five tables that hold what
// dumps get wrong: text with quotes, newlines and 4-byte characters, NULL beside ”, FLOAT, decimals, zero dates,
// a composite key, foreign keys, odd names, a view on a later view, a trigger that would alter loaded rows, a
// procedure, a function, an event, and a definer that other servers do not have. The same rows come out every time.
func LoadShop(ctx context.Context, db *sql.DB, schema string, rows int) error {
	if err := createDefiner(ctx, db, schema); err != nil {
		return fmt.Errorf("shop: %w", err)
	}
	statements := []string{
		"SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION', foreign_key_checks=0, unique_checks=0, time_zone='+00:00', sql_log_bin=0",
		"CREATE DATABASE IF NOT EXISTS " + schema + " DEFAULT CHARACTER SET utf8mb4", "USE " + schema,
	}
	statements = append(statements, shopTables...)
	statements = append(statements, shopRows(max(rows/30, 4))...)
	statements = append(statements, shopObjects()...)
	statements = append(statements, "SET SESSION sql_mode=DEFAULT, foreign_key_checks=1, unique_checks=1, sql_log_bin=1")
	if err := inSession(ctx, db, statements...); err != nil {
		return fmt.Errorf("shop: %w", err)
	}
	return nil
}

func createDefiner(ctx context.Context, db *sql.DB, schema string) error {
	var n int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.user WHERE User='shopkeeper' AND Host='10.%'").Scan(&n); err != nil {
		return err
	}
	statements := []string{"SET sql_log_bin=0"}
	if n == 0 {
		statements = append(statements, "CREATE USER "+ShopDefiner)
	}
	statements = append(statements, "GRANT ALL ON "+schema+".* TO "+ShopDefiner, "SET sql_log_bin=1")
	return inSession(ctx, db, statements...)
}

var shopTables = []string{
	`CREATE TABLE customers (
		id INT UNSIGNED NOT NULL AUTO_INCREMENT,
		email VARCHAR(80) CHARACTER SET latin1 NOT NULL,
		name VARCHAR(100) NOT NULL,
		notes TEXT,
		credit DECIMAL(20,6) NOT NULL DEFAULT '0.000000',
		score FLOAT DEFAULT NULL,
		born DATE DEFAULT NULL,
		registered DATETIME(6) NOT NULL,
		level ENUM('bronze','silver','gold','') NOT NULL DEFAULT 'bronze',
		wants SET('mail','phone','fax') DEFAULT NULL,
		token VARBINARY(20) DEFAULT NULL,
		PRIMARY KEY (id), UNIQUE KEY email (email), KEY name (name), KEY born (born, level)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='who buys; "quoted", it''s ; here'`,
	`CREATE TABLE products (
		sku CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
		region SMALLINT NOT NULL,
		name VARCHAR(120) NOT NULL DEFAULT 'it''s "new"',
		price DECIMAL(10,4) NOT NULL,
		weight DOUBLE DEFAULT NULL,
		stock BIGINT NOT NULL DEFAULT '0',
		PRIMARY KEY (sku, region), KEY price (price)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`CREATE TABLE orders (
		id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
		customer_id INT UNSIGNED NOT NULL,
		placed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
		status ENUM('open','paid','sent') NOT NULL DEFAULT 'open',
		total DECIMAL(14,2) DEFAULT NULL,
		note VARCHAR(200) DEFAULT NULL,
		PRIMARY KEY (id), KEY customer (customer_id, placed), KEY status (status),
		CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON UPDATE CASCADE
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	`CREATE TABLE order_lines (
		order_id BIGINT UNSIGNED NOT NULL,
		line_no TINYINT UNSIGNED NOT NULL,
		sku CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
		region SMALLINT NOT NULL,
		quantity INT NOT NULL,
		price DECIMAL(10,4) NOT NULL,
		discount FLOAT DEFAULT NULL,
		PRIMARY KEY (order_id, line_no), KEY product (sku, region),
		CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
		CONSTRAINT lines_product FOREIGN KEY (sku, region) REFERENCES products (sku, region)
	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	"CREATE TABLE `gift ``cards``, à la carte` (\n" +
		"  `order` INT(10) UNSIGNED ZEROFILL NOT NULL,\n" +
		"  `it's \"valid\"` BIT(9) DEFAULT NULL,\n" +
		"  since YEAR(4) DEFAULT NULL,\n" +
		"  spent DATE DEFAULT NULL,\n" +
		"  PRIMARY KEY (`order`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
}

// shopRows fills the tables from unit*5 customers, unit products, unit*6 orders of 3 lines each and a few gift cards.
func shopRows(unit int) []string {
	customers, orders := unit*5, unit*6
	return []string{
		fmt.Sprintf(`INSERT INTO customers SELECT n+1, CONCAT('c', n, '@example.com'),
			CONCAT(ELT(1+n%%8, 'O''Brien', 'Zoë "Zed" Müller', '李小龙', 'Ann\nNewline', 'back\\slash', '😀 Smile', '', 'tab\there'), ' ', n),
			CASE n%%6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '\\N' WHEN 3 THEN 'NULL' WHEN 4 THEN CONCAT('say "hi", it''s\r\nline ', n, '\\')
				ELSE REPEAT(CONCAT('𝄞 ', n, ';\n'), 1+n%%20) END,
			(%s-2147483648)*0.000001, IF(n%%5=0, NULL, 1e0/(1+n)), IF(n%%9=0, NULL, IF(n%%97=0, '0000-00-00', '1950-01-01' + INTERVAL n%%20000 DAY)),
			'2015-06-01 00:00:00.000001' + INTERVAL n*977 MICROSECOND, 1+n%%4, IF(n%%8=0, NULL, n%%8), IF(n%%3=0, NULL, UNHEX(HEX(%s)))
			FROM %s`, noise("c"), noise("t"), Numbers(0, customers-1)),
		fmt.Sprintf(`INSERT INTO products SELECT LPAD(HEX(n), 8, 'ABCDEFG'), n%%7-3, CONCAT('Product ', n, IF(n%%2, ' "Ω" ™', '')),
			%s*0.00001, IF(n%%11=0, NULL, IF(n%%2, -1e0, 1e0)*%s/(n+3)), %s*2147483648 FROM %s`, noise("p"), noise("w"), noise("s"), Numbers(0, unit-1)),
		fmt.Sprintf(`INSERT INTO orders SELECT n+1, 1+%s%%%d, '2016-02-28 23:59:59' + INTERVAL n*61 SECOND, 1+n%%3,
			IF(n%%13=0, NULL, %s/100), IF(n%%4=0, NULL, IF(n%%4=1, '', CONCAT('note ', n, ', "q"'))) FROM %s`,
			noise("o"), customers, noise("m"), Numbers(0, orders-1)),
		fmt.Sprintf(`INSERT INTO order_lines SELECT 1+n DIV 3, 1+n%%3, LPAD(HEX(p), 8, 'ABCDEFG'), p%%7-3, 1+n%%12, p/4, IF(n%%3=0, NULL, (n%%100)/3e2)
			FROM (SELECT n, %s%%%d AS p FROM %s) AS l`, noise("l"), unit, Numbers(0, 3*orders-1)),
		"INSERT INTO `gift ``cards``, à la carte` VALUES (0,b'0',0,'0000-00-00'),(1,b'101010101',1901,'2024-02-29'),(42,NULL,NULL,NULL),(4294967295,b'11',2155,'9999-12-31')",
	}
}

// noise is an SQL expression over n: 32 bits that look random and are the same on every server.
func noise(name string) string { return "CAST(CRC32(CONCAT('" + name + "', n)) AS SIGNED)" }

// shopObjects come after the rows, as the trigger would alter them. The first view reads one whose name sorts behind it.
func shopObjects() []string {
	def := " DEFINER=" + ShopDefiner + " "
	return []string{
		"CREATE VIEW customer_totals (id) AS SELECT 1", // its name, for the view on it
		"CREATE" + def + "SQL SECURITY DEFINER VIEW big_customers AS SELECT id FROM customer_totals",
		"CREATE OR REPLACE" + def + "SQL SECURITY DEFINER VIEW customer_totals AS SELECT c.id AS id, c.name AS name," +
			" COUNT(o.id) AS orders, SUM(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name",
		"CREATE OR REPLACE" + def + "SQL SECURITY DEFINER VIEW big_customers AS SELECT id, CONCAT(name, ' – \"größer\"') AS `who's` FROM customer_totals WHERE spent > 100000000",
		"CREATE" + def + "TRIGGER orders_note BEFORE INSERT ON orders FOR EACH ROW BEGIN /* would alter; loaded; rows */ SET NEW.note = CONCAT(COALESCE(NEW.note, ''), ' (triggered)'); END",
		"CREATE" + def + "PROCEDURE restock(IN at_most INT, OUT done INT) COMMENT 'it''s; \"fine\"' BEGIN\n  -- DELIMITER ;; is only a comment\n" +
			"  UPDATE products SET stock = stock + 10 WHERE stock < at_most;\n  SET done = ROW_COUNT();\nEND",
		"CREATE" + def + "FUNCTION vat(amount DECIMAL(14,2)) RETURNS DECIMAL(14,2) DETERMINISTIC NO SQL RETURN ROUND(amount * 0.19, 2)",
		"CREATE" + def + "EVENT forget_open ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' ENABLE DO BEGIN DELETE FROM orders WHERE status = 'open' AND placed < NOW() - INTERVAL 50 YEAR; END",
	}
}
