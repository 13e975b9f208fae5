package main

import (
	"path/filepath"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestPairs moves the zoo of values and objects between every ordered pair of servers, in every format and compression,
// and reads both sides back bit by bit.
func TestPairs(t *testing.T) {
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			t.Parallel()
			source := testdb.StartOwn(t, from)
			source.Exec(t, zoo(from)...)
			dir := t.TempDir()
			dumps := map[string]string{}
			for _, form := range [][2]string{{"csv", "zstd"}, {"csv", "none"}, {"csv", "gzip"}, {"sql", "zstd"}, {"sql", "none"}} {
				name := form[0] + "-" + form[1]
				dumps[name] = filepath.Join(dir, name)
				mustRun(t, dumpArgs(source, dumps[name], "-B", "zoo", "-B", "zoo2", "--format", form[0], "--compress", form[1], "--chunk-size", "64KiB")...)
			}
			for _, to := range testdb.All() {
				t.Run("to-"+string(to), func(t *testing.T) {
					target := testdb.StartOwn(t, to)
					insertOnly := testdb.StartOwn(t, to, testdb.WithArgs("--local-infile=0"))
					for name, dump := range dumps {
						t.Run(name, func(t *testing.T) { movedWhole(t, source, target, dump) })
					}
					t.Run("insert", func(t *testing.T) { movedWhole(t, source, insertOnly, dumps["csv-zstd"]) })
				})
			}
		})
	}
}

func movedWhole(t *testing.T, source, target *testdb.Server, dump string) {
	target.Exec(t, "DROP DATABASE IF EXISTS zoo", "DROP DATABASE IF EXISTS zoo2")
	r := mustRun(t, loadArgs(target, dump)...)
	t.Log(r.stdout)
	for _, schema := range []string{"zoo", "zoo2"} {
		requireSameRows(t, source, target, schema, schema)
		requireSameObjects(t, source, target, schema, schema)
	}
	if left := query(t, target, "SELECT schema_name FROM information_schema.schemata WHERE schema_name='gomove'"); len(left) > 0 {
		t.Error("the schema gomove is still there after a whole load")
	}
}
