package main

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// exactColumn is a column with what every kind of server must say of it.
type exactColumn struct {
	column
	charset, nullable, comment string
}

func exactColumns(t *testing.T, s *testdb.Server, schema, table string) []exactColumn {
	t.Helper()
	var out []exactColumn
	for _, r := range exactQuery(t, s, "SELECT column_name, data_type, column_type, extra, COALESCE(character_set_name,''), is_nullable, column_comment FROM information_schema.columns WHERE table_schema='"+
		schema+"' AND table_name='"+table+"' ORDER BY ordinal_position") {
		out = append(out, exactColumn{column{r[0], r[1], r[2], r[3]}, strings.NewReplacer("utf8mb3", "utf8", "binary", "").Replace(r[4]), r[5], r[6]})
	}
	if len(out) == 0 {
		t.Fatalf("%s has no table %s.%s", s.Kind, schema, table)
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
	rows := exactQuery(t, s, "SELECT "+strings.Join(exprs, ",\n")+" FROM "+mysql.QuoteTable(schema, table))
	for _, r := range rows {
		for i, c := range cols {
			if r[i] != "<NULL>" && (c.dataType == "float" || c.dataType == "double") {
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

// exactQuery runs a query in a session that changes nothing of what it reads.
func exactQuery(t *testing.T, s *testdb.Server, q string) [][]string {
	t.Helper()
	db, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(context.Background(), "SET NAMES utf8mb4, sql_mode='', time_zone='+00:00'"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.QueryContext(context.Background(), q)
	if err != nil {
		t.Fatalf("%s: %.300s: %v", s.Kind, q, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		cells := make([]any, len(names))
		for i := range values {
			cells[i] = &values[i]
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			if row[i] = v.String; !v.Valid {
				row[i] = "<NULL>"
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %.300s: %v", s.Kind, q, err)
	}
	return out
}

func exactDefinition(t *testing.T, s *testdb.Server, schema, table string) string {
	t.Helper()
	return exactQuery(t, s, "SHOW CREATE TABLE "+mysql.QuoteTable(schema, table))[0][1]
}

// nextNumber is a table's AUTO_INCREMENT.
func nextNumber(t *testing.T, s *testdb.Server, schema, table string) string {
	t.Helper()
	_, rest, _ := strings.Cut(exactDefinition(t, s, schema, table), "AUTO_INCREMENT=")
	n, _, _ := strings.Cut(rest, " ")
	if n == "" {
		return "1"
	}
	return n
}
