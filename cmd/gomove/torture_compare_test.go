package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// exactColumn is a column with what every kind of server must say of it.
type exactColumn struct {
	column
	charset, nullable, comment string
}

// exactTable is a table as a server stores it.
type exactTable struct {
	columns    []exactColumn
	rows       [][]string
	definition string
}

// exactTables reads tables once each, and the columns of a schema all at once: the information_schema of a server is slow.
type exactTables struct {
	mu      sync.Mutex
	server  *testdb.Server
	columns map[string]map[string][]exactColumn // by schema and table
	tables  map[[2]string]exactTable
}

func newExactTables(s *testdb.Server) *exactTables {
	return &exactTables{server: s, columns: map[string]map[string][]exactColumn{}, tables: map[[2]string]exactTable{}}
}

// read shows the rows by the expressions of other columns than the table's own when by is given: those of its source.
func (e *exactTables) read(t *testing.T, schema, table string, by []exactColumn) exactTable {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if out, ok := e.tables[[2]string{schema, table}]; ok {
		return out
	}
	if e.columns[schema] == nil {
		e.columns[schema] = exactColumns(t, e.server, schema)
	}
	out := exactTable{columns: e.columns[schema][table]}
	if len(out.columns) == 0 {
		t.Fatalf("%s has no table %s.%s", e.server.Kind, schema, table)
	}
	if by == nil {
		by = out.columns
	}
	out.rows = exactRows(t, e.server, schema, table, by)
	out.definition = e.server.Query(t, "SHOW CREATE TABLE "+mysql.QuoteTable(schema, table))[0][1]
	e.tables[[2]string{schema, table}] = out
	return out
}

// exactColumns lists the columns of a schema by table.
func exactColumns(t *testing.T, s *testdb.Server, schema string) map[string][]exactColumn {
	t.Helper()
	out := map[string][]exactColumn{}
	for _, r := range s.Query(t, "SELECT column_name, data_type, column_type, extra, COALESCE(character_set_name,''), is_nullable, column_comment, table_name FROM information_schema.columns WHERE table_schema='"+
		schema+"' ORDER BY table_name, ordinal_position") {
		out[r[7]] = append(out[r[7]], exactColumn{column{r[0], r[1], r[2], r[3]}, strings.NewReplacer("utf8mb3", "utf8", "binary", "").Replace(r[4]), r[5], r[6]})
	}
	return out
}

// commonFacts is what must be the same on servers of different kinds.
func commonFacts(cols []exactColumn) [][4]string {
	out := make([][4]string, len(cols))
	for i, c := range cols {
		out[i] = [4]string{c.name, c.charset, c.nullable, c.comment}
		if c.dataType == "json" { // on MySQL; MariaDB's is a LONGTEXT
			out[i][1] = "utf8mb4"
		}
	}
	return out
}

// bits is the expression that shows each stored bit, and the sign of zero, as text that is the same on every server.
func (c exactColumn) bits() string {
	name := mysql.QuoteName(c.name)
	switch c.dataType {
	case "float", "double":
		return name + "*1e0"
	case "bit":
		return "HEX(" + name + "+0)"
	case "json":
		return "HEX(CONVERT(" + name + " USING utf8mb4))"
	case "uuid", "inet4", "inet6":
		return "HEX(CAST(" + name + " AS CHAR))"
	case "enum", "set":
		return "CONCAT(" + name + "|0,':',HEX(" + name + "))"
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return "CONCAT(LENGTH(" + name + "),':',HEX(" + name + "))"
	case "timestamp":
		return "CONCAT(" + name + ",' ',UNIX_TIMESTAMP(" + name + "))"
	case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "time", "datetime", "year":
		return name
	default:
		return "HEX(" + name + ")"
	}
}

// exactRows reads a table in the order of its first column.
func exactRows(t *testing.T, s *testdb.Server, schema, table string, cols []exactColumn) [][]string {
	t.Helper()
	exprs := make([]string, len(cols))
	for i, c := range cols {
		exprs[i] = c.bits()
	}
	rows := s.Query(t, "SELECT "+strings.Join(exprs, ",\n")+" FROM "+mysql.QuoteTable(schema, table))
	for _, r := range rows {
		for i, c := range cols {
			if r[i] != testdb.Null && (c.dataType == "float" || c.dataType == "double") {
				r[i] = floatBits(t, r[i])
			}
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return slices.Compare(a, b) })
	return rows
}

func floatBits(t *testing.T, text string) string {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(math.Float64bits(v), 16) + " (" + text + ")"
}

// nextNumber is a table's AUTO_INCREMENT.
func (e exactTable) nextNumber() string {
	_, rest, _ := strings.Cut(e.definition, "AUTO_INCREMENT=")
	n, _, _ := strings.Cut(rest, " ")
	if n == "" {
		return "1"
	}
	return n
}
