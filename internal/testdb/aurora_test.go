package testdb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// refusal is the number and the text of a server's error; 0 for none.
func refusal(err error) (uint16, string) {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		return server.Number, server.Message
	}
	if err != nil {
		return 0, err.Error()
	}
	return 0, ""
}

func TestAurora(t *testing.T) {
	for _, v := range Auroras() {
		t.Run(string(v), func(t *testing.T) {
			s3 := StartS3(t)
			a := StartAurora(t, v, WithS3(s3), WithPartBytes(10))
			t.Run("identity", func(t *testing.T) { auroraIdentity(t, a, v) })
			t.Run("refusals", func(t *testing.T) { auroraRefusals(t, a, v) })
			t.Run("load", func(t *testing.T) { auroraLoads(t, a, v, s3) })
			t.Run("unload", func(t *testing.T) { auroraUnloads(t, a, v, s3) })
			t.Run("procedures", func(t *testing.T) { auroraProcedures(t, a, v) })
			if v != Aurora3 { // 8.4 has TLS, version 1 has none
				t.Run("packets", func(t *testing.T) { auroraPackets(t, a) })
			}
			t.Run("privileges", func(t *testing.T) { auroraPrivileges(t, a, v) })
		})
	}
}

func auroraIdentity(t *testing.T, a *Aurora, v AuroraVersion) {
	want := map[AuroraVersion][2]string{Aurora1: {"1.22.3", "5.6.10"}, Aurora3: {"3.05.2", "8.0.32"}, Aurora84: {"8.4.7", "8.4.7"}}[v]
	got := a.Query(t, "SELECT @@aurora_version, AURORA_VERSION(), VERSION(), @@global.basedir, @@innodb_read_only")
	if w := []string{want[0], want[0], want[1], "/rdsdbbin/oscar/", "0"}; strings.Join(got[0], " ") != strings.Join(w, " ") {
		t.Errorf("got %v, want %v", got[0], w)
	}
	for _, q := range []string{
		"SHOW GLOBAL VARIABLES LIKE 'aurora\\_version'", "SHOW VARIABLES WHERE Variable_name IN ('aurora_version')",
		"SELECT 'aurora_version' AS a, @@aurora_version",
	} {
		if got := a.Query(t, q); len(got) != 1 || got[0][0] != "aurora_version" || got[0][1] != want[0] {
			t.Errorf("%s: %v", q, got)
		}
	}
	all := map[string]string{}
	for _, row := range a.Query(t, "SHOW GLOBAL VARIABLES") {
		all[row[0]] = row[1]
	}
	if len(all) < 300 || all["basedir"] != "/rdsdbbin/oscar/" || all["version"] != want[1] || all["aws_default_s3_role"] == "" || all["max_allowed_packet"] == "" {
		t.Errorf("%d variables: basedir %q, version %q, role %q", len(all), all["basedir"], all["version"], all["aws_default_s3_role"])
	}
	db := a.DB(t)
	var name string
	var prepared string
	if err := db.QueryRowContext(t.Context(), "SELECT ?, @@aurora_version", "x").Scan(&name, &prepared); err != nil || prepared != want[0] {
		t.Errorf("prepared: %q, %v", prepared, err)
	}
}

