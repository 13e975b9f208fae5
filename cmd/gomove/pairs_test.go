package main

import (
	"path/filepath"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestPairs moves the zoo of values and objects between every ordered pair of servers, in every format and compression,
// and reads both sides back bit by bit.
func TestPairs(t *testing.T) {
	t.Parallel()
	targets, insertOnly := map[testdb.Kind]*testdb.Server{}, map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = testdb.StartOwn(t, k)
		insertOnly[k] = testdb.StartOwn(t, k, testdb.WithArgs("--local-infile=0"))
	}
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			z := zooDumps(t, from)
			for _, to := range testdb.All() {
				t.Run("to-"+string(to), func(t *testing.T) {
					t.Parallel()
					for name := range z.dumps {
						t.Run(name, func(t *testing.T) { z.requireWhole(t, targets[to], name) })
					}
					t.Run("insert", func(t *testing.T) { z.requireWhole(t, insertOnly[to], "csv-zstd") })
				})
			}
		})
	}
}

// zooMove is the zoo on its way from one source.
type zooMove struct {
	source *testdb.Server
	want   map[string]schemaRows
	dumps  map[string]string // directories by format and compression
}

func zooDumps(t *testing.T, k testdb.Kind) *zooMove {
	z := &zooMove{testdb.StartOwn(t, k), map[string]schemaRows{}, map[string]string{}}
	z.source.Exec(t, zoo(k)...)
	dir := t.TempDir()
	for _, form := range [][2]string{{"csv", "zstd"}, {"csv", "none"}, {"csv", "gzip"}, {"sql", "zstd"}, {"sql", "none"}} {
		name := form[0] + "-" + form[1]
		z.dumps[name] = filepath.Join(dir, name)
		mustRun(t, dumpArgs(z.source, z.dumps[name], "-B", "zoo", "-B", "zoo2", "--format", form[0], "--compress", form[1], "--chunk-size", "16KiB")...)
	}
	for _, schema := range []string{"zoo", "zoo2"} {
		z.want[schema] = readSchema(t, z.source, schema)
	}
	return z
}

func (z *zooMove) requireWhole(t *testing.T, target *testdb.Server, dump string) {
	target.Exec(t, "DROP DATABASE IF EXISTS zoo", "DROP DATABASE IF EXISTS zoo2")
	r := mustRun(t, loadArgs(target, z.dumps[dump])...)
	t.Log(r.stdout)
	z.requireLoaded(t, target)
}

// requireLoaded compares what is on the target.
func (z *zooMove) requireLoaded(t *testing.T, target *testdb.Server) {
	t.Helper()
	for schema, want := range z.want {
		want.requireIn(t, target, schema)
		requireSameObjects(t, z.source, target, schema, schema)
	}
	if left := target.Query(t, "SELECT schema_name FROM information_schema.schemata WHERE schema_name='gomove'"); len(left) > 0 {
		t.Error("the schema gomove is still there after a whole load")
	}
}
