package loader

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadIndexHalfMade carries on where MySQL 5.6 was killed between its two dictionaries: InnoDB has an index that the .frm file lacks.
func TestLoadIndexHalfMade(t *testing.T) {
	testdb.Require(t, testdb.MySQL56)
	s := testdb.StartOwn(t, testdb.MySQL56)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{numbered(2000, 0)}}
	d.tables[0].create = strings.Replace(d.tables[0].create, "PRIMARY KEY", "KEY half (v), PRIMARY KEY", 1)
	errStop := errors.New("stop")
	o := options(s, d.write(t))
	o.DeferIndexes = DeferAll
	_, err := stopped(o, stop{atIndexes, "t", 1}, func(*session) error { return errStop }).execute(t.Context())
	wantError(t, err, errStop)
	frm := filepath.Join(filepath.Dir(s.BinlogDir()), "data", schema, "t.frm")
	before, err := os.ReadFile(frm)
	must(t, err)
	const alter = "ALTER TABLE t ADD KEY half (v)"
	s.Exec(t, "USE "+schema, alter, "FLUSH TABLES")
	must(t, os.WriteFile(frm, before, 0o600))
	s.Exec(t, "FLUSH TABLES")
	db, err := s.Open(schema)
	must(t, err)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), alter); mysql.Number(err) != errWrongIndexName {
		t.Fatalf("the index is not half made: %v", err)
	}
	_, err = run(t, o)
	must(t, err)
	wantRows(t, s.DB(t), schema+".t", 2000)
	if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.statistics WHERE index_name='half' AND table_schema='"+schema+"'"); n != 1 {
		t.Errorf("%d columns in the index", n)
	}
	var name, state, kind, text string
	must(t, db.QueryRowContext(t.Context(), "CHECK TABLE t").Scan(&name, &kind, &state, &text))
	if text != "OK" {
		t.Errorf("CHECK TABLE: %s %s", state, text)
	}
}