func auroraRefusals(t *testing.T, a *Aurora, v AuroraVersion) {
	db := a.DB(t)
	schema := a.Schema(t)
	a.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY)")
	for _, c := range []struct {
		sql       string
		old, new_ uint16 // before version 3, and after
	}{
		{"FLUSH TABLES WITH READ LOCK", 1045, 1045},
		{"/*!40101 FLUSH */ /* x */ TABLES with READ LOCK", 1045, 1045},
		{"FLUSH TABLES " + schema + ".a WITH READ LOCK", 0, 0},
		{"LOCK INSTANCE FOR BACKUP", 1064, 1227},
		{"SET GLOBAL max_connections=10", 1227, 1227},
		{"SET SESSION sql_log_bin=0", 1227, 1227},
		{"CREATE DEFINER=root@localhost VIEW " + schema + ".v AS SELECT 1", 1227, 1227},
		{"CREATE DEFINER=nobody@nowhere VIEW " + schema + ".w AS SELECT 1", 1227, 0},
		{"LOAD DATA INFILE '/etc/hostname' INTO TABLE " + schema + ".a", 1045, 1045},
		{"SELECT 1 INTO OUTFILE '/tmp/x'", 1045, 1045},
		{"GRANT FILE ON *.* TO admin@'%'", 1045, 1045},
		{"GRANT SUPER ON *.* TO admin@'%'", 1045, 1045},
		{"CREATE TABLE " + schema + ".m(i INT) ENGINE=MyISAM", 1105, 3161},
		{"CREATE TABLE " + schema + ".c(i INT) ROW_FORMAT=COMPRESSED", 1105, 1105},
		{"DELETE FROM mysql.aurora_s3_load_history", 0, 1044},
		{"SELECT 1; FLUSH TABLES WITH READ LOCK", 1045, 1045},
		{"SELECT 1; SELECT @@aurora_version", 1105, 1105},
		{"GRANT LOAD FROM S3 ON *.* TO admin@'%'", 0, 1064},
		{"KILL 4000000000", 1094, 1094},
		{"CALL mysql.rds_kill(4000000000)", 1094, 1094},
	} {
		want := c.new_
		if v == Aurora1 {
			want = c.old
		}
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.ExecContext(t.Context(), c.sql)
		if got, text := refusal(err); got != want {
			t.Errorf("%s: %d %s, want %d", c.sql, got, text, want)
		}
		_, _ = conn.ExecContext(t.Context(), "UNLOCK TABLES")
		_ = conn.Close()
	}
	for _, row := range a.Query(t, "SHOW GRANTS") {
		if strings.Contains(row[0], "FILE") {
			t.Errorf("grants: %s", row[0])
		}
	}
}

