package mysql

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestSeveral runs statements with and without rows in one round trip, leaves some rows unread, and meets an error among them.
func TestSeveral(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		schema := bigTable(t, s)
		c := session(t, connect(t, optionsOf(s), ForDump))
		for range 2 { // the second time the server is not asked
			queries := []string{
				"SELECT id, v FROM " + schema + ".big WHERE id <= 3", "START TRANSACTION", "SELECT 'a;b' WHERE 1 = 0",
				"SELECT id FROM " + schema + ".big", "SELECT 7", "ROLLBACK",
			}
			if strings.HasPrefix(s.Version, "5.6") {
				queries[2] = "SELECT 'a;b' FROM DUAL WHERE 1 = 0"
			}
			r, err := Several(t.Context(), c, queries)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []struct{ columns, rows int }{{2, 3}, {0, 0}, {1, 0}, {1, -1}, {1, 1}, {0, 0}} {
				columns, err := r.NextResult()
				if err != nil || columns != want.columns {
					t.Fatalf("statement %d: %d columns, %v", i, columns, err)
				}
				if want.rows < 0 { // they are passed over
					continue
				}
				n := 0
				for ; ; n++ {
					row, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil || len(row) != want.columns {
						t.Fatalf("statement %d: %q, %v", i, row, err)
					}
				}
				if n != want.rows {
					t.Errorf("statement %d: %d rows", i, n)
				}
			}
			if _, err := r.NextResult(); !errors.Is(err, io.EOF) {
				t.Errorf("after the last: %v", err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if got := one(t, c, "SELECT 'the driver goes on'"); got != "the driver goes on" {
				t.Error(got)
			}
		}
		severalFail(t, c, schema)
		severalClosed(t, c, schema)
	})
}

// severalFail has the second of three statements fail: the third is not run, and the session goes on.
func severalFail(t *testing.T, c *Conn, schema string) {
	t.Helper()
	r, err := Several(t.Context(), c, []string{"SELECT 1", "SELECT 1 FROM " + schema + ".none", "SET @ran=1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextResult(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextResult(); Number(err) != 1146 {
		t.Errorf("error %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if got := one(t, c, "SELECT COALESCE(@ran, 'not run')"); got != "not run" {
		t.Errorf("the statement after the one that failed: %s", got)
	}
}

// severalClosed ends statements before the first is read: the session and its transaction live on.
func severalClosed(t *testing.T, c *Conn, schema string) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), "START TRANSACTION"); err != nil {
		t.Fatal(err)
	}
	long := "SELECT COUNT(*) FROM " + schema + ".big a, " + schema + ".big b, " + schema + ".big c WHERE a.id + b.id < c.id"
	r, err := Several(t.Context(), c, []string{"SET @begun=1", long, long})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextResult(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := r.Close(); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
	if got := one(t, c, "SELECT @begun"); got != "1" {
		t.Error(got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, err = Several(ctx, c, []string{"SELECT 1", long})
	for err == nil {
		_, err = r.NextResult()
		if err == nil {
			_, err = r.Next()
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("statements whose time was over: %v", err)
	}
}
