package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// temporaryTable holds the members of one column while they are read. It hides no table of the user's for longer than that.
const temporaryTable = "gomove members of a column"

// lostMembers are the ENUM and SET columns with members that may hold characters which every server prints as ?: the
// dictionaries are utf8mb3.
func lostMembers(create []byte, columns []Column) []Column {
	if !bytes.Contains(create, []byte("?")) {
		return nil
	}
	var out []Column
	for _, c := range columns {
		if c.DataType != "enum" && c.DataType != "set" {
			continue
		}
		if beyondDictionary(c.Charset) && slices.ContainsFunc(members(c.ColumnType), func(m string) bool { return strings.Contains(m, "?") }) {
			out = append(out, c)
		}
	}
	return out
}

// restoreMembers writes the members of ENUM and SET columns that the server printed with ? for what its dictionary cannot
// say. Only a value shows them whole, so each member is put into a temporary table of the same type.
func (d *DefinitionReader) restoreMembers(ctx context.Context, create []byte, t *Table) ([]byte, error) {
	for _, c := range lostMembers(create, t.Columns) {
		list, err := d.readMembers(ctx, t, c)
		if err != nil {
			if mysql.IsConnectionLost(err) || ctx.Err() != nil {
				return nil, err
			}
			d.Warn("table %s: members of column %s may hold characters that this server prints as ?; to read them takes CREATE TEMPORARY TABLES: %v", t, c.Name, err)
			continue
		}
		create = rewriteMembers(create, c.Name, list)
	}
	return create, nil
}

func (d *DefinitionReader) readMembers(ctx context.Context, t *Table, c Column) (list []string, err error) {
	name := mysql.QuoteTable(t.Schema, temporaryTable)
	column := mysql.QuoteName(c.Name)
	numbers := make([]string, len(members(c.ColumnType)))
	for i := range numbers {
		n := uint64(i) + 1
		if c.DataType == "set" {
			n = 1 << i
		}
		numbers[i] = fmt.Sprintf("(%d)", n)
	}
	if _, err := d.show.Conn.ExecContext(ctx, "CREATE TEMPORARY TABLE "+name+" AS SELECT "+column+" FROM "+t.Quoted()+" LIMIT 0"); err != nil {
		return nil, err
	}
	defer func() {
		_, dropErr := d.show.Conn.ExecContext(ctx, "DROP TEMPORARY TABLE "+name)
		err = errors.Join(err, dropErr)
	}()
	if _, err := d.show.Conn.ExecContext(ctx, "INSERT INTO "+name+" VALUES "+strings.Join(numbers, ",")); err != nil {
		return nil, err
	}
	rows, err := d.show.Conn.QueryContext(ctx, "SELECT CONVERT("+column+" USING utf8mb4) FROM "+name+" ORDER BY "+column+"+0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m []byte
		if err := rows.Scan(&m); err != nil {
			return nil, err
		}
		list = append(list, string(m))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(list) != len(numbers) {
		return nil, fmt.Errorf("%d of %d members were read", len(list), len(numbers))
	}
	return list, nil
}

// rewriteMembers puts a list of members into the definition of a column.
func rewriteMembers(create []byte, column string, list []string) []byte {
	tokens := transform.Lex(create, byteMode)
	open := 0
	for open < len(tokens) && !tokens[open].Is("(") {
		open++
	}
	depth, end := 0, transform.Closing(tokens, open)
	for i := open + 1; i < end; i++ {
		t := tokens[i]
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		}
		if depth > 0 || t.Kind != transform.QuotedName || t.Unquote(byteMode) != column {
			continue
		}
		typ := transform.Skip(tokens, i+1)
		if typ >= end || !tokens[typ].Is("ENUM") && !tokens[typ].Is("SET") {
			continue
		}
		first := transform.Skip(tokens, typ+1)
		last := transform.Closing(tokens, first)
		if last >= end {
			continue
		}
		quoted := make([]string, len(list))
		for j, m := range list {
			quoted[j] = "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(m) + "'"
		}
		for j := first + 1; j < last; j++ {
			tokens[j].Text = nil
		}
		tokens[first].Text = []byte("(" + strings.Join(quoted, ","))
		return transform.Join(tokens)
	}
	return create
}
