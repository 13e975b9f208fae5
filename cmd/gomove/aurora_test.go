package main

import (
	"fmt"
	"net/url"
	"os"
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

// TestLoadFromS3 looks closer at one cluster.
func TestLoadFromS3(t *testing.T) {
	s3 := testdb.StartS3(t)
	cluster := testdb.StartAurora(t, testdb.Aurora3, testdb.WithS3(s3))
	t.Run("refused", func(t *testing.T) { loadRefused(t, s3, cluster) })
	t.Run("rows", func(t *testing.T) { loadRows(t, s3, cluster) })
	t.Run("zoo", func(t *testing.T) { loadZoo(t, s3, cluster) })
	t.Run("unload", func(t *testing.T) { unloadZoo(t, s3, cluster) })
}

// loadRefused has a cluster that cannot read from S3: by --via auto rows go over this machine, by --via s3 the error says what to do.
func loadRefused(t *testing.T, s3 *testdb.S3Server, cluster *testdb.Aurora) {
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, e ENUM('x','y'), u VARCHAR(9), UNIQUE(u))", "SET SESSION sql_mode=''",
		"INSERT INTO "+schema+".a VALUES(1,'x','a'),(2,'y','b'),(3,NULL,NULL)")
	place := "s3://" + s3.Bucket + "/refused"
	onS3(t, s3, 0, dumpArgs(source, place, "-B", schema, "--for", "aurora")...)
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
	drop(t, cluster, schema)
}

// loadZoo reads every kind of value back bit by bit after Aurora has read it from S3.
func loadZoo(t *testing.T, s3 *testdb.S3Server, cluster *testdb.Aurora) {
	source := testdb.StartOwn(t, testdb.MariaDB)
	source.Exec(t, zoo(testdb.MariaDB)...)
	place := "s3://" + s3.Bucket + "/zoo"
	onS3(t, s3, 0, dumpArgs(source, place, "-B", "zoo", "-B", "zoo2", "--for", "aurora", "--chunk-size", "64KiB")...)
	done := jsonSummary(t, onS3(t, s3, 0, "load", "--target", clusterURI(cluster), "-d", place, "--engine", "innodb", "--summary", "json", "--progress", "none"))
	if done["route"] != "s3" {
		t.Errorf("route %v: %v", done["route"], done["route_reason"])
	}
	for _, schema := range []string{"zoo", "zoo2"} {
		readSchema(t, source, schema).requireIn(t, cluster.Real, schema)
	}
}

// loadRows has rows that the target does not take, and files that are not what they were: LOAD DATA FROM S3 is not LOCAL, so
// duplicates and values that do not fit are errors, and nothing of the chunk stays.
func loadRows(t *testing.T, s3 *testdb.S3Server, cluster *testdb.Aurora) {
	source := testdb.Start(t, testdb.MySQL56)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, e ENUM('x','y'), u VARCHAR(9))", "SET SESSION sql_mode=''",
		"INSERT INTO "+schema+".a VALUES(1,'x','a'),(2,'no','b'),(3,NULL,'long'),(4,'','b')")
	place := "s3://" + s3.Bucket + "/rows"
	onS3(t, s3, 0, dumpArgs(source, place, "-B", schema, "--for", "aurora")...)
	load := func(code int, more ...string) result {
		return onS3(t, s3, code, append([]string{"load", "--target", clusterURI(cluster), "-d", place, "--progress", "none", "--via", "s3", "--restart"}, more...)...)
	}
	load(0)
	if got := cluster.Query(t, "SELECT GROUP_CONCAT(e+0 ORDER BY i) FROM "+schema+".a"); got[0][0] != "1,0,0" {
		t.Errorf("ENUM index 0: %v", got)
	}
	for definition, says := range map[string]string{
		"i INT PRIMARY KEY, e ENUM('x','y'), u VARCHAR(9), UNIQUE(u)": "Duplicate entry 'b'",
		"i INT PRIMARY KEY, e ENUM('x','y'), u VARCHAR(2)":            "(`i`=3)",
		"i INT PRIMARY KEY, e VARCHAR(9), u VARCHAR(2)":               "(`i`=3)",
	} {
		cluster.Exec(t, "DROP TABLE "+schema+".a")
		cluster.Exec(t, "CREATE TABLE "+schema+".a("+definition+")")
		if r := load(1, "--if-exists", "truncate"); !strings.Contains(r.stderr, says) || !strings.Contains(r.stderr, ".a.00000.csv") {
			t.Errorf("%s: %s", definition, r.stderr)
		}
		if got := cluster.Query(t, "SELECT COUNT(*) FROM "+schema+".a"); got[0][0] != "0" {
			t.Errorf("%s: %s rows stayed", definition, got[0][0])
		}
	}
	drop(t, cluster, schema)
	uri := "s3-" + s3.Region + "://" + s3.Bucket + "/rows/" + schema + ".a.00000.csv"
	cluster.Real.Exec(t, "INSERT INTO mysql.aurora_s3_load_history VALUES('"+uri+"','x','1',7,'2037-01-01 00:00:00')")
	if r := load(1); !strings.Contains(r.stderr, "has read 7 bytes of "+uri) {
		t.Errorf("the history tells of another size: %s", r.stderr)
	}
	cluster.Real.Exec(t, "DELETE FROM mysql.aurora_s3_load_history WHERE load_timestamp>='2037-01-01'")
	drop(t, cluster, schema)
	chunk := filepath.Join(s3.Dir, "rows", schema+".a.00000.csv")
	text, err := os.ReadFile(chunk)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, says string }{
		"a row twice": {"1,", "1,\"x\",\"a\"\n9,", "bytes in place of"}, "no last row": {"\n4,", "\n#", "bytes in place of"},
	} {
		if err := os.WriteFile(chunk, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := load(1); !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: %s", name, r.stderr)
		}
	}
}

