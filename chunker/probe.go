package chunker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/mysql"
)

// Querier runs the probes.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// prober asks the server about one table. Every condition that it sends is an equality prefix and a range over one part.
type prober struct {
	q          Querier
	key        *Key
	table      string   // quoted
	partitions []string // names
	probes     int
	wasted     int // probes that read far more rows than they should
}

// interval is a condition on part len(prefix): from lo on and before hi; nil is unbounded.
type interval struct {
	prefix Tuple
	lo, hi []byte
	open   bool // lo itself is excluded
}

func (iv interval) where(k *Key) string {
	var and []string
	for i, v := range iv.prefix {
		and = append(and, compare(&k.Parts[i], "=", v))
	}
	if i := len(iv.prefix); i < len(k.Parts) {
		p := &k.Parts[i]
		op := ">="
		if iv.open {
			op = ">"
		}
		if iv.lo != nil {
			and = append(and, compare(p, op, iv.lo))
		}
		if iv.hi != nil {
			and = append(and, compare(p, "<", iv.hi))
		}
		if p.Nullable && iv.lo == nil && iv.hi == nil && !iv.aggregates(k) {
			and = append(and, mysql.QuoteName(p.Column)+" IS NOT NULL")
		}
	}
	if len(and) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(and, " AND ")
}

// from returns the FROM clause. hint is FORCE or USE: MySQL 8 and later make no dives for an index that is forced, and
// estimate one row (https://dev.mysql.com/doc/refman/8.4/en/range-optimization.html).
func (pr *prober) from(hint string) string { return pr.fromPartition("", hint) }

func (pr *prober) fromPartition(partition, hint string) string {
	from := " FROM " + pr.table
	if partition != "" {
		from += " PARTITION (" + mysql.QuoteName(partition) + ")"
	}
	if pr.key == nil || pr.key.Name == "" {
		return from
	}
	return from + " " + hint + " INDEX (" + mysql.QuoteName(pr.key.Name) + ")"
}

// edge is an end of an interval.
type edge int

const (
	first edge = iota
	last
)

// end returns the first or last value of the interval's part, nil when there is none. MIN and MAX make one dive whatever
// the statistics are; ORDER BY with LIMIT scans the index where they claim that there are few rows.
func (pr *prober) end(ctx context.Context, iv interval, e edge) ([]byte, error) {
	return pr.value(ctx, pr.endSQL(iv, e))
}

func (pr *prober) endSQL(iv interval, e edge) string {
	i := len(iv.prefix)
	column, order := mysql.QuoteName(pr.key.Parts[i].Column), "ASC"
	value, tail := "MIN("+column+")", ""
	if e == last {
		value, order = "MAX("+column+")", "DESC"
	}
	if iv.aggregates(pr.key) {
		value += strings.TrimPrefix(pr.key.KeyExpr(i), column) // +0e0
	} else {
		value, tail = pr.key.KeyExpr(i), " ORDER BY "+column+" "+order+" LIMIT 1"
	}
	return "SELECT " + value + pr.from("FORCE") + iv.where(pr.key) + tail
}

// aggregates reports whether MIN and MAX give the values that stand first and last, read by a dive.
func (iv interval) aggregates(k *Key) bool {
	p := &k.Parts[len(iv.prefix)]
	switch p.Kind {
	case Temporal: // MySQL 5.6 finds no MIN after a date that stands as a number
		return !p.Desc && (iv.lo == nil || literal(p, iv.lo)[0] == '\'') && (iv.hi == nil || literal(p, iv.hi)[0] == '\'')
	case Integer, Decimal, Float, Text, Binary, Year:
		return !p.Desc
	case Bit, Enum, Set, Other:
	}
	return false
}

// skip returns the value that stands offset rows after the interval's first, nil when there is none. Servers whose
// statistics claim few rows scan the index from its beginning instead: then it gives up (errUncut).
func (pr *prober) skip(ctx context.Context, iv interval, offset int64) ([]byte, error) {
	before := pr.readCount(ctx)
	v, err := pr.value(ctx, "SELECT "+pr.key.KeyExpr(len(iv.prefix))+pr.from("FORCE")+iv.where(pr.key)+
		" ORDER BY "+mysql.QuoteName(pr.key.Parts[len(iv.prefix)].Column)+" LIMIT 1 OFFSET "+strconv.FormatInt(offset, 10))
	if err == nil && pr.readCount(ctx)-before > 2*offset+5000 {
		pr.wasted++
	}
	if err == nil && pr.wasted > 1 {
		err = errUncut
	}
	return v, err
}

func (pr *prober) value(ctx context.Context, query string) (v []byte, err error) {
	err = pr.each(ctx, query, func(rows *sql.Rows) error { return rows.Scan(&v) })
	return v, err
}

// maxPartitions bounds the partitions that are asked for one by one.
const maxPartitions = 32

