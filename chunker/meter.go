package chunker

import (
	"context"
	"database/sql"
	"strconv"
)

// meter counts the rows that the probes made the server read, by the session's Handler_read_% counters, for the debug
// log. Without a log it asks nothing.
type meter struct {
	pr       *prober
	report   func(msg string, args ...any)
	overhead int64 // what asking adds
	start    int64
	read     int64
}

func newMeter(ctx context.Context, pr *prober, report func(msg string, args ...any)) *meter {
	m := &meter{pr: pr, report: report}
	if report == nil {
		return m
	}
	m.start = pr.readCount(ctx)
	second := pr.readCount(ctx)
	m.overhead, m.start = second-m.start, second
	return m
}

func (m *meter) pause(ctx context.Context) {
	if m.report != nil {
		m.read += m.pr.readCount(ctx) - m.start - m.overhead
	}
}

func (m *meter) resume(ctx context.Context) {
	if m.report != nil {
		m.start = m.pr.readCount(ctx)
	}
}

// readCount sums the session's counters of rows read. They are for information: an error leaves them at 0.
func (pr *prober) readCount(ctx context.Context) (sum int64) {
	pr.probes--
	err := pr.each(ctx, "SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'", func(rows *sql.Rows) error {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		n, err := strconv.ParseInt(value, 10, 64)
		sum += n
		return err
	})
	if err != nil {
		return 0
	}
	return sum
}

func (m *meter) log(ctx context.Context, t *Table, ranges int, p *planner) {
	if m.report == nil {
		return
	}
	m.pause(ctx)
	m.report("key ranges found", "schema", t.Schema, "table", t.Name, "ranges", ranges, "target_rows", p.target,
		"estimated_rows", p.rows, "probes", m.pr.probes, "probe_rows_read", m.read, "useless_statistics", p.misled)
}
