package testdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const rootPrefix = "gomove-testdb-"

// root is this process's folder for servers. A lock beside it, which ends with the process, tells others that it is in use.
var root = sync.OnceValues(func() (string, error) {
	base := memoryDir()
	sweep(base)
	dir, err := os.MkdirTemp(base, rootPrefix)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	// The descriptor stays open, and with it the lock, until the process ends.
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return "", err
	}
	syscall.CloseOnExec(fd)
	return dir, syscall.Flock(fd, syscall.LOCK_EX)
})

// newDir makes a folder for one server.
func newDir(name string) (string, error) {
	r, err := root()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(r, name+"-")
}

// removeRoot removes this process's folder.
func removeRoot() error {
	dir, err := root()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir + ".lock")
}

// memoryDir returns a folder in memory where there is one.
func memoryDir() string {
	if fi, err := os.Stat("/dev/shm"); err == nil && fi.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// sweep removes the folders of processes that died without removing them.
func sweep(base string) {
	locks, _ := filepath.Glob(filepath.Join(base, rootPrefix+"*.lock"))
	for _, lock := range locks {
		fi, err := os.Stat(lock)
		if err != nil || time.Since(fi.ModTime()) < time.Minute {
			continue // its process may be about to lock it
		}
		f, err := os.OpenFile(lock, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(strings.TrimSuffix(lock, ".lock"))
			_ = os.Remove(lock)
		}
		_ = f.Close()
	}
}

// freePort picks below the range that the kernel gives to outgoing connections, so that a restarted server gets its port back.
func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	for range 100 {
		port := 10000 + rand.IntN(20000)
		l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, fmt.Errorf("no free port from 10000 to 29999")
}
