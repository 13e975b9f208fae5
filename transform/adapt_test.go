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
	for _, tt := range adaptTests {
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
