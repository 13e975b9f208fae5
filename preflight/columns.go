package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// zeroDates finds columns whose default is a zero date, or a date with a part that is zero.
func zeroDates(ctx context.Context, e *examination) ([]Finding, error) {
	var objects []Object
	dates := slices.ContainsFunc(e.Catalog.Tables, func(t *catalog.Table) bool {
		return slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return isDate(c.DataType) })
	})
	if !dates {
		return nil, nil
	}
	err := e.eachScope(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS", "TABLE_SCHEMA",
		" AND DATA_TYPE IN ('date','datetime','timestamp') AND (COLUMN_DEFAULT LIKE '%0000-%' OR COLUMN_DEFAULT LIKE '%-00%')", func(c []string) {
			if e.tables[[2]string{c[0], c[1]}] != nil {
				objects = append(objects, Object{Name: mysql.QuoteTable(c[0], c[1]) + "." + mysql.QuoteName(c[2]), Detail: "default " + c[3]})
			}
		})
	f := Finding{
		Severity: Note, What: "columns whose default is a zero date",
		Why: "gomove loads them, and rows that hold such dates, in sessions without NO_ZERO_DATE; applications whose sessions have it get errors 1067 and 1292",
		Fix: "nothing is needed for the move",
	}
	if e.Target != nil && strings.Contains(e.Target.Facts.Variables["sql_mode"], "NO_ZERO_DATE") {
		f.Severity = Warning
		f.Why = "the target's sql_mode has NO_ZERO_DATE: the load gets past it, but ALTER TABLE and INSERTs of applications on these tables fail there (errors 1067, 1292)"
		f.Fix = "take NO_ZERO_DATE and NO_ZERO_IN_DATE out of sql_mode on the target, or give the columns another default"
	}
	return found(objects, f), err
}

func isDate(dataType string) bool {
	return dataType == "date" || dataType == "datetime" || dataType == "timestamp"
}

// generated finds generated columns.
func generated(_ context.Context, e *examination) ([]Finding, error) {
	return found(e.onColumns(func(_ *catalog.Table, c *catalog.Column) (string, string, bool) {
		if c.Stored != "" {
			return "stored", "", c.Generated
		}
		return "", "", c.Generated
	}), Finding{
		Severity: Note, What: "generated columns", Why: "their values are not moved: the target computes them again", Fix: "nothing is needed: gomove leaves them out of every column list",
	}), nil
}

// invisible finds columns that SELECT * leaves out.
func invisible(_ context.Context, e *examination) ([]Finding, error) {
	return found(e.onColumns(func(_ *catalog.Table, c *catalog.Column) (string, string, bool) {
		return "", "", c.Invisible && !c.Generated
	}), Finding{
		Severity: Note, What: "invisible columns", Why: "tools that read SELECT * lose them", Fix: "nothing is needed: gomove names every column",
	}), nil
}

// floatingNumbers finds AUTO_INCREMENT columns that MySQL 8.4 no longer takes.
func floatingNumbers(_ context.Context, e *examination) ([]Finding, error) {
	f := Finding{
		Severity: Note, What: "AUTO_INCREMENT columns of FLOAT or DOUBLE", Why: "MySQL 8.4 and later do not take them", Fix: "change them to BIGINT before a move to MySQL 8.4 or later",
	}
	if e.Target != nil && e.Target.Facts.AtLeast(mysql.MySQL, 80400) {
		f.Severity, f.Why = Error, "the target does not take them (error 1063): the load refuses the table before it begins"
	}
	return found(e.onColumns(func(t *catalog.Table, c *catalog.Column) (string, string, bool) {
		is := c.Numbered && (c.DataType == "float" || c.DataType == "double")
		return c.ColumnType, "ALTER TABLE " + t.Quoted() + " MODIFY " + mysql.QuoteName(c.Name) + " BIGINT NOT NULL AUTO_INCREMENT", is
	}), f), nil
}

