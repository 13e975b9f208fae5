package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestReplicateAurora has a cluster of each version follow a source that is written to, repairs it by the cluster's procedures, and moves over.
func TestReplicateAurora(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version testdb.AuroraVersion
		from    testdb.Kind
		args    []string
		calls   []string
	}{
		{testdb.Aurora1, testdb.MySQL56, nil, []string{"CALL mysql.rds_set_external_master('127.0.0.1', ", "'bin.000001', "}},
		{testdb.Aurora3, testdb.MySQL97, gtidArgs(), []string{"CALL mysql.rds_gtid_purged('+", "CALL mysql.rds_set_external_source_with_auto_position('127.0.0.1', "}},
		{testdb.Aurora84, testdb.MySQL97, []string{"--gtid-mode=OFF"}, []string{"CALL mysql.rds_assign_gtids_to_anonymous_transactions('LOCAL')", "CALL mysql.rds_set_external_source('127.0.0.1', "}},
	} {
		t.Run(string(c.version), func(t *testing.T) {
			t.Parallel()
			source, cluster := testdb.StartOwn(t, c.from, testdb.WithArgs(c.args...)), testdb.StartAurora(t, c.version)
			w := startOrders(t, source)
			on := func(what string, code int, more ...string) result {
				t.Helper()
				r := runBinary(t, append([]string{"replicate", what, "--source", uriOf(source), "--target", clusterURI(cluster)}, more...)...)
				if r.code != code {
					t.Fatalf("replicate %s: exit %d, want %d\n%s\n%s", what, r.code, code, r.stdout, r.stderr)
				}
				return r
			}
			await := func(verdict string) (m map[string]any) {
				t.Helper()
				for range 50 {
					r := runBinary(t, "replicate", "status", "--source", uriOf(source), "--target", clusterURI(cluster), "--interval", "200ms", "--summary", "json")
					if m = jsonSummary(t, r); m["verdict"] == verdict {
						return m
					}
				}
				t.Fatalf("never %s: %v", verdict, m)
				return nil
			}
			mustRun(t, "copy", "--source", uriOf(source), "--target", clusterURI(cluster), "-B", "shop", "--progress", "none")
			printed := on("start", 0, "--print")
			for _, call := range append(c.calls, "CALL mysql.rds_start_replication()") {
				if !strings.Contains(printed.stdout, call) {
					t.Errorf("start --print lacks %q: %s", call, printed.stdout)
				}
			}
			on("status", 1)
			on("start", 0)
			on("stop", 0)
			on("status", 3)
			cluster.Exec(t, "INSERT INTO shop.empty VALUES (1)")
			source.Exec(t, "INSERT INTO shop.empty VALUES (1)")
			runBinary(t, "replicate", "restart", "--target", clusterURI(cluster)) // it may meet the row at once
			broken := await("broken")
			if broken["error"] != 1062. {
				t.Errorf("a row that is there already: %v", broken)
			}
			skipped := on("skip", 0, "--yes")
			if !strings.Contains(skipped.stdout, "CALL mysql.rds_skip_") {
				t.Errorf("skip: %s", skipped.stdout)
			}
			moved := on("cutover", 0, "--yes", "--verify", "-B", "shop")
			w.requireMoved(t, moved)
			on("cutover", 0, "--undo", "--yes")
			source.Exec(t, "INSERT INTO shop.empty VALUES (2)")
			await("caught up")
			on("stop", 0, "--forget", "--yes")
			on("status", 1)
			if got := cluster.Query(t, "SELECT i FROM shop.empty ORDER BY i"); fmt.Sprint(got) != "[[1] [2]]" {
				t.Errorf("after the undoing the cluster has %v", got)
			}
		})
	}
}
