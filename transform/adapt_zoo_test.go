package transform

import "github.com/gomove/gomove/internal/testdb"

// zooObject is one object of the zoo: what is created on the source, and the targets that cannot hold it.
type zooObject struct {
	kind, name, create string
	refusedBy          []testdb.Kind
}

var (
	byMySQL   = []testdb.Kind{testdb.MySQL56, testdb.MySQL97}
	byMySQL56 = []testdb.Kind{testdb.MySQL56}
	byMySQL97 = []testdb.Kind{testdb.MySQL97}
	byOthers  = []testdb.Kind{testdb.MySQL56, testdb.MariaDB}
)

// commonZoo can be created on every server.
var commonZoo = []zooObject{
	{"table", "ints", "CREATE TABLE ints (a tinyint(1), b int(5) unsigned zerofill, c bigint(20) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, d year(4) DEFAULT 2001, e bit(3) DEFAULT b'101', f decimal(65,30), g double(10,2), h float unsigned, i int DEFAULT -5) AUTO_INCREMENT=7", nil},
	{"table", "texts", "CREATE TABLE texts (a varchar(20) CHARACTER SET utf8 DEFAULT 'it''s \"a\" b\\\\c', b char(3) CHARACTER SET utf8mb4, c text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci, d enum('a','b''c','') CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'a', e set('x','y') COLLATE utf8mb4_czech_ci, f varchar(10) CHARACTER SET sjis, g varchar(9) CHARACTER SET utf16, h varchar(9) COLLATE utf8_general_mysql500_ci, i varchar(9) COLLATE utf8mb4_croatian_ci, j tinytext, k longtext) DEFAULT CHARSET=utf8mb4 COMMENT='collate utf8mb4_0900_ai_ci; /*!80000 x */'", nil},
	{"table", "plain_utf8mb4", "CREATE TABLE plain_utf8mb4 (a varchar(20), b varchar(20) CHARACTER SET latin1, KEY (a), UNIQUE KEY b_a (b, a(5))) CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci", nil},
	{"table", "bytes", "CREATE TABLE bytes (a binary(3) DEFAULT 'a\\0b', b varbinary(20) DEFAULT 'x', c blob, d longblob, KEY (c(20)))", nil},
	{"table", "times", "CREATE TABLE times (a timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, b timestamp NULL, c timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3), d datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), e date DEFAULT '0000-00-00', f datetime DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP, g time(2), h timestamp NOT NULL DEFAULT '0000-00-00 00:00:00')", nil},
	{"table", "parents", "CREATE TABLE parents (id int PRIMARY KEY, code varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, UNIQUE KEY (code))", nil},
	{"table", "children", "CREATE TABLE children (id int PRIMARY KEY, parent int, code varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, CONSTRAINT c_p FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE SET NULL, FOREIGN KEY (code) REFERENCES parents (code))", nil},
	{"table", "full", "CREATE TABLE full (a text, b text, FULLTEXT KEY f (a, b))", nil},
	{"table", "geo", "CREATE TABLE geo (a geometry NOT NULL, b point, c geometrycollection, SPATIAL KEY s (a)) ENGINE=MyISAM", nil},
	{"table", "ranges", "CREATE TABLE ranges (a int, b int) PARTITION BY RANGE (a) SUBPARTITION BY HASH (b) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10) COMMENT='x', PARTITION p1 VALUES LESS THAN MAXVALUE)", nil},
	{"table", "keys_by", "CREATE TABLE keys_by (a int PRIMARY KEY) PARTITION BY KEY ALGORITHM=1 (a) PARTITIONS 3", nil},
	{"table", "lists", "CREATE TABLE lists (a varchar(10) CHARACTER SET utf8mb4) PARTITION BY LIST COLUMNS (a) (PARTITION p0 VALUES IN ('a','b'), PARTITION p1 VALUES IN ('c'))", nil},
	{"table", "memory", "CREATE TABLE memory (a int NOT NULL, b varchar(9), KEY (a) USING BTREE, KEY k (b) USING HASH COMMENT 'c') ENGINE=MEMORY MAX_ROWS=3", nil},
	{"table", "isam", "CREATE TABLE isam (a int NOT NULL, b int NOT NULL AUTO_INCREMENT, PRIMARY KEY (a, b)) ENGINE=MyISAM CHECKSUM=1 DELAY_KEY_WRITE=1 PACK_KEYS=1 ROW_FORMAT=FIXED", nil},
	{"table", "odd", "CREATE TABLE `odd``name` (`a,b(` int COMMENT 'INVISIBLE, CHECK (', `key` int, `\xc3\xa9` int, KEY `k)` (`a,b(`) COMMENT 'DESC')", nil},
	{"table", "formats", "CREATE TABLE formats (a int) ROW_FORMAT=COMPACT STATS_PERSISTENT=1 STATS_AUTO_RECALC=0 MIN_ROWS=2 AVG_ROW_LENGTH=9", nil},
	{"view", "v_text", "CREATE VIEW v_text AS SELECT convert('a' using latin1) a, cast('b' as char(3) charset utf8mb4) b, _utf8mb4'c' COLLATE utf8mb4_unicode_ci c, 'collate utf8mb4_0900_ai_ci' d, a AS e FROM texts WHERE b REGEXP 'x'", nil},
	{"trigger", "tr_ints", "CREATE TRIGGER tr_ints BEFORE INSERT ON ints FOR EACH ROW BEGIN DECLARE x varchar(9) CHARSET utf8mb4; SET x = 'utf8mb4_0900_ai_ci' /* collate uca1400_ai_ci */; SET NEW.a = 1; END", nil},
	{"procedure", "p_text", "CREATE PROCEDURE p_text(IN a varchar(9) CHARACTER SET utf8, OUT b varchar(9) CHARSET utf8mb4 COLLATE utf8mb4_bin, c varchar(9) charset utf8mb4) COMMENT 'x' BEGIN DECLARE d varchar(9) CHARSET utf8mb4 DEFAULT 'q'; SET d = convert(a using utf8mb4) COLLATE utf8mb4_unicode_ci; SELECT cast(d AS char(3) charset utf8mb4) INTO b; END", nil},
	{"function", "f_text", "CREATE FUNCTION f_text(a varchar(9) CHARSET utf8mb4) RETURNS varchar(9) CHARSET utf8mb4 DETERMINISTIC RETURN concat(a, 'RETURNS')", nil},
	{"event", "e_off", "CREATE EVENT e_off ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE ON SLAVE DO SET @a = 'x' COLLATE utf8mb4_general_ci", nil},
}

