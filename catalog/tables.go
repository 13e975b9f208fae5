package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// readColumns fills in the columns of tables and views.
func (r *Reader) readColumns(ctx context.Context, c *Catalog) error {
	tables, views := c.tableIndex(), c.viewIndex()
	err := r.each(ctx, c.tableScopes("TABLE_SCHEMA", "TABLE_NAME"), "COLUMNS",
		[]string{"TABLE_SCHEMA", "TABLE_NAME", "ORDINAL_POSITION", "COLUMN_NAME", "DATA_TYPE", "COLUMN_TYPE",
			"CHARACTER_SET_NAME", "COLLATION_NAME", "IS_NULLABLE", "EXTRA", "IS_GENERATED", "GENERATION_EXPRESSION", "COLUMN_DEFAULT", "COLUMN_COMMENT"},
		func(f []cellText) error {
			name := [2]string{f[0].s, f[1].s}
			if t := tables[name]; t != nil {
				t.Columns = append(t.Columns, r.column(f))
				t.print.addUnordered(f[2:])
			}
			if v := views[name]; v != nil {
				v.Columns = append(v.Columns, r.column(f))
			}
			return nil
		})
	for _, t := range c.Tables {
		slices.SortFunc(t.Columns, byPosition)
	}
	for _, v := range c.Views {
		slices.SortFunc(v.Columns, byPosition)
	}
	return err
}

func byPosition(a, b Column) int { return cmp.Compare(a.Position, b.Position) }

func (r *Reader) column(f []cellText) Column {
	extra := strings.ToUpper(f[9].s)
	stored := ""
	if strings.Contains(extra, "STORED GENERATED") || strings.Contains(extra, "PERSISTENT") {
		stored = f[11].s
		if r.server.Facts.Flavor != mysql.MariaDB && r.server.Facts.Number >= 80000 {
			// The dictionary has quotes and backslashes escaped once more.
			stored = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(stored)
		}
	}
	return Column{
		Stored:   stored,
		Position: int(f[2].int()), Name: r.same(f[3].s), DataType: r.same(strings.ToLower(f[4].s)), ColumnType: r.same(f[5].s),
		Charset: r.same(f[6].s), Collation: r.same(f[7].s), Nullable: f[8].yes(),
		Generated: isGenerated(extra, f[10].s),
		Invisible: strings.Contains(extra, "INVISIBLE"),
		Numbered:  strings.Contains(extra, "AUTO_INCREMENT"),
	}
}

// isGenerated reads EXTRA of MySQL 5.7 and later and of MariaDB. DEFAULT_GENERATED is a default, not a generated column.
func isGenerated(extra, always string) bool {
	if strings.EqualFold(always, "ALWAYS") {
		return true
	}
	for _, word := range []string{"VIRTUAL GENERATED", "STORED GENERATED", "PERSISTENT"} {
		if strings.Contains(extra, word) {
			return true
		}
	}
	return extra == "VIRTUAL"
}

// indexPart is one row of information_schema.STATISTICS.
type indexPart struct {
	index    chunker.Index // without its parts
	position int64
	part     chunker.IndexPart
}

// readIndexes fills in the unique indexes of the tables; all of them are part of the fingerprint.
func (r *Reader) readIndexes(ctx context.Context, c *Catalog) error {
	tables := c.tableIndex()
	parts := map[*Table][]indexPart{}
	err := r.each(ctx, c.tableScopes("TABLE_SCHEMA", "TABLE_NAME"), "STATISTICS", statisticsReading().columns,
		func(f []cellText) error {
			t := tables[[2]string{f[0].s, f[1].s}]
			if t == nil {
				return nil
			}
			t.print.addUnordered(f[2:])
			if f[3].s != "0" {
				return nil
			}
			p := indexPart{
				index: chunker.Index{
					Name: r.same(f[2].s), Unique: true, Type: r.same(f[7].s), Invisible: strings.EqualFold(f[9].s, "NO") || f[10].yes(),
				},
				position: f[4].int(),
				part:     chunker.IndexPart{Part: t.keyPart(f[5].s), Prefix: f[6].valid},
			}
			p.part.Desc = f[8].s == "D"
			parts[t] = append(parts[t], p)
			return nil
		})
	for t, all := range parts {
		t.Indexes = joinParts(all)
	}
	return err
}

