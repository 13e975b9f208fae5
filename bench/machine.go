package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is where and of what an entry was measured.
type machine struct {
	Cores  int      `json:"cores"`
	CPU    string   `json:"cpu"`
	System string   `json:"system"`
	Tools  []string `json:"tools"` // with their versions
}

func thisMachine(ctx context.Context, o options) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), CPU: cpuName(), System: runtime.GOOS + "/" + runtime.GOARCH}
	for _, argv := range [][]string{
		{o.gomove, "--version"}, {"git", "rev-parse", "--short", "HEAD"}, {"mydumper", "--version"}, {"myloader", "--version"},
		{"mariadb-dump", "--version"}, {"zstd", "--version"},
	} {
		if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output(); err == nil {
			line := strings.Trim(firstLine(string(out)), "* ")
			if argv[0] == "git" {
				line = "commit " + line
			}
			m.Tools = append(m.Tools, line)
		}
	}
	return m, ctx.Err()
}

func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