// estimate returns the server's estimates of the intervals' rows, in one round trip. Of a partitioned table it asks for each
// partition: MySQL 5.6 and MariaDB look into the largest ones only and take the others to be like them.
func (pr *prober) estimate(ctx context.Context, intervals ...interval) ([]int64, error) {
	parts := pr.partitions
	if len(parts) == 0 || len(parts) > maxPartitions {
		parts = []string{""}
	}
	selects := make([]string, 0, len(intervals)*len(parts))
	for _, iv := range intervals {
		for _, part := range parts {
			selects = append(selects, "SELECT 1"+pr.fromPartition(part, "USE")+iv.where(pr.key))
		}
	}
	each, err := pr.explain(ctx, selects)
	if err != nil {
		return nil, err
	}
	sums := make([]int64, len(intervals))
	for i, n := range each {
		sums[i/len(parts)] += n
	}
	return sums, nil
}

// explain returns the rows that EXPLAIN states for each of the selects, 0 where it sees that there are none.
func (pr *prober) explain(ctx context.Context, selects []string) (estimates []int64, err error) {
	err = pr.each(ctx, "EXPLAIN FORMAT=TRADITIONAL "+strings.Join(selects, " UNION ALL "), func(rows *sql.Rows) error {
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		cells, ptrs := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			ptrs[i] = &cells[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		for i, name := range names {
			if !strings.EqualFold(name, "rows") || len(estimates) == len(selects) {
				continue // the line after the selects is the union's
			}
			var n int64
			if cells[i].Valid {
				if n, err = strconv.ParseInt(cells[i].String, 10, 64); err != nil {
					return fmt.Errorf("rows of EXPLAIN: %w", err)
				}
			}
			estimates = append(estimates, n)
		}
		return nil
	})
	if err == nil && len(estimates) < len(selects) {
		err = fmt.Errorf("EXPLAIN of %d selects has %d lines", len(selects), len(estimates))
	}
	return estimates, err
}

// sample is rows that were read to see how long they are, and what their first key value looks like.
type sample struct {
	rows, bytes int64
}

// sampleRows reads up to limit rows in the key's order.
func (pr *prober) sampleRows(ctx context.Context, s *sample, order string, limit int64) error {
	q := "SELECT *" + pr.from("FORCE") + " ORDER BY " + mysql.QuoteName(pr.key.Parts[0].Column) +
		" " + order + " LIMIT " + strconv.FormatInt(limit, 10)
	return pr.each(ctx, q, func(rows *sql.Rows) error {
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		cells, ptrs := make([]sql.RawBytes, len(names)), make([]any, len(names))
		for i := range cells {
			ptrs[i] = &cells[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		s.rows++
		for _, c := range cells {
			s.bytes += int64(len(c)) + 1
		}
		return nil
	})
}

// weigh asks how characters of the part's charset compare.
func (pr *prober) weigh(ctx context.Context, p *Part, chars []string) ([]string, error) {
	const batch = 256
	var out []string
	for len(chars) > 0 {
		n := min(batch, len(chars))
		exprs := make([]string, n)
		for i, c := range chars[:n] {
			exprs[i] = "HEX(WEIGHT_STRING(" + mysql.HexLiteral(p.Charset, []byte(c)) + " COLLATE " + p.Collation + "))"
		}
		got, err := pr.row(ctx, "SELECT "+strings.Join(exprs, ", "), n)
		if err != nil {
			return nil, err
		}
		out, chars = append(out, got...), chars[n:]
	}
	return out, nil
}

// convert returns UTF-8 texts in the part's charset.
func (pr *prober) convert(ctx context.Context, p *Part, texts []string) ([]string, error) {
	const batch = 256
	var out []string
	for len(texts) > 0 {
		n := min(batch, len(texts))
		exprs := make([]string, n)
		for i, t := range texts[:n] {
			exprs[i] = "CAST(CONVERT(" + mysql.HexLiteral("utf8mb4", []byte(t)) + " USING " + p.Charset + ") AS BINARY)"
		}
		got, err := pr.row(ctx, "SELECT "+strings.Join(exprs, ", "), n)
		if err != nil {
			return nil, err
		}
		out, texts = append(out, got...), texts[n:]
	}
	return out, nil
}

// row returns the one row of a query that has n columns.
func (pr *prober) row(ctx context.Context, query string, n int) ([]string, error) {
	cells, ptrs := make([]sql.NullString, n), make([]any, n)
	for i := range cells {
		ptrs[i] = &cells[i]
	}
	err := pr.each(ctx, query, func(rows *sql.Rows) error { return rows.Scan(ptrs...) })
	out := make([]string, n)
	for i := range cells {
		out[i] = cells[i].String
	}
	return out, err
}

func (pr *prober) each(ctx context.Context, query string, scan func(*sql.Rows) error) (err error) {
	pr.probes++
	rows, err := pr.q.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("probe %s: %w", query, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("probe %s: %w", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("probe %s: %w", query, err)
	}
	return nil
}

// refused reports whether the server would not take a value for what the probe compares it with, so that a probe with
// other values may well work: 1267 and 1271 mix of collations, 1292 and 1525 wrong time, 1300 invalid text.
func refused(err error) bool {
	var e *driver.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Number {
	case 1267, 1271, 1292, 1300, 1525:
		return true
	}
	return false
}
