package transform

import "strings"

// modesOfOld are the modes that MySQL 8.0 removed; MariaDB still has them.
var modesOfOld = setOf("POSTGRESQL,ORACLE,MSSQL,DB2,MAXDB,NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,MYSQL323,MYSQL40,NO_AUTO_CREATE_USER")

// modesOfMariaDB are the modes that MySQL never had, with the version that brought them.
var modesOfMariaDB = map[string]int{
	"IGNORE_BAD_TABLE_OPTIONS": 100000, "EMPTY_STRING_IS_NULL": 100300,
	"SIMULTANEOUS_ASSIGNMENT": 100300, "TIME_ROUND_FRACTIONAL": 100400,
}

// ansiParts is what ANSI stands for, without the ONLY_FULL_GROUP_BY that newer MySQL adds.
const ansiParts = "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE"

// oracleParts is what ORACLE stood for in MySQL.
const oracleParts = "PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,NO_AUTO_CREATE_USER"

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		set[name] = true
	}
	return set
}

// AdaptSQLMode drops the modes that the target does not know, and the combinations that would switch on more there than
// they did before: ANSI brings ONLY_FULL_GROUP_BY on newer MySQL, MySQL's ORACLE another language on MariaDB. Their parts stay.
func AdaptSQLMode(mode string, to Target) (out string, dropped []string) {
	given := setOf(strings.ToUpper(strings.ReplaceAll(mode, " ", "")))
	var kept []string
	for name := range strings.SplitSeq(strings.ReplaceAll(mode, " ", ""), ",") {
		parts, ok := adaptMode(strings.ToUpper(name), given, to)
		if ok {
			kept = appendNew(kept, name)
			continue
		}
		if name != "" {
			dropped = append(dropped, name)
		}
		for part := range strings.SplitSeq(parts, ",") {
			if _, known := adaptMode(part, given, to); known {
				kept = appendNew(kept, part)
			}
		}
	}
	if len(dropped) == 0 {
		return mode, nil
	}
	return strings.Join(kept, ","), dropped
}

// adaptMode reports whether a mode can stay, and what stands for it otherwise.
func adaptMode(name string, given map[string]bool, to Target) (parts string, ok bool) {
	switch {
	case name == "":
		return "", false
	case name == "ANSI" && !to.mysqlBefore(50705) && !given["ONLY_FULL_GROUP_BY"]:
		return ansiParts, false
	case name == "ORACLE" && !to.mariadbBefore(100300) && !given["SIMULTANEOUS_ASSIGNMENT"]:
		return oracleParts, false
	case name == "ORACLE" && !to.mysqlBefore(80000):
		return oracleParts, false
	case modesOfOld[name]:
		return "", to.mysqlBefore(80000)
	case modesOfMariaDB[name] > 0:
		return "", !to.mariadbBefore(modesOfMariaDB[name])
	case name == "TIME_TRUNCATE_FRACTIONAL":
		return "", !to.mysqlBefore(80000)
	case name == "NOT_USED":
		return "", false
	}
	return "", true
}

func appendNew(list []string, name string) []string {
	for _, old := range list {
		if strings.EqualFold(old, name) {
			return list
		}
	}
	return append(list, name)
}
