package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// measureCommand is this program as the small parent of the process that is measured: a child's peak of resident memory
// starts at that of the process it was forked from, which must therefore be small.
const measureCommand = "measure-child"

// usage is what one run of a contender took.
type usage struct {
	Wall   float64 `json:"wall"`             // seconds
	User   float64 `json:"user"`             // CPU seconds of the client with its children
	System float64 `json:"system"`           //
	Server float64 `json:"server"`           // CPU seconds of the server
	RSS    int64   `json:"rss"`              // bytes, of the largest of its processes
	Stored int64   `json:"stored,omitempty"` // bytes that a dump takes
}

func (u usage) client() float64 { return u.User + u.System }

// measureMain runs `sh -c COMMAND` with its output in the file LOG and writes its usage to the file RESULT.
func measureMain(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: RESULT LOG COMMAND")
	}
	log, err := os.OpenFile(args[1], os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("sh", "-c", args[2]) //nolint:noctx // killed with its group
	cmd.Stdout, cmd.Stderr = log, log
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	wall := time.Since(begin)
	u := usage{Wall: wall.Seconds(), User: cmd.ProcessState.UserTime().Seconds(), System: cmd.ProcessState.SystemTime().Seconds()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.RSS = r.Maxrss << 10
	}
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], text, 0o600)
}

// measure runs a shell command and says what it took. An error holds the end of what it printed.
func measure(ctx context.Context, dir, command string) (u usage, err error) {
	self, err := os.Executable()
	if err != nil {
		return u, err
	}
	result, log := filepath.Join(dir, "usage.json"), filepath.Join(dir, "log")
	cmd := exec.CommandContext(ctx, self, measureCommand, result, log, command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if out, err := cmd.CombinedOutput(); err != nil {
		if text, _ := os.ReadFile(log); len(bytes.TrimSpace(text)) > 0 {
			out = text // the command's own words
		}
		return u, fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	text, err := os.ReadFile(result)
	if err != nil {
		return u, err
	}
	return u, json.Unmarshal(text, &u)
}

// size is the bytes of the files in a folder.
func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
