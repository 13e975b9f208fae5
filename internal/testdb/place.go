package testdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const dirPrefix = "gomove-testdb-"

// place is a folder for one server. The lock beside it ends with the process at the latest and tells others that it is in use.
type place struct {
	dir  string
	lock *os.File
}

// newPlace makes a folder, in memory where there is one.
func newPlace(name string) (*place, error) {
	base := memoryDir()
	sweep(base)
	dir, err := os.MkdirTemp(base, dirPrefix+name+"-")
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir}
	if p.lock, err = os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	if err := syscall.Flock(int(p.lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	return p, nil
}

func (p *place) remove() error {
	err := os.RemoveAll(p.dir)
	if p.lock != nil {
		err = errors.Join(err, os.Remove(p.lock.Name()), p.lock.Close())
		p.lock = nil
	}
	return err
}

// minMemory is the free space that makes /dev/shm fit for servers; a container often has 64 MiB there.
const minMemory = 2 << 30

// memoryDir returns a folder in memory when there is one that this user can write and that has room.
func memoryDir() string {
	const shm = "/dev/shm"
	const writeAccess = 2 // W_OK of access(2)
	var fs syscall.Statfs_t
	if syscall.Access(shm, writeAccess) == nil && syscall.Statfs(shm, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= minMemory {
		return shm
	}
	return os.TempDir()
}

// sweep removes the folders of processes that died without removing them.
func sweep(base string) {
	locks, _ := filepath.Glob(filepath.Join(base, dirPrefix+"*.lock"))
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
