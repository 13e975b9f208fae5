package replica

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// filterColumns are those of the status by which a replica leaves changes out, and the options that set them.
func filterColumns() []string {
	return []string{
		"replicate_do_db", "replicate_do_table", "replicate_wild_do_table", "replicate_rewrite_db",
		"replicate_ignore_db", "replicate_ignore_table", "replicate_wild_ignore_table",
	}
}

// filtersOf are the filters of a row of the status.
func filtersOf(r mysql.Named) (out []string) {
	for _, c := range filterColumns() {
		if v := r.Text(c); v != "" {
			out = append(out, c+"="+v)
		}
	}
	return out
}

// checkFilters finds filters by which changes would be lost without a word. Those that ignore what the target does not have lose nothing.
func (s *starting) checkFilters(ctx context.Context) error {
	st, err := readStatus(ctx, s.e)
	if err != nil || st == nil {
		return err
	}
	schemas, err := mysql.Column(ctx, s.e.target.DB(), allSchemas)
	if err != nil {
		return err
	}
	for _, f := range st.Filters {
		name, value, _ := strings.Cut(f, "=")
		if !strings.Contains(name, "_ignore_") {
			return fmt.Errorf("%w: the target applies a part of the changes only: %s; take that out, and start again", ErrRefused, f)
		}
		for pattern := range strings.SplitSeq(value, ",") {
			for _, schema := range schemas {
				if !s.o.ignores(schema) && filters(name, strings.TrimSpace(pattern), schema) {
					return fmt.Errorf("%w: the target leaves out changes of schema %s, which it has: %s (of an earlier start, or of its option file); empty that, or ignore the schema by --exclude-schema, and start again",
						ErrRefused, schema, f)
				}
			}
		}
	}
	return nil
}

// filters reports whether a filter's pattern may be for a schema.
func filters(name, pattern, schema string) bool {
	if strings.HasSuffix(name, "_table") {
		pattern, _, _ = strings.Cut(pattern, ".")
	}
	if strings.Contains(name, "_wild_") {
		return like(pattern, schema)
	}
	return strings.EqualFold(pattern, schema)
}

// like is SQL's LIKE with the escape \, without case.
func like(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	switch c := pattern[0]; {
	case c == '%':
		return like(pattern[1:], s) || s != "" && like(pattern, s[1:])
	case s == "":
		return false
	case c == '_':
		return like(pattern[1:], s[1:])
	case c == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	}
	return strings.EqualFold(pattern[:1], s[:1]) && like(pattern[1:], s[1:])
}

// checkLogged finds schemas whose changes the source does not log.
func (s *starting) checkLogged(ctx context.Context) ([]Finding, error) {
	rows, err := mysql.QueryNamed(ctx, s.e.source.DB(), binlogQuery(&s.e.source.Facts))
	if mysql.IsDenied(err) || err == nil && len(rows) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", binlogQuery(&s.e.source.Facts), err)
	}
	var out []Finding
	for _, c := range []string{"binlog_do_db", "binlog_ignore_db"} {
		if v := rows[0].Text(c); v != "" {
			out = append(out, stops("the source logs a part of its changes only: "+c+"="+v, "take "+strings.ReplaceAll(c, "_", "-")+" out of its option file, restart it, and copy again"))
		}
	}
	return out, nil
}
