package catalog

import (
	"context"
	"database/sql"
	"strings"
	"sync"
)

// ahead runs queries on a session of its own while the results of others are read: for each of them some servers open every table.
type ahead struct {
	results map[string]chan result // by query; each is taken once
	cancel  context.CancelFunc
	running sync.WaitGroup
}

type result struct {
	rows *sql.Rows
	err  error
}

// reading is one question to information_schema about a schema's tables.
type reading struct {
	from    string
	column  string // that names the schema
	columns []string
}

func statisticsReading() reading {
	return reading{"STATISTICS", "TABLE_SCHEMA", []string{
		"TABLE_SCHEMA", "TABLE_NAME", "INDEX_NAME", "NON_UNIQUE", "SEQ_IN_INDEX", "COLUMN_NAME",
		"SUB_PART", "INDEX_TYPE", "COLLATION", "IS_VISIBLE", "IGNORED", "EXPRESSION",
	}}
}

func partitionsReading() reading {
	return reading{"PARTITIONS", "TABLE_SCHEMA", []string{
		"TABLE_SCHEMA", "TABLE_NAME", "PARTITION_NAME", "PARTITION_ORDINAL_POSITION", "SUBPARTITION_NAME",
		"PARTITION_METHOD", "PARTITION_EXPRESSION", "PARTITION_DESCRIPTION",
	}}
}

// lookAhead starts what is asked after the columns, where the catalog has so many tables that whole schemas are asked for.
func (r *Reader) lookAhead(ctx context.Context, c *Catalog) (stop func()) {
	if !c.manyTables() || len(c.Schemas) > fewSchemas {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{results: map[string]chan result{}, cancel: cancel}
	readings := []reading{statisticsReading()}
	if c.partitioned {
		readings = append(readings, partitionsReading())
	}
	var queries []string
	for _, one := range readings {
		for _, scope := range c.schemaScopes(one.column) {
			q := r.query(one.from, one.columns, scope)
			queries = append(queries, q)
			a.results[q] = make(chan result, 1)
		}
	}
	a.running.Go(func() {
		for _, q := range queries {
			rows, err := r.server.DB().QueryContext(ctx, q) //nolint:rowserrcheck,sqlclosecheck // whoever takes them does, or stop
			a.results[q] <- result{rows, err}
		}
	})
	r.ahead = a
	return func() {
		r.ahead = nil
		a.stop()
	}
}

// stop closes what nobody has taken.
func (a *ahead) stop() {
	a.cancel()
	a.running.Wait()
	for _, c := range a.results {
		select {
		case one := <-c:
			if one.rows != nil {
				_ = one.rows.Close() // it was not read
			}
		default:
		}
	}
}

// take waits for a query that was started; ok is false for another.
func (a *ahead) take(ctx context.Context, query string) (one result, ok bool) {
	if a == nil {
		return result{}, false
	}
	c, ok := a.results[query]
	if !ok {
		return result{}, false
	}
	select {
	case one = <-c:
	case <-ctx.Done():
		one.err = ctx.Err()
	}
	return one, true
}

// notAsked stands in place of a column: it is NULL.
const notAsked = ""

// query asks for columns of one of information_schema's tables; those that the server lacks are NULL.
func (r *Reader) query(from string, columns []string, scope string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c
		if !r.have[from][c] {
			list[i] = "NULL"
		}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM information_schema." + from + " WHERE " + scope
}
