package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// dumpOntoFullDisk dumps onto a file system that is too small, without a process when that cannot be made here.
func (t *torture) dumpOntoFullDisk(ctx context.Context, rng *rand.Rand, dir string, how []string) (p *process, err error) {
	disk := filepath.Join(t.dir, "disk")
	if err := os.MkdirAll(disk, 0o700); err != nil {
		return nil, err
	}
	size := 8<<10 + rng.IntN(64<<10)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if t.count[diskFull] == nil {
			fmt.Fprintf(t.out, "!!! NOT TESTED: %s: a small file system cannot be mounted here: %v\n", diskFull, err)
			t.count[diskFull] = &tally{}
		}
		t.count[diskFull].tookLater++
		return nil, nil
	}
	defer func() { err = errors.Join(err, syscall.Unmount(disk, 0)) }()
	on := filepath.Join(disk, "dump")
	if p, err = t.start(ctx, t.source, "dump", t.dumpArgs(on, how)...); err != nil {
		return nil, err
	}
	if p.code() == 0 {
		t.note(diskFull, false, true, 0)
		return p, os.CopyFS(dir, os.DirFS(on))
	}
	t.note(diskFull, true, false, 0)
	if !p.said("no space left") {
		t.fail("a full disk is not named: %s", p.stderr.String())
	}
	t.checkPartial(ctx, on)
	return p, nil
}
