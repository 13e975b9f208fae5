package main

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// copyArgs put a command line together; progress stays quiet.
func copyArgs(from, to *testdb.Server, more ...string) []string {
	return append([]string{"copy", "--source", uriOf(from), "--target", uriOf(to), "--progress", "none"}, more...)
}

// TestCopyPairs copies the zoo of values and objects between every ordered pair of servers.
func TestCopyPairs(t *testing.T) {
	t.Parallel()
	targets := map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = testdb.StartOwn(t, k)
	}
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			source := testdb.StartOwn(t, from)
			source.Exec(t, zoo(from)...)
			z := &zooMove{source, map[string]schemaRows{"zoo": readSchema(t, source, "zoo"), "zoo2": readSchema(t, source, "zoo2")}, nil}
			for _, to := range testdb.All() {
				t.Run("to-"+string(to), func(t *testing.T) {
					target := targets[to]
					target.Exec(t, "DROP DATABASE IF EXISTS zoo", "DROP DATABASE IF EXISTS zoo2")
					r := mustRun(t, copyArgs(source, target, "-B", "zoo", "-B", "zoo2", "-t", "2", "--verify")...)
					t.Log(r.stdout)
					z.requireCopied(t, target)
					if !strings.Contains(r.stdout, "binary log: ") {
						t.Errorf("the summary tells no coordinates:\n%s", r.stdout)
					}
				})
			}
		})
	}
}

// requireCopied compares what is on the target, and finds its copy recorded there.
func (z *zooMove) requireCopied(t *testing.T, target *testdb.Server) {
	t.Helper()
	for schema, want := range z.want {
		want.requireIn(t, target, schema)
		requireSameObjects(t, z.source, target, schema, schema)
	}
	if left := target.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_schema='gomove'"); len(left) != 1 || left[0][0] != "copies" {
		t.Errorf("schema gomove holds %v, want the table copies alone", left)
	}
	record := target.Query(t, "SELECT coordinates, binlog_file, binlog_position>0, table_count FROM gomove.copies ORDER BY finished DESC LIMIT 1")
	if len(record) != 1 || record[0][0] != "recorded" || record[0][1] == "" || record[0][2] != "1" || record[0][3] == "0" {
		t.Errorf("record of the copy: %v", record)
	}
}
