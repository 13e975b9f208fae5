package main

import (
	"os"
	"syscall"
)

// maxRSS returns the peak resident size of a finished process in bytes (getrusage(2): kilobytes on Linux).
func maxRSS(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}
