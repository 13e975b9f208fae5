package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestUsersOnEachRoad has accounts in a dump that was killed at each step and taken up, on S3, and as a script for the mysql client.
func TestUsersOnEachRoad(t *testing.T) {
	t.Parallel()
	source, target, s3 := testdb.StartOwn(t, testdb.MariaDB), testdb.StartOwn(t, testdb.MariaDB), testdb.StartS3(t)
	source.Exec(t, usersOf(testdb.MariaDB)...)
	source.Exec(t, "SET GLOBAL read_only=1") // else a resumed dump reads its rows anew
	which := []string{"-B", "shop_x", "--users", "--exclude-users", "left_out"}

	t.Run("resumed", func(t *testing.T) {
		defer dropUsers(t, target)
		dir := filepath.Join(t.TempDir(), "dump")
		args := dumpArgs(source, dir, append(which, "--resume")...)
		kills := 0
		for after := 10 * time.Millisecond; ; after += 5 * time.Millisecond {
			p := startBinary(t, args...)
			timer := time.AfterFunc(after, func() { _ = p.cmd.Process.Kill() })
			r := p.wait(t)
			if !timer.Stop() && r.code == -1 {
				kills++
				continue
			}
			if r.code != 0 {
				t.Fatalf("after %d kills: exit %d, %s", kills, r.code, r.stderr)
			}
			break
		}
		t.Logf("%d kills", kills)
		requireUsers(t, source, target, mustRun(t, loadArgs(target, dir, "--users")...).stdout)
	})

	t.Run("s3", func(t *testing.T) {
		defer dropUsers(t, target)
		place := "s3://" + s3.Bucket + "/users"
		onS3(t, s3, 0, dumpArgs(source, place, which...)...)
		requireUsers(t, source, target, onS3(t, s3, 0, loadArgs(target, place, "--users")...).stdout)
	})

	t.Run("mysql client", func(t *testing.T) {
		defer dropUsers(t, target)
		dir := filepath.Join(t.TempDir(), "dump")
		mustRun(t, dumpArgs(source, dir, append(which, "--exclude-users", "root", "--for", "mysql")...)...)
		script, err := os.Open(filepath.Join(dir, "users.sql"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = script.Close() }()
		target.Exec(t, "CREATE DATABASE shop_x", "CREATE TABLE shop_x.t (a INT PRIMARY KEY, b INT)", "INSERT INTO shop_x.t VALUES (1,2)", "CREATE PROCEDURE shop_x.p() SELECT 1")
		client := target.Client(t)
		client.Stdin = script
		if out, err := client.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		requireUsers(t, source, target, "")
		if r := runBinary(t, dumpArgs(source, dir+"2", append(which, "--for", "myloader")...)...); r.code != exitUsage || !strings.Contains(r.stderr, "--users") {
			t.Errorf("--for myloader: exit %d, %s", r.code, r.stderr)
		}
	})
}
