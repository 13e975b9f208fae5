package testdb

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

func TestStart(t *testing.T) {
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			begin := time.Now()
			s := Start(t, k)
			t.Logf("%s %s ready in %s on port %d", k, s.Version, time.Since(begin), s.Port)
			if Start(t, k) != s {
				t.Error("second Start: another server, want the same")
			}
			schema := s.Schema(t)
			s.Exec(t, "USE "+schema, "CREATE TABLE a(i INT PRIMARY KEY); INSERT INTO a VALUES(1),(2)")
			var rows, port int
			var version, logBin string
			if err := s.DB(t).QueryRowContext(t.Context(), "SELECT (SELECT COUNT(*) FROM "+schema+".a), @@port, VERSION(), @@log_bin").
				Scan(&rows, &port, &version, &logBin); err != nil {
				t.Fatal(err)
			}
			if rows != 2 || port != s.Port || !strings.HasPrefix(version, s.Version) || logBin != "1" {
				t.Errorf("rows %d, port %d, version %s, log_bin %s", rows, port, version, logBin)
			}
			out, err := s.Client(t, "-BNe", "SELECT COUNT(*) FROM "+schema+".a").CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "2" {
				t.Errorf("client: %v: %s", err, out)
			}
			out, err = s.BinlogTool(t, "--verbose", filepath.Join(s.BinlogDir(), "bin.000001")).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "### INSERT INTO `"+schema+"`.`a`") {
				t.Errorf("binlog tool: %v: %s", err, out)
			}
		})
	}
}

func TestNoSchemasNoStrangers(t *testing.T) {
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			db := StartOwn(t, k).DB(t)
			var schemas, users string
			if err := db.QueryRowContext(t.Context(), `SELECT COALESCE(GROUP_CONCAT(schema_name),'') FROM information_schema.schemata
				WHERE schema_name NOT IN ('mysql','sys','information_schema','performance_schema')`).Scan(&schemas); err != nil {
				t.Fatal(err)
			}
			if err := db.QueryRowContext(t.Context(), `SELECT COALESCE(GROUP_CONCAT(User,'@',Host),'') FROM mysql.user
				WHERE User NOT IN ('root') AND User NOT LIKE '%.%'`).Scan(&users); err != nil {
				t.Fatal(err)
			}
			if schemas != "" || users != "" {
				t.Errorf("schemas %q, users %q, want none", schemas, users)
			}
		})
	}
}

func TestKillRestart(t *testing.T) {
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			s := StartOwn(t, k, WithArgs("--max-allowed-packet=1G"))
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY)", "INSERT INTO "+schema+".a VALUES(7)")
			port := s.Port
			s.Kill()
			if err := s.DB(t).PingContext(t.Context()); err == nil {
				t.Error("server answers after Kill")
			}
			for range 2 {
				if err := s.Restart(); err != nil {
					t.Fatal(err)
				}
			}
			var i, packet int
			if err := s.DB(t).QueryRowContext(t.Context(), "SELECT i, @@max_allowed_packet FROM "+schema+".a").Scan(&i, &packet); err != nil {
				t.Fatal(err)
			}
			if i != 7 || s.Port != port || packet != 1<<30 {
				t.Errorf("row %d, port %d, packet %d, want 7, %d, 1 GiB", i, s.Port, packet, port)
			}
		})
	}
}

func TestLaunchReportsTheLog(t *testing.T) {
	Require(t, MariaDB)
	_, err := Launch(context.Background(), MariaDB, "", []string{"--no-such-option"})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("error %v, want one with the server's log", err)
	}
}
