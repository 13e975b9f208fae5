package transform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	from56  = Origin{Flavor: "mysql", Number: 50624}
	from80  = Origin{Flavor: "mysql", Number: 80042}
	from97  = Origin{Flavor: "mysql", Number: 90704}
	fromM10 = Origin{Flavor: "mariadb", Number: 101119}
)

// unicodeCollations makes the sets of targets for tests without a server.
var testCollations = map[string][]string{
	"56": strings.Fields("utf8_general_ci utf8_bin utf8_unicode_ci utf8mb4_general_ci utf8mb4_bin utf8mb4_unicode_ci utf8mb4_unicode_520_ci " +
		"utf8mb4_czech_ci utf8mb4_german2_ci latin1_swedish_ci latin1_bin"),
	"97": strings.Fields("utf8mb3_general_ci utf8mb3_bin utf8mb3_unicode_ci utf8mb4_general_ci utf8mb4_bin utf8mb4_unicode_ci " +
		"utf8mb4_unicode_520_ci utf8mb4_czech_ci utf8mb4_german2_ci utf8mb4_0900_ai_ci utf8mb4_0900_as_cs utf8mb4_0900_as_ci " +
		"utf8mb4_0900_bin utf8mb4_cs_0900_ai_ci utf8mb4_cs_0900_as_cs utf8mb4_croatian_ci gb18030_chinese_ci latin1_swedish_ci latin1_bin"),
	"m10": strings.Fields("utf8mb3_general_ci utf8mb3_bin utf8mb4_general_ci utf8mb4_bin utf8mb4_nopad_bin utf8mb4_unicode_520_ci " +
		"utf8mb4_unicode_520_nopad_ci utf8mb4_czech_ci utf8mb4_german2_ci utf8mb4_croatian_ci utf8mb4_croatian_mysql561_ci " +
		"latin1_swedish_ci latin1_swedish_nopad_ci uca1400_ai_ci uca1400_as_cs uca1400_nopad_ai_ci uca1400_nopad_as_cs " +
		"uca1400_nopad_as_ci uca1400_czech_nopad_ai_ci uca1400_czech_nopad_as_cs uca1400_czech_ai_ci uca1400_german2_nopad_as_cs"),
	"m105": strings.Fields("utf8_general_ci utf8mb4_general_ci utf8mb4_bin utf8mb4_unicode_520_ci utf8mb4_unicode_520_nopad_ci utf8mb4_czech_ci"),
}

