package mysql

import (
	"encoding/hex"
	"strings"
)

// QuoteName returns an identifier in backticks, safe under every sql_mode
// (https://dev.mysql.com/doc/refman/8.4/en/identifiers.html).
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// QuoteTable returns `schema`.`table`.
func QuoteTable(schema, table string) string {
	return QuoteName(schema) + "." + QuoteName(table)
}

// ReferencedTable is information_schema's REFERENCED_TABLE_NAME as the table is called: MySQL 5.6 has #mysql50# before a name with a blank.
const ReferencedTable = "TRIM(LEADING '#mysql50#' FROM REFERENCED_TABLE_NAME)"

// QuoteString returns a string literal that means the same whether or not
// NO_BACKSLASH_ESCAPES is set: text with a backslash becomes a hex literal of utf8mb4.
func QuoteString(s string) string {
	if strings.ContainsAny(s, "\\\x00") {
		return HexLiteral("utf8mb4", []byte(s))
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// HexLiteral returns bytes as `_charset x'..'`, or `x'..'` when charset is empty or binary.
func HexLiteral(charset string, b []byte) string {
	lit := "x'" + hex.EncodeToString(b) + "'"
	if charset == "" || charset == "binary" {
		return lit
	}
	return "_" + charset + " " + lit
}