func joinParts(all []indexPart) []chunker.Index {
	slices.SortFunc(all, func(a, b indexPart) int {
		return cmp.Or(strings.Compare(a.index.Name, b.index.Name), cmp.Compare(a.position, b.position))
	})
	var out []chunker.Index
	for _, p := range all {
		n := len(out)
		if n == 0 || out[n-1].Name != p.index.Name {
			out = append(out, p.index)
			n++
		}
		out[n-1].Parts = append(out[n-1].Parts, p.part)
	}
	return out
}

// keyPart describes a column to the chunker. A part that is no column, as of a functional index, has no name.
func (t *Table) keyPart(name string) chunker.Part {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return chunker.Part{}
	}
	c := t.Columns[i]
	p := chunker.Part{
		Column: c.Name, Kind: partKind(c.DataType), Type: c.ColumnType, Charset: c.Charset, Collation: c.Collation, Nullable: c.Nullable,
	}
	if p.Kind == chunker.Enum || p.Kind == chunker.Set {
		p.Members = members(c.ColumnType)
	}
	return p
}

func partKind(dataType string) chunker.PartKind {
	switch dataType {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint":
		return chunker.Integer
	case "decimal", "numeric":
		return chunker.Decimal
	case "float", "double", "real":
		return chunker.Float
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return chunker.Text
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return chunker.Binary
	case "date", "datetime", "timestamp", "time":
		return chunker.Temporal
	case "year":
		return chunker.Year
	case "bit":
		return chunker.Bit
	case "enum":
		return chunker.Enum
	case "set":
		return chunker.Set
	}
	return chunker.Other
}

// readPartitions fills in the partitions of the tables, which are what a table without a key is cut by.
func (r *Reader) readPartitions(ctx context.Context, c *Catalog) error {
	type named struct {
		position int64
		name     string
	}
	if !c.partitioned {
		return nil
	}
	tables := c.tableIndex()
	found := map[*Table][]named{}
	err := r.each(ctx, c.tableScopes("TABLE_SCHEMA", "TABLE_NAME"), "PARTITIONS", partitionsReading().columns,
		func(f []cellText) error {
			t := tables[[2]string{f[0].s, f[1].s}]
			if t == nil || !f[2].valid {
				return nil
			}
			t.print.addUnordered(f[2:])
			p := named{position: f[3].int(), name: f[2].s}
			if !slices.Contains(found[t], p) {
				found[t] = append(found[t], p)
			}
			return nil
		})
	for t, all := range found {
		slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.position, b.position) })
		for _, p := range all {
			t.Partitions = append(t.Partitions, p.name)
		}
	}
	return err
}

// readTableIDs adds to the fingerprints what tells a truncated table from an untouched one on MySQL 5.6 and 5.7, which go
// on to read it in old snapshots as if it had always been empty. Later servers, and MariaDB, refuse with 1412.
func (r *Reader) readTableIDs(ctx context.Context, c *Catalog) error {
	f := &r.server.Facts
	if f.Flavor == mysql.MariaDB || f.Number >= 80000 {
		return nil
	}
	tables := c.tableIndex()
	part := func(expr string) string {
		return "CONVERT(CONVERT(CAST(" + expr + " AS BINARY) USING filename) USING utf8)"
	}
	q := "SELECT TABLE_ID, " + part("SUBSTRING_INDEX(NAME, '/', 1)") + ", " +
		part("SUBSTRING_INDEX(SUBSTRING_INDEX(NAME, '/', -1), '#', 1)") + " FROM information_schema.INNODB_SYS_TABLES"
	err := r.scan(ctx, q, 3, func(f []cellText) error {
		if t := tables[[2]string{f[1].s, f[2].s}]; t != nil {
			t.print.addUnordered(f[:1])
		}
		return nil
	})
	if mysql.IsDenied(err) {
		c.Warnings = append(c.Warnings, "account "+f.User+" lacks PROCESS: a TRUNCATE TABLE during the dump would go unnoticed on this server")
		return nil
	}
	return err
}
