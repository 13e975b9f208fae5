package loader

import (
	"database/sql"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

const (
	smallChunks = 100 // two transactions of 32 of them, and 36 alone
	perSmall    = 2
)

// smalls is a table without a key, which would show a row that came twice, in many small chunks.
func smalls() testTable {
	tt := keyless("InnoDB")
	tt.rows, tt.perChunk = nil, perSmall
	for i := range smallChunks * perSmall {
		tt.rows = append(tt.rows, []any{i})
	}
	return tt
}

func wantSmalls(t *testing.T, db *sql.DB, schema string) {
	t.Helper()
	wantRows(t, db, schema+".t", smallChunks*perSmall)
	wantRows(t, db, "(SELECT DISTINCT id FROM "+schema+".t) x", smallChunks*perSmall)
	noProgress(t, db)
}

// TestLoadSmallChunksStopped stops a load in and around a transaction of several chunks, in each of the ways, and runs it again.
func TestLoadSmallChunksStopped(t *testing.T) {
	stops := []stop{{atBegun, "", 2}, {atClaimed, "", 2}, {atMiddle, "", 40}, {atLoaded, "", 40}, {atChecked, "", 2}, {atCommitted, "", 1}}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for i, at := range stops {
			way := []string{byKill, byLoss, byError}[(i+len(s.Kind))%3]
			t.Run(at.String()+" "+way, func(t *testing.T) { stopSmalls(t, s, at, way) })
		}
	})
}

func stopSmalls(t *testing.T, s *testdb.Server, at stop, way string) {
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{smalls()}}
	o := options(s, d.write(t))
	o.Threads = 1
	db := s.DB(t)
	switch way {
	case byKill:
		kill(t, s, d.dir, o, at)
		wantRows(t, db, "gomove.progress WHERE kind='chunk'", mostTogether) // of the first transaction
		wantRows(t, db, schema+".t", mostTogether*perSmall)
	case byError:
		_, err := stopped(o, at, func(*session) error { return errPull }).execute(t.Context())
		if err == nil { // the chunks were loaded one by one
			wantSmalls(t, db, schema)
			return
		}
		wantError(t, err, errPull)
	case byLoss:
		sum, err := stopped(o, at, func(c *session) error {
			_, err := db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", c.ID))
			return err
		}).execute(t.Context())
		must(t, err)
		if sum.Chunks != smallChunks || sum.Rows != smallChunks*perSmall {
			t.Errorf("summary %+v", sum)
		}
		wantSmalls(t, db, schema)
		return
	}
	sum, err := run(t, o)
	must(t, err)
	if !sum.Resumed || !sum.Complete {
		t.Errorf("summary %+v", sum)
	}
	wantSmalls(t, db, schema)
}

// TestLoadSmallChunksTogether counts transactions, and looks at what a chunk with a row that does not fit does to the others.
func TestLoadSmallChunksTogether(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		tt := numbered(smallChunks*perSmall, perSmall)
		d := &testDump{schema: schema, tables: []testTable{tt}}
		o := options(s, d.write(t))
		o.Threads = 1
		l := newLoad(o.withDefaults())
		var commits atomic.Int64
		l.onMoment = func(m moment, _ *session, _ string) error {
			if m == atCommitted {
				commits.Add(1)
			}
			return nil
		}
		sum, err := l.execute(t.Context())
		must(t, err)
		if want := int64(2 + smallChunks - 2*mostTogether); commits.Load() != want || sum.Chunks != smallChunks {
			t.Errorf("%d transactions of %d chunks, want %d", commits.Load(), sum.Chunks, want)
		}
		wantRows(t, s.DB(t), schema+".t", smallChunks*perSmall)

		bad := &testDump{schema: schema, tables: []testTable{numbered(smallChunks*perSmall, perSmall)}}
		bad.tables[0].rows[21][0] = 5 // chunk 10, a number of chunk 2
		o = options(s, bad.write(t))
		o.Threads, o.IfExists = 1, ExistsDrop
		_, err = run(t, o)
		wantError(t, err, ErrRows, "t.00010.csv", "Duplicate entry '5'")
		wantRows(t, s.DB(t), schema+".t", 10*perSmall)
		wantRows(t, s.DB(t), "gomove.progress WHERE kind='chunk'", 10)
	})
}

