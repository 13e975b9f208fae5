package transform

import (
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// AlterStatements are the statements that add deferred indexes: one for each FULLTEXT index (MySQL refuses two at once with 1795),
// and one for all the others, so that the table is read once. FULLTEXT comes first: the first of a table makes
// InnoDB write the table anew, which costs least while it has no other indexes.
func AlterStatements(schema, table string, indexes []Index) []string {
	var out, together []string
	for _, i := range indexes {
		if i.Class == FulltextIndex || i.Class == VectorIndex {
			out = append(out, alterTable(schema, table, i.Add))
		} else {
			together = append(together, i.Add)
		}
	}
	if len(together) > 0 {
		out = append(out, alterTable(schema, table, strings.Join(together, ", ")))
	}
	return out
}

// AlterForeignKeys is the statement that adds deferred foreign keys, empty when there are none.
func AlterForeignKeys(schema, table string, foreignKeys []string) string {
	if len(foreignKeys) == 0 {
		return ""
	}
	return alterTable(schema, table, strings.Join(foreignKeys, ", "))
}

func alterTable(schema, table, what string) string {
	name := mysql.QuoteName(table)
	if schema != "" {
		name = mysql.QuoteTable(schema, table)
	}
	return "ALTER TABLE " + name + " " + what
}
