package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/testdb"
)

const (
	gomove   = "bin/gomove" // from the root of the project, where make runs
	shopRows = 600_000
)

// demo is one run: the two servers, and where it prints.
type demo struct {
	out            io.Writer
	source, target *testdb.Server
}

// schemas are what is moved.
func schemas() []string { return []string{"world", "shop"} }

func run(ctx context.Context, out io.Writer) (err error) {
	if _, err := os.Stat(gomove); err != nil {
		return fmt.Errorf("%w: run `make build` in the project's folder", err)
	}
	dir, err := os.MkdirTemp("", "gomove-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	d := &demo{out: out}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.start(ctx); err != nil {
		return err
	}
	if err := d.step("Filling the source", func() error { return d.fill(ctx) }); err != nil {
		return err
	}
	dump := filepath.Join(dir, "dump")
	if err := d.gomove(ctx, "dump", d.source, "-B", "world", "-B", "shop", "-o", dump); err != nil {
		return err
	}
	if err := d.gomove(ctx, "load", d.target, "-d", dump); err != nil {
		return err
	}
	return d.compare(ctx)
}

// step prints what is done and how long it took.
func (d *demo) step(name string, do func() error) error {
	begin := time.Now()
	fmt.Fprintf(d.out, "%s ... ", name)
	if err := do(); err != nil {
		fmt.Fprintln(d.out, "FAILED")
		return fmt.Errorf("%s: %w", strings.ToLower(name), err)
	}
	fmt.Fprintf(d.out, "%.1f s\n", time.Since(begin).Seconds())
	return nil
}

// start starts the oldest server there is as source and the newest as target.
func (d *demo) start(ctx context.Context) error {
	from, to := testdb.MySQL56, testdb.MySQL97
	if !testdb.Installed(from) {
		from = testdb.MariaDB
		fmt.Fprintln(d.out, "!!! MySQL 5.6 is not installed: MariaDB is the source (`make setup` says why)")
	}
	if !testdb.Installed(to) {
		to = testdb.MariaDB
		fmt.Fprintln(d.out, "!!! MySQL 9.7 is not installed: MariaDB is the target (`make setup` says why)")
	}
	err := d.step("Starting two servers", func() error {
		var g errgroup.Group
		g.Go(func() (err error) { d.source, err = testdb.Launch(ctx, from, "", nil); return err })
		g.Go(func() (err error) { d.target, err = testdb.Launch(ctx, to, "", nil); return err })
		return g.Wait()
	})
	if err != nil {
		return err
	}
	for _, s := range []struct {
		role   string
		server *testdb.Server
	}{{"source", d.source}, {"target", d.target}} {
		fmt.Fprintf(d.out, "  %s: %s %s on port %d\n", s.role, productName(s.server.Kind), s.server.Version, s.server.Port)
	}
	return nil
}

func productName(k testdb.Kind) string {
	if k == testdb.MariaDB {
		return "MariaDB"
	}
	return "MySQL"
}

func (d *demo) stop() error {
	var errs []error
	for _, s := range []*testdb.Server{d.source, d.target} {
		if s != nil {
			errs = append(errs, s.Remove())
		}
	}
	return errors.Join(errs...)
}

func (d *demo) fill(ctx context.Context) error {
	db, err := d.source.Open("")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := testdb.LoadWorld(ctx, db, "world"); err != nil {
		return err
	}
	return testdb.LoadShop(ctx, db, "shop", shopRows)
}

// gomove runs one command of the built program and shows it.
func (d *demo) gomove(ctx context.Context, command string, s *testdb.Server, args ...string) error {
	argv := append([]string{command, "-h", s.Host, "-P", strconv.Itoa(s.Port), "-u", s.User}, args...)
	fmt.Fprintf(d.out, "\n$ %s %s\n", gomove, strings.Join(argv, " "))
	cmd := exec.CommandContext(ctx, gomove, argv...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stdout, cmd.Stderr = d.out, os.Stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("gomove %s: %w", command, err)
	}
	fmt.Fprintf(d.out, "(%.1f s)\n", time.Since(begin).Seconds())
	return nil
}
