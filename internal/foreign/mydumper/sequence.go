package mydumper

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// isSequence reports a sequence that 0.10 has read as a table: its CREATE TABLE makes a sequence on MariaDB.
func isSequence(st statement) bool {
	tokens := transform.Lex(st.text, st.mode)
	for i := range tokens {
		after, ok := transform.Match(tokens, i, "SEQUENCE", "=")
		if after = transform.Skip(tokens, after); ok && after < len(tokens) && string(tokens[after].Text) == "1" {
			return true
		}
	}
	return false
}

// sequence makes a sequence of a CREATE TABLE ... SEQUENCE=1 and its only row.
func (d *reading) sequence(ctx context.Context, schema, name string, st statement, t *tableFiles) (*dump.FedObject, error) {
	o := &dump.FedObject{Object: dump.Object{Kind: dump.KindSequence, Schema: schema, Name: name, Base: schema + "." + name, Rows: -1, Estimated: -1}}
	refuse := func(why string) (*dump.FedObject, error) {
		return nil, fmt.Errorf("%w: sequence %s: %s", foreign.ErrDump, mysql.QuoteTable(schema, name), why)
	}
	if len(t.data) != 1 || t.data[0].rows != "" {
		return refuse("its state is not in one file of INSERT")
	}
	f, err := d.open(ctx, t.data[0].sql)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d.reader.Reset(f, t.data[0].sql, "binary")
	if _, err := d.reader.Next(); err != nil {
		return nil, err
	}
	row, err := d.reader.Row()
	if err != nil {
		return nil, err
	}
	const next, minimum, maximum, start, increment, cache, cycle, round = 0, 1, 2, 3, 4, 5, 6, 7
	if len(row) != round+1 || slices.ContainsFunc(row, func(v foreign.Literal) bool { return v.Form != foreign.Number }) {
		return refuse("its row is not that of a sequence")
	}
	n := func(i int) string { return string(row[i].Text) }
	create := "CREATE SEQUENCE " + mysql.QuoteName(name) + " START WITH " + n(start) + " MINVALUE " + n(minimum) + " MAXVALUE " + n(maximum) +
		" INCREMENT BY " + n(increment) + " CACHE " + n(cache)
	if n(cycle) == "1" {
		create += " CYCLE"
	}
	d.mariadb = true
	foreign.AddText(o, t.create, st.line, "", []byte(create))
	foreign.AddText(o, t.data[0].sql, 1, "", []byte("DO SETVAL("+mysql.QuoteName(name)+", "+n(next)+", 0, "+n(round)+")"))
	return o, nil
}
