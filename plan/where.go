package plan

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// What is looked at of a table with a condition to estimate how many of its rows meet it.
const (
	whereRows   = 20_000
	wherePlaces = 64
)

// findShares estimates which share of its rows each --where takes.
func (p *planning) findShares(ctx context.Context) error {
	p.shares = map[string]float64{}
	if err := p.cat.CheckConditions(ctx, p.source.DB()); err != nil {
		return err
	}
	for _, t := range p.cat.Tables {
		if t.Where == "" || t.Rows == 0 {
			continue
		}
		share, err := p.share(ctx, t)
		if err != nil {
			return fmt.Errorf("table %s: --where: %w", t, err)
		}
		p.shares[t.Quoted()] = max(0, min(1, share))
	}
	return nil
}

// share is what the server expects of an index, or what rows of many places of the table show.
func (p *planning) share(ctx context.Context, t *catalog.Table) (float64, error) {
	db := p.source.DB()
	lines, err := mysql.QueryNamed(ctx, db, "EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM "+t.Quoted()+" WHERE ("+t.Where+")")
	if err != nil {
		return 0, err
	}
	if len(lines) == 1 && slices.Contains([]string{"range", "ref", "const", "index_merge"}, lines[0].Text("type")) {
		rows, err := strconv.ParseFloat(lines[0].Text("rows"), 64)
		return rows / float64(t.Rows), err
	}
	probes := &catalog.Prober{Server: p.source}
	defer probes.Close()
	from := "(SELECT (" + t.Where + ") IS TRUE AS met FROM " + t.Quoted()
	if t.Rows > whereRows {
		condition, ok, err := fractionOf(ctx, probes, t, whereRows/float64(t.Rows), wherePlaces)
		switch {
		case err != nil:
			return 0, err
		case ok:
			from += " WHERE " + condition
		default:
			from += fmt.Sprintf(" LIMIT %d", whereRows)
		}
	}
	var met, all float64
	err = db.QueryRowContext(ctx, "SELECT COALESCE(SUM(met),0), COUNT(*) FROM "+from+") AS looked_at").Scan(&met, &all)
	return met / max(all, 1), err
}

// part is so much of a table as its condition takes.
func (p *planning) part(t *catalog.Table, n int64) int64 {
	if share, ok := p.shares[t.Quoted()]; ok {
		return int64(share * float64(n))
	}
	return n
}