// put stores objects.
func put(t *testing.T, s *S3Server, objects map[string]string) {
	t.Helper()
	for key, text := range objects {
		path := filepath.Join(s.Dir, key)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func auroraLoads(t *testing.T, a *Aurora, v AuroraVersion, s3 *S3Server) {
	schema := a.Schema(t)
	put(t, s3, map[string]string{"d/1.csv": "1,one\n2,two\n", "d/2.csv": "3,three\n", "d/twice.csv": "8,a\n8,b\n", "d/wrong.csv": "x,a\n",
		"z/1.gz": "\x1f\x8bxxxx", "m/good": `{"entries":[{"url":"s3://dumps/d/1.csv","mandatory":true},{"url":"s3-us-east-1://dumps/d/2.csv"},{"url":"s3://dumps/none"}]}`,
		"m/unknown": `{"entries":[{"url":"s3://dumps/d/1.csv","meta":{}}]}`, "m/must": `{"entries":[{"url":"s3://dumps/d/1.csv"},{"url":"s3://dumps/none","mandatory":true}]}`,
		"m/none": `{"entries":[{"url":"s3://dumps/none"}]}`,
	})
	a.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, t TEXT)")
	number := uint16(63985)
	if v == Aurora1 {
		number = 1871
	}
	conn, err := a.DB(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "SET sql_mode='STRICT_ALL_TABLES'"); err != nil {
		t.Fatal(err)
	}
	load := func(from string) (int64, error) {
		res, err := conn.ExecContext(t.Context(), "LOAD DATA FROM S3 "+from+" INTO TABLE "+schema+".a FIELDS TERMINATED BY ',' (i, @t) SET t=UPPER(@t)")
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		return n, err
	}
	fails := func(from string, number uint16, part string) {
		t.Helper()
		_, err := load(from)
		if n, text := refusal(err); n != number || !strings.Contains(text, part) {
			t.Errorf("%s: %d %s, want %d %s", from, n, text, number, part)
		}
	}
	if v != Aurora1 {
		fails("'s3://dumps/d/1.csv'", 1227, "AWS_LOAD_S3_ACCESS")
		if _, err := conn.ExecContext(t.Context(), "SET ROLE ALL"); err != nil {
			t.Fatal(err)
		}
	}
	a.Cluster.NameRole(false)
	fails("'s3://dumps/d/1.csv'", number, "S3 API returned error: Both aurora_load_from_s3_role and aws_default_s3_role are not specified, please see documentation for more details")
	a.Cluster.NameRole(true)
	a.Cluster.AttachRole(false)
	fails("'s3://dumps/d/1.csv'", number, "S3 API returned error: Missing Credentials: Cannot instantiate S3 Client")
	a.Cluster.AttachRole(true)
	fails("'s3://dumps/none'", number, "S3 API returned error: ")
	fails("'s3-eu-west-1://dumps/d/1.csv'", number, "S3 API returned error: ")
	fails("MANIFEST 's3://dumps/m/unknown'", 1105, "unknown field")
	fails("MANIFEST 's3://dumps/m/must'", number, "S3 API returned error: ")
	fails("MANIFEST 's3://dumps/m/none'", number, "S3 API returned error: ")
	fails("PREFIX 's3://dumps/nothing'", number, "S3 API returned error: ")
	fails("FILE 's3://dumps/z/1.gz'", 1105, "compressed")
	fails("FILE 's3://dumps/d/twice.csv'", 1062, "Duplicate entry")
	fails("FILE 's3://dumps/d/wrong.csv'", 1366, "Incorrect integer")
	if got := a.Query(t, "SELECT (SELECT COUNT(*) FROM "+schema+".a), (SELECT COUNT(*) FROM mysql.aurora_s3_load_history)"); got[0][0] != "0" || got[0][1] != "0" {
		t.Errorf("what failed left %v", got)
	}

	// In the session's transaction.
	for _, end := range []string{"ROLLBACK", "COMMIT"} {
		if _, err := conn.ExecContext(t.Context(), "BEGIN"); err != nil {
			t.Fatal(err)
		}
		if n, err := load("MANIFEST 's3-us-east-1://dumps/m/good'"); n != 3 || err != nil {
			t.Fatalf("%d rows, %v", n, err)
		}
		if _, err := conn.ExecContext(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		got := a.Query(t, "SELECT GROUP_CONCAT(i, t ORDER BY i) FROM "+schema+".a")[0][0]
		if want := map[string]string{"ROLLBACK": Null, "COMMIT": "1ONE,2TWO,3THREE"}[end]; got != want {
			t.Errorf("after %s: %s, want %s", end, got, want)
		}
	}
	history := a.Query(t, "SELECT DISTINCT load_prefix, file_name, bytes_loaded FROM mysql.aurora_s3_load_history ORDER BY file_name")
	if len(history) != 3 || history[0][0] != "s3-us-east-1://dumps/m/good" || history[0][1] != "d/1.csv" || history[0][2] != "12" {
		t.Errorf("history %v", history)
	}
	a.Exec(t, "DELETE FROM "+schema+".a")
	if n, err := load("PREFIX 's3://dumps/d/1'"); n != 2 || err != nil {
		t.Errorf("prefix: %d rows, %v", n, err)
	}
	if _, err := conn.ExecContext(t.Context(), "LOAD DATA FROM S3 's3://dumps/d/1.csv' REPLACE INTO TABLE "+schema+".a FIELDS TERMINATED BY ',' (i, t)"); err != nil {
		t.Error(err)
	}
	_, err = conn.ExecContext(t.Context(), "LOAD DATA FROM S3 's3://dumps/d/1.csv' INTO TABLE "+schema+".a (i) SET t=?", "prepared, as it has an argument")
	if n, _ := refusal(err); n != 1295 {
		t.Errorf("prepared: %v, want 1295", err)
	}
}
