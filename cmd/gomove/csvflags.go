package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign/flat"
	pattern "github.com/gomove/gomove/internal/selection"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/loader"
)

const csvCategory = "FILES OF ROWS (CSV, TSV; with the clauses of LOAD DATA)"

// csvFlags say how files of rows, which another system wrote, are read.
func csvFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "csv-table", Usage: "`SCHEMA.TABLE=GLOB`: rows of a table that is there, in files of -d that match (repeat); .gz and .zst too", Category: csvCategory},
		&cli.StringSliceFlag{Name: "csv-columns", Usage: "`[SCHEMA.TABLE=]A,B,@C`: columns of the files; what starts with @ is passed over (repeat)", DefaultText: "the table's", Category: csvCategory},
		&cli.BoolFlag{Name: "csv-header", Usage: "the first line of each file names the columns", Category: csvCategory},
		&cli.StringFlag{Name: "csv-null", Usage: "`TEXT` without quotes that is NULL", DefaultText: `\N, and NULL where cells may be enclosed`, Category: csvCategory},
		&cli.StringFlag{Name: "csv-charset", Value: "utf8mb4", Usage: "`CHARSET` of text; binary: each column's own", Category: csvCategory},
		&cli.StringFlag{Name: "fields-terminated-by", Value: ",", Usage: "`STRING` between cells, such as '\\t' (\\n, \\r, \\0, \\xHH)", Category: csvCategory},
		&cli.StringFlag{Name: "fields-enclosed-by", Aliases: []string{"fields-optionally-enclosed-by"}, Value: `"`, DefaultText: "the double quote", Usage: "`CHARACTER` around cells, where there is one; '' for none", Category: csvCategory},
		&cli.StringFlag{Name: "fields-escaped-by", Value: `\`, DefaultText: `\`, Usage: "`CHARACTER` that escapes; '' for none, as in RFC 4180", Category: csvCategory},
		&cli.StringFlag{Name: "lines-terminated-by", Usage: "`STRING` at the end of rows", DefaultText: `\n, or \r\n where a file's first row ends so`, Category: csvCategory},
		&cli.IntFlag{Name: "ignore-lines", Usage: "`NUMBER` of lines at the start of each file to pass over", Category: csvCategory},
	}
}

// csvOptions reads csvFlags; without --csv-table there are no sources.
func csvOptions(c *cli.Context) (o flat.Options, err error) {
	if !c.IsSet("csv-table") {
		for _, f := range csvFlags() {
			if name := f.Names()[0]; c.IsSet(name) {
				return o, usagef("--%s goes with --csv-table", name)
			}
		}
		return o, nil
	}
	for _, t := range c.StringSlice("csv-table") {
		table, glob, ok := pattern.CutAtEqual(t)
		name, err := pattern.ParseTable(table)
		if !ok || glob == "" || err != nil || !name.Exact() {
			return o, usagef("--csv-table %q: use SCHEMA.TABLE=GLOB, such as shop.orders='orders*.csv.gz'", t)
		}
		if slices.ContainsFunc(o.Sources, func(s flat.Source) bool { return s.Schema == name.Schema.Name() && s.Table == name.Table.Name() }) {
			return o, usagef("--csv-table names table %s twice: one pattern takes all its files", table)
		}
		o.Sources = append(o.Sources, flat.Source{Schema: name.Schema.Name(), Table: name.Table.Name(), Glob: glob})
	}
	if err := csvColumns(c, o.Sources); err != nil {
		return o, err
	}
	if o.Dialect, err = csvDialect(c); err != nil {
		return o, err
	}
	if o.IgnoreLines = c.Int("ignore-lines"); o.IgnoreLines < 0 {
		return o, usagef("--ignore-lines %d: use 0 or more", o.IgnoreLines)
	}
	o.Header = c.Bool("csv-header")
	o.Charset = strings.ToLower(c.String("csv-charset"))
	return o, nil
}

// csvColumns gives the columns of --csv-columns to the tables that they are of.
func csvColumns(c *cli.Context, sources []flat.Source) error {
	for _, text := range c.StringSlice("csv-columns") {
		table, list, named := pattern.CutAtEqual(text)
		if !named {
			list = text
		}
		var columns []string
		for column := range strings.SplitSeq(list, ",") {
			if column = unquoteName(strings.TrimSpace(column)); column == "" {
				return usagef("--csv-columns %q: a column has no name", text)
			}
			columns = append(columns, column)
		}
		found := false
		for i, s := range sources {
			if named {
				if name, err := pattern.ParseTable(table); err != nil || !name.Exact() || name.Schema.Name() != s.Schema || name.Table.Name() != s.Table {
					continue
				}
			}
			found = true
			sources[i].Columns = columns
		}
		if !found {
			return usagef("--csv-columns %q: it names no table of --csv-table", text)
		}
	}
	return nil
}

func csvDialect(c *cli.Context) (d flat.Dialect, err error) {
	for _, f := range []struct {
		name string
		into *string
	}{
		{"fields-terminated-by", &d.Fields}, {"fields-enclosed-by", &d.Enclosed}, {"fields-escaped-by", &d.Escaped}, {"lines-terminated-by", &d.Lines},
	} {
		*f.into = c.String(f.name)
		if *f.into == `\` {
			continue
		}
		if *f.into, err = flat.Unescape(*f.into); err != nil {
			return d, usagef("--%s %w", f.name, err)
		}
	}
	if c.IsSet("csv-null") {
		null := c.String("csv-null")
		d.Null = &null
	}
	if err := d.Validate(); err != nil {
		return d, usagef("%w", err)
	}
	return d, nil
}

// csvFeed opens files of rows when the run begins: the target says which columns their tables have.
func csvFeed(dir store.Store, f flat.Options) startFeed {
	return func(ctx context.Context, con *console, o *loader.Options) (dump.Feed, func() error, error) {
		define := &loader.Definitions{Target: o.Target, Names: o.Names}
		f.Store, f.Define, f.Chunks = dir, define.Table, feedChunks(o.Threads)
		feed, err := flat.Open(ctx, f)
		if err := errors.Join(err, define.Close()); err != nil {
			return nil, nil, err
		}
		return feed, feed.Close, nil
	}
}
