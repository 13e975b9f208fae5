package main

import "github.com/gomove/gomove/internal/testdb"

// tortureLinks are objects that hang on each other, on time, or on an engine.
func tortureLinks() []objectCase {
	return []objectCase{triggerOrder(), eventTimes(), foreignKeyCircles(), engines(), archive()}
}

// triggerOrder is triggers whose order is neither that of their names nor that of their creation.
func triggerOrder() objectCase {
	return objectCase{schemas: []string{"ol_triggers"}, setup: []string{
		"CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB", "CREATE TABLE u (id INT PRIMARY KEY) ENGINE=MyISAM",
		"CREATE TRIGGER middle BEFORE INSERT ON t FOR EACH ROW SET @x = 2",
		"CREATE TRIGGER last_one BEFORE INSERT ON t FOR EACH ROW FOLLOWS middle SET @x = 3",
		"CREATE TRIGGER zz_first BEFORE INSERT ON t FOR EACH ROW PRECEDES middle SET @x = 1",
		"CREATE TRIGGER a_second BEFORE INSERT ON t FOR EACH ROW /* c */ FOLLOWS zz_first BEGIN SET @x = 'FOLLOWS none'; END",
		"CREATE TRIGGER b2 AFTER UPDATE ON t FOR EACH ROW SET @x = 4", "CREATE TRIGGER b1 AFTER UPDATE ON t FOR EACH ROW SET @x = 5",
		"CREATE TRIGGER d AFTER DELETE ON t FOR EACH ROW SET @x = 6", "CREATE TRIGGER e BEFORE DELETE ON t FOR EACH ROW DELETE FROM u WHERE id = OLD.id",
		"CREATE TRIGGER f BEFORE INSERT ON u FOR EACH ROW SET NEW.id = NEW.id + 1000",
		"INSERT INTO u VALUES (1)", "INSERT INTO t VALUES (1)",
	}}.between(testdb.MariaDB, testdb.MySQL97)
}

// eventTimes are events with every kind of schedule, in several zones.
func eventTimes() objectCase {
	out := objectCase{schemas: []string{"ol_events"}, setup: []string{"CREATE TABLE t (id INT PRIMARY KEY)"}}
	for i, zone := range []string{"SYSTEM", "+00:00", "+09:00", "-11:30", "Test/DST"} {
		suffix := string(rune('a' + i))
		out.setup = append(out.setup, "SET time_zone='"+zone+"'",
			"CREATE EVENT at_"+suffix+" ON SCHEDULE AT '2035-03-28 02:30:00' DO DELETE FROM t",
			"CREATE EVENT at_keep_"+suffix+" ON SCHEDULE AT '2035-10-31 02:30:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s; 😀' DO DELETE FROM t",
			"CREATE EVENT past_"+suffix+" ON SCHEDULE AT '2001-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM t",
			"CREATE EVENT past_every_"+suffix+" ON SCHEDULE EVERY 1 DAY STARTS '2001-01-01 00:00:00' ENDS '2002-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM t",
			"CREATE EVENT old_start_"+suffix+" ON SCHEDULE EVERY 2 WEEK STARTS '2001-01-01 00:00:00' DO DELETE FROM t",
			"CREATE EVENT ends_"+suffix+" ON SCHEDULE EVERY 90 SECOND STARTS '2021-03-28 02:30:00' ENDS '2035-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM t")
	}
	for i, every := range []string{"1 YEAR", "3 QUARTER", "2 MONTH", "7 DAY", "5 HOUR", "10 MINUTE", "59 SECOND", "'2-3' YEAR_MONTH", "'1 12' DAY_HOUR", "'1 2:3' DAY_MINUTE", "'1 2:3:4' DAY_SECOND", "'1:30' HOUR_MINUTE", "'1:2:3' HOUR_SECOND", "'5:30' MINUTE_SECOND"} {
		out.setup = append(out.setup, "CREATE EVENT every_"+string(rune('a'+i))+" ON SCHEDULE EVERY "+every+" STARTS '2030-01-01 00:00:00' DO BEGIN /* EVERY DISABLE */ DELETE FROM t; END")
	}
	out.setup = append(out.setup, "CREATE EVENT on_replica ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE ON SLAVE COMMENT 'DISABLE' DO DELETE FROM t",
		"CREATE DEFINER=`no one`@`10.0.%` EVENT expression ON SCHEDULE EVERY (1+1) DAY STARTS '2030-01-01' + INTERVAL 3 HOUR ENDS '2030-01-01' + INTERVAL 3 DAY DO DELETE FROM t")
	return out
}

