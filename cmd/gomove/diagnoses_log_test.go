package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

func equalIDs(t *testing.T, f *follower) {
	mustReplicate(t, "stop", nil, f.target)
	f.target.Exec(t, fmt.Sprintf("SET GLOBAL server_id=%d", f.source.Port))
	replicate(t, "restart", nil, f.target)
	f.require(t, "broken", 1, "same server_id", "SET GLOBAL server_id")
	mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
	end := f.ask(t, f.binlogStatus())[0]
	if r := replicate(t, "start", f.source, f.target, "--from", end[0]+":"+end[1]); r.code != 1 || !strings.Contains(r.stderr, "same server_id") {
		t.Errorf("start: exit %d %s", r.code, r.stderr)
	}
	f.target.Exec(t, fmt.Sprintf("SET GLOBAL server_id=%d", f.target.Port))
	f.startHere(t)
}

// log is the source's current log file, and its number.
func (f *follower) log(t *testing.T) (file string, number int) {
	t.Helper()
	file = f.ask(t, f.binlogStatus())[0][0]
	number, err := strconv.Atoi(file[strings.LastIndexByte(file, '.')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return file, number
}

// purge removes the source's logs before this one. MariaDB keeps for a while what a crash would need.
func (f *follower) purge(t *testing.T, next string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		f.source.Exec(t, "PURGE BINARY LOGS TO '"+next+"'")
		if f.ask(t, "SHOW BINARY LOGS")[0][0] == next {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the logs are not purged")
		}
	}
}

// purgedLogs is error 1236 with the file that follows still there, and without it.
func purgedLogs(t *testing.T, f *follower) {
	for _, gone := range []int{1, 2} {
		mustReplicate(t, "stop", nil, f.target)
		_, at := f.log(t)
		for range gone {
			f.source.Exec(t, "FLUSH LOGS")
		}
		next, _ := f.log(t)
		f.purge(t, next)
		replicate(t, "restart", f.source, f.target)
		if gone == 1 {
			f.requireAsked(t, false, "broken", 1, "1236", "--source URI")
			f.require(t, "broken", 1, "1236", fmt.Sprintf("%06d", at+1), "restart --next-log", "LOST")
			if r := replicate(t, "restart", f.source, f.target, "--next-log"); r.code != 1 || !strings.Contains(r.stderr, "lost") {
				t.Errorf("--next-log without --yes: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "restart", f.source, f.target, "--next-log", "--yes")
			f.source.Exec(t, "UPDATE shop.items SET v=v+1 WHERE id=1")
			f.require(t, "caught up", 0)
			continue
		}
		f.require(t, "broken", 1, "1236", "1 files are gone", "copy again")
		if r := replicate(t, "restart", f.source, f.target, "--next-log", "--yes"); r.code != 1 || !strings.Contains(r.stderr, "only when") {
			t.Errorf("--next-log over a gap: exit %d %s", r.code, r.stderr)
		}
		mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
		if r := replicate(t, "start", f.source, f.target, "--from", fmt.Sprintf("bin.%06d:120", at)); r.code != 1 || !strings.Contains(r.stderr, "no longer has") {
			t.Errorf("start from a purged place: exit %d %s", r.code, r.stderr)
		}
		f.startHere(t)
	}
}

// truncatedLog is a source that crashed before its log was on disk.
func truncatedLog(t *testing.T, f *follower) {
	f.source.Exec(t, "UPDATE shop.items SET v=v+1")
	f.require(t, "caught up", 0)
	file, _ := f.log(t)
	if f.source.Kind == testdb.MySQL97 {
		f.source.Kill() // in order it takes 10 s
	} else if err := f.source.Stop(); err != nil { // else they take back, when they start again, what is not in the log
		t.Fatal(err)
	}
	path := filepath.Join(f.source.BinlogDir(), file)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	if err := f.source.Restart(); err != nil {
		t.Fatal(err)
	}
	replicate(t, "restart", nil, f.target)
	f.require(t, "broken", 1, "1236", "behind the end of the source's log", "sync_binlog", "--next-log")
	mustReplicate(t, "restart", f.source, f.target, "--next-log", "--yes")
	f.source.Exec(t, "UPDATE shop.items SET v=1000+id") // what is lost with the log
	f.require(t, "caught up", 0)
}

func wrongPort(t *testing.T, f *follower) {
	mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
	end := f.ask(t, f.binlogStatus())[0]
	r := replicate(t, "start", f.source, f.target, "--from", end[0]+":"+end[1], "--source-address", "127.0.0.1:1", "--by", "position")
	if r.code != 1 || !strings.Contains(r.stdout, "does not reach the source at 127.0.0.1:1") {
		t.Errorf("start: exit %d %s %s", r.code, r.stdout, r.stderr)
	}
	f.require(t, "broken", 1, "port is right")
	mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
	f.startHere(t)
	v := runBinary(t, verifyArgs(f.source, f.target, "shop")...)
	if v.code != 0 {
		t.Errorf("after all: %s", v.stdout)
	}
}

// TestReplicateByGTID has a source that has purged what the target needs, and a transaction that is skipped, where places are GTIDs.
func TestReplicateByGTID(t *testing.T) {
	t.Parallel()
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			var args []string
			if k == testdb.MySQL97 {
				args = gtidArgs()
			}
			f := follow(t, k, args, args)
			duplicateRow(t, f)
			mustReplicate(t, "stop", nil, f.target)
			f.source.Exec(t, "UPDATE shop.items SET v=v+1", "FLUSH LOGS")
			next, _ := f.log(t)
			if k == testdb.MariaDB { // it keeps what a place of GTIDs needs in the head of each log
				f.source.Exec(t, "UPDATE shop.items SET v=v+1", "FLUSH LOGS")
				next, _ = f.log(t)
			}
			f.purge(t, next)
			replicate(t, "restart", nil, f.target)
			f.require(t, "broken", 1, "1236", "has purged transactions", "copy again")
			if r := replicate(t, "restart", f.source, f.target, "--next-log", "--yes"); r.code != 1 {
				t.Errorf("--next-log by GTID: exit %d %s", r.code, r.stderr)
			}
			mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
			r := replicate(t, "start", f.source, f.target)
			if says := map[testdb.Kind]string{testdb.MariaDB: "no longer has", testdb.MySQL97: "came after"}[k]; r.code != 1 || !strings.Contains(r.stderr, says) {
				t.Errorf("start from what is gone: exit %d, want %q: %s %s", r.code, says, r.stdout, r.stderr)
			}
		})
	}
}
