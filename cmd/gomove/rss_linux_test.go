package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// residency looks at the peak resident size of a running process.
// What wait4(2) tells is not it: Linux counts the size of the process that started it as its own until exec(2), and a test binary may well be larger than gomove.
type residency struct {
	peak chan int64 // its last look, in bytes
	stop chan struct{}
}

// watchRSS begins to look, each 5 ms, until peakRSS.
func watchRSS(p *os.Process) *residency {
	r := &residency{peak: make(chan int64, 1), stop: make(chan struct{})}
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", p.Pid)) // once: this process, even where its number is another's later
	go func() {
		var peak int64
		defer func() { r.peak <- peak }()
		if err != nil {
			return
		}
		defer status.Close()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, highWater(status))
			select {
			case <-r.stop:
				return
			case <-tick.C:
			}
		}
	}()
	return r
}

// peakRSS returns the peak resident size in bytes of a process that was waited for.
// Above this process's own peak it is wait4's, which is exact; below it the largest size seen.
func (r *residency) peakRSS(p *os.ProcessState) int64 {
	close(r.stop)
	seen := <-r.peak
	if u, ok := p.SysUsage().(*syscall.Rusage); ok && u.Maxrss<<10 > ownPeak() {
		return u.Maxrss << 10
	}
	return seen
}

// ownPeak is the peak resident size of this process in bytes.
func ownPeak() int64 {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer status.Close()
	return highWater(status)
}

// highWater reads VmHWM, in bytes, of a file /proc/PID/status (proc(5)): 0 where the process has ended.
func highWater(status *os.File) int64 {
	text := make([]byte, 4096)
	n, _ := status.ReadAt(text, 0)
	_, rest, _ := bytes.Cut(text[:n], []byte("VmHWM:"))
	size, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" kB"))
	kB, _ := strconv.ParseInt(string(size), 10, 64)
	return kB << 10
}

// TestPeakRSS holds the peak of a small process that a large one starts, which once was the large one's and failed other tests.
func TestPeakRSS(t *testing.T) {
	const large = 256 << 20
	ballast := bytes.Repeat([]byte{1}, large)
	for script, want := range map[string][2]int64{
		"sleep 0.1": {1 << 10, 64 << 20},
		"head -c 400000000 /dev/zero | tail -c 400000000 | wc -c": {400e6, 500e6}, // wait4 counts children that were waited for,
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		watch := watchRSS(cmd.Process)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := watch.peakRSS(cmd.ProcessState); got < want[0] || got > want[1] {
			t.Errorf("%s: %d bytes resident, not %d to %d", script, got, want[0], want[1])
		}
	}
	if ballast[large-1] != 1 || ownPeak() < large {
		t.Errorf("this process: %d bytes at most, with %d in use", ownPeak(), large)
	}
	debug.FreeOSMemory()                                                              // the ballast among it
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil { // proc(5): VmHWM is what is resident now
		t.Logf("the tests behind this one look at sizes from time to time: %v", err)
	}
}