// foreignKeyCircles are foreign keys that no order of tables satisfies.
func foreignKeyCircles() objectCase {
	return objectCase{schemas: []string{"ol_keys", "ol_keys2"}, setup: []string{
		"SET foreign_key_checks=0",
		"CREATE TABLE a (id INT PRIMARY KEY, b INT, KEY kb (b), CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b (id) ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB",
		"CREATE TABLE b (id INT PRIMARY KEY, a INT, KEY ka (a), CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id)) ENGINE=InnoDB",
		"CREATE TABLE self (id INT PRIMARY KEY, up INT, CONSTRAINT self_up FOREIGN KEY (up) REFERENCES self (id) ON DELETE CASCADE) ENGINE=InnoDB",
		"CREATE TABLE x (id INT PRIMARY KEY, y INT, CONSTRAINT `x.y` FOREIGN KEY (y) REFERENCES ol_keys2.y (id) ON DELETE NO ACTION) ENGINE=InnoDB",
		"CREATE TABLE ol_keys2.y (id INT PRIMARY KEY, x INT, CONSTRAINT y_x FOREIGN KEY (x) REFERENCES ol_keys.x (id) ON UPDATE SET NULL) ENGINE=InnoDB",
		"CREATE TABLE pair (p INT, q VARCHAR(10) CHARACTER SET latin1, PRIMARY KEY (p,q)) ENGINE=InnoDB",
		"CREATE TABLE on_pair (id INT PRIMARY KEY, p INT, q VARCHAR(10) CHARACTER SET latin1, UNIQUE KEY (p,q), CONSTRAINT pq FOREIGN KEY (p,q) REFERENCES pair (p,q)) ENGINE=InnoDB",
		"CREATE TABLE `two``ways` (id INT PRIMARY KEY, a INT, CONSTRAINT `1st` FOREIGN KEY (a) REFERENCES a (id), CONSTRAINT `2nd`` --` FOREIGN KEY (a) REFERENCES b (id)) ENGINE=InnoDB",
		"CREATE TABLE unnamed (id INT PRIMARY KEY, a INT, b INT, FOREIGN KEY (a) REFERENCES a (id), FOREIGN KEY (b) REFERENCES b (id)) ENGINE=InnoDB",
		"INSERT INTO a VALUES (1,2),(2,1)", "INSERT INTO b VALUES (1,2),(2,1)", "INSERT INTO self VALUES (1,3),(2,1),(3,3)", "INSERT INTO x VALUES (1,1)", "INSERT INTO ol_keys2.y VALUES (1,1)",
		"INSERT INTO pair VALUES (1,'é'),(2,'x')", "INSERT INTO on_pair VALUES (1,1,'é'),(2,NULL,'nowhere')", "INSERT INTO `two``ways` VALUES (1,1)", "INSERT INTO unnamed VALUES (1,1,2)",
	}}
}

// engines are tables outside of InnoDB.
func engines() objectCase {
	return objectCase{schemas: []string{"ol_engines"}, setup: []string{
		"CREATE TABLE my (id INT AUTO_INCREMENT, g INT, v VARCHAR(20), PRIMARY KEY (g,id), FULLTEXT KEY ft (v)) ENGINE=MyISAM ROW_FORMAT=DYNAMIC PACK_KEYS=1 CHECKSUM=1 DELAY_KEY_WRITE=1 MAX_ROWS=1000 MIN_ROWS=2 AVG_ROW_LENGTH=30",
		"INSERT INTO my (g,v) VALUES (1,'a'),(1,'b'),(2,'c')",
		"CREATE TABLE fixed (id INT, v CHAR(5)) ENGINE=MyISAM ROW_FORMAT=FIXED", "INSERT INTO fixed VALUES (1,'x'),(1,'x'),(NULL,NULL)",
		"CREATE TABLE mem (id INT PRIMARY KEY, v VARCHAR(20), KEY h (v), KEY b (id,v) USING BTREE) ENGINE=MEMORY MAX_ROWS=100", "INSERT INTO mem VALUES (1,'a'),(2,'b')",
		"CREATE TABLE csv (id INT NOT NULL, v VARCHAR(20) NOT NULL) ENGINE=CSV", "INSERT INTO csv VALUES (1,'a,\"b'),(2,'')",
		"CREATE TABLE compressed (id INT PRIMARY KEY, v TEXT) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8", "INSERT INTO compressed VALUES (1,REPEAT('x',10000))",
		"CREATE TABLE redundant (id INT PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=REDUNDANT STATS_PERSISTENT=0 STATS_AUTO_RECALC=1 STATS_SAMPLE_PAGES=20 COMMENT='it''s \\\\ 😀'", "INSERT INTO redundant VALUES (1)",
	}}
}

// archive is an engine that takes no row whose number is below its counter. MariaDB has it as a plugin.
func archive() objectCase {
	return objectCase{schemas: []string{"ol_archive"}, setup: []string{
		"CREATE TABLE arch (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)) ENGINE=ARCHIVE", "INSERT INTO arch VALUES (1,'a'),(7,'b')",
	}}.between(testdb.MySQL56, testdb.MySQL97)
}
