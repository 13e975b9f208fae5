package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/gomove/gomove/internal/mysql"
)

// promptPassword asks on the terminal, as stdin may carry a dump. When ctx ends the terminal echoes again.
func promptPassword(ctx context.Context, label string) (p mysql.Secret, err error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("password: there is no terminal to ask on: use --password-file, MYSQL_PWD or an option file: %w", err)
	}
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", errors.Join(fmt.Errorf("password: %w", err), tty.Close())
	}
	if label != "" {
		label += " "
	}
	if _, err := fmt.Fprintf(tty, "Enter %spassword: ", label); err != nil {
		return "", errors.Join(fmt.Errorf("password: %w", err), tty.Close())
	}
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		b, err := term.ReadPassword(fd)
		read <- answer{b, err}
	}()
	select {
	case a := <-read:
		_, newline := fmt.Fprintln(tty)
		if err := errors.Join(a.err, newline, tty.Close()); err != nil {
			return "", fmt.Errorf("password: %w", err)
		}
		return mysql.Secret(a.text), nil
	case <-ctx.Done():
		// The read cannot be ended; the process is about to.
		return "", errors.Join(fmt.Errorf("password: %w", ctx.Err()), term.Restore(fd, before))
	}
}
