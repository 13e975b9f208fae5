package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runLimit is what no run of gomove may take here.
const runLimit = 3 * time.Minute

// process is one run of gomove.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	started        time.Time
	done           chan struct{} // closed at its end
	err            error
	hung           bool
}

// uri is how gomove reaches a server through its proxy.
func (e *end) uri() string {
	return "mysql://root@127.0.0.1:" + strconv.Itoa(e.proxy.Port()) + "/?ssl-mode=DISABLED"
}

// start runs gomove against a server through its proxy, a copy against both, with a clean environment.
func (t *torture) start(ctx context.Context, e *end, command string, args ...string) (*process, error) {
	argv := append([]string{command, "--progress", "none", "--summary", "json", "-t", "2"}, args...)
	if command == "copy" {
		argv = append(argv, "--source", t.source.uri(), "--target", t.target.uri())
	} else {
		argv = append(argv, "-h", "127.0.0.1", "-P", strconv.Itoa(e.proxy.Port()), "-u", "root", "--ssl-mode", "DISABLED")
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	p := &process{cmd: exec.CommandContext(ctx, t.gomove, argv...), done: make(chan struct{}), started: time.Now()}
	p.cmd.Env = []string{"HOME=" + t.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	p.cmd.Env = append(p.cmd.Env, t.bucket.env()...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for torture only
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		p.hung = errors.Is(ctx.Err(), context.DeadlineExceeded)
		cancel()
		close(p.done)
	}()
	return p, nil
}

// alive waits for d, or reports false when the run ends before.
func (p *process) alive(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return false
	case <-timer.C:
		return true
	}
}

// killed is the code of a process that a signal ended.
const killed = -1

// code is the exit code, or killed.
func (p *process) code() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// repeated is what the summary says of chunks and statements that were repeated.
func (p *process) repeated() int {
	type repeats struct {
		Chunks     int `json:"chunks_retried"`
		Statements int `json:"statements_repeated"`
	}
	var s struct {
		repeats
		Target repeats `json:"target"` // of a copy
	}
	_ = json.Unmarshal(p.stdout.Bytes(), &s) // a run that was killed has none, and a load's target is a name
	return s.Chunks + s.Statements + s.Target.Chunks + s.Target.Statements
}

// kept is how many chunks of an interrupted run the summary counts, and whether there was one.
func (p *process) kept() (chunks int, resumed bool) {
	type kept struct {
		Resumed *struct {
			Chunks int `json:"kept_chunks"`
		} `json:"resumed"`
	}
	var s struct {
		kept
		Source *kept `json:"source"` // of a copy
	}
	_ = json.Unmarshal(p.stdout.Bytes(), &s)
	if s.Source != nil {
		s.kept = *s.Source
	}
	if s.Resumed == nil {
		return 0, false
	}
	return s.Resumed.Chunks, true
}

func (p *process) said(what string) bool { return strings.Contains(p.stderr.String(), what) }
