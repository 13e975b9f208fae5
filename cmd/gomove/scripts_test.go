package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gomove/gomove/internal/testdb"
)

// TestScripts runs gomove as a user would. The scripts have two commands more than testscript's own:
//
//	exits CODE [gomove arguments]   runs gomove and requires the exit code
//	sql KIND STATEMENT              runs a statement on a server
//
// and $MARIADB, $MYSQL56 and $MYSQL97 as connection flags of root, $S as a schema of this script's own.
func TestScripts(t *testing.T) {
	servers := map[string]*testdb.Server{}
	for _, k := range testdb.All() {
		servers[string(k)] = testdb.Start(t, k)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "scripts"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("S", fmt.Sprintf("s_%08x", crc32.ChecksumIEEE([]byte(e.WorkDir)))) // within 16 characters: also an account
			for name, s := range servers {
				e.Setenv(strings.ToUpper(name)+"_PORT", strconv.Itoa(s.Port))
				e.Setenv(strings.ToUpper(name)+"_SOCKET", s.Socket)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"sql": func(ts *testscript.TestScript, neg bool, args []string) {
				db, err := servers[args[0]].Open("")
				ts.Check(err)
				defer db.Close()
				if err = testdb.Steadily(context.Background(), db, strings.Join(args[1:], " ")); (err != nil) != neg {
					ts.Fatalf("sql %s: %v", strings.Join(args, " "), err)
				}
			},
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(gomove, args[1:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("gomove: %v", err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}
