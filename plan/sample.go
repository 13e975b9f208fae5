package plan

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

const (
	places      = 8    // of a table's keys, from which a sample is taken
	pieces      = 32   // of a table, of which places are chosen
	wholeBelow  = 5000 // rows of a table that is taken whole
	nearlyWhole = 0.7
	maxSampled  = 500 // tables
)

// sampling is a fraction of the rows of the tables that are measured.
type sampling struct {
	selection catalog.Selection
	tables    []*catalog.Table
	left      int64 // bytes of tables that no part is taken of
}

// sample chooses a fraction of every table, of several places of its key; small tables are taken whole. 0 takes the tables without rows.
func (p *planning) sample(ctx context.Context, fraction float64) (*sampling, error) {
	s := &sampling{selection: p.o.Selection}
	sel := &s.selection
	sel.NoViews, sel.NoTriggers, sel.NoRoutines, sel.NoEvents, sel.Users.Wanted = true, true, true, true, false
	sel.NoData = fraction == 0
	if fraction == 1 {
		s.tables = p.cat.Tables
		return s, nil
	}
	where := map[string]string{}
	maps.Copy(where, sel.Where)
	sel.Where, sel.Tables, sel.Schemas = where, nil, nil
	probes := &catalog.Prober{Server: p.source}
	defer probes.Close()
	for _, t := range p.sampled() {
		if fraction > 0 && t.Rows > wholeBelow {
			condition, ok, err := fractionOf(ctx, probes, t, fraction, places)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", t, err)
			}
			if !ok {
				s.left += p.part(t, t.Bytes)
				continue
			}
			if t.Where != "" {
				condition = "(" + t.Where + ") AND (" + condition + ")"
			}
			where[t.Quoted()] = condition
		}
		s.tables = append(s.tables, t)
		sel.Tables = append(sel.Tables, t.Quoted())
	}
	return s, nil
}

// sampled are the tables that are measured: the largest where there are very many.
func (p *planning) sampled() []*catalog.Table {
	if len(p.cat.Tables) <= maxSampled {
		return p.cat.Tables
	}
	var out []*catalog.Table
	step := (len(p.cat.Tables) + maxSampled - 1) / maxSampled
	large := map[string]bool{}
	for _, t := range p.report.Size.Largest {
		large[t.Name] = true
	}
	for i, t := range p.cat.Tables {
		if i%step == 0 || large[t.Quoted()] {
			out = append(out, t)
		}
	}
	return out
}

// fractionOf is a condition for a fraction of a table's rows, from so many places of its key or more; ok is false where it has no key to take a part by.
func fractionOf(ctx context.Context, q chunker.Querier, t *catalog.Table, fraction float64, places int) (condition string, ok bool, err error) {
	key := chunker.ChooseKey(t.Indexes)
	if key == nil || key.Nullable() {
		return "", false, nil
	}
	tiled := catalog.NewTableReader(t, key, "").Tiled()
	pieces := max(pieces, places)
	var all []chunker.Range
	for r, err := range chunker.Ranges(ctx, q, tiled, chunker.Options{TargetBytes: max(t.Bytes/int64(pieces), 64<<10)}) {
		if err != nil {
			return "", false, err
		}
		all = append(all, r)
	}
	n := min(max(places, int(1.3*fraction*float64(pieces))), len(all))
	rows := int64(fraction * float64(t.Rows) / float64(n))
	var parts []string
	for i := range n {
		r := all[i*len(all)/n]
		part, ok, err := firstRows(ctx, q, t, key, r, max(rows, 1))
		if err != nil {
			return "", false, err
		}
		if ok {
			parts = append(parts, "("+part.Where(key)+")")
		}
	}
	return strings.Join(parts, " OR "), len(parts) > 0, nil
}

// firstRows cuts a range behind so many rows.
func firstRows(ctx context.Context, q chunker.Querier, t *catalog.Table, key *chunker.Key, r chunker.Range, rows int64) (_ chunker.Range, ok bool, err error) {
	var columns []string
	for _, part := range key.Parts {
		columns = append(columns, mysql.QuoteName(part.Column))
	}
	list := strings.Join(columns, ", ")
	query := "SELECT " + list + " FROM " + t.Quoted() + " FORCE INDEX (" + mysql.QuoteName(key.Name) + ")"
	if w := r.Where(key); w != "" {
		query += " WHERE " + w
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d, 1", list, rows)
	found, err := q.QueryContext(ctx, query)
	if err != nil {
		return r, false, err
	}
	defer found.Close() //nolint:errcheck // it was only read
	if !found.Next() {
		return r, !r.Whole(), found.Err() // all of it
	}
	at := make(chunker.Tuple, len(key.Parts))
	into := make([]any, len(at))
	for i := range at {
		into[i] = &at[i]
	}
	if err := found.Scan(into...); err != nil {
		return r, false, err
	}
	before, _, ok := r.Cut(key, at)
	return before, ok, found.Err()
}