// TestLoadSmallChunksLostCommit loses the answer to the COMMIT of several chunks.
func TestLoadSmallChunksLostCommit(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{smalls()}}
		p := newProxy(t, s, 1)
		o := options(s, d.write(t))
		o.Threads = 1
		o.Target.Port = p.Addr().(*net.TCPAddr).Port
		o.Target.TLS.Mode = mysql.SSLDisabled // the proxy reads along
		sum, err := run(t, o)
		must(t, err)
		if p.hit.Load() != 1 || sum.Chunks != smallChunks || sum.Rows != smallChunks*perSmall {
			t.Errorf("%d answers were lost: %+v", p.hit.Load(), sum)
		}
		wantSmalls(t, s.DB(t), schema)
	})
}

// wantSameOK runs a statement again among several, whose OK must tell the same.
func wantSameOK(t *testing.T, s *mysql.Conn, query string, warnings int) {
	t.Helper()
	if strings.Contains(query, "IGNORE") {
		return
	}
	rows, err := mysql.Several(t.Context(), s, []string{query, "SELECT ROW_COUNT()"})
	must(t, err)
	_, err = rows.NextResult()
	must(t, err)
	got := rows.OK()
	_, err = rows.NextResult()
	must(t, err)
	row, err := rows.Next()
	must(t, err)
	if want := string(row[0]); got.Warnings != warnings || want == "0" || strconv.FormatUint(got.Affected, 10) != want {
		t.Errorf("the OK of several says %+v, the server %d warnings and %s rows", got, warnings, want)
	}
	must(t, rows.Close())
}

// TestWarnedAgrees holds the number of warnings in the server's OK against what it says when it is asked.
func TestWarnedAgrees(t *testing.T) {
	rows := []struct{ name, set, statement string }{
		{"clean", "", "INSERT INTO t VALUES (1,'a')"},
		{"cut", "", "INSERT INTO t VALUES (2,'abcdef')"},
		{"blanks cut", "", "INSERT INTO t VALUES (3,'abc   ')"},
		{"without notes", "SET sql_notes=0", "INSERT INTO t VALUES (4,'abc   ')"},
		{"no room for them", "SET max_error_count=0", "INSERT INTO t VALUES (5,'abcdef')"},
		{"duplicate", "", "INSERT IGNORE INTO t VALUES (1,'a')"},
		{"several", "", "INSERT INTO t VALUES (6,'abcdef'),(7,'b'),(8,'ghijkl')"},
	}
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(3))")
		to := target(s)
		to.TLS.Mode = mysql.SSLDisabled // what is encrypted is not seen
		server, err := mysql.Connect(t.Context(), to, mysql.ForLoad)
		must(t, err)
		defer server.Close()
		for _, c := range rows {
			t.Run(c.name, func(t *testing.T) {
				one, err := server.Session(t.Context())
				must(t, err)
				defer one.Close()
				for _, q := range []string{"USE " + schema, "SET sql_mode=''", c.set, c.statement} {
					if q != "" {
						_, err := one.ExecContext(t.Context(), q)
						must(t, err)
					}
				}
				n, ok := one.Warned()
				var asked int
				must(t, one.QueryRowContext(t.Context(), "SHOW COUNT(*) WARNINGS").Scan(&asked))
				if !ok || n != asked {
					t.Errorf("the OK says %d (%t), the server %d", n, ok, asked)
				}
				if _, ok := one.Warned(); ok {
					t.Error("rows are taken for an OK")
				}
				if c.set == "" {
					wantSameOK(t, one, "REPLACE"+strings.TrimPrefix(c.statement, "INSERT"), n)
				}
			})
		}
	})
}
