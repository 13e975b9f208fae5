package testdb

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// auroraConn is one session with all its roles.
func auroraConn(t *testing.T, a *Aurora, v AuroraVersion) *sql.Conn {
	t.Helper()
	conn, err := a.DB(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if v != Aurora1 {
		execs(t, conn, "SET ROLE ALL")
	}
	return conn
}

func execs(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func auroraUnloads(t *testing.T, a *Aurora, v AuroraVersion, s3 *S3Server) {
	schema := a.Schema(t)
	conn := auroraConn(t, a, v)
	execs(t, conn, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY, t TEXT)", "INSERT INTO "+schema+".a VALUES(1,'one\\ntwo\\nthree'),(2,NULL),(3,'tab\\t')")
	into := func(rest string) error {
		_, err := conn.ExecContext(t.Context(), "SELECT * FROM "+schema+".a ORDER BY i INTO OUTFILE S3 's3-us-east-1://dumps/u/a' "+rest)
		return err
	}
	if err := into("FIELDS TERMINATED BY ',' MANIFEST ON OVERWRITE ON"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.part_00000": "1,one\\\ntwo\\\nthree\n", "a.part_00001": "2,\\N\n3,tab\t\n",
		"a.manifest": `{"entries":[{"url":"s3-us-east-1://dumps/u/a.part_00000"},{"url":"s3-us-east-1://dumps/u/a.part_00001"}]}`,
	} {
		if got, err := os.ReadFile(filepath.Join(s3.Dir, "u", name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for rest, part := range map[string]string{"": "exists", "FORMAT CSV": "FORMAT CSV", "ENCRYPTION ON": "ENCRYPTION"} {
		if n, text := refusal(into(rest)); n != 1105 || !strings.Contains(text, part) {
			t.Errorf("%s: %d %s", rest, n, text)
		}
	}
	execs(t, conn, "CREATE TABLE "+schema+".b LIKE "+schema+".a",
		"LOAD DATA FROM S3 MANIFEST 's3://dumps/u/a.manifest' INTO TABLE "+schema+".b FIELDS TERMINATED BY ','")
	if got := a.Query(t, "SELECT COUNT(*) FROM "+schema+".a JOIN "+schema+".b USING(i) WHERE a.t<=>b.t"); got[0][0] != "3" {
		t.Errorf("%s rows came back", got[0][0])
	}
}

func auroraPrivileges(t *testing.T, a *Aurora, v AuroraVersion) {
	schema := a.Schema(t)
	a.Exec(t, "CREATE USER loader@'%' IDENTIFIED BY 'x'", "GRANT ALL ON "+schema+".* TO loader@'%'", "CREATE TABLE "+schema+".a(i INT)")
	t.Cleanup(func() { a.Exec(t, "DROP USER loader@'%'") })
	as := &Server{Host: a.Host, Port: a.Port, User: "loader", Password: "x", secure: a.secure}
	attempt := func(want uint16) {
		t.Helper()
		conn := auroraConn(t, &Aurora{Server: as}, v)
		defer conn.Close()
		_, err := conn.ExecContext(t.Context(), "LOAD DATA FROM S3 's3://dumps/none' INTO TABLE "+schema+".a")
		if n, text := refusal(err); n != want {
			t.Errorf("%d %s, want %d", n, text, want)
		}
	}
	attempt(1227)
	grant, revoke, reached := "GRANT AWS_LOAD_S3_ACCESS TO loader@'%'", "REVOKE AWS_LOAD_S3_ACCESS FROM loader@'%'", uint16(63985)
	if v == Aurora1 {
		grant, revoke, reached = "GRANT LOAD FROM S3, SELECT INTO S3 ON *.* TO 'loader'@'%'", "REVOKE LOAD FROM S3 ON *.* FROM loader@'%'", 1871
	}
	a.Exec(t, grant)
	attempt(reached)
	if v == Aurora1 {
		if got := a.Query(t, "SHOW GRANTS FOR loader@'%'"); !strings.HasPrefix(got[0][0], "GRANT LOAD FROM S3, SELECT INTO S3 ON *.* TO 'loader'@'%'") {
			t.Errorf("grants: %v", got)
		}
	}
	a.Exec(t, revoke)
	attempt(1227)
	if v == Aurora84 {
		as.secure = false
		_, err := as.DB(t).ExecContext(t.Context(), "DO 1")
		if n, text := refusal(err); n != 3159 {
			t.Errorf("without TLS: %d %s, want 3159", n, text)
		}
	}
}

func auroraPackets(t *testing.T, a *Aurora) {
	schema := a.Schema(t)
	db := a.DB(t)
	a.Exec(t, "CREATE TABLE "+schema+".a(b LONGBLOB)")
	// Packets of two frames there and back, prepared and as text, one of them the largest frame and an empty one.
	big := make([]byte, 17<<20)
	_, _ = rand.Read(big[:1024])
	for _, want := range [][]byte{big, big[:1<<24-1-5]} {
		var got []byte
		if err := db.QueryRowContext(t.Context(), "SELECT ?", want).Scan(&got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
	}
	var got int
	if err := db.QueryRowContext(t.Context(), "SELECT LENGTH('"+hex.EncodeToString(big[:9<<20])+"')").Scan(&got); err != nil || got != 18<<20 {
		t.Errorf("%d bytes were read, %v", got, err)
	}

	// A file of more packets than their numbers count, each of which looks like a statement; an empty one, and what comes after.
	path := filepath.Join(t.TempDir(), "rows")
	row := fmt.Sprintf("%-511s\n", "\x03FLUSH TABLES WITH READ LOCK #")
	if err := os.WriteFile(path, []byte(strings.Repeat(row, 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := path + ".empty"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for file, want := range map[string]int64{path: 10_000, empty: 0} {
		res, err := conn.ExecContext(t.Context(), "LOAD DATA LOCAL INFILE '"+file+"' INTO TABLE "+schema+".a")
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := res.RowsAffected(); n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
		if _, err := conn.ExecContext(t.Context(), "LOAD DATA LOCAL INFILE '"+file+"' INTO TABLE "+schema+".none"); err == nil {
			t.Error("it went into a table that is not there")
		}
		if _, err := conn.ExecContext(t.Context(), "FLUSH TABLES WITH READ LOCK"); err == nil {
			t.Error("statements are not looked at any more")
		}
	}
	out, err := a.Client(t, "--skip-ssl-verify-server-cert", "-BNe", "SELECT @@aurora_version").CombinedOutput()
	if err != nil && strings.Contains(string(out), "unknown option") {
		out, err = a.Client(t, "-BNe", "SELECT @@aurora_version").CombinedOutput()
	}
	if got := strings.TrimSpace(string(out)); err != nil || !strings.HasSuffix(got, a.Version) {
		t.Errorf("client: %s, %v", got, err)
	}
}

// TestAuroraAsStarted looks at what a test may ask for.
func TestAuroraAsStarted(t *testing.T) {
	t.Run("binary log", func(t *testing.T) {
		a := StartAurora(t, Aurora1, WithBinlog())
		schema := a.Schema(t)
		a.Exec(t, "CREATE TABLE "+schema+".a(i INT)")
		_, err := a.DB(t).ExecContext(t.Context(), "CREATE TRIGGER "+schema+".b BEFORE INSERT ON "+schema+".a FOR EACH ROW SET NEW.i=1")
		if n, text := refusal(err); n != 1419 {
			t.Errorf("%d %s, want 1419", n, text)
		}
		_, err = a.DB(t).ExecContext(t.Context(), "LOAD DATA FROM S3 's3://dumps/x' INTO TABLE "+schema+".a")
		if n, text := refusal(err); n != 1871 || text != "S3 API returned error: Network Connection" {
			t.Errorf("without a way to S3: %d %s", n, text)
		}
	})
	t.Run("reader", func(t *testing.T) {
		a := StartAurora(t, Aurora1, AsReader())
		if got := a.Query(t, "SHOW GLOBAL VARIABLES LIKE 'innodb_read_only'"); len(got) != 1 || got[0][1] != "ON" {
			t.Errorf("variables: %v", got)
		}
		_, err := a.DB(t).ExecContext(t.Context(), "CREATE DATABASE a")
		if n, text := refusal(err); n != 1290 {
			t.Errorf("%d %s, want 1290", n, text)
		}
	})
	t.Run("roles and plain logins", func(t *testing.T) {
		s3 := StartS3(t)
		put(t, s3, map[string]string{"rows.xml": "<list><row i=\"1\"/><row><i>2</i></row></list>"})
		a := StartAurora(t, Aurora84, WithS3(s3), WithActiveRoles(), WithPlainLogin())
		schema := a.Schema(t)
		a.Exec(t, "CREATE TABLE "+schema+".a(i INT)", "LOAD XML FROM S3 's3://dumps/rows.xml' INTO TABLE "+schema+".a")
		if got := a.Query(t, "SELECT SUM(i) FROM "+schema+".a"); got[0][0] != "3" {
			t.Errorf("sum %s, want 3", got[0][0])
		}
	})
}

// TestAuroraGTIDProcedures has the cluster skip a transaction by its GTID, and read on from the next file.
func TestAuroraGTIDProcedures(t *testing.T) {
	gtid := []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
	source := StartOwn(t, MySQL97, WithArgs(gtid...))
	a := StartAurora(t, Aurora84, WithBinlog(), WithAuroraArgs(gtid...))
	source.Exec(t, "CREATE DATABASE gone")
	before := source.Query(t, "SELECT @@global.gtid_executed")[0][0]
	conn := auroraConn(t, a, Aurora84)
	execs(t, conn, "CALL mysql.rds_gtid_purged('+"+before+"')",
		fmt.Sprintf("CALL mysql.rds_set_external_source_with_auto_position('127.0.0.1', %d, 'root', '', 0)", source.Port), "CALL mysql.rds_set_binlog_source_ssl(0)",
		"CALL mysql.rds_start_replication")
	waits := func(query, want string) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if got := a.Query(t, query); len(got) == 1 && got[0][0] == want {
				return
			} else if time.Now().After(end) {
				t.Fatalf("%s: %v, want %s; %v", query, got, want, a.Query(t, "SHOW REPLICA STATUS"))
			}
		}
	}
	schemas := "SELECT GROUP_CONCAT(schema_name ORDER BY schema_name) FROM information_schema.schemata WHERE schema_name IN ('gone','b','c','d')"
	source.Exec(t, "CREATE DATABASE b")
	waits(schemas, "b")
	source.Exec(t, "DROP DATABASE gone") // 1008 there
	skipped := source.Query(t, "SELECT CONCAT(@@server_uuid,':3')")[0][0]
	source.Exec(t, "CREATE DATABASE c")
	execs(t, conn, "CALL mysql.rds_skip_transaction_with_gtid('"+skipped+"')")
	waits(schemas, "b,c")
	execs(t, conn, "CALL mysql.rds_stop_replication", "CALL mysql.rds_set_source_auto_position(0)", "CALL mysql.rds_stop_replication")
	source.Exec(t, "FLUSH BINARY LOGS", "CREATE DATABASE d")
	execs(t, conn, "CALL mysql.rds_next_source_log(1)")
	waits(schemas, "b,c,d")
	execs(t, conn, "CALL mysql.rds_stop_replication", "CALL mysql.rds_assign_gtids_to_anonymous_transactions('OFF')",
		"CALL mysql.rds_start_replication_until('bin.000009', 4)", "CALL mysql.rds_reset_external_source", "CALL mysql.rds_set_read_only(1)", "CALL mysql.rds_set_read_only(0)")
}

// auroraProcedures replicates into the cluster as an RDS user would.
func auroraProcedures(t *testing.T, a *Aurora, v AuroraVersion) {
	a.Exec(t, "CALL mysql.rds_set_configuration('binlog retention hours', 48)")
	if got := a.Query(t, "CALL mysql.rds_show_configuration"); len(got) != 1 || got[0][1] != "48" {
		t.Errorf("configuration %v", got)
	}
	parameters := map[string]string{}
	for _, row := range a.Query(t, `SELECT r.routine_name, COUNT(p.ordinal_position) FROM information_schema.routines r
		LEFT JOIN information_schema.parameters p ON p.specific_schema=r.routine_schema AND p.specific_name=r.routine_name
		WHERE r.routine_schema='mysql' AND r.routine_name LIKE 'rds\_%' GROUP BY r.routine_name`) {
		parameters[row[0]] = row[1]
	}
	want := map[string]string{"rds_kill": "1", "rds_start_replication": "0", "rds_set_external_source": "7", "rds_set_external_source_with_auto_position": "5", "rds_gtid_purged": "1", "rds_next_source_log": "1"}
	word, status := "source", "SHOW REPLICA STATUS"
	if v == Aurora1 {
		want = map[string]string{"rds_kill_query": "1", "rds_set_external_master": "7", "rds_next_master_log": "1"}
		word, status = "master", "SHOW SLAVE STATUS"
	}
	for name, n := range want {
		if parameters[name] != n {
			t.Errorf("%s has %q parameters, want %s", name, parameters[name], n)
		}
	}
	source := Start(t, a.Kind)
	schema := source.Schema(t)
	show := "SHOW BINARY LOG STATUS"
	if v == Aurora1 {
		show = "SHOW MASTER STATUS"
	}
	at := source.Query(t, show)[0]
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY)", "INSERT INTO "+schema+".a VALUES(7)")
	conn := auroraConn(t, a, v)
	execs(t, conn, "SET autocommit=0")
	_, err := conn.ExecContext(t.Context(), "CALL mysql.rds_start_replication")
	if n, _ := refusal(err); n != 1644 {
		t.Errorf("without autocommit: %v", err)
	}
	execs(t, conn, "SET autocommit=1", "CREATE DATABASE "+schema,
		fmt.Sprintf("CALL mysql.rds_set_external_%s('127.0.0.1', %d, 'root', '', '%s', %s, 0)", word, source.Port, at[0], at[1]), "CALL mysql.rds_start_replication")
	defer a.Exec(t, "DROP DATABASE "+schema)
	defer a.Exec(t, "CALL mysql.rds_reset_external_"+word)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if got := a.Query(t, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='"+schema+"'"); got[0][0] == "1" {
			if got := a.Query(t, "SELECT i FROM "+schema+".a"); len(got) == 1 {
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("nothing was replicated: %v", a.Query(t, status))
		}
	}
}
