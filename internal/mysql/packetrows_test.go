package mysql

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestRowsOfAllSizes reads cells around every limit of the protocol, and a row of several packets, in both ways.
func TestRowsOfAllSizes(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		var parts []string
		for _, n := range []int{0, 1, 250, 251, 255, 256, 65535, 65536, readBytes - 1, readBytes, fullPacket - 6, fullPacket - 5, fullPacket - 4, fullPacket, 2*fullPacket + 3} {
			parts = append(parts, fmt.Sprintf("SELECT %d, REPEAT('abcdefg\\0', %d), LEFT(REPEAT('0123456', %d), %d)", n, n/8%1000, n/7+1, n))
		}
		query := strings.Join(parts, " UNION ALL ")
		server := connect(t, optionsOf(s), ForDump)
		want := readAll(t, session(t, server), query, nil, openDriver)
		c := session(t, server)
		requireRows(t, readAll(t, c, query, nil, openPackets), want)
		if got := one(t, c, "SELECT 'the driver goes on'"); got != "the driver goes on" {
			t.Error(got)
		}
	})
}

// TestErrorAmongRows is an error of the server after rows; the session lives on.
func TestErrorAmongRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := bigTable(t, s)
		query := "SELECT a.v, IF(a.id < 1500, 1, (SELECT id FROM " + schema + ".big LIMIT 2)) FROM " + schema + ".big a"
		for name, open := range openers() {
			c := session(t, connect(t, optionsOf(s), ForDump))
			r, err := readRows(t.Context(), c, query, nil, open)
			for err == nil {
				_, err = r.Next()
			}
			if Number(err) != 1242 {
				t.Errorf("%s: error %v", name, err)
			}
			if r != nil {
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			if got := one(t, c, "SELECT 1"); got != "1" {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

// TestRefusedQuery is an error in place of rows, and a query with other columns than expected.
func TestRefusedQuery(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		c := session(t, connect(t, optionsOf(s), ForDump))
		for name, open := range openers() {
			if _, err := readRows(t.Context(), c, "SELECT nothing", nil, open); Number(err) != 1054 {
				t.Errorf("%s: %v", name, err)
			}
			if rows := readAll(t, c, "DO 1", nil, open); len(rows) != 0 {
				t.Errorf("%s: rows %q", name, rows)
			}
			lost := session(t, connect(t, optionsOf(s), ForDump))
			if _, err := readRows(t.Context(), lost, "SELECT 1,2", make([]ColumnFix, 3), open); err == nil || Number(err) != 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestBusySession: another statement among the rows is refused and does not spoil them.
func TestBusySession(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	c := session(t, connect(t, optionsOf(s), ForDump))
	r, err := Rows(t.Context(), c, "SELECT seq FROM mysql.seq_1_to_100000", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := Rows(t.Context(), c, "SELECT 1", nil); !errors.Is(err, errReading) {
		t.Errorf("second result set: %v", err)
	}
	for n := 1; ; n++ {
		if _, err = r.Next(); err != nil {
			if n != 100000 || !errors.Is(err, io.EOF) {
				t.Errorf("%d rows, %v", n, err)
			}
			break
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestLostAmongRows ends the connection on the server while rows are read, and after they were.
func TestLostAmongRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := bigTable(t, s)
		for name, open := range openers() {
			server := connect(t, optionsOf(s), ForDump)
			c := session(t, server)
			r, err := readRows(t.Context(), c, "SELECT a.v FROM "+schema+".big a, "+schema+".big b", nil, open)
			if err != nil {
				t.Fatal(err)
			}
			s.Exec(t, fmt.Sprintf("KILL %d", c.ID))
			for err == nil {
				_, err = r.Next()
			}
			if !IsConnectionLost(err) || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v", name, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if _, err := Rows(t.Context(), c, "SELECT 1", nil); !IsConnectionLost(err) {
				t.Errorf("%s: next query: %v", name, err)
			}
			idle := session(t, server)
			s.Exec(t, fmt.Sprintf("KILL %d", idle.ID))
			if _, err := readRows(t.Context(), idle, "SELECT 1", nil, open); !IsConnectionLost(err) {
				t.Errorf("%s: session killed while idle: %v", name, err)
			}
		}
	})
}

// TestManyQueries runs short queries, statements of the driver and queries that are left early in turn on one session.
func TestManyQueries(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		c := session(t, connect(t, optionsOf(s), ForDump))
		for i := range 200 {
			want := fmt.Sprint(i)
			if rows := readAll(t, c, "SELECT "+want+", NULL, ''", nil, openPackets); string(rows[0][0]) != want || rows[0][1] != nil || rows[0][2] == nil {
				t.Fatalf("%q, want %s", rows, want)
			}
			if got := one(t, c, "SELECT "+want+"+1"); got != fmt.Sprint(i+1) {
				t.Fatal(got)
			}
			if i%20 != 0 {
				continue
			}
			ctx, cancel := context.WithCancel(t.Context())
			r, err := Rows(ctx, c, "SELECT REPEAT('x', 1000) FROM information_schema.collations a, information_schema.collations b", nil)
			if err == nil {
				_, err = r.Next()
			}
			if err != nil || !bytes.Equal(r.Packet()[:3], []byte{0xfc, 0xe8, 3}) {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			cancel() // is of a query that has ended
		}
	})
}
