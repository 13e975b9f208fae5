package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// TestReplicateCutover moves over from servers with events, takes it back by hand, and has it taken back by what goes wrong.
func TestReplicateCutover(t *testing.T) {
	t.Parallel()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, target := testdb.StartOwn(t, k, testdb.WithArgs("--event-scheduler=ON")), testdb.StartOwn(t, k, testdb.WithArgs("--event-scheduler=OFF"))
			f := &follower{source, target}
			source.Exec(t, "CREATE DATABASE shop", itemsTable, "INSERT INTO shop.items(id, v) VALUES (1,1),(2,2)",
				"SET NAMES latin1; SET time_zone='+05:00', sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'; CREATE DEFINER=clerk@'10.%' EVENT shop.clean ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' COMMENT 'on' DO DELETE FROM shop.items WHERE id > 1000; "+
					"CREATE EVENT shop.idle ON SCHEDULE EVERY 1 YEAR DISABLE DO DELETE FROM shop.items",
			)
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(source, dir, "-B", "shop")...)
			mustRun(t, loadArgs(target, dir, "--definer", "keep")...)
			target.Exec(t, "SET GLOBAL read_only=1")
			requireStartFindings(t, f, dir)
			before := eventsOf(t, target)
			requireOverWhelmed(t, f)

			if r := replicate(t, "cutover", source, target); r.code != 1 || !strings.Contains(r.stderr, "--yes") {
				t.Errorf("without --yes: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "stop", nil, target)
			if r := replicate(t, "cutover", source, target, "--yes"); r.code != 1 || !strings.Contains(r.stderr, "stopped") || f.readOnly(t) != "0" {
				t.Errorf("while replication is stopped: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "restart", nil, target)
			target.Exec(t, "UPDATE shop.items SET v=77 WHERE id=2")
			if r := replicate(t, "cutover", source, target, "--yes", "--verify", "-B", "shop"); r.code != 1 || !strings.Contains(r.stderr, "taken back") || f.readOnly(t) != "0" {
				t.Errorf("where rows differ: exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
			}
			target.Exec(t, "UPDATE shop.items SET v=2 WHERE id=2")
			f.require(t, "caught up", 0)

			closed := "@@read_only"
			if k == testdb.MySQL97 { // as replicas should be
				closed = "@@super_read_only"
				target.Exec(t, "SET GLOBAL super_read_only=1")
			}
			mustReplicate(t, "cutover", source, target, "--yes", "--verify", "-B", "shop")
			f.requireEvents(t, before, "ENABLED", "OFF", "ON")
			if got := target.Query(t, "SELECT @@read_only"); f.readOnly(t) != "1" || got[0][0] != "0" {
				t.Errorf("read_only is %s on the source and %s on the target", f.readOnly(t), got[0][0])
			}
			target.Exec(t, "INSERT INTO shop.items(id, v) VALUES (50, 50)")
			if r := replicate(t, "cutover", source, target, "--undo"); r.code != 1 || !strings.Contains(r.stderr, "was written to since") {
				t.Errorf("--undo of a target that was written to: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "cutover", source, target, "--undo", "--yes")
			f.requireEvents(t, before, "DISABLED", "ON", "OFF")
			if got := target.Query(t, "SELECT "+closed); f.readOnly(t) != "0" || got[0][0] != "1" {
				t.Errorf("taken back: read_only is %s on the source and %s on the target", f.readOnly(t), got[0][0])
			}
			source.Exec(t, "INSERT INTO shop.items(id, v) VALUES (51, 51)")
			f.require(t, "caught up", 0)
			if r := replicate(t, "cutover", source, target, "--undo", "--yes"); r.code != 1 || !strings.Contains(r.stderr, "no record") {
				t.Errorf("--undo twice: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "cutover", source, target, "--yes", "--writes-stopped", "--leave-events")
			f.requireEvents(t, before, "DISABLED", "ON", "OFF")
			f.requireForGood(t, dir)
		})
	}
}

// requireForGood looks at a target that was handed over: nothing has it follow again by mistake, and no change is applied twice.
func (f *follower) requireForGood(t *testing.T, dir string) {
	t.Helper()
	refused := func(says, what string, source *testdb.Server, more ...string) {
		t.Helper()
		if r := replicate(t, what, source, f.target, more...); r.code != 1 || !strings.Contains(r.stderr, says) {
			t.Errorf("%s %q: exit %d, want %q: %s%s", what, more, r.code, says, r.stdout, r.stderr)
		}
	}
	f.require(t, "cut over", 0)
	refused("took the writes over", "restart", f.source)
	refused("took the writes over", "cutover", f.source, "--yes")
	refused("the cut-over was from", "cutover", f.target, "--yes", "--undo")
	refused("is another server", "status", f.target)
	if f.source.Kind == testdb.MySQL97 { // as a cut-over leaves it that closes the source
		f.source.Exec(t, "SET GLOBAL super_read_only=1")
	}
	ended := mustReplicate(t, "stop", f.source, f.target, "--forget", "--yes").stdout
	if kept := strings.Contains(ended, "stays on the source"); kept != (f.source.Kind == testdb.MySQL97) {
		t.Errorf("stop --forget: %s", ended)
	}
	f.source.Exec(t, "SET GLOBAL read_only=0")
	refused("no record of a cut-over", "cutover", f.source, "--yes", "--undo")
	again := "apply the same changes twice"
	if f.target.Kind == testdb.MySQL97 { // it has GTIDs
		again = "would skip them"
	}
	refused(again, "start", f.source, "-d", dir, "--allow-missing")
	_, stood, _ := strings.Cut(strings.TrimSpace(ended), "it stood at ")
	stood, _, _ = strings.Cut(stood, ",")
	if f.target.Kind != testdb.MySQL56 { // its filters are in the option file
		f.target.Exec(t, "CREATE DATABASE other_1")
		refused("leaves out changes of schema other_1", "start", f.source, "--from", stood, "--by", "position")
		f.target.Exec(t, "DROP DATABASE other_1")
	}
	mustReplicate(t, "start", f.source, f.target, "--from", stood, "--by", "position", "--allow-missing")
	f.require(t, "caught up", 0)
	mustReplicate(t, "stop", f.source, f.target, "--forget", "--yes")
}

func (f *follower) readOnly(t *testing.T) string {
	t.Helper()
	return f.source.Query(t, "SELECT @@read_only")[0][0]
}

// requireOverWhelmed has a writer with SUPER, whom read_only does not stop. MySQL 5.7 and later have super_read_only.
func requireOverWhelmed(t *testing.T, f *follower) {
	t.Helper()
	if f.source.Kind == testdb.MySQL97 {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	db := f.source.DB(t)
	wg.Go(func() {
		for ctx.Err() == nil {
			if _, err := db.ExecContext(ctx, "UPDATE shop.items SET v=v+1 WHERE id=1"); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	r := replicate(t, "cutover", f.source, f.target, "--yes", "--max-wait", "2s")
	cancel()
	wg.Wait()
	if r.code != 1 || !strings.Contains(r.stderr, "taken back") || !strings.Contains(r.stderr, "still written to") && !strings.Contains(r.stderr, "after 2s the target is at") || f.readOnly(t) != "0" {
		t.Errorf("a writer with SUPER: exit %d %s, read_only %s", r.code, r.stderr, f.readOnly(t))
	}
	f.require(t, "caught up", 0)
}

var eventStatus = regexp.MustCompile(` (ENABLE|DISABLE|DISABLE ON SLAVE|DISABLE ON REPLICA) (COMMENT|DO)`)

// eventsOf are the definitions of the events, without whether they are on.
func eventsOf(t *testing.T, s *testdb.Server) string {
	t.Helper()
	text := fmt.Sprint(s.Query(t, "SHOW CREATE EVENT shop.clean"), s.Query(t, "SHOW CREATE EVENT shop.idle"))
	return eventStatus.ReplaceAllString(text, " $2")
}

func (f *follower) requireEvents(t *testing.T, definitions, status, sourceScheduler, targetScheduler string) {
	t.Helper()
	got := f.target.Query(t, "SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS ORDER BY EVENT_NAME")
	if fmt.Sprint(got) != "[[clean "+status+"] [idle DISABLED]]" {
		t.Errorf("events %v, want clean %s", got, status)
	}
	if now := eventsOf(t, f.target); now != definitions {
		t.Errorf("the definitions have changed:\n%s\n%s", definitions, now)
	}
	for s, want := range map[*testdb.Server]string{f.source: sourceScheduler, f.target: targetScheduler} {
		if got := s.Query(t, "SELECT @@event_scheduler")[0][0]; got != want {
			t.Errorf("event_scheduler is %s, want %s", got, want)
		}
	}
}

// requireStartFindings looks at what start finds and prints, and starts from the dump. The password is in no log of a server.
func requireStartFindings(t *testing.T, f *follower, dir string) {
	t.Helper()
	f.source.Exec(t, "CREATE DATABASE other_1", "CREATE TABLE other_1.t(i INT PRIMARY KEY)")
	refused := func(says string, more ...string) {
		t.Helper()
		if r := replicate(t, "start", f.source, f.target, more...); r.code != 1 || !strings.Contains(r.stderr, says) {
			t.Errorf("start %q: exit %d, want %q: %s", more, r.code, says, r.stderr)
		}
	}
	refused("no record of a copy")
	refused("lacks schemas of the source: other_1", "-d", dir)
	refused("source and target are one server", "-d", dir, "--target", uriOf(f.source))
	refused("no event begins", "--from", "bin.000001:130", "--by", "position")
	refused("has no file", "--from", "0-1-2", "--by", "position")
	printed := mustReplicate(t, "start", f.source, f.target, "-d", dir, "--print", "--allow-missing").stdout
	for _, want := range []string{"-- on the source\nCREATE USER 'gomove_replica'@'%' IDENTIFIED BY '<password>';", "-- on the target\nSTART "} {
		if !strings.Contains(printed, want) {
			t.Errorf("--print lacks %q: %s", want, printed)
		}
	}
	if got := f.source.Query(t, "SELECT COUNT(*) FROM mysql.user WHERE user='gomove_replica'"); got[0][0] != "0" {
		t.Error("--print has made the account")
	}
	for _, s := range []*testdb.Server{f.source, f.target} {
		s.Exec(t, "SET GLOBAL log_output='TABLE'", "SET GLOBAL general_log=1")
	}
	exclude := []string{"--exclude-schema", "other_1"}
	if f.target.Kind == testdb.MySQL56 {
		refused("replicate-wild-ignore-table=other\\_1.%", "-d", dir, "--exclude-schema", "other_1")
		exclude = []string{"--allow-missing"}
		f.source.Exec(t, "DROP TABLE other_1.t")
	}
	mustReplicate(t, "start", f.source, f.target, append(exclude, "-d", dir)...)
	if f.target.Kind != testdb.MySQL56 {
		f.source.Exec(t, "INSERT INTO other_1.t VALUES (1)")
	}
	f.require(t, "caught up", 0)
	refused("already replicates from", "-d", dir)
	for _, s := range []*testdb.Server{f.source, f.target} {
		s.Exec(t, "SET GLOBAL general_log=0")
		for _, row := range s.Query(t, "SELECT argument FROM mysql.general_log WHERE argument LIKE '%gomove_replica%'") {
			if strings.Contains(row[0], "aA1-") {
				t.Errorf("%s has logged the password: %s", s.Kind, row[0])
			}
		}
		if got := s.Query(t, "SELECT COUNT(*) FROM mysql.general_log"); got[0][0] == "0" {
			t.Error("nothing was logged at all")
		}
	}
}

// TestReplicateInterrupted ends a cut-over by Ctrl-C while it waits: it is taken back.
func TestReplicateInterrupted(t *testing.T) {
	t.Parallel()
	f := follow(t, testdb.MariaDB, nil, nil)
	tx, err := f.target.DB(t).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SELECT v FROM shop.items WHERE id=1 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	f.source.Exec(t, "UPDATE shop.items SET v=9 WHERE id=1")
	r := startBinary(t, "replicate", "cutover", "--source", uriOf(f.source), "--target", uriOf(f.target), "--yes")
	for end := time.Now().Add(10 * time.Second); f.readOnly(t) != "1" && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	done := r.wait(t)
	if done.code != 1 || !strings.Contains(done.stderr, "interrupted") || !strings.Contains(done.stderr, "taken back") || f.readOnly(t) != "0" {
		t.Errorf("exit %d %s, read_only %s", done.code, done.stderr, f.readOnly(t))
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	f.require(t, "caught up", 0)
	requireOnePlace(t, f)
}

// requireOnePlace has two copies of a source at different places, and a source that does not log everything: changes would be lost.
func requireOnePlace(t *testing.T, f *follower) {
	t.Helper()
	mustReplicate(t, "stop", f.source, f.target, "--forget", "--yes")
	f.source.Exec(t, "CREATE DATABASE later", "CREATE TABLE later.t(i INT PRIMARY KEY)")
	mustRun(t, copyArgs(f.source, f.target, "-B", "later")...)
	if r := replicate(t, "start", f.source, f.target); r.code != 1 || !strings.Contains(r.stderr, "taken at different places") {
		t.Errorf("two copies: exit %d %s%s", r.code, r.stdout, r.stderr)
	}
	part := testdb.StartOwn(t, f.source.Kind, testdb.WithArgs("--binlog-ignore-db=shop"))
	if r := replicate(t, "start", part, f.target, "--from", "bin.000001:4", "--by", "position"); r.code != 1 || !strings.Contains(r.stderr, "binlog_ignore_db=shop") {
		t.Errorf("a source that logs a part: exit %d %s%s", r.code, r.stdout, r.stderr)
	}
}