// longMembers finds members of ENUM and SET that MySQL 8.0 no longer takes.
func longMembers(_ context.Context, e *examination) ([]Finding, error) {
	f := Finding{
		Severity: Note, What: "ENUM or SET columns with a member of more than 255 characters", Why: "MySQL 8.0 and later do not take them", Fix: "shorten the members before a move to MySQL 8.0 or later",
	}
	if e.Target != nil && e.Target.Facts.AtLeast(mysql.MySQL, 80000) {
		f.Severity, f.Why = Error, "the target does not take them (error 3505): its CREATE TABLE fails"
	}
	return found(e.onColumns(func(_ *catalog.Table, c *catalog.Column) (string, string, bool) {
		n := longestMember(c.ColumnType)
		return fmt.Sprintf("%d characters", n), "", (c.DataType == "enum" || c.DataType == "set") && n > 255
	}), f), nil
}

// longestMember is the length in characters of the longest string of a type such as enum('a','b').
func longestMember(columnType string) (longest int) {
	m := transform.Mode{Charset: "utf8mb4", NoBackslashEscapes: true} // as the dictionary prints it
	for _, t := range transform.Lex([]byte(columnType), m) {
		if t.Kind == transform.String {
			longest = max(longest, utf8.RuneCountInString(t.Unquote(m)))
		}
	}
	return longest
}

// collations finds what the target lacks; without a target, what no server keeps for ever: utf8mb3.
func collations(ctx context.Context, e *examination) ([]Finding, error) {
	if e.Target == nil {
		return found(e.onColumns(func(_ *catalog.Table, c *catalog.Column) (string, string, bool) {
			return c.Collation, "", c.Charset == "utf8" || c.Charset == "utf8mb3"
		}), Finding{
			Severity: Note, What: "columns in utf8mb3 (utf8)", Why: "it has no characters of 4 bytes, and MySQL will drop it; it moves as it is", Fix: "nothing is needed; CONVERT TO CHARACTER SET utf8mb4 when it suits you",
		}), nil
	}
	to, err := e.holds(ctx)
	if err != nil {
		return nil, err
	}
	var lacking, refused []Object
	where := e.whereCollations()
	for _, name := range slices.Sorted(maps.Keys(where)) {
		out, changed, err := transform.AdaptCollation(name, to)
		switch {
		case err != nil:
			refused = append(refused, Object{Name: name, Detail: where[name] + ": " + err.Error()})
		case changed && !sameCollation(name, out):
			lacking = append(lacking, Object{Name: name, Detail: "of " + where[name] + "; becomes " + out})
		}
	}
	return append(found(refused, Finding{
		Severity: Error, What: "collations for which the target has none", Why: "the load refuses the tables", Fix: "convert the columns on the source to utf8mb4 with a collation that both know",
	}), found(lacking, Finding{
		Severity: Warning, What: "collations that the target lacks", Why: "gomove takes the nearest that the target has; order, equality and unique keys may differ (docs/adaptation.md)",
		Fix: "nothing is needed for the move; convert the columns on the source to a collation that both know where the order matters",
	})...), nil
}

// whereCollations tells one place for each collation of schemas and columns.
func (e *examination) whereCollations() map[string]string {
	where, more := map[string]string{}, map[string]int{}
	note := func(collation, place string) {
		if collation == "" {
			return
		}
		if more[collation]++; where[collation] == "" {
			where[collation] = place
		}
	}
	for _, s := range e.Catalog.Schemas {
		if s.Whole {
			note(s.Collation, "schema "+mysql.QuoteName(s.Name))
		}
	}
	for _, t := range e.Catalog.Tables {
		for i := range t.Columns {
			note(t.Columns[i].Collation, t.Quoted()+"."+mysql.QuoteName(t.Columns[i].Name))
		}
	}
	for c, n := range more {
		if n > 1 {
			where[c] += fmt.Sprintf(" and %d more", n-1)
		}
	}
	return where
}

// sameCollation: utf8 and utf8mb3 are two names of one charset.
func sameCollation(a, b string) bool {
	normal := func(s string) string {
		if rest, ok := strings.CutPrefix(strings.ToLower(s), "utf8_"); ok {
			return "utf8mb3_" + rest
		}
		return strings.ToLower(s)
	}
	return normal(a) == normal(b)
}
