package testdb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a running child. It is killed by the kernel when this process dies.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // of Wait; read after done
}

// startProcess starts the program with what it prints going to the file log.
func startProcess(p program, args []string, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := p.command(context.Background(), args...)
	cmd.Stdout, cmd.Stderr = out, out
	// A group of its own, so that Ctrl-C in a terminal reaches the tests and not the server under them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	pr := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig goes out when the thread that started the child ends (golang/go#27505): keep that thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			pr.err = cmd.Wait()
			close(pr.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return pr, nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only when it has ended already
	<-p.done
}

// terminate asks for an orderly end and kills when that takes longer than limit.
func (p *process) terminate(limit time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return nil
	case <-time.After(limit):
		p.kill()
		return fmt.Errorf("server did not stop within %s: killed", limit)
	}
}
