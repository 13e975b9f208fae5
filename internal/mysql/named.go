package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Queryer is a session or a pool.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Named is a row by its columns' names in lower case; NULL is nil.
type Named map[string][]byte

// Text is a column's value, empty where it is NULL or the server has no such column.
func (n Named) Text(column string) string { return string(n[column]) }

// First is the value of the first of these columns that the server has: it calls them otherwise by version.
func (n Named) First(columns ...string) string {
	for _, c := range columns {
		if v, ok := n[c]; ok {
			return string(v)
		}
	}
	return ""
}

// QueryNamed reads a small result whose columns differ by server, as those of SHOW and EXPLAIN do.
func QueryNamed(ctx context.Context, from Queryer, query string) ([]Named, error) {
	rows, err := from.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []Named
	for rows.Next() {
		values, into := make([][]byte, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(Named, len(names))
		for i, n := range names {
			row[strings.ToLower(n)] = values[i]
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// Column is a small result of one column; NULL is "".
func Column(ctx context.Context, from Queryer, query string) (out []string, err error) {
	rows, err := from.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		out = append(out, string(b))
	}
	return out, rows.Err()
}

// NameSet is a small result of one column, in lower case.
func NameSet(ctx context.Context, from Queryer, query string) (map[string]bool, error) {
	names, err := Column(ctx, from, query)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[strings.ToLower(n)] = true
	}
	return set, nil
}
