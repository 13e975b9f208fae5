package testdb

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServerDiesWithItsParent kills a process that has started a server, and then lets the next one clean up after it.
func TestServerDiesWithItsParent(t *testing.T) {
	if os.Getenv("TESTDB_PARENT") == "1" {
		s := StartOwn(t, MariaDB)
		fmt.Printf("\nserver %d %s\n", s.proc.cmd.Process.Pid, s.dir)
		select {}
	}
	Require(t, MariaDB)
	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerDiesWithItsParent$")
	parent.Env = append(os.Environ(), "TESTDB_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "server %d %s", &pid, &dir)
	}
	if pid == 0 {
		t.Fatal("no server was started")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		// A server that ended may stay as a zombie until init collects it.
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(state), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("server %d lives on", pid)
		}
	}
	sweepsOld(t, dir)
}

func sweepsOld(t *testing.T, dir string) {
	t.Helper()
	sweep(memoryDir())
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("a young folder was swept: %v", err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir+".lock", old, old); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(dir+".lock", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	sweep(memoryDir())
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("a folder in use was swept: %v", err)
	}
	_ = held.Close()
	sweep(memoryDir())
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder of a dead process stays")
	}
}
