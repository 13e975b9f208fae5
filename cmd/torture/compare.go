package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// content is all that a server has of the schema, read by code that gomove shares nothing with.
type content struct {
	rows    map[string]map[[32]byte]int // by table: how often each row is there
	objects []testdb.ObjectCount
	next    map[string]string // AUTO_INCREMENT by table
}

func readContent(ctx context.Context, db *sql.DB) (*content, error) {
	c := &content{rows: map[string]map[[32]byte]int{}, next: map[string]string{}}
	if err := c.readTables(ctx, db); err != nil {
		return nil, err
	}
	var err error
	c.objects, err = testdb.ObjectCounts(ctx, db, schema)
	return c, err
}

func (c *content) readTables(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_mode='', time_zone='+00:00', NAMES binary"); err != nil {
		return err
	}
	for _, t := range tables() {
		if c.rows[t.name], err = readTable(ctx, conn, t.name); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
		var name, create string
		if err := conn.QueryRowContext(ctx, "SHOW CREATE TABLE "+schema+"."+t.name).Scan(&name, &create); err != nil {
			return err
		}
		if _, after, ok := strings.Cut(create, " AUTO_INCREMENT="); ok {
			c.next[t.name], _, _ = strings.Cut(after, " ")
		}
	}
	return nil
}

func readTable(ctx context.Context, conn *sql.Conn, table string) (map[[32]byte]int, error) {
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+schema+"."+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	cells, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	found := map[[32]byte]int{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var b []byte
		for _, c := range cells {
			b = fmt.Appendf(b, "%t %d ", c == nil, len(c))
			b = append(b, c...)
		}
		found[sha256.Sum256(b)]++
	}
	return found, rows.Err()
}

// difference counts rows that the target lacks, has too often, and has though the source has none like them.
type difference struct {
	lost, doubled, altered int
	what                   []string
}

func (d difference) any() bool { return d.lost+d.doubled+d.altered+len(d.what) > 0 }

func compare(source, target *content) (d difference) {
	for table, want := range source.rows {
		got := target.rows[table]
		lost, doubled, altered := 0, 0, 0
		for row, n := range want {
			lost += max(0, n-got[row])
			doubled += max(0, got[row]-n)
		}
		for row, n := range got {
			if want[row] == 0 {
				altered += n
			}
		}
		if lost+doubled+altered > 0 {
			d.what = append(d.what, fmt.Sprintf("table %s: %d rows lost, %d doubled, %d that the source has not", table, lost, doubled, altered))
		}
		d.lost, d.doubled, d.altered = d.lost+lost, d.doubled+doubled, d.altered+altered
		if source.next[table] != target.next[table] {
			d.what = append(d.what, fmt.Sprintf("table %s: AUTO_INCREMENT is %q, want %q", table, target.next[table], source.next[table]))
		}
	}
	for i, o := range source.objects {
		if o != target.objects[i] {
			d.what = append(d.what, fmt.Sprintf("%s: %d, want %d, or other ones", o.Kind, target.objects[i].Count, o.Count))
		}
	}
	return d
}
