package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// mysqldumpTo writes what mysqldump of the server says into a file.
func mysqldumpTo(t *testing.T, s *testdb.Server, file string, args ...string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := s.DumpTool(t, args...)
	cmd.Stdout = out
	var said []byte
	cmd.Stderr = writerFunc(func(p []byte) (int, error) { said = append(said, p...); return len(p), nil })
	if err := cmd.Run(); err != nil {
		t.Fatalf("mysqldump %q: %v\n%s", args, err, said)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// clientLoad runs a script by the server's own client.
func clientLoad(t *testing.T, s *testdb.Server, file string, args ...string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cmd := s.Client(t, append(args, "--comments", "--max-allowed-packet=64M", "--default-character-set=utf8mb4")...)
	cmd.Stdin = in
	if out, err := cmd.CombinedOutput(); err != nil && !slices.Contains(args, "--force") {
		t.Fatalf("client: %v\n%s", err, out)
	}
}

// mysqldumpLoses are cases that mysqldump's files cannot bring: no server says how the one is made, the other breaks its own CHECK.
var mysqldumpLoses = []string{"members_4byte", "check_violated"}

// TestMysqldumpValues loads what mysqldump makes of the torture suite's tables: the stored bits are the source's, and where
// mysqldump has lost them (digits of FLOAT, characters that UTF-8 has not), what the server's own client makes of its file.
func TestMysqldumpValues(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source := tortureSource(t, k)
			byClient, byGomove := testdb.StartOwn(t, k), tortureTarget(t, k)
			m := mysqldumpMove{source: newExactTables(source), client: newExactTables(byClient)}
			var args, schemas []string
			for _, c := range tortures(k) {
				switch {
				case slices.Contains(mysqldumpLoses, c.table):
					args = append(args, "--ignore-table="+c.schema()+"."+c.table)
					continue
				case !slices.Contains(schemas, c.schema()):
					schemas = append(schemas, c.schema())
				}
				m.cases = append(m.cases, c)
			}
			for i, how := range [][]string{nil, {"--hex-blob", "--skip-extended-insert", "--complete-insert"}} {
				file := filepath.Join(t.TempDir(), "dump.sql")
				mysqldumpTo(t, source, file, slices.Concat(args, how, []string{"--databases"}, schemas)...)
				if i == 0 {
					clientLoad(t, byClient, file, "--force") // it cannot create each table
				}
				mustRun(t, loadArgs(byGomove, file, "--if-exists", "drop")...)
				m.require(t, newExactTables(byGomove))
			}
		})
	}
}

// mysqldumpMove compares what gomove loaded of a file with the source and with what the client loaded of it.
type mysqldumpMove struct {
	cases          []torture
	source, client *exactTables
}

func (m *mysqldumpMove) require(t *testing.T, target *exactTables) {
	t.Helper()
	compared, lost := 0, 0
	for _, c := range m.cases {
		source := m.source.read(t, c.schema(), c.table, nil)
		got := target.read(t, c.schema(), c.table, source.columns)
		var client exactTable
		if slices.Contains(tables(t, m.client.server, c.schema()), c.table) {
			client = m.client.read(t, c.schema(), c.table, source.columns)
		}
		if len(got.rows) != len(source.rows) {
			t.Errorf("%s: %d rows, want %d", c.table, len(got.rows), len(source.rows))
			continue
		}
		for i := range got.rows {
			for j, cell := range got.rows[i] {
				if cell == source.rows[i][j] {
					compared++
				} else if len(client.rows) != len(got.rows) || cell != client.rows[i][j] {
					t.Errorf("%s.%s row %d: got %.80s, want %.80s", c.table, source.columns[j].name, i, cell, source.rows[i][j])
				} else {
					lost++
				}
			}
		}
		if diff := cmp.Diff(source.definition, got.definition); diff != "" {
			t.Errorf("%s (-source +target):\n%s", c.table, diff)
		}
	}
	if compared < 5*lost || compared == 0 {
		t.Errorf("%d values are the source's, %d were lost by mysqldump", compared, lost)
	}
}