// zoos are what only one kind of server has.
var zoos = map[testdb.Kind][]zooObject{
	testdb.MySQL56: {
		{"table", "old_format", "CREATE TABLE old_format (a int) ROW_FORMAT=FIXED", nil},
		{"table", "old_blocks", "CREATE TABLE old_blocks (a int) ROW_FORMAT=DYNAMIC KEY_BLOCK_SIZE=8", nil},
		{"table", "old_size", "CREATE TABLE old_size (a int) KEY_BLOCK_SIZE=3", nil},
		{"table", "old_disk", "CREATE TABLE old_disk (a int STORAGE DISK COLUMN_FORMAT FIXED DEFAULT 3, b int) TABLESPACE innodb_file_per_table STORAGE DISK", nil},
		{"table", "old_dir", "CREATE TABLE old_dir (a int) DATA DIRECTORY='%DIR%'", nil},
		{"table", "old_part_dir", "CREATE TABLE old_part_dir (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (5) DATA DIRECTORY='%DIR%', PARTITION p1 VALUES LESS THAN (9))", nil},
		{"table", "old_words", "CREATE TABLE old_words (a int, rank int, system int) PARTITION BY RANGE (rank) SUBPARTITION BY HASH (system) (PARTITION groups VALUES LESS THAN (5) (SUBPARTITION lead, SUBPARTITION b))", nil},
		{"table", "old_isam_part", "CREATE TABLE old_isam_part (a int PRIMARY KEY) ENGINE=MyISAM PARTITION BY KEY (a) PARTITIONS 2", nil},
		{"table", "old_archive", "CREATE TABLE old_archive (a int NOT NULL, b text) ENGINE=ARCHIVE", nil},
		{"table", "old_auto", "CREATE TABLE old_auto (a double NOT NULL AUTO_INCREMENT PRIMARY KEY)", byMySQL97},
		{"table", "old_geo", "CREATE TABLE old_geo (a point, b int, KEY g (a(25)), KEY b (b))", nil},
		{"table", "old_hash", "CREATE TABLE old_hash (a int, KEY h (a) USING HASH)", nil},
	},
	testdb.MariaDB: {
		{"sequence", "seq", "CREATE SEQUENCE seq START WITH 5", byMySQL},
		{"table", "m_uuid", "CREATE TABLE m_uuid (a uuid DEFAULT uuid(), b int)", byMySQL},
		{"table", "m_inet", "CREATE TABLE m_inet (a inet6 DEFAULT '::1', b inet4)", byMySQL},
		{"table", "m_next", "CREATE TABLE m_next (a int DEFAULT nextval(seq), b int DEFAULT (NEXT VALUE FOR seq))", byMySQL},
		{"table", "m_json", "CREATE TABLE m_json (a json, b json NOT NULL, c json DEFAULT json_object('a', 1), d int AS (json_value(a, '$.x')) VIRTUAL)", byMySQL56},
		{"table", "m_json_plain", "CREATE TABLE m_json_plain (a json, b json NOT NULL COMMENT 'x')", nil},
		{"table", "m_defaults", "CREATE TABLE m_defaults (a int DEFAULT (1 + 2), b varchar(36) DEFAULT uuid(), c text DEFAULT 'x', d blob DEFAULT 'a', e date DEFAULT curdate(), f varchar(20) DEFAULT current_timestamp(), g datetime DEFAULT (now() + interval 1 day), h geometry DEFAULT point(1,2), i int DEFAULT (a + 1), j varchar(99) DEFAULT user(), k date DEFAULT current_timestamp(), l text DEFAULT _utf8mb4'y', m char(3) DEFAULT ('q'), n int DEFAULT 5 COMMENT 'DEFAULT uuid()')", nil},
		{"table", "m_generated", "CREATE TABLE m_generated (a int, b int AS (a + 1) VIRTUAL, c int AS (a + 2) PERSISTENT COMMENT 'q', d varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin AS (concat(a, 'x')) STORED UNIQUE)", byMySQL56},
		{"table", "m_invisible", "CREATE TABLE m_invisible (id int NOT NULL INVISIBLE AUTO_INCREMENT PRIMARY KEY, a int INVISIBLE DEFAULT 5, b int, KEY i (b) IGNORED, KEY d (b DESC, a))", nil},
		{"table", "m_checks", "CREATE TABLE m_checks (a int CHECK (a > 0), b int COMMENT 'x' CHECK (b > a), CONSTRAINT named CHECK (a < b), CHECK (b < 10), c int)", nil},
		{"table", "m_checks2", "CREATE TABLE m_checks2 (a int, CONSTRAINT named CHECK (a < 5), CHECK (a < 10))", nil},
		{"table", "m_aria", "CREATE TABLE m_aria (a int, b varchar(30)) ENGINE=Aria PAGE_CHECKSUM=1 TRANSACTIONAL=1 ROW_FORMAT=PAGE", nil},
		{"table", "m_aria_auto", "CREATE TABLE m_aria_auto (a int NOT NULL, b int NOT NULL AUTO_INCREMENT, PRIMARY KEY (a, b)) ENGINE=Aria TRANSACTIONAL=0", nil},
		{"table", "m_page", "CREATE TABLE m_page (a int) `PAGE_COMPRESSED`=1 `PAGE_COMPRESSION_LEVEL`=3", nil},
		{"table", "m_csv", "CREATE TABLE m_csv (a int NOT NULL) ENGINE=CSV IETF_QUOTES=1", nil},
		{"table", "m_compressed", "CREATE TABLE m_compressed (a varchar(100) COMPRESSED, b text COMPRESSED=zlib DEFAULT NULL)", nil},
		{"table", "m_history", "CREATE TABLE m_history (a int PRIMARY KEY, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pn CURRENT)", nil},
		{"table", "m_rows", "CREATE TABLE m_rows (a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, KEY k (e), PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING", nil},
		{"table", "m_period", "CREATE TABLE m_period (a int, s date, e date, PERIOD FOR p (s, e))", nil},
		{"table", "m_overlaps", "CREATE TABLE m_overlaps (a int, s date, e date, PERIOD FOR p (s, e), UNIQUE u (a, p WITHOUT OVERLAPS))", byMySQL},
		{"table", "m_long_unique", "CREATE TABLE m_long_unique (a text, b int, UNIQUE u (a), KEY (b))", byMySQL},
		{"table", "m_long_unique2", "CREATE TABLE m_long_unique2 (a varchar(900) CHARACTER SET utf8mb4, UNIQUE u (a))", byMySQL},
		{"table", "m_long", "CREATE TABLE m_long (a varchar(255) CHARACTER SET utf8mb4, b varchar(700) CHARACTER SET latin1, c text, KEY a (a), KEY b (b, a(200)), KEY c (c(300)))", nil},
		{"table", "m_long_pk", "CREATE TABLE m_long_pk (a varchar(255) CHARACTER SET utf8mb4 PRIMARY KEY)", byMySQL56},
		{"table", "m_list", "CREATE TABLE m_list (a int PRIMARY KEY) PARTITION BY LIST (a) (PARTITION p1 VALUES IN (5), PARTITION pm DEFAULT)", nil},
		{"table", "m_collate", "CREATE TABLE m_collate (a varchar(9) COLLATE utf8mb4_uca1400_ai_ci, b varchar(9) COLLATE utf8mb4_uca1400_nopad_as_cs, c varchar(9) COLLATE utf8mb4_uca1400_czech_nopad_ai_ci, d varchar(9) CHARACTER SET latin1 COLLATE latin1_nopad_bin, e varchar(9) COLLATE utf8mb4_nopad_bin, f varchar(9) COLLATE utf8mb4_general_nopad_ci, g varchar(9) COLLATE utf8mb3_uca1400_as_ci, h varchar(9) COLLATE utf8mb4_thai_520_w2, i varchar(9) COLLATE utf8mb4_croatian_ci, j varchar(9) COLLATE utf8mb4_croatian_mysql561_ci) CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_as_cs", nil},
		{"table", "m_not_null_time", "CREATE TABLE m_not_null_time (a timestamp NOT NULL, b timestamp NOT NULL, c timestamp(3) NOT NULL ON UPDATE CURRENT_TIMESTAMP(3), d timestamp NULL DEFAULT '2001-01-01 00:00:00')", nil},
		{"table", "m_geo", "CREATE TABLE m_geo (a point NOT NULL, b int, SPATIAL KEY s (a), KEY b (b))", nil},
		{"view", "mv", "CREATE VIEW mv AS SELECT 'a' COLLATE utf8mb4_uca1400_ai_ci AS a, convert('b' using utf8mb3) COLLATE utf8mb3_uca1400_nopad_ai_ci AS b", nil},
		{"procedure", "mp", "CREATE OR REPLACE PROCEDURE mp(a varchar(9) CHARSET utf8mb4 COLLATE uca1400_as_ci) BEGIN SET @x = a COLLATE uca1400_nopad_as_cs; END", nil},
		{"function", "ma", "CREATE AGGREGATE FUNCTION ma(x int) RETURNS int DETERMINISTIC BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END", byMySQL},
	},
	testdb.MySQL97: {
		{"table", "n_json", "CREATE TABLE n_json (a json, b json NOT NULL, c json DEFAULT (json_object('a', 1)), d int GENERATED ALWAYS AS (json_value(a, '$.x' RETURNING signed)) VIRTUAL, e varchar(9) AS (a->>'$.y') VIRTUAL, f json AS (a->'$.z') VIRTUAL)", byMySQL56},
		{"table", "n_json_plain", "CREATE TABLE n_json_plain (a json)", byMySQL56},
		{"table", "n_vector", "CREATE TABLE n_vector (a vector(3), b int)", byOthers},
		{"table", "n_generated", "CREATE TABLE n_generated (a int, b int AS (a + 1) VIRTUAL NOT NULL, c int AS (a + 2) STORED COMMENT 'q', d varchar(9) CHARACTER SET utf8mb4 AS (concat(a, 'x')) STORED UNIQUE, e timestamp AS ('2001-01-01') VIRTUAL NULL)", byMySQL56},
		{"table", "n_generated_pk", "CREATE TABLE n_generated_pk (a int NOT NULL, b int AS (a + 1) STORED NOT NULL, PRIMARY KEY (b))", byOthers},
		{"table", "n_invisible", "CREATE TABLE n_invisible (id int NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY, a int DEFAULT 5 INVISIBLE COMMENT 'c', b int NOT NULL INVISIBLE, c int, KEY i (c) INVISIBLE, KEY d (c DESC, a), UNIQUE KEY u (a) COMMENT 'x' INVISIBLE)", nil},
		{"table", "n_functional", "CREATE TABLE n_functional (a int, b varchar(20), j json, KEY f ((a + 1)), KEY g ((lower(b)) DESC, a), KEY h ((cast(j->'$.x' AS unsigned ARRAY))), KEY i (a))", byMySQL56},
		{"table", "n_functional_only", "CREATE TABLE n_functional_only (a int, b varchar(20), KEY f ((a + 1)), KEY g ((lower(b)) DESC, a))", nil},
		{"table", "n_functional_unique", "CREATE TABLE n_functional_unique (a int, UNIQUE KEY f ((a + 1)))", byOthers},
		{"table", "n_checks", "CREATE TABLE n_checks (a int CHECK (a > 0), b int, CONSTRAINT cc CHECK (b > a) NOT ENFORCED, CHECK (b < 10), CHECK (b < 11) NOT ENFORCED)", nil},
		{"table", "n_defaults", "CREATE TABLE n_defaults (a int DEFAULT (1 + 2), b varchar(36) DEFAULT (uuid()), c text DEFAULT ('x'), d blob DEFAULT ('a'), e date DEFAULT (curdate()), f int DEFAULT (-(5)), g char(3) DEFAULT ('q'), h datetime DEFAULT (now()), i timestamp DEFAULT (now()))", nil},
		{"table", "n_collate", "CREATE TABLE n_collate (a varchar(9), b varchar(9) COLLATE utf8mb4_0900_as_cs, c varchar(9) COLLATE utf8mb4_cs_0900_ai_ci, d varchar(9) COLLATE utf8mb4_ja_0900_as_cs_ks, e varchar(9) COLLATE utf8mb4_0900_bin, f varchar(9) COLLATE utf8mb4_0900_as_ci, g varchar(9) CHARACTER SET latin1, h varchar(9) COLLATE utf8mb3_tolower_ci, i varchar(9) COLLATE utf8mb4_tr_0900_as_cs, j varchar(9) COLLATE utf8mb4_croatian_ci)", nil},
		{"table", "n_options", "CREATE TABLE n_options (a int) COMPRESSION='zlib' AUTOEXTEND_SIZE=4M SECONDARY_ENGINE=rapid ENCRYPTION='N' TABLESPACE innodb_file_per_table COMMENT='ENCRYPTION=N'", nil},
		{"table", "n_srid", "CREATE TABLE n_srid (a point NOT NULL SRID 4326, b geometry SRID 0, c geomcollection, SPATIAL KEY s (a))", nil},
		{"table", "n_ngram", "CREATE TABLE n_ngram (a text, FULLTEXT KEY f (a) WITH PARSER ngram)", nil},
		{"table", "n_long", "CREATE TABLE n_long (a varchar(255), b varchar(700) CHARACTER SET latin1, c text, KEY a (a), KEY b (b, a(200)), KEY c (c(300)))", nil},
		{"table", "n_long_unique", "CREATE TABLE n_long_unique (a varchar(255), UNIQUE KEY a (a))", byMySQL56},
		{"table", "n_not_null_time", "CREATE TABLE n_not_null_time (a timestamp NOT NULL, b timestamp NOT NULL, c timestamp(3) NOT NULL ON UPDATE CURRENT_TIMESTAMP(3), d timestamp DEFAULT '2001-01-01 00:00:00')", nil},
		{"table", "n_gb18030", "CREATE TABLE n_gb18030 (a varchar(9) CHARACTER SET gb18030, b varchar(9) CHARACTER SET gb18030 COLLATE gb18030_bin)", nil},
		{"view", "nv", "CREATE VIEW nv AS SELECT 'a' COLLATE utf8mb4_0900_as_cs AS a, _utf8mb4'x' AS b, (a REGEXP 'q') AS c FROM texts", nil},
		{"procedure", "np", "CREATE PROCEDURE np(a varchar(9) CHARSET utf8mb4) BEGIN DECLARE c varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_de_pb_0900_as_cs; SET c = a COLLATE utf8mb4_0900_ai_ci; END", nil},
		{"event", "ne", "CREATE EVENT ne ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE ON REPLICA DO SET @a = 1", nil},
	},
}
