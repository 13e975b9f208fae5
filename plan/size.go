package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/gomove/gomove/internal/mysql"
)

// shownTables is how many of the largest tables are named.
const shownTables = 15

// sizes adds up what the server's statistics say.
func (p *planning) sizes(ctx context.Context) error {
	indexes := map[string]int64{}
	for _, s := range p.cat.Schemas {
		rows, err := mysql.QueryNamed(ctx, p.source.DB(), "SELECT TABLE_NAME AS name, INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA="+mysql.QuoteString(s.Name))
		if err != nil {
			return fmt.Errorf("sizes of schema %s: %w", mysql.QuoteName(s.Name), err)
		}
		for _, r := range rows {
			n, _ := strconv.ParseInt(r.Text("bytes"), 10, 64)
			indexes[mysql.QuoteTable(s.Name, r.Text("name"))] = n
		}
	}
	size := &p.report.Size
	of := map[string]*SchemaSize{}
	for _, s := range p.cat.Schemas {
		of[s.Name] = &SchemaSize{Name: s.Name}
	}
	for _, t := range p.cat.Tables {
		one := TableSize{Name: t.Quoted(), Engine: t.Engine, Rows: p.part(t, t.Rows), Bytes: p.part(t, t.Bytes), Indexes: p.part(t, indexes[t.Quoted()])}
		if share, narrowed := p.shares[t.Quoted()]; narrowed {
			one.Share = &share
			size.Narrowed++
		}
		size.Largest = append(size.Largest, one)
		s := of[t.Schema]
		if s == nil {
			continue
		}
		s.Tables++
		s.Rows, s.Bytes, s.Indexes = s.Rows+one.Rows, s.Bytes+one.Bytes, s.Indexes+one.Indexes
		size.Tables++
		size.Rows, size.Bytes, size.Indexes = size.Rows+one.Rows, size.Bytes+one.Bytes, size.Indexes+one.Indexes
	}
	for _, s := range p.cat.Schemas {
		size.Schemas = append(size.Schemas, *of[s.Name])
	}
	slices.SortFunc(size.Schemas, func(a, b SchemaSize) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name)) })
	slices.SortFunc(size.Largest, func(a, b TableSize) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name)) })
	size.Largest = size.Largest[:min(len(size.Largest), shownTables)]
	return nil
}