func testTarget(name string) Target {
	on := map[string]string{"explicit_defaults_for_timestamp": "ON"}
	modern := []string{"utf8mb3", "utf8mb4", "latin1", "utf16"}
	switch name {
	case "56":
		return NewTarget("mysql", 50624, testCollations[name], []string{"utf8", "utf8mb4", "latin1", "utf16"},
			[]string{"InnoDB", "MyISAM", "MEMORY", "CSV", "MRG_MYISAM", "ARCHIVE"}, nil)
	case "56dynamic":
		t := testTarget("56")
		t.LargePrefix = true
		return t
	case "97":
		return NewTarget("mysql", 90704, testCollations[name], append(modern, "gb18030"),
			[]string{"InnoDB", "MyISAM", "MEMORY", "CSV", "MRG_MYISAM", "ARCHIVE"}, on)
	case "innodb":
		return NewTarget("mysql", 80042, testCollations["97"], modern, []string{"InnoDB"}, on)
	case "m105":
		return NewTarget("mariadb", 100500, testCollations[name], []string{"utf8", "utf8mb4", "latin1"}, []string{"InnoDB"}, on)
	}
	return NewTarget("mariadb", 101119, testCollations[name], modern, []string{"InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "MRG_MyISAM"}, on)
}

func TestAdapt(t *testing.T) {
	tests := []struct {
		name  string
		from  Origin
		to    string
		in    string
		want  string
		notes []string // "!" first: refused
	}{
		{"invisible column to MariaDB", from97, "m10", "CREATE TABLE `t` (\n  `a` int DEFAULT NULL /*!80023 INVISIBLE */ COMMENT 'c',\n  `b` int\n)",
			"CREATE TABLE `t` (\n  `a` int DEFAULT NULL INVISIBLE COMMENT 'c',\n  `b` int\n)", nil},
		{"invisible column to 5.6", from97, "56", "CREATE TABLE `t` (`a` int DEFAULT NULL /*!80023 INVISIBLE */, `b` int)",
			"CREATE TABLE `t` (`a` int DEFAULT NULL, `b` int)", []string{"o column `a`: becomes visible: SELECT * shows it and INSERT without a column list has to give it"}},
		{"invisible index both ways", from97, "m10", "CREATE TABLE `t` (`a` int, KEY `i` (`a`) /*!80000 INVISIBLE */)",
			"CREATE TABLE `t` (`a` int, KEY `i` (`a`) IGNORED)", []string{"o index `i`: is IGNORED, as the target calls it"}},
		{"ignored index to MySQL", fromM10, "97", "CREATE TABLE `t` (`a` int, KEY `i` (`a`) COMMENT 'IGNORED' IGNORED)",
			"CREATE TABLE `t` (`a` int, KEY `i` (`a`) COMMENT 'IGNORED' INVISIBLE)", []string{"o index `i`: is INVISIBLE, as the target calls it"}},
		{"comments of other servers stay silent", from56, "97", "CREATE PROCEDURE p() BEGIN /*!80000 SET @a=1; */ SELECT 1; END",
			"CREATE PROCEDURE p() BEGIN /* !80000 SET @a=1; */ SELECT 1; END", nil},
		{"six digits are misread by 5.6", fromM10, "56", "CREATE PROCEDURE p() BEGIN /*!100100 SET @a=1; */ SELECT 1; END",
			"CREATE PROCEDURE p() BEGIN SET @a=1; SELECT 1; END", nil},
		{"strings and comments stay", from97, "m10", "CREATE VIEW `v` AS select 'utf8mb4_0900_ai_ci collate utf8mb4_0900_ai_ci' /* collate utf8mb4_0900_ai_ci */ AS `utf8mb4_0900_ai_ci`",
			"CREATE VIEW `v` AS select 'utf8mb4_0900_ai_ci collate utf8mb4_0900_ai_ci' /* collate utf8mb4_0900_ai_ci */ AS `utf8mb4_0900_ai_ci`", nil},
		{"short collation takes its charset", fromM10, "97", "CREATE PROCEDURE p(a varchar(9) CHARSET utf8mb3 COLLATE uca1400_ai_ci) SELECT 1",
			"CREATE PROCEDURE p(a varchar(9) CHARSET utf8mb3 COLLATE utf8mb3_unicode_ci) SELECT 1",
			[]string{"o: collation uca1400_ai_ci becomes utf8mb3_unicode_ci, which some characters have other weights"}},
		{"bare utf8mb4 is pinned on newer MySQL", from56, "97", "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8mb4) DEFAULT CHARSET=utf8mb4",
			"CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
			[]string{"o column `a`: character set utf8mb4 had collation utf8mb4_general_ci by default: utf8mb4_general_ci written out",
				"o: character set utf8mb4 had collation utf8mb4_general_ci by default: utf8mb4_general_ci written out"}},
		{"bare utf8mb4 in expressions is not", from56, "97", "CREATE FUNCTION f(a varchar(9) CHARSET utf8mb4 BINARY) RETURNS int RETURN cast(a AS char(3) charset utf8mb4) = convert(a, char(3) charset utf8mb4)",
			"CREATE FUNCTION f(a varchar(9) CHARSET utf8mb4 BINARY) RETURNS int RETURN cast(a AS char(3) charset utf8mb4) = convert(a, char(3) charset utf8mb4)", nil},
		{"croatian is another on MariaDB", from97, "m10", "CREATE VIEW v AS SELECT a COLLATE utf8mb4_croatian_ci FROM t",
			"CREATE VIEW v AS SELECT a COLLATE utf8mb4_croatian_mysql561_ci FROM t",
			[]string{"o: collation utf8mb4_croatian_ci becomes utf8mb4_croatian_mysql561_ci"}},
		{"utf8 is spelled utf8mb3 on MariaDB", from56, "m10", "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8 COLLATE utf8_bin)",
			"CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin)",
			[]string{"o column `a`: collation utf8_bin becomes utf8mb3_bin", "o column `a`: character set utf8 is spelled utf8mb3"}},
		{"utf8 stays on newer MySQL", from56, "97", "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT _utf8'x')",
			"CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT _utf8'x')", nil},
		{"default function to MySQL", fromM10, "97", "CREATE TABLE `t` (`a` char(36) NOT NULL DEFAULT uuid() COMMENT 'x', `b` text DEFAULT 'y', `c` text DEFAULT NULL)",
			"CREATE TABLE `t` (`a` char(36) NOT NULL DEFAULT (uuid()) COMMENT 'x', `b` text DEFAULT ('y'), `c` text DEFAULT NULL)",
			[]string{"o column `a`: DEFAULT uuid() is put in parentheses", "o column `b`: DEFAULT 'y' is put in parentheses"}},
		{"default expression to 5.6", from97, "56", "CREATE TABLE `t` (`a` int DEFAULT (-(5)), `b` char(3) DEFAULT (_utf8mb4'x') COMMENT 'q', `c` char(36) NOT NULL DEFAULT (uuid()))",
			"CREATE TABLE `t` (`a` int DEFAULT -5, `b` char(3) DEFAULT _utf8mb4'x' COMMENT 'q', `c` char(36) NOT NULL)",
			[]string{"o column `a`: DEFAULT (-(5)) becomes -5", "o column `b`: DEFAULT (_utf8mb4'x') becomes _utf8mb4'x'",
				"o column `c`: DEFAULT (uuid()) left out: the target has literals only; rows that are moved have their values"}},
		{"check names are the schema's on MySQL", fromM10, "97", "CREATE TABLE `t` (\n  `a` int,\n  CONSTRAINT `CONSTRAINT_1` CHECK (`a` < 5),\n  CONSTRAINT `pos` CHECK (`a` > 0),\n  CONSTRAINT `t_x` CHECK (`a` > 0)\n)",
			"CREATE TABLE `t` (\n  `a` int,\n  CHECK (`a` < 5),\n  CONSTRAINT `t_pos` CHECK (`a` > 0),\n  CONSTRAINT `t_x` CHECK (`a` > 0)\n)",
			[]string{"o constraint `CONSTRAINT_1`: the server names it: names of CHECK constraints are one set for each schema on the target",
				"o constraint `pos`: is named `t_pos`: names of CHECK constraints are one set for each schema on the target"}},
		{"not enforced check to MariaDB", from97, "m10", "CREATE TABLE `t` (\n  `a` int,\n  CONSTRAINT `c` CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */\n)",
			"CREATE TABLE `t` (\n  `a` int\n)", []string{"o constraint `c`: CHECK NOT ENFORCED left out: the target would enforce it"}},
		{"functional index to MariaDB", from97, "m10", "CREATE TABLE `t` (\n  `a` int,\n  KEY `f` (((`a` + 1))),\n  KEY `g` (`a`)\n)",
			"CREATE TABLE `t` (\n  `a` int,\n  KEY `g` (`a`)\n)", []string{"o index `f`: left out: the target has no indexes on expressions"}},
		{"unique functional index is refused", from97, "m10", "CREATE TABLE `t` (`a` int, UNIQUE KEY `f` (((`a` + 1))))",
			"CREATE TABLE `t` (`a` int)", []string{"!o index `f`: cannot be held: the target has no indexes on expressions"}},
		{"type is refused", fromM10, "97", "CREATE TABLE `t` (`a` uuid)", "CREATE TABLE `t` (`a` uuid)",
			[]string{"!o column `a`: cannot be held: type uuid does not exist on the target"}},
		{"type that only this MariaDB lacks", fromM10, "m105", "CREATE TABLE `t` (`a` uuid, `b` inet6)", "CREATE TABLE `t` (`a` uuid, `b` inet6)",
			[]string{"!o column `a`: cannot be held: type uuid does not exist on the target"}},
		{"column names are no types", fromM10, "97", "CREATE TABLE `uuid` (`uuid` int COMMENT 'uuid', `json` int, vector int)", "CREATE TABLE `uuid` (`uuid` int COMMENT 'uuid', `json` int, vector int)", nil},
		{"engine", fromM10, "97", "CREATE TABLE `t` (`a` int) ENGINE=Aria DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci PAGE_CHECKSUM=1 ROW_FORMAT=PAGE COMMENT='ENGINE=Aria'",
			"CREATE TABLE `t` (`a` int) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='ENGINE=Aria'",
			[]string{"o: engine Aria becomes InnoDB", "o: option PAGE_CHECKSUM=1 left out", "o: option ROW_FORMAT=PAGE left out: InnoDB does not have it"}},
		{"engine with a second AUTO_INCREMENT", fromM10, "97", "CREATE TABLE `t` (`a` int, `b` int AUTO_INCREMENT, KEY (`a`,`b`)) ENGINE=Aria",
			"CREATE TABLE `t` (`a` int, `b` int AUTO_INCREMENT, KEY (`a`,`b`)) ENGINE=MyISAM", []string{"o: engine Aria becomes MyISAM"}},
		{"engine with a second AUTO_INCREMENT and no home", fromM10, "innodb", "CREATE TABLE `t` (`a` int, `b` int AUTO_INCREMENT, KEY (`a`,`b`)) ENGINE=Aria",
			"CREATE TABLE `t` (`a` int, `b` int AUTO_INCREMENT, KEY (`a`,`b`)) ENGINE=InnoDB",
			[]string{"!o: cannot be held: AUTO_INCREMENT is not the first column of a key, which InnoDB does not have", "o: engine Aria becomes InnoDB"}},
		{"remote table", fromM10, "97", "CREATE TABLE `t` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://u:secret@h/d/t'",
			"CREATE TABLE `t` (`a` int) ENGINE=InnoDB", []string{"o: engine FEDERATED becomes InnoDB"}},
		{"merge table is refused", from56, "innodb", "CREATE TABLE `t` (`a` int) ENGINE=MRG_MyISAM UNION=(`x`)", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB",
			[]string{"!o: cannot be held: engine MRG_MyISAM does not exist on the target: make it a view", "o: engine MRG_MyISAM becomes InnoDB"}},
		{"history", fromM10, "97", "CREATE TABLE `t` (\n  `a` int,\n  `s` timestamp(6) GENERATED ALWAYS AS ROW START,\n  `e` timestamp(6) GENERATED ALWAYS AS ROW END,\n  PERIOD FOR SYSTEM_TIME (`s`, `e`)\n) WITH SYSTEM VERSIONING\n PARTITION BY SYSTEM_TIME \n(PARTITION `p0` HISTORY ENGINE = InnoDB,\n PARTITION `pn` CURRENT ENGINE = InnoDB)",
			"CREATE TABLE `t` (\n  `a` int\n)", []string{"o column `s`: left out: the target has no SYSTEM VERSIONING, current rows are moved, history is not",
				"o column `e`: left out: the target has no SYSTEM VERSIONING, current rows are moved, history is not",
				"o: WITH SYSTEM VERSIONING left out: current rows are moved, their history is not", "o: PARTITION BY left out: the target has no SYSTEM VERSIONING"}},
		{"generated to 5.6 is refused", from97, "56", "CREATE TABLE `t` (`a` int, `b` int GENERATED ALWAYS AS ((`a` + 1)) VIRTUAL COMMENT 'x')",
			"CREATE TABLE `t` (`a` int, `b` int COMMENT 'x')", []string{"!o column `b`: cannot be held: generated columns do not exist on the target"}},
		{"index over 767 bytes is cut", from97, "56", "CREATE TABLE `t` (`a` varchar(255), KEY `i` (`a` DESC), KEY `j` (`a`(200))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
			"CREATE TABLE `t` (`a` varchar(255), KEY `i` (`a`(191)), KEY `j` (`a`(191))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
			[]string{"o index `i`: DESC left out: the target keeps indexes in ascending order",
				"o index `i`: holds the first 191 characters of column `a`: the target allows 767 bytes",
				"o index `j`: holds the first 191 characters of column `a`: the target allows 767 bytes"}},
		{"index over 767 bytes with large prefixes", from97, "56dynamic", "CREATE TABLE `t` (`a` varchar(255), PRIMARY KEY (`a`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
			"CREATE TABLE `t` (`a` varchar(255), PRIMARY KEY (`a`)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
			[]string{"o: gets ROW_FORMAT=DYNAMIC, as an index is longer than 767 bytes"}},
		{"bare timestamp without explicit defaults", from97, "56", "CREATE TABLE `t` (`a` timestamp, `b` timestamp NOT NULL, `c` timestamp NULL DEFAULT NULL, `d` timestamp DEFAULT '2001-01-01')",
			"CREATE TABLE `t` (`a` timestamp NULL DEFAULT NULL, `b` timestamp NOT NULL DEFAULT '0000-00-00 00:00:00', `c` timestamp NULL DEFAULT NULL, `d` timestamp NULL DEFAULT '2001-01-01')",
			[]string{"o column `a`: gets NULL, which the target would not fill in without explicit_defaults_for_timestamp",
				"o column `b`: gets DEFAULT '0000-00-00 00:00:00': without explicit_defaults_for_timestamp the target would give it DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
				"o column `d`: gets NULL, which the target would not fill in without explicit_defaults_for_timestamp"}},
		{"year(2)", fromM10, "97", "CREATE TABLE `t` (`a` year(2) DEFAULT NULL)", "CREATE TABLE `t` (`a` year DEFAULT NULL)",
			[]string{"o column `a`: type year(2) becomes year, which shows all four digits"}},
		{"json_value", from97, "m10", "CREATE VIEW v AS select json_value(`a`, '$.x' returning char(512)) AS `b` from `t`",
			"CREATE VIEW v AS select cast(json_value(`a`, '$.x') as char(512)) AS `b` from `t`",
			[]string{"o: JSON_VALUE(.. RETURNING char(512)) becomes CAST(JSON_VALUE(..) AS char(512))"}},
		{"regexp_like", from80, "56", "CREATE VIEW v AS select regexp_like(`a`,concat('x',',')) AS `b`, regexp_like(`a`,'x','i') AS `c` from `t`",
			"CREATE VIEW v AS select (`a` regexp concat('x',',')) AS `b`, regexp_like(`a`,'x','i') AS `c` from `t`", []string{"o: REGEXP_LIKE(a,b) becomes (a REGEXP b)"}},
		{"json arrows", from97, "m10", "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.j->'$.x' - 1, NEW.b = `j` ->> '$.y', NEW.c = 3 - 2 > 1",
			"CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = json_extract(NEW.j,'$.x') - 1, NEW.b = json_unquote(json_extract(`j` , '$.y')), NEW.c = 3 - 2 > 1",
			[]string{"o: -> becomes JSON_EXTRACT, ->> JSON_UNQUOTE(JSON_EXTRACT)"}},
		{"database", from97, "m10", "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */",
			"CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci */",
			[]string{"o: option ENCRYPTION='N' left out", "o: collation utf8mb4_0900_ai_ci becomes utf8mb4_uca1400_nopad_ai_ci, which some characters have other weights"}},
		{"database comment", fromM10, "97", "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ COMMENT 'x'",
			"CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */", []string{"o: option COMMENT 'x' left out"}},
		{"charset that the target lacks", from97, "m10", "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET gb18030 COLLATE gb18030_bin)",
			"CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)",
			[]string{"o column `a`: collation gb18030_bin becomes utf8mb4_bin",
				"o column `a`: character set gb18030 becomes utf8mb4: its text has to be moved as UTF-8"}},
		{"or replace", fromM10, "97", "CREATE OR REPLACE DEFINER=`a`@`b` PROCEDURE `p`() SELECT 1", "CREATE DEFINER=`a`@`b` PROCEDURE `p`() SELECT 1", []string{"o: OR REPLACE left out"}},
		{"javascript is refused", from97, "m10", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE JAVASCRIPT AS $$ return a; $$", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE JAVASCRIPT AS $$ return a; $$",
			[]string{"!o: cannot be held: it is written in JAVASCRIPT, which the target does not run"}},
		{"all columns dropped but one", fromM10, "97", "CREATE TABLE `t` (`s` timestamp(6) GENERATED ALWAYS AS ROW START, `a` int, KEY `k` (`s`))",
			"CREATE TABLE `t` ( `a` int)", []string{"o column `s`: left out: the target has no SYSTEM VERSIONING, current rows are moved, history is not",
				"o index `k`: left out: column `s` is left out"}},
		{"like has no list", from97, "m10", "CREATE TABLE `t` LIKE `u`", "CREATE TABLE `t` LIKE `u`", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, notes := Adapt([]byte(tt.in), Mode{}, tt.from, testTarget(tt.to), "o")
			if diff := cmp.Diff(tt.want, string(out)); diff != "" {
				t.Error(diff)
			}
			var got []string
			for _, n := range notes {
				if s := n.String(); n.Refused {
					got = append(got, "!"+s)
				} else {
					got = append(got, s)
				}
			}
			if diff := cmp.Diff(tt.notes, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAdaptCollation(t *testing.T) {
	for _, tt := range []struct{ to, in, want string }{
		{"m10", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"},
		{"m10", "utf8mb4_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
		{"m10", "utf8mb4_cs_0900_as_cs", "utf8mb4_uca1400_czech_nopad_as_cs"},
		{"m10", "utf8mb4_de_pb_0900_as_cs", "utf8mb4_uca1400_german2_nopad_as_cs"},
		{"m10", "utf8mb4_ru_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
		{"m10", "utf8mb4_0900_bin", "utf8mb4_nopad_bin"},
		{"m10", "utf8_general_ci", "utf8mb3_general_ci"},
		{"m10", "UTF8MB4_BIN", "UTF8MB4_BIN"},
		{"m105", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_nopad_ci"},
		{"m105", "utf8mb4_cs_0900_ai_ci", "utf8mb4_czech_ci"},
		{"56", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"},
		{"56", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
		{"56", "utf8mb4_cs_0900_ai_ci", "utf8mb4_czech_ci"},
		{"56", "utf8mb3_general_ci", "utf8_general_ci"},
		{"97", "uca1400_ai_ci", "utf8mb4_unicode_520_ci"},
		{"97", "utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_0900_ai_ci"},
		{"97", "utf8mb4_uca1400_nopad_as_cs", "utf8mb4_0900_as_cs"},
		{"97", "utf8mb4_uca1400_ai_cs", "utf8mb4_0900_as_cs"},
		{"97", "utf8mb4_uca1400_czech_nopad_ai_ci", "utf8mb4_cs_0900_ai_ci"},
		{"97", "utf8mb4_uca1400_czech_ai_ci", "utf8mb4_czech_ci"},
		{"97", "utf8mb4_nopad_bin", "utf8mb4_0900_bin"},
		{"97", "latin1_swedish_nopad_ci", "latin1_swedish_ci"},
	} {
		got, changed, err := AdaptCollation(tt.in, testTarget(tt.to))
		if err != nil || got != tt.want || changed != (tt.in != tt.want) {
			t.Errorf("%s on %s: %s %t %v, want %s", tt.in, tt.to, got, changed, err, tt.want)
		}
	}
	if out, _, err := AdaptCollation("latin1_swedish_ci", Target{Collations: map[string]bool{"binary": true}}); err == nil {
		t.Errorf("no collation left, and yet %q", out)
	}
}

func TestAdaptSQLMode(t *testing.T) {
	for _, tt := range []struct{ to, in, want, dropped string }{
		{"97", "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "NO_AUTO_CREATE_USER"},
		{"m10", "STRICT_TRANS_TABLES,TIME_TRUNCATE_FRACTIONAL", "STRICT_TRANS_TABLES", "TIME_TRUNCATE_FRACTIONAL"},
		{"56", "EMPTY_STRING_IS_NULL", "", "EMPTY_STRING_IS_NULL"},
		{"97", "", "", ""},
		{"97", "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI", "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE", "ANSI"},
		{"97", "ANSI", "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE", "ANSI"},
		{"97", "REAL_AS_FLOAT,ONLY_FULL_GROUP_BY,ANSI", "REAL_AS_FLOAT,ONLY_FULL_GROUP_BY,ANSI", ""},
		{"m10", "ORACLE", "PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,NO_AUTO_CREATE_USER", "ORACLE"},
		{"m10", "ORACLE,SIMULTANEOUS_ASSIGNMENT", "ORACLE,SIMULTANEOUS_ASSIGNMENT", ""},
	} {
		got, dropped := AdaptSQLMode(tt.in, testTarget(tt.to))
		if got != tt.want || strings.Join(dropped, ",") != tt.dropped {
			t.Errorf("%s on %s: %q without %q, want %q without %q", tt.in, tt.to, got, dropped, tt.want, tt.dropped)
		}
	}
}

// FuzzAdapt looks for statements that make Adapt fail, or change for a server of their own kind.
func FuzzAdapt(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE `t` (`a` int DEFAULT (1) /*!80023 INVISIBLE */, KEY `i` (`a`) /*!80000 INVISIBLE */) ENGINE=InnoDB /*!50100 PARTITION BY KEY (a) */",
		"CREATE TABLE (", "CREATE TABLE `t` (`a`)", "CREATE TABLE t (a int CHECK", "CREATE TABLE t (CONSTRAINT", "CREATE TABLE t (a int DEFAULT) CHARSET", "CREATE DATABASE x COLLATE",
		"CREATE VIEW v AS SELECT json_value(a,'b' returning", "CREATE FUNCTION f", "CREATE TABLE t (PERIOD FOR", "/*!80000 /*!100000 x */ */", "CREATE TABLE t (KEY i (a(", "CREATE TABLE t (a year(2",
	} {
		f.Add(s)
	}
	targets := []Target{testTarget("56"), testTarget("97"), testTarget("m10"), testTarget("m105")}
	f.Fuzz(func(t *testing.T, s string) {
		for _, from := range []Origin{from56, from97, fromM10} {
			for _, to := range targets {
				Adapt([]byte(s), Mode{}, from, to, "o")
			}
		}
	})
}
