package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// clusterURI is how the master user reaches a stand-in for Aurora.
func clusterURI(a *testdb.Aurora) string {
	u := url.URL{Scheme: "mysql", User: url.UserPassword(a.User, a.Password), Host: fmt.Sprintf("%s:%d", a.Host, a.Port), Path: "/"}
	return u.String()
}

// drop takes schemas off a cluster.
func drop(t *testing.T, a *testdb.Aurora, schemas ...string) {
	t.Helper()
	for _, s := range schemas {
		a.Exec(t, "DROP DATABASE IF EXISTS "+s)
	}
}

// TestMoveToAurora moves the shop and the world from MariaDB and MySQL 5.6 to each version of Aurora, by local infile and by S3, with no
// flag but the places, and compares.
func TestMoveToAurora(t *testing.T) {
	s3 := testdb.StartS3(t)
	type dumped struct {
		source *testdb.Server
		dir    string
		place  string
	}
	var dumps []dumped
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		s := testdb.Start(t, k)
		for schema, load := range map[string]func() error{
			"aurora_shop":  func() error { return testdb.LoadShop(t.Context(), s.DB(t), "aurora_shop", 2_000) },
			"aurora_world": func() error { return testdb.LoadWorld(t.Context(), s.DB(t), "aurora_world") },
		} {
			s.Exec(t, "DROP DATABASE IF EXISTS "+schema)
			if err := load(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
		}
		d := dumped{s, filepath.Join(t.TempDir(), string(k)), "s3://" + s3.Bucket + "/" + string(k)}
		which := []string{"-B", "aurora_shop", "-B", "aurora_world"}
		mustRun(t, dumpArgs(s, d.dir, which...)...)
		onS3(t, s3, 0, dumpArgs(s, d.place, append(which, "--for", "aurora", "--chunk-size", "128KiB")...)...)
		dumps = append(dumps, d)
	}
	for _, v := range testdb.Auroras() {
		t.Run(string(v), func(t *testing.T) {
			cluster := testdb.StartAurora(t, v, testdb.WithS3(s3))
			for _, d := range dumps {
				for route, place := range map[string]string{"local-infile": d.dir, "s3": d.place} {
					done := jsonSummary(t, onS3(t, s3, 0, "load", "--target", clusterURI(cluster), "-d", place, "--summary", "json", "--progress", "none"))
					if done["route"] != route || done["complete"] != true {
						t.Errorf("%s to Aurora %s: route %v (%v), want %s", d.source.Kind, v, done["route"], done["route_reason"], route)
					}
					mustRun(t, "verify", "--source", uriOf(d.source), "--target", clusterURI(cluster), "-B", "aurora_shop", "-B", "aurora_world", "--progress", "none")
					drop(t, cluster, "aurora_shop", "aurora_world")
				}
			}
			if len(cluster.Real.Query(t, "SELECT 1 FROM mysql.aurora_s3_load_history")) == 0 {
				t.Error("no history of LOAD DATA FROM S3")
			}
		})
	}
}

// TestLoadFromS3Refused has clusters that cannot read from S3: by --via auto rows go over this machine, by --via s3 the error says what to do.
func TestLoadFromS3Refused(t *testing.T) {
	s3 := testdb.StartS3(t)
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, e ENUM('x','y'), u VARCHAR(9), UNIQUE(u))", "SET SESSION sql_mode=''",
		"INSERT INTO "+schema+".a VALUES(1,'x','a'),(2,'y','b'),(3,NULL,NULL)")
	place := "s3://" + s3.Bucket + "/refused"
	onS3(t, s3, 0, dumpArgs(source, place, "-B", schema, "--for", "aurora")...)
	cluster := testdb.StartAurora(t, testdb.Aurora3, testdb.WithS3(s3))
	load := func(code int, more ...string) result {
		return onS3(t, s3, code, append([]string{"load", "--target", clusterURI(cluster), "-d", place, "--progress", "none"}, more...)...)
	}
	for name, c := range map[string]struct {
		set  func(on bool)
		says string
	}{
		"no role named":     {cluster.Cluster.NameRole, "aws_default_s3_role"},
		"role not attached": {cluster.Cluster.AttachRole, "add-role-to-db-cluster"},
		"role not granted": {func(on bool) {
			if on {
				cluster.Real.Exec(t, "GRANT AWS_LOAD_S3_ACCESS TO admin@'%'")
			} else {
				cluster.Real.Exec(t, "REVOKE AWS_LOAD_S3_ACCESS FROM admin@'%'")
			}
		}, "GRANT AWS_LOAD_S3_ACCESS TO"},
	} {
		t.Run(name, func(t *testing.T) {
			c.set(false)
			r := load(1, "--via", "s3")
			if !strings.Contains(r.stderr, c.says) {
				t.Errorf("--via s3: %s", r.stderr)
			}
			if left := cluster.Query(t, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN ('gomove','"+schema+"')"); left[0][0] != "0" {
				t.Errorf("%s tables were made", left[0][0])
			}
			done := jsonSummary(t, load(0, "--summary", "json"))
			if reason, _ := done["route_reason"].(string); done["route"] != "local-infile" || reason == "" {
				t.Errorf("--via auto: route %v, %v", done["route"], done["route_reason"])
			}
			c.set(true)
			drop(t, cluster, schema)
		})
	}
	if done := jsonSummary(t, load(0, "--summary", "json")); done["route"] != "s3" {
		t.Errorf("all is right again: route %v, %v", done["route"], done["route_reason"])
	}
}
