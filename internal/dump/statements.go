package dump

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// LoadDataClauses is the dialect of format 1's CSV in the words of LOAD DATA, to stand after the table's name.
const LoadDataClauses = `CHARACTER SET binary FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '\\' LINES TERMINATED BY '\n'`

// LoadDataSQL returns the LOAD DATA LOCAL INFILE statement for a chunk in CSV. UTF8 columns go through a user variable
// and CONVERT. An empty schema leaves the table unqualified. source is the file's name as the client sees it.
// It is for a session without NO_BACKSLASH_ESCAPES. With a SET clause the AUTO_INCREMENT column stands in it too: MySQL 5.6
// and MariaDB 10.11 otherwise make a new number in place of 0.
func LoadDataSQL(schema, table string, cols []Column, source string) string {
	var sql, set strings.Builder
	sql.WriteString("LOAD DATA LOCAL INFILE '")
	sql.WriteString(strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(source))
	sql.WriteString("' INTO TABLE " + quoteTable(schema, table) + " " + LoadDataClauses + " (")
	converts := slices.ContainsFunc(cols, func(c Column) bool { return c.Encoding == UTF8 })
	for i, c := range cols {
		if i > 0 {
			sql.WriteByte(',')
		}
		name := mysql.QuoteName(c.Name)
		if c.Encoding != UTF8 && (!c.Numbered || !converts) {
			sql.WriteString(name)
			continue
		}
		variable := "@c" + strconv.Itoa(i+1)
		sql.WriteString(variable)
		if set.Len() == 0 {
			set.WriteString(" SET ")
		} else {
			set.WriteByte(',')
		}
		if c.Encoding != UTF8 {
			set.WriteString(name + "=" + variable)
			continue
		}
		set.WriteString(name + "=CONVERT(" + variable + " USING utf8mb4)")
	}
	return sql.String() + ")" + set.String()
}

// InsertHeaderSQL returns what stands before the rows of AppendValues: "INSERT INTO `s`.`t` (`a`,`b`) VALUES ".
// An empty schema leaves the table unqualified.
func InsertHeaderSQL(schema, table string, cols []Column) string {
	var sql strings.Builder
	sql.WriteString("INSERT INTO " + quoteTable(schema, table) + " (")
	for i, c := range cols {
		if i > 0 {
			sql.WriteByte(',')
		}
		sql.WriteString(mysql.QuoteName(c.Name))
	}
	sql.WriteString(") VALUES ")
	return sql.String()
}

func quoteTable(schema, table string) string {
	if schema == "" {
		return mysql.QuoteName(table)
	}
	return mysql.QuoteTable(schema, table)
}

// sessionHeader is the start of an SQL chunk file. Strict mode would refuse an ENUM's index 0, which MariaDB warns of
// in every form, so tables with an ENUM go without it.
func sessionHeader(cols []Column) string {
	mode := "NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"
	for _, c := range cols {
		if strings.HasPrefix(strings.ToLower(c.Type), "enum(") {
			mode = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"
			break
		}
	}
	return "/*!40101 SET NAMES binary*/;\n" +
		"/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n" +
		"/*!40101 SET SQL_MODE='" + mode + "'*/;\n" +
		"/*!40103 SET TIME_ZONE='+00:00'*/;\n"
}
