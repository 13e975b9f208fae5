package testdb

import (
	"context"
	"database/sql"
	"sync"
	"testing"
)

// Null is how ReadRows and Query show NULL.
const Null = "<NULL>"

// Queryer is a session or a pool.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ReadRows reads a small result as text: the names of its columns, and its cells, Null for NULL.
func ReadRows(ctx context.Context, from Queryer, query string, args ...any) (names []string, out [][]string, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	if names, err = rows.Columns(); err != nil {
		return nil, nil, err
	}
	values, cells := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		cells[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, nil, err
		}
		row := make([]string, len(names))
		for i, v := range values {
			if row[i] = v.String; !v.Valid {
				row[i] = Null
			}
		}
		out = append(out, row)
	}
	return names, out, rows.Err()
}

// Query returns a small result as text, Null for NULL. It reads in sessions that stay, in UTF-8, in UTC and under no
// sql_mode, so that what it returns does not depend on the server's settings; a query must not change its session.
func (s *Server) Query(t testing.TB, query string) [][]string {
	t.Helper()
	db, err := s.reading.open(s)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, err := ReadRows(context.Background(), db, query)
	if err != nil {
		t.Fatalf("%s: %.500s: %v", s.Kind, query, err)
	}
	return rows
}

// pool is opened by who needs it first, and closed with its server.
type pool struct {
	mu sync.Mutex
	db *sql.DB
}

func (p *pool) open(s *Server) (*sql.DB, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.db == nil {
		network, address := "unix", s.Socket
		if address == "" {
			network, address = "tcp", s.address()
		}
		p.db, err = s.open(network, address, "", map[string]string{"sql_mode": "''", "time_zone": "'+00:00'"})
	}
	return p.db, err
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.db == nil {
		return nil
	}
	err := p.db.Close()
	p.db = nil
	return err
}
