package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

func serverDown(t *testing.T, f *follower) {
	f.source.Kill()
	f.requireAsked(t, false, "broken", 1, "does not reach the source", "tries again by itself")
	if err := f.source.Restart(); err != nil {
		t.Fatal(err)
	}
	mustReplicate(t, "restart", nil, f.target)
	f.source.Exec(t, "UPDATE shop.items SET v=v+1 WHERE id=2")
	f.require(t, "caught up", 0)
}

// brokenConnection has a connection that is killed, which mends itself, one that is dead without a word, and a port where nobody answers.
func brokenConnection(t *testing.T, f *follower) {
	proxy, err := testdb.NewFaultProxy(t.Context(), fmt.Sprintf("%s:%d", f.source.Host, f.source.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	begin := func(port int) result {
		t.Helper()
		mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
		end := f.ask(t, f.binlogStatus())[0]
		return replicate(t, "start", f.source, f.target, "--from", end[0]+":"+end[1], "--source-address", fmt.Sprintf("127.0.0.1:%d", port), "--by", "position")
	}
	if r := begin(proxy.Port()); r.code != 0 {
		t.Fatalf("start: exit %d %s %s", r.code, r.stdout, r.stderr)
	}
	killed := 0
	for _, p := range f.ask(t, "SHOW PROCESSLIST") {
		if p[1] != "gomove_replica" {
			continue
		}
		if _, err := f.source.DB(t).Exec("KILL " + p[0]); err == nil { // the session that fetched the log before may end by itself
			killed++
		}
	}
	if killed == 0 {
		t.Fatal("the source has no session of the replica")
	}
	f.source.Exec(t, "UPDATE shop.items SET v=v+1 WHERE id=2")
	f.require(t, "caught up", 0)
	proxy.Stall(4 * time.Second) // its end waits for that
	f.source.Exec(t, "UPDATE shop.items SET v=v+1 WHERE id=2")
	f.require(t, "receiving nothing", 3, "cut without a word", "restart")

	var lc net.ListenConfig
	mute, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.Close(); err != nil {
		t.Error(err)
	}
	mustReplicate(t, "stop", nil, f.target)
	f.source.Exec(t, "UPDATE shop.items SET v=1000+id")
	f.target.Exec(t, "UPDATE shop.items SET v=1000+id")
	started := make(chan result)
	go func() { started <- begin(mute.Addr().(*net.TCPAddr).Port) }()
	f.require(t, "connecting", 3, "ERROR in the target's error log")
	if err := mute.Close(); err != nil {
		t.Error(err)
	}
	<-started
	mustReplicate(t, "stop", nil, f.target, "--forget", "--yes")
	f.startHere(t)
}

// equalUUIDs is a target that was made as a copy of the source's files.
func equalUUIDs(t *testing.T, f *follower) {
	if f.source.Kind == testdb.MariaDB {
		return // it has no UUIDs
	}
	own := filepath.Join(f.target.DataDir, "auto.cnf")
	mine, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(filepath.Join(f.source.DataDir, "auto.cnf"))
	if err != nil {
		t.Fatal(err)
	}
	become := func(uuid []byte) {
		t.Helper()
		f.target.Kill()
		if err := os.WriteFile(own, uuid, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.target.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	become(theirs)
	f.require(t, "broken", 1, "same server_uuid", "auto.cnf")
	if r := replicate(t, "start", f.source, f.target, "--from", "bin.000001:120"); r.code != 1 || !strings.Contains(r.stderr, "one server") {
		t.Errorf("start: exit %d %s", r.code, r.stderr)
	}
	become(mine)
	f.require(t, "caught up", 0)
}