// unloadZoo has the cluster write its rows to S3 by itself, and compares the dump with it. loadZoo has filled it.
func unloadZoo(t *testing.T, s3 *testdb.S3Server, cluster *testdb.Aurora) {
	if err := testdb.LoadShop(t.Context(), cluster.Real.DB(t), "zoo3", 2_000); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{ // what the server would write otherwise than gomove
		"CREATE TABLE zoo3.sjis_text (id INT PRIMARY KEY, s VARCHAR(20) CHARACTER SET sjis)", "INSERT INTO zoo3.sjis_text VALUES (1, _sjis 0x955c), (2, _sjis 0x8163815c)",
		"CREATE TABLE zoo3.bits (id INT PRIMARY KEY, b BIT(24))", "INSERT INTO zoo3.bits VALUES (1, 0x5c2c0a), (2, 0x0a4e5c)",
	} {
		cluster.Real.Exec(t, q)
	}
	place := "s3://" + s3.Bucket + "/unloaded"
	which := []string{"-B", "zoo", "-B", "zoo2", "-B", "zoo3"}
	dump := append([]string{"dump", "--source", clusterURI(cluster), "-o", place, "--via", "s3", "--chunk-size", "64KiB", "--summary", "json", "--progress", "none"}, which...)
	cluster.Cluster.AttachRole(false)
	if r := onS3(t, s3, 1, dump...); !strings.Contains(r.stderr, "GRANT AWS_SELECT_S3_ACCESS") || !strings.Contains(r.stderr, "Missing Credentials") {
		t.Errorf("no role: %s", r.stderr)
	}
	cluster.Cluster.AttachRole(true)
	done := jsonSummary(t, onS3(t, s3, 0, append(dump, "--resume")...))
	if n, _ := done["chunks_by_server"].(float64); n < 20 || n >= done["chunks"].(float64) {
		t.Errorf("the server has written %v of %v chunks", n, done["chunks"])
	}
	left, err := filepath.Glob(filepath.Join(s3.Dir, "unloaded", "*part_*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the prefix: %v, %v", left, err)
	}
	checkManifests(t, s3, "unloaded")
	onS3(t, s3, 0, "inspect", place, "--deep", "--progress", "none")
	onS3(t, s3, 0, append([]string{"verify", "-d", place, "--target", clusterURI(cluster), "--progress", "none"}, which...)...)
	want := map[string]schemaRows{}
	for _, schema := range []string{"zoo", "zoo2", "zoo3"} {
		want[schema] = readSchema(t, cluster.Real, schema)
		cluster.Real.Exec(t, "DROP DATABASE "+schema)
	}
	onS3(t, s3, 0, "load", "--target", clusterURI(cluster), "-d", place, "--progress", "none")
	for schema, rows := range want {
		rows.requireIn(t, cluster.Real, schema)
	}
}
